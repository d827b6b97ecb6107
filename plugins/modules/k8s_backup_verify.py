# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backup_verify
short_description: Read a backup back, and tell whether it can be restored
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Reads the files of a backup to their ends. Where M(arkive.k8s.k8s_backup) wrote them, each is compared with the
    digest that was recorded then; else each has to be what its name says, and its checksums have to fit.
  - Unpacks the objects. Each has to be the object that its name says, in the form that Kubernetes gives its type.
  - Unpacks the dumps of databases beside it (M(arkive.k8s.k8s_db_dump)), and compares them with their digests.
  - Asks the storage whether the snapshots are there that hold the data of volumes.
  - The task fails when anything is wrong, with a sentence for each. What was found is recorded beside the backup.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._ebs
  - arkive.k8s._mover.unused
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.ebs
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._requirements.s3
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - Everything is read and asked for, and nothing is recorded.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Each verification is recorded.
options:
  name:
    description:
      - The backup.
      - Mutually exclusive with O(schedule).
    type: str
  schedule:
    description:
      - The schedule whose newest C(Completed) backup is meant.
      - Mutually exclusive with O(name).
    type: str
  percentage:
    description:
      - How many of the objects are read, in percent. They are chosen anew each time. The files are read to their ends
        in any case.
    type: int
    default: 100
  snapshots:
    description:
      - Whether the storage is asked for the snapshots. A cluster is needed for those of CSI only, and
        O(snapshot_location) for those of EBS.
      - A CSI driver is asked by a C(VolumeSnapshotContent) that keeps the snapshot and goes at once. A driver that
        lists no snapshots takes each for one that is there.
    type: bool
    default: true
  record:
    description:
      - Whether the verification is recorded beside the backup. In a read-only location it never is.
    type: bool
    default: true
notes:
  - That a backup is sound says that it is as it was written. Whether an application works after a restore, only a
    restore into a namespace of its own shows.
seealso:
  - module: arkive.k8s.k8s_backup_diff
  - module: arkive.k8s.k8s_backup_info
"""

EXAMPLES = r"""
- name: Read the newest backup of the shop back
  arkive.k8s.k8s_backup_verify:
    schedule: shop
    storage_location:
      bucket: backups
      prefix: production

- name: Look at a tenth of the objects, and leave the snapshots alone
  arkive.k8s.k8s_backup_verify:
    name: nightly-20260601023000
    percentage: 10
    snapshots: false
    storage_location:
      path: /srv/backups

- name: Read a backup back without leaving a trace
  arkive.k8s.k8s_backup_verify:
    name: nightly-20260601023000
    record: false
    storage_location:
      path: /srv/backups
"""

RETURN = r"""
name:
  description: The backup.
  returned: always
  type: str
  sample: nightly-20260601023000
phase:
  description: Its phase. A backup that is C(PartiallyFailed) may be sound, and lacks what failed.
  returned: always
  type: str
  sample: Completed
sound:
  description: Whether nothing is wrong with it.
  returned: always
  type: bool
  sample: true
problems:
  description: What is wrong, a sentence each.
  returned: always
  type: list
  elements: str
  sample: []
files:
  description: The files beside the tarball, which is read with its objects.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The file., type: str, returned: always, sample: nightly-logs.gz}
    size: {description: Bytes., type: int, returned: always, sample: 5120}
    state:
      description:
        - One of C(intact), C(readable), C(changed), C(missing) and C(damaged). Only a file whose digest was recorded
          can be C(intact) or C(changed).
      type: str
      returned: always
      sample: intact
objects:
  description: How many objects the backup has.
  returned: always
  type: int
  sample: 4080
objects_read:
  description: How many of them were read.
  returned: always
  type: int
  sample: 4080
snapshots:
  description: The snapshots that the backup records.
  returned: always
  type: list
  elements: dict
  contains:
    kind: {description: "C(CSI), C(native) or C(repository).", type: str, returned: always, sample: CSI}
    handle: {description: Its name in the storage., type: str, returned: always, sample: snap-1}
    volume: {description: The volume., type: str, returned: always, sample: pvc-1}
    driver: {description: The CSI driver., type: str, returned: always, sample: ebs.csi.aws.com}
    location: {description: The snapshot location., type: str, returned: always, sample: ""}
    presence: {description: "C(present), C(missing) or C(unknown).", type: str, returned: always, sample: present}
    reason: {description: Why it is not known., type: str, returned: always, sample: ""}
verification:
  description: What is recorded.
  returned: always
  type: dict
  sample: {sound: true, percentage: 100, verified: "2026-06-01T03:00:00Z"}
recorded:
  description: Whether it was.
  returned: always
  type: bool
  sample: true
location:
  description: The storage location.
  returned: always
  type: str
  sample: s3://backups/production
left_out:
  description:
    - What is not in this result whole, because it is too large, and of how many entries of each part something is
      missing.
  returned: always
  type: dict
  sample: {}
result_path:
  description: The file with the parts of RV(left_out) as JSON, readable by its owner only. Null without one.
  returned: always
  type: str
  sample: null
warnings_list:
  description:
    - What was noticed, each with C(resource), C(namespace), C(name), C(message), C(reason) and C(hint). The first of
      them are shown as warnings of the task, too.
  returned: always
  type: list
  elements: dict
  sample: []
errors_list:
  description:
    - What went wrong, in the form of RV(warnings_list). The first of them are in C(msg), too.
  returned: always
  type: list
  elements: dict
  sample: []
error_details:
  description:
    - What is known about the error that ended the task beside its sentence. Empty when the task did not end by an
      error, or nothing more is known.
  returned: always
  type: dict
  sample: {}
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import NAME_OF_BACKUP, ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.ebs_options import EBS, snapshot_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import (
    named_or_newest,
    open_location,
    open_to_read,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP_VERIFY
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import failed_by
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, require_store_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify_request import VerifyRequest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers

SPEC = ArgumentSpec(
    meant=NAME_OF_BACKUP,
    options={
        "name": {"type": "str"},
        "schedule": {"type": "str"},
        "percentage": {"type": "int", "default": 100},
        "snapshots": {"type": "bool", "default": True},
        "record": {"type": "bool", "default": True},
    },
    mutually_exclusive=(("name", "schedule"),),
    required_one_of=(("name", "schedule"),),
).merge(AUTH, STORAGE, EBS, PROGRESS, RESULT, MOVER_UNUSED)


def work(task: Task) -> Result:
    from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify import verify_backup

    require_store_library(task.params)
    store = open_location(task) if task.params["record"] else open_to_read(task)
    location = snapshot_location(task.params)
    if location is not None:
        require_library("boto3")

    def connect_when_needed() -> KubeClient:
        from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect

        require_library("kubernetes")
        return connect(kube_auth(task.params), cancel=task.cancel)

    context = VolumeContext(connect=connect_when_needed, location=location, cancel=task.cancel)
    issues = Issues()
    name, warnings = named_or_newest(task, store)
    issues.add_warnings(warnings)
    request = VerifyRequest(
        name=name,
        percentage=task.params["percentage"],
        snapshots=task.params["snapshots"],
        record=task.params["record"],
    )
    outcome = verify_backup(
        request, store=store, providers=make_providers(context), check_mode=task.check_mode, cancel=task.cancel
    )
    issues.add_warnings(outcome.warnings)
    issues.add_errors(outcome.problems)
    errors = to_return(issues.errors)
    result: Result = {
        **outcome.to_return(),
        "changed": outcome.recorded,
        "warnings_list": to_return(issues.warnings),
        "errors_list": errors,
    }
    if not outcome.sound:
        result |= failed_by(f"Backup '{outcome.name}' in {outcome.location} is not sound.", errors)
    return result


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BACKUP_VERIFY, work)


if __name__ == "__main__":
    main()
