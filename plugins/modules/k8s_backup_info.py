# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backup_info
short_description: List and describe backups
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Lists the backups of a storage location, whether this collection or a Velero server has written them.
  - Needs no cluster, and no library for one. The options that say how the API server is reached are not used. They are
    accepted so that C(module_defaults) for the action group may hold them.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._attributes.info_module
  - arkive.k8s._auth
  - arkive.k8s._requirements
  - arkive.k8s._requirements.s3
  - arkive.k8s._storage
options:
  name:
    description:
      - The name of one backup. All are listed if not set.
      - RV(backups) is empty when there is none of this name.
    type: str
  details:
    description:
      - Reads more of each backup, its hooks, freezes, volumes, errors and the names of its objects.
    type: bool
    default: false
seealso:
  - module: arkive.k8s.k8s_backup
  - module: arkive.k8s.k8s_restore
"""

EXAMPLES = r"""
- name: List the backups of a bucket
  arkive.k8s.k8s_backup_info:
    storage_location:
      bucket: backups
      prefix: production
  register: found

- name: Show their phases
  ansible.builtin.debug:
    msg: "{{ found.backups | items2dict(key_name='name', value_name='phase') }}"

- name: Read the hooks and the freezes of one backup
  arkive.k8s.k8s_backup_info:
    name: shop-2026-06-01
    details: true
    storage_location:
      path: /var/lib/backups
"""

RETURN = r"""
backups:
  description: The backups, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, returned: success, sample: shop-2026-06-01}
    phase: {description: The phase., type: str, returned: success, sample: Completed}
    started: {description: When it was begun., type: str, returned: success, sample: "2026-06-01T02:00:00Z"}
    completed: {description: When it was complete., type: str, returned: success, sample: "2026-06-01T02:00:03Z"}
    expiration: {description: When it may be removed., type: str, returned: success, sample: "2026-07-01T02:00:00Z"}
    warnings: {description: The number of warnings., type: int, returned: success, sample: 0}
    errors: {description: The number of errors., type: int, returned: success, sample: 0}
    backup:
      description: The Backup object, as it is stored.
      type: dict
      returned: success
      sample: {apiVersion: velero.io/v1, kind: Backup, metadata: {name: shop-2026-06-01}}
    item_counts:
      description: How many objects of each type it holds.
      type: dict
      returned: when O(details=true)
      sample: {pods: 3}
    hooks:
      description: The commands that were run in pods, without their output.
      type: list
      elements: dict
      returned: when O(details=true)
      sample: [{pod: web-0, phase: pre, state: ok}]
    freezes:
      description: The file systems that were frozen.
      type: list
      elements: dict
      returned: when O(details=true)
      sample: [{path: /var/log/nginx, seconds: 0.35, thawed_by: post hook}]
    volumes:
      description: The volumes of its claims.
      type: list
      elements: dict
      returned: when O(details=true)
      sample: [{pvcName: nginx-logs, skipped: true}]
    results:
      description: Its errors and warnings, by namespace, as Velero stores them.
      type: dict
      returned: when O(details=true)
      sample: {errors: {}, warnings: {}}
    resource_list:
      description: The names of its objects by type, as Velero stores them.
      type: dict
      returned: when O(details=true)
      sample: {v1/Pod: [shop/web-0]}
incomplete:
  description: Names that have files but no backup yet. They are being made, or their making was interrupted.
  returned: success and O(name) is not set
  type: list
  elements: str
  sample: []
location:
  description: The storage location.
  returned: success
  type: str
  sample: s3://backups/production
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import clean_details
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, storage_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._backup.info import incomplete_backups, list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store

SPEC = ArgumentSpec(
    options={
        "name": {"type": "str"},
        "details": {"type": "bool", "default": False},
    }
).merge(AUTH, STORAGE)


def work(task: Task) -> Result:
    if task.params["storage_location"]["bucket"]:
        require_library("boto3")
    store = open_store(storage_location(task.params))
    name = task.params["name"]
    found = list_backups(store, name=name, details=task.params["details"])
    result: Result = {
        "changed": False,
        "backups": [clean_details(entry, with_output=True) for entry in found],
        "location": store.location.describe,
    }
    return result if name else result | {"incomplete": incomplete_backups(store)}


def main() -> t.NoReturn:
    run_task(SPEC, work)


if __name__ == "__main__":
    main()
