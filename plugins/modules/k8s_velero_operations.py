# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_velero_operations
short_description: Carry out the custom resources of Velero without its server
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Makes a pass, or passes until a time is over, over the C(Backup), C(Restore), C(Schedule), C(DeleteBackupRequest),
    C(DownloadRequest), C(ServerStatusRequest) and C(BackupStorageLocation) objects of C(velero.io/v1) in a namespace.
    What is new is validated and carried out, and gets the status that the server of Velero would give it.
  - While the task runs, the C(velero) command line works as it does with a server, with C(velero backup create --wait),
    C(logs), C(describe --details), C(download) and C(delete), with schedules and restores. What is asked for between
    two tasks waits for the next one.
  - A pass also makes the backups of C(Schedule) objects that are due, asks for the deletion of what has expired, makes
    and removes C(Backup) objects as the storage locations have them, and validates those.
  - What a pass that died has left in progress is ended as Velero ends it when it starts, unless its backup is stored
    already.
  - Where the cluster has the types of Heptio Ark only, its objects are carried out by the same rules, with Ark's labels
    and annotations. Up to Ark 0.9 the C(Config) object is the storage location, and says where snapshots are, how often
    is looked at what, and whether nothing but restores is done.
  - C(VolumeSnapshotLocation) objects are chosen for backups by Velero's rules. Those of AWS say where snapshots are,
    unless O(snapshot_location) does.
  - The data of volumes is moved where a C(Backup) says C(snapshotMoveData) or C(defaultVolumesToFsBackup), pods have
    Velero's annotations for files or a resource policy wants them. A C(Restore) brings it back, and a deletion takes it
    out of the repositories, as M(arkive.k8s.k8s_backup) and M(arkive.k8s.k8s_restore) do it and O(mover) says.
  - An object that has a wrong type is refused by itself and is an error of the task, and all others are seen to.
  - Events tell with the objects what was done, as C(kubectl describe) shows it.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._ebs
  - arkive.k8s._mover
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.ebs
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._requirements.mover
  - arkive.k8s._requirements.s3
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
attributes:
  check_mode:
    support: partial
    details:
      - For O(state=passed) the objects that wait, the schedules that are due and the backups that have expired are
        listed, and nothing is done. Where another task is at work, nothing is listed, as with the run. No storage
        location is asked, so that what a sync would make or remove is not listed.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - A pass does what is asked for by objects, and changes nothing when there are none that wait.
options:
  state:
    description:
      - With V(passed), passes are made.
      - With V(present), those of Velero's types are made that the cluster does not have. What is there stays as it is.
      - With V(absent), the types go that V(present) has made, with their objects. Backups in storage locations stay.
    type: str
    choices: [passed, present, absent]
    default: passed
  namespace:
    description:
      - The namespace with the objects.
      - If not set, it is V(velero), or V(heptio-ark) for the types of Heptio Ark.
    type: str
    aliases: [velero_namespace]
  api_group:
    description:
      - Whose types are meant for O(state=passed). If not set, those of Velero where the cluster has them, else those of
        Heptio Ark.
    type: str
    choices: [velero.io, ark.heptio.com]
  locations:
    description:
      - Where storage locations are, by the names of their C(BackupStorageLocation) objects, each with the options of
        O(storage_location). They win over what the object says.
      - Without an entry, the provider has to be C(aws), and bucket, prefix, C(config), certificate and the
        C(credential) Secret are those of the object. Without C(credential) the Secret C(cloud-credentials) is used, as
        C(velero install) makes it, if it is there.
    type: dict
    default: {}
  restore_only:
    description:
      - Whether nothing is backed up, deleted or written to a storage location. Backups, schedules and deletions wait,
        and restores are carried out, as with C(--restore-only) of Velero's server.
    type: bool
    default: false
  duration:
    description:
      - How long passes are made, as a duration such as V(10m). What has begun then is brought to its end.
      - One pass is made if it is not set.
    type: str
  interval:
    description:
      - How long to wait between two passes.
    type: str
    default: 2s
  dialect:
    description:
      - How the expressions of C(Schedule) objects are read, as O(arkive.k8s.k8s_backup_schedule#module:dialect).
    type: str
    choices: [strict, velero-1.18.2, velero-1.18.3]
    default: velero-1.18.3
  hook_on_error_default:
    description:
      - What a failing hook of a backup means that does not say so itself, as
        O(arkive.k8s.k8s_backup#module:hook_on_error_default).
    type: str
    choices: [Fail, Continue]
    default: Fail
  on_missing_volume_data:
    description:
      - What a restore does about a volume whose data is not in the backup, as
        O(arkive.k8s.k8s_restore#module:on_missing_volume_data).
    type: str
    choices: [fail, warn]
    default: fail
  ignore_unsupported:
    description:
      - Whether a backup is made without what would need an agent in the cluster, such as the C(datamover) of somebody
        else. Otherwise its phase is C(FailedValidation).
    type: bool
    default: false
  force:
    description:
      - Whether O(state=absent) removes the types although there are objects of them.
    type: bool
    default: false
  storage_location:
    description:
      - Not used. It is accepted so that C(module_defaults) for the action group may hold it.
    required: false
notes:
  - One task at a time works in a namespace, by the Lease C(arkive-operations) in it. Another one that meets it changes
    nothing, and says so in RV(busy).
  - A task is refused where a Velero server is at work, by its pods, its Deployment, or the traces that it left within
    the last two and a half minutes. Agents on nodes are no server. One that comes while passes are made ends them,
    which is an error of the task.
  - Addresses for downloads are signed for ten minutes, and obey C(config.publicUrl). A location that is a directory has
    none, and C(velero backup logs) says where the file is instead.
  - O(mover.s3_url) holds for all storage locations. Where pods reach these by several addresses that are not those of
    the locations, see to each location's objects in a task of its own.
  - A backup whose data is moved is C(InProgress) until it is stored, and no other one is begun meanwhile.
  - The task does not fail when an operation does. What became of each is in RV(operations) and in the object.
seealso:
  - module: arkive.k8s.k8s_backup_schedule
  - module: arkive.k8s.k8s_backup_sync
"""

EXAMPLES = r"""
- name: Do the work of the Velero server for ten minutes
  arkive.k8s.k8s_velero_operations:
    duration: 10m
  register: operations

- name: Show what was done
  ansible.builtin.debug:
    msg: "{{ operations.operations }}"

- name: Make one pass, with a storage location that this machine reaches by another address
  arkive.k8s.k8s_velero_operations:
    locations:
      default:
        bucket: backups
        prefix: production
        endpoint_url: https://s3.example.com

- name: Move the data of volumes into repositories that Velero reads, by pods that reach the storage in the cluster
  arkive.k8s.k8s_velero_operations:
    duration: 1h
    repository_password: "{{ vault_repository_password }}"
    mover:
      s3_url: http://minio.storage.svc:9000

- name: Only restore, while a disaster is being dealt with
  arkive.k8s.k8s_velero_operations:
    restore_only: true
    duration: 1h

- name: Install the types of Velero in a cluster that has none
  arkive.k8s.k8s_velero_operations:
    state: present

- name: Remove the types again, with all objects of them
  arkive.k8s.k8s_velero_operations:
    state: absent
    force: true

- name: Work for Heptio Ark's objects, with a pass each minute
  arkive.k8s.k8s_velero_operations:
    api_group: ark.heptio.com
    namespace: heptio-ark
    duration: 1h
    interval: 1m
"""

RETURN = r"""
operations:
  description:
    - What was done, in order. In check mode, what would be, with the reason in C(message).
    - C(phase) is that of the object afterwards, or C(Deleted), C(Expired), C(Synced) or C(Removed).
  returned: always
  type: list
  elements: dict
  contains:
    kind: {description: The kind of the object., type: str, returned: always, sample: Backup}
    name: {description: Its name., type: str, returned: always, sample: shop-20260601023000}
    phase: {description: What became of it., type: str, returned: always, sample: Completed}
    message: {description: More about that., type: str, returned: always, sample: "0 errors, 0 warnings"}
passes:
  description: How many passes were made.
  returned: always
  type: int
  sample: 1
busy:
  description: Who works in the namespace already, so that nothing was done; empty otherwise.
  returned: always
  type: str
  sample: ""
namespace:
  description: The namespace.
  returned: always
  type: str
  sample: velero
created:
  description: The types that were made.
  returned: always
  type: list
  elements: str
  sample: []
removed:
  description: The types that were taken away.
  returned: always
  type: list
  elements: str
  sample: []
kept:
  description: The types that are there and were made by others.
  returned: always
  type: list
  elements: str
  sample: [backups.velero.io]
left_out:
  description:
    - What is not in this result whole, because it is too large, and of how many entries of each part something is
      missing. The errors come first, and counts are always whole.
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

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.operations_options import (
    OPERATIONS,
    operations_request,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_VELERO_OPERATIONS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import failed_by
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect

SPEC = ArgumentSpec().merge(AUTH, STORAGE_UNUSED, OPERATIONS, PROGRESS, RESULT)


def make_passes(task: Task) -> Result:
    """State ``passed``."""
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_run import run_operations
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.waiting_objects import (
        foresee_operations,
    )

    request = operations_request(task.params)
    client = connect(kube_auth(task.params), cancel=task.cancel)
    if task.check_mode:
        outcome = foresee_operations(request, client=client)
    else:
        outcome = run_operations(request, client=client, progress=task.progress, cancel=task.cancel)
    result: Result = {**outcome.to_return(), "changed": outcome.changed}
    if result["errors_list"]:
        result |= failed_by(f"Not all in namespace '{outcome.namespace}' could be seen to.", result["errors_list"])
    return result


def change_types(task: Task) -> Result:
    """States ``present`` and ``absent``."""
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.types_task import (
        install_types,
        remove_types,
    )
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import VELERO

    client = connect(kube_auth(task.params), cancel=task.cancel)
    if task.params["state"] == "present":
        outcome = install_types(client, check_mode=task.check_mode, cancel=task.cancel)
    else:
        outcome = remove_types(client, force=task.params["force"], check_mode=task.check_mode)
    return {
        **outcome.to_return(),
        "changed": outcome.changed,
        "namespace": task.params["namespace"] or VELERO.namespace,
    }


def work(task: Task) -> Result:
    require_library("kubernetes")
    return make_passes(task) if task.params["state"] == "passed" else change_types(task)


def main() -> t.NoReturn:
    run_task(SPEC, K8S_VELERO_OPERATIONS, work)


if __name__ == "__main__":
    main()
