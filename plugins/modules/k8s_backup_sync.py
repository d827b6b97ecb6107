# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backup_sync
short_description: Let the Backup objects of a cluster follow a storage location
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - The storage location is the truth. In a cluster that has the types of Velero, Backup objects that are missing are
    made, and those whose files are gone are removed, as the sync of a Velero server does. C(velero backup get) shows
    then what there is, and a server that is started finds it.
  - Nothing that is there is changed, and nothing in the storage location is. To restore with
    M(arkive.k8s.k8s_restore), no sync is needed.
  - A Backup object is made of each backup that is C(Completed), C(PartiallyFailed) or C(Failed), whoever wrote it. Its
    namespace and its storage location become those of this cluster, an owner stays if it is a Schedule that is here
    with the same UID, and its hooks are left out. A backup that has not ended is passed over; once it has expired, it
    is taken over as C(PartiallyFailed), so that it can be deleted. PodVolumeBackups come along.
  - A Backup object is removed when it belongs to this storage location, is C(Completed) or C(PartiallyFailed), and the
    location has no file of it.
  - Where the cluster has the types of Heptio Ark only, objects of Ark are made and removed by the same rules.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._mover.unused
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._requirements.s3
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - The API server judges each object by a dry run.
  diff_mode:
    support: full
    details:
      - The difference is that of the names of the Backup objects.
  idempotent:
    support: full
options:
  namespace:
    description:
      - Where the objects of Velero are.
      - If not set, it is V(velero), or V(heptio-ark) for the types of Heptio Ark.
    type: str
    aliases: [velero_namespace]
  api_group:
    description:
      - Whose types are meant. If not set, those of Velero where the cluster has them, else those of Heptio Ark.
    type: str
    choices: [velero.io, ark.heptio.com]
  remove:
    description:
      - Whether Backup objects are removed whose files are gone. If not set, they are, unless the storage location is
        read-only.
      - Refused for a storage location that is O(storage_location.read_only), and for a C(BackupStorageLocation) whose
        C(accessMode) is C(ReadOnly).
    type: bool
  create_location:
    description:
      - Whether the C(BackupStorageLocation) is made when there is none with the name of O(storage_location.name). It
        becomes the default one when it is the first. One that is there is never changed.
    type: bool
    default: false
  location_credential:
    description:
      - The Secret that a C(BackupStorageLocation) names which is made, for a Velero server. The credentials of
        O(storage_location) are never written into the cluster.
    type: dict
    suboptions:
      name:
        description:
          - The name of the Secret.
        type: str
        required: true
      key:
        description:
          - The key in it.
        type: str
        default: cloud
notes:
  - A C(BackupStorageLocation) of this name that is of another bucket or prefix ends the task, because its Backup
    objects are of other backups. Without one, objects are made and none is removed.
  - As with Velero, an owner of another kind than Schedule is kept. Where it does not exist, the cluster deletes the
    object again; a warning names it.
seealso:
  - module: arkive.k8s.k8s_backup_info
  - module: arkive.k8s.k8s_backup
"""

EXAMPLES = r"""
- name: Show the backups of the old cluster in the new one
  arkive.k8s.k8s_backup_sync:
    storage_location:
      bucket: backups
      prefix: production
    create_location: true
    location_credential:
      name: cloud-credentials

- name: See what would be made and removed
  arkive.k8s.k8s_backup_sync:
    storage_location:
      bucket: backups
      prefix: production
  check_mode: true
  diff: true

- name: Make the objects in the standby cluster, and remove none
  arkive.k8s.k8s_backup_sync:
    storage_location:
      bucket: backups
      prefix: production
      read_only: true

- name: Make the objects of Heptio Ark, and leave those whose files are gone
  arkive.k8s.k8s_backup_sync:
    api_group: ark.heptio.com
    namespace: heptio-ark
    remove: false
    storage_location:
      bucket: backups
      prefix: production
"""

RETURN = r"""
created:
  description: The Backup objects that were made, by name.
  returned: always
  type: list
  elements: str
  sample: [shop-20260601023000]
removed:
  description: The Backup objects that were removed, because their files are gone.
  returned: always
  type: list
  elements: str
  sample: []
skipped:
  description: The stored backups of which no object was made.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The backup., type: str, returned: always, sample: nightly}
    reason: {description: Why., type: str, returned: always, sample: It is New.}
kept:
  description: The Backup objects whose files are gone, and that stay.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The backup., type: str, returned: always, sample: nightly}
    reason: {description: Why., type: str, returned: always, sample: The storage location 'default' is read-only.}
pod_volume_backups:
  description: How many PodVolumeBackup objects were made.
  returned: always
  type: int
  sample: 0
location_created:
  description: Whether the C(BackupStorageLocation) was made.
  returned: always
  type: bool
  sample: false
api_version:
  description: The version of the objects.
  returned: always
  type: str
  sample: velero.io/v1
namespace:
  description: Where the objects are.
  returned: always
  type: str
  sample: velero
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

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_asking
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP_SYNC
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import text_diff
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, require_store_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_request import SyncRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import FAMILIES

_CREDENTIAL = ArgumentSpec(
    options={"name": {"type": "str", "required": True}, "key": {"type": "str", "default": "cloud", "no_log": False}}
)
SPEC = ArgumentSpec(
    options={
        "namespace": {"type": "str", "aliases": ["velero_namespace"]},
        "api_group": {"type": "str", "choices": [family.group for family in FAMILIES]},
        "remove": {"type": "bool"},
        "create_location": {"type": "bool", "default": False},
        "location_credential": _CREDENTIAL.to_option(no_log=False),
    },
).merge(AUTH, STORAGE, PROGRESS, RESULT, MOVER_UNUSED)


def work(task: Task) -> Result:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_run import sync_backups

    require_store_library(task.params)
    require_library("kubernetes")
    store = open_asking(task, namespace=task.params["namespace"] or "")
    outcome = sync_backups(
        _request(task.params),
        client=connect(kube_auth(task.params), cancel=task.cancel),
        store=store,
        check_mode=task.check_mode,
        cancel=task.cancel,
    )
    issues = Issues.of(warnings=outcome.warnings)
    result: Result = {**outcome.to_return(), "warnings_list": to_return(issues.warnings), "changed": outcome.changed}
    if task.diff_mode and outcome.changed:
        result["diff"] = text_diff(list(outcome.before), outcome.after, title=f"backups in {outcome.namespace}")
    return result


def _request(params: t.Mapping[str, t.Any]) -> SyncRequest:
    return SyncRequest(
        family=next((family for family in FAMILIES if family.group == params["api_group"]), None),
        namespace=params["namespace"] or "",
        remove=params["remove"],
        create_location=params["create_location"],
        credential=params["location_credential"],
    )


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BACKUP_SYNC, work)


if __name__ == "__main__":
    main()
