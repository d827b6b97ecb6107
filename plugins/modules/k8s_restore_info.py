# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_restore_info
short_description: List and describe restores
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Lists the restores that a storage location has records of, whether this collection or a Velero server made them.
  - A Velero server keeps the Restore object in its cluster, not in the storage location. Of its restores, the backup
    and the files are known here, and RV(restores[].phase) is empty.
  - A restore that changed nothing, or was made from a location that is read-only, has no record.
  - Needs no cluster, and no library for one. The options that say how the API server is reached are not used. They are
    accepted so that C(module_defaults) for the action group may hold them.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._attributes.info_module
  - arkive.k8s._auth
  - arkive.k8s._mover.unused
  - arkive.k8s._requirements
  - arkive.k8s._requirements.query
  - arkive.k8s._requirements.s3
  - arkive.k8s._results.without_store
  - arkive.k8s._storage
options:
  name:
    description:
      - The name of one restore. All are listed if not set.
      - RV(restores) is empty when there is none of this name.
    type: str
  backup:
    description:
      - Only the restores that were made from this backup.
    type: str
  phase:
    description:
      - Only the restores in one of these phases, such as V(PartiallyFailed) or V(InProgress).
    type: list
    elements: str
    aliases: [phases]
  details:
    description:
      - What to read of each restore beyond its object. A list of V(items), V(hooks), V(volumes), V(results),
        V(resource_list) and V(logs), or V(true) for all of them.
    type: raw
    default: false
  describe:
    description:
      - Whether to return RV(restores[].description), the lines that C(velero restore describe --details) would show.
    type: bool
    default: false
  query:
    description:
      - A JMESPath expression over RV(restores). What it picks is returned as RV(query_result).
    type: str
seealso:
  - module: arkive.k8s.k8s_restore
  - module: arkive.k8s.k8s_backup_info
"""

EXAMPLES = r"""
- name: List the restores of a bucket
  arkive.k8s.k8s_restore_info:
    storage_location:
      bucket: backups
      prefix: production
  register: found

- name: Show when they began, and how they ended
  ansible.builtin.debug:
    msg: "{{ found.restores | map(attribute='started') | zip(found.restores | map(attribute='phase')) }}"

- name: Read what went wrong in one of them
  arkive.k8s.k8s_restore_info:
    name: shop-again
    details: [results]
    storage_location:
      path: /var/lib/backups

- name: Describe it as Velero does
  arkive.k8s.k8s_restore_info:
    name: shop-again
    describe: true
    storage_location:
      path: /var/lib/backups
  register: told

- name: Show the description
  ansible.builtin.debug:
    msg: "{{ told.restores[0].description }}"

- name: Find the restores of a backup that did not end
  arkive.k8s.k8s_restore_info:
    backup: shop-2026-06-01
    phase: [InProgress]
    query: "[].name"
    storage_location:
      bucket: backups
      prefix: production
"""

RETURN = r"""
restores:
  description: The restores that fit, sorted by name.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, returned: success, sample: shop-again}
    backup:
      description: The backup that it was made from. Empty when nothing says that.
      type: str
      returned: success
      sample: shop-2026-06-01
    phase:
      description:
        - The phase. C(InProgress) for a restore that runs still or was broken off, which M(arkive.k8s.k8s_restore)
          ends under the same name. Empty for a restore of a Velero server.
      type: str
      returned: success
      sample: Completed
    started: {description: When it was begun., type: str, returned: success, sample: "2026-06-02T09:00:00Z"}
    completed: {description: When it was complete., type: str, returned: success, sample: "2026-06-02T09:00:07Z"}
    warnings: {description: The number of warnings., type: int, returned: success, sample: 0}
    errors: {description: The number of errors., type: int, returned: success, sample: 0}
    size: {description: The bytes of all of its files., type: int, returned: success, sample: 9213}
    problems:
      description: What is wrong with its files, as far as they were read.
      type: list
      elements: str
      returned: success
      sample: []
    restore:
      description: The Restore object. Empty for a restore of a Velero server.
      type: dict
      returned: success
      sample: {apiVersion: velero.io/v1, kind: Restore, metadata: {name: shop-again}}
    description:
      description: The restore in words, a line each, for people.
      type: list
      elements: str
      returned: when O(describe=true)
      sample: ["Name:         shop-again", "Namespace:    velero"]
    item_counts:
      description: How many objects of each type had each action.
      type: dict
      returned: when O(details) has V(items)
      sample: {pods: {create: 3}}
    hooks:
      description: The commands that were run in restored pods, without their output.
      type: list
      elements: dict
      returned: when O(details) has V(hooks)
      sample: [{restored_pod: web-0, name: import, state: ok}]
    volumes:
      description: The volumes that were restored.
      type: list
      elements: dict
      returned: when O(details) has V(volumes)
      sample: [{pvcName: data, restoreMethod: CSISnapshot}]
    results:
      description: Its errors and warnings, by namespace, as Velero stores them.
      type: dict
      returned: when O(details) has V(results)
      sample: {errors: {}, warnings: {}}
    resource_list:
      description: The names of its objects by type, each with what became of it, as Velero stores them.
      type: dict
      returned: when O(details) has V(resource_list)
      sample: {v1/Pod: [shop/web-0(created)]}
    logs:
      description: Its log, at most the last 256 KiB of it.
      type: str
      returned: when O(details) has V(logs)
      sample: 'time="2026-06-02T09:00:00Z" level=info msg="restore completed" restore=velero/shop-again'
    logs_truncated:
      description: Whether there was more of the log before.
      type: bool
      returned: when O(details) has V(logs)
      sample: false
query_result:
  description: What O(query) picks out of RV(restores). Null without O(query).
  returned: always
  type: raw
  sample: [shop-again]
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
    - What is known about the error that ended the task beside its sentence, such as C(status), C(reason) and C(request)
      of a request to the storage. Empty when the task did not end by an error, or nothing more is known.
  returned: always
  type: dict
  sample: {}
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.detail_options import DETAILS, Details
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.jmespath_query import Query
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_to_read
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_RESTORE_INFO
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, require_store_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import RESTORE_SECTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restore_listing import RestoreFilter, list_restores
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restore_text import describe_restore_lines

SPEC = ArgumentSpec(
    options={
        "name": {"type": "str"},
        "backup": {"type": "str"},
        "phase": {"type": "list", "elements": "str", "aliases": ["phases"]},
        "query": {"type": "str"},
    }
).merge(DETAILS, AUTH, RESULT, STORAGE, MOVER_UNUSED)


def work(task: Task) -> Result:
    params = task.params
    wanted = RestoreFilter(
        name=params["name"] or "", backup=params["backup"] or "", phases=frozenset(params["phase"] or ())
    )
    details = Details(params, told=["items"], known=RESTORE_SECTIONS)
    query = Query(params["query"], over="the restores") if params["query"] else None
    require_store_library(params)
    store = open_to_read(task)
    found = list_restores(store, wanted, sections=details.sections, cancel=task.cancel)
    restores = details.to_return(found, describe_restore_lines)
    result: Result = {"changed": False, "restores": restores, "location": store.location.describe}
    if query:
        result["query_result"] = query.search(restores)
    return result


def main() -> t.NoReturn:
    run_task(SPEC, K8S_RESTORE_INFO, work)


if __name__ == "__main__":
    main()
