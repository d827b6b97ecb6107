# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where native snapshots of volumes are: AWS, in the words of Velero's plugin and ``amazon.aws``."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """The snapshot location."""

    DOCUMENTATION = r"""
options:
  snapshot_location:
    description:
      - Where snapshots of EBS volumes are made and found, as a Velero volume snapshot location of the provider C(aws).
      - Without it, EBS volumes have no native snapshots. Snapshots through a CSI driver do not need it.
      - V({}) takes everything from the environment.
    type: dict
    suboptions:
      name:
        description:
          - The name of the location, as it is written into backups, and as backups must have it for their snapshots to
            be used.
        type: str
        default: default
      region:
        description:
          - The region of the volumes and of their snapshots.
          - If not set, it is found as the AWS tools find it, for example in E(AWS_DEFAULT_REGION).
        type: str
      endpoint_url:
        description:
          - The URL of the EC2 endpoint, where it is another one than the region's own.
        type: str
      access_key:
        description:
          - The access key id. Needs O(snapshot_location.secret_key).
          - If not set, credentials are found as the AWS tools find them, for example in E(AWS_ACCESS_KEY_ID), a
            profile, or the role of the machine.
        type: str
      secret_key:
        description:
          - The secret access key. Needs O(snapshot_location.access_key).
        type: str
      session_token:
        description:
          - The session token of temporary credentials. Needs O(snapshot_location.access_key).
        type: str
      profile:
        description:
          - The profile of the AWS configuration files to take credentials from.
          - Mutually exclusive with O(snapshot_location.access_key).
        type: str
      ca_bundle:
        description:
          - The path of the CA certificates that sign the certificate of the endpoint.
        type: path
      validate_certs:
        description:
          - Whether the certificate of the endpoint must be valid.
        type: bool
        default: true
      kms_key_id:
        description:
          - The KMS key that encrypts volumes which are made from snapshots.
          - If not set, a volume is encrypted as its snapshot is.
        type: str
      cluster_name:
        description:
          - The cluster that volumes which are made from snapshots belong to. It replaces the tags
            C(kubernetes.io/cluster/*) and C(KubernetesCluster) of the snapshot.
          - If not set, E(AWS_CLUSTER_NAME) says it, and without that the tags stay.
        type: str
"""


__all__ = ("ModuleDocFragment",)
