# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where backups are kept: a directory or an S3 bucket, in the words of Velero and ``amazon.aws``."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """The storage location."""

    DOCUMENTATION = r"""
options:
  storage_location:
    description:
      - Where backups are kept, in the layout of a Velero backup storage location.
      - Exactly one of O(storage_location.path) and O(storage_location.bucket) must be set.
    type: dict
    required: true
    suboptions:
      name:
        description:
          - The name of the location, as it is written into the backups (C(spec.storageLocation)).
        type: str
        default: default
      path:
        description:
          - A directory on the machine where the module runs. It must exist.
          - Mutually exclusive with O(storage_location.bucket).
        type: path
      bucket:
        description:
          - The name of an S3 bucket. It must exist.
          - Mutually exclusive with O(storage_location.path).
        type: str
      prefix:
        description:
          - The folder inside of the bucket in which the layout begins.
        type: str
      region:
        description:
          - The region of the bucket.
          - If not set, it is found as the AWS tools find it, for example in E(AWS_DEFAULT_REGION).
        type: str
      endpoint_url:
        description:
          - The URL of a server other than AWS that speaks S3.
        type: str
      access_key:
        description:
          - The access key id. Needs O(storage_location.secret_key).
          - If not set, credentials are found as the AWS tools find them, for example in E(AWS_ACCESS_KEY_ID), a
            profile, or the role of the machine.
        type: str
      secret_key:
        description:
          - The secret access key. Needs O(storage_location.access_key).
        type: str
      session_token:
        description:
          - The session token of temporary credentials. Needs O(storage_location.access_key).
        type: str
      profile:
        description:
          - The profile of the AWS configuration files to take credentials from.
          - Mutually exclusive with O(storage_location.access_key).
        type: str
      ca_bundle:
        description:
          - The path of the CA certificates that sign the certificate of the S3 server.
        type: path
      validate_certs:
        description:
          - Whether the certificate of the S3 server must be valid.
        type: bool
        default: true
      addressing_style:
        description:
          - Whether the bucket is named in the path or in the host name of a request.
          - With V(auto), or if not set, it is named in the path when O(storage_location.endpoint_url) is set.
        type: str
        choices: [auto, path, virtual]
      sse:
        description:
          - The encryption to ask the server for.
          - If not set, the default of the bucket holds.
        type: str
        choices: [AES256, "aws:kms"]
      kms_key_id:
        description:
          - The KMS key for O(storage_location.sse=aws:kms).
        type: str
      object_lock:
        description:
          - Whether the bucket has object lock. Each upload then carries the checksum that such buckets demand.
        type: bool
        default: false
      read_only:
        description:
          - Refuses to write to the location or to delete from it, in every task. Restores work;
            O(arkive.k8s.k8s_restore#module:records_path) says where they are recorded then.
          - A C(BackupStorageLocation) of the cluster that names the same bucket and prefix, with C(accessMode) set to
            C(ReadOnly), has the same effect on every task that may list such objects.
        type: bool
        default: false
notes:
  - Backups hold Secrets as they are in the cluster. Whoever reads the storage location reads them.
  - S3 servers may be older or simpler than Amazon's. No request carries a checksum header of the SDK. Batches of
    deletes carry Content-MD5, and are made one by one where a server refuses them. Lists may be
    those of the first version. Where there are no conditional writes, two runs of one name look twice.
"""


__all__ = ("ModuleDocFragment",)
