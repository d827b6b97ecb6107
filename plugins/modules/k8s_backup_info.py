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
  - Lists the backups of a storage location, whether this collection, a Velero server or Heptio Ark has written them.
  - Reads what Velero 1.0 to 1.18 and Ark 0.3 to 0.11 have stored, buckets with backups of Ark 0.9 or older at their
    root too. Backups of Ark are told in the words of Velero.
  - Thousands of backups are listed with one listing and one small read for each, many at the same time.
  - A damaged backup does not hide the others. What is wrong with it is told in RV(backups[].problems).
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
attributes:
  check_mode:
    details:
      - This module only reads. With O(extract.dest), no file is written, and the result says whether one would be.
  idempotent:
    details:
      - This module changes nothing but the file O(extract.dest), which is left as it is when it is the same already.
options:
  name:
    description:
      - The name of one backup. All are listed if not set.
      - RV(backups) is empty when there is none of this name.
    type: str
  schedule:
    description:
      - Only the backups that this schedule has made, by their label C(velero.io/schedule-name).
    type: str
  phase:
    description:
      - Only the backups in one of these phases, such as V(Completed), V(PartiallyFailed) or V(Failed).
    type: list
    elements: str
    aliases: [phases]
  label_selector:
    description:
      - Only the backups whose own labels fit.
      - Text in the form of C(kubectl), such as V(team=shop,!old), a mapping of labels to their values, or one with
        C(match_labels) and C(match_expressions) as the Kubernetes API has it. C(matchLabels) and C(matchExpressions)
        are fine too.
    type: raw
  namespace:
    description:
      - Only the backups whose spec includes this namespace.
    type: str
  started_after:
    description:
      - Only the backups that were begun after this time, such as V(2026-06-01T02:00:00Z). A time without a zone is in
        UTC.
    type: str
  started_before:
    description:
      - Only the backups that were begun before this time.
    type: str
  details:
    description:
      - What to read of each backup beyond its object. A list of V(items), V(hooks), V(volumes), V(results),
        V(resource_list), V(dumps) and V(logs), or V(true) for all of them.
      - With V(items), the objects of a backup that this collection did not write are counted in its tarball, which is
        read and checked for that. Together with O(name), that takes little. For a whole bucket, it reads all of it.
    type: raw
    default: false
  describe:
    description:
      - Whether to return RV(backups[].description), the lines that C(velero backup describe --details) would show.
    type: bool
    default: false
  extract:
    description:
      - Takes one object, or one file, out of the backup O(name).
      - What is taken out is what is stored. With O(extract.dest) it is written to a file, values of Secrets included.
        Without, it is in RV(extracted), and values of Secrets are masked unless O(extract.show_secrets=true). Set
        C(no_log) for the task then.
    type: dict
    suboptions:
      resource:
        description:
          - The type of the object, such as V(deployments.apps), or V(deployments) where the backup has one type of that
            name.
        type: str
      namespace:
        description:
          - The namespace of the object. Not set for one that is in none.
        type: str
      name:
        description:
          - The name of the object.
        type: str
      file:
        description:
          - The file. All but the tarball are text, and are taken out as text.
          - V(result) is what was too large for a result of M(arkive.k8s.k8s_backup), and V(arkive_record) the record
            that this collection keeps.
        type: str
        choices:
          - metadata
          - tarball
          - logs
          - result
          - results
          - resource_list
          - volumeinfo
          - volumesnapshots
          - podvolumebackups
          - itemoperations
          - csi_volumesnapshots
          - csi_volumesnapshotcontents
          - arkive_record
      dest:
        description:
          - The file to write on the machine where the module runs. Only its owner may read it, and one that is there is
            replaced. Needed for the tarball, and for more than 300 KB.
        type: path
      show_secrets:
        description:
          - Whether the values of a Secret are in the result.
        type: bool
        default: false
  query:
    description:
      - A JMESPath expression over RV(backups). What it picks is returned as RV(query_result).
    type: str
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
    details: [hooks]
    storage_location:
      path: /var/lib/backups

- name: Find the last complete backup of a schedule that holds a namespace
  arkive.k8s.k8s_backup_info:
    schedule: nightly
    phase: [Completed]
    namespace: shop
    query: "sort_by(@, &completed)[-1].name"
    storage_location:
      bucket: backups
      prefix: production
  register: last

- name: Describe a backup as Velero does
  arkive.k8s.k8s_backup_info:
    name: shop-2026-06-01
    describe: true
    storage_location:
      path: /var/lib/backups
  register: told

- name: Show the description
  ansible.builtin.debug:
    msg: "{{ told.backups[0].description }}"

- name: Show which backups there are
  ansible.builtin.debug:
    msg: "{{ told.table }}"

- name: Look at one object of it
  arkive.k8s.k8s_backup_info:
    name: shop-2026-06-01
    extract:
      resource: deployments.apps
      namespace: shop
      name: web
    storage_location:
      path: /var/lib/backups
  register: web

- name: Tell how many replicas it had
  ansible.builtin.debug:
    msg: "{{ (web.extracted.text | from_yaml).spec.replicas }}"

- name: Bring one Secret of it into a file
  arkive.k8s.k8s_backup_info:
    name: shop-2026-06-01
    extract:
      resource: secrets
      namespace: shop
      name: db-password
      dest: /root/db-password.yml
    storage_location:
      path: /var/lib/backups

- name: Fail if any backup of this week is damaged
  arkive.k8s.k8s_backup_info:
    started_after: "2026-06-01T00:00:00Z"
    storage_location:
      bucket: backups
      prefix: production
  register: week
  failed_when: week.backups | map(attribute='problems') | flatten | length > 0
"""

RETURN = r"""
backups:
  description: The backups that fit, sorted by name.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, returned: success, sample: shop-2026-06-01}
    phase: {description: The phase., type: str, returned: success, sample: Completed}
    schedule: {description: The schedule that made it., type: str, returned: success, sample: nightly}
    started: {description: When it was begun., type: str, returned: success, sample: "2026-06-01T02:00:00Z"}
    completed: {description: When it was complete., type: str, returned: success, sample: "2026-06-01T02:00:03Z"}
    expiration: {description: When it may be removed., type: str, returned: success, sample: "2026-07-01T02:00:00Z"}
    warnings: {description: The number of warnings., type: int, returned: success, sample: 0}
    errors: {description: The number of errors., type: int, returned: success, sample: 0}
    size: {description: The bytes of all of its files., type: int, returned: success, sample: 48213}
    held: {description: Whether somebody holds it., type: bool, returned: success, sample: false}
    problems:
      description:
        - What is wrong with it. Empty for a backup that can be restored as far as was looked.
        - That its files are there and that a Velero server would take its object over is always looked at, the files
          themselves as far as O(details) reads them.
        - A backup whose object cannot be read is only listed when no option asks for what the object holds.
      type: list
      elements: str
      returned: success
      sample: [It has no tarball (shop.tar.gz), so nothing can be restored from it.]
    backup:
      description: The Backup object, as it is stored. Empty when it cannot be read.
      type: dict
      returned: success
      sample: {apiVersion: velero.io/v1, kind: Backup, metadata: {name: shop-2026-06-01}}
    description:
      description: The backup in words, a line each, for people.
      type: list
      elements: str
      returned: when O(describe=true)
      sample: ["Name:         shop-2026-06-01", "Namespace:    velero"]
    item_counts:
      description: How many objects of each type it holds.
      type: dict
      returned: when O(details) has V(items)
      sample: {pods: 3}
    hooks:
      description: The commands that were run in pods, without their output.
      type: list
      elements: dict
      returned: when O(details) has V(hooks)
      sample: [{pod: web-0, phase: pre, state: ok}]
    freezes:
      description: The file systems that were frozen.
      type: list
      elements: dict
      returned: when O(details) has V(hooks)
      sample: [{path: /var/log/nginx, seconds: 0.35, thawed_by: post hook}]
    quiesces:
      description: The databases that were held.
      type: list
      elements: dict
      returned: when O(details) has V(hooks)
      sample: [{pod: db-0, kind: postgresql, mode: light, ended_by: release, consistent: true}]
    volumes:
      description: The volumes of its claims.
      type: list
      elements: dict
      returned: when O(details) has V(volumes)
      sample: [{pvcName: nginx-logs, skipped: true}]
    results:
      description: Its errors and warnings, by namespace, as Velero stores them.
      type: dict
      returned: when O(details) has V(results)
      sample: {errors: {}, warnings: {}}
    resource_list:
      description: The names of its objects by type, as Velero stores them.
      type: dict
      returned: when O(details) has V(resource_list)
      sample: {v1/Pod: [shop/web-0]}
    dumps:
      description: The dumps of databases beside it, as M(arkive.k8s.k8s_db_dump) returns them.
      type: list
      elements: dict
      returned: when O(details) has V(dumps)
      sample: [{name: shop-db-0, kind: postgresql, database: orders, size: 123456}]
    logs:
      description: Its log, at most the last 256 KiB of it.
      type: str
      returned: when O(details) has V(logs)
      sample: 'time="2026-06-01T02:00:00Z" level=info msg="Backup completed" backup=velero/shop-2026-06-01'
    logs_truncated:
      description: Whether there was more of the log before.
      type: bool
      returned: when O(details) has V(logs)
      sample: false
table:
  description: The backups as lines of a table for people, the newest first, at most 100 of them.
  returned: always
  type: list
  elements: str
  sample: ["NAME             STATUS     ERRORS", "shop-2026-06-01  Completed       0"]
query_result:
  description: What O(query) picks out of RV(backups). Null without O(query).
  returned: always
  type: raw
  sample: shop-2026-06-01
extracted:
  description: What O(extract) took out. Null without O(extract).
  returned: always
  type: dict
  contains:
    text:
      description: It as text, an object as YAML. Null when it was written to a file.
      type: str
      returned: success
      sample: |
        apiVersion: apps/v1
        kind: Deployment
    size: {description: Its bytes., type: int, returned: success, sample: 1432}
    dest: {description: The file., type: str, returned: success, sample: /root/db-password.yml}
    file: {description: Which file of the backup it is., type: str, returned: success, sample: logs}
    resource: {description: The type of the object., type: str, returned: success, sample: deployments.apps}
    namespace: {description: The namespace of the object., type: str, returned: success, sample: shop}
    name: {description: The name of the object., type: str, returned: success, sample: web}
incomplete:
  description:
    - Names that have files but no backup yet. They are being made, or their making was interrupted.
    - Empty when O(name) is set.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, returned: success, sample: shop-2026-06-02}
    in_progress: {description: Whether a run is making it., type: bool, returned: success, sample: false}
    interrupted:
      description:
        - Whether its run has ended without finishing it. The next run of M(arkive.k8s.k8s_backup) in this location
          removes what it left, unless that names snapshots.
      type: bool
      returned: success
      sample: true
  sample: []
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
      of a request to the API server, C(forbidden) with the rights that are missing, C(holder) of a claim, or
      C(validation_errors). Empty when the task did not end by an error, or nothing more is known.
  returned: always
  type: dict
  sample: {status: 403, reason: Forbidden, forbidden: [{verb: list, group: "", resource: secrets, namespace: shop}]}
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import NAME_OF_BACKUP, ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.detail_options import DETAILS, Details
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.extract_option import EXTRACT, take_out
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.jmespath_query import Query
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_to_read
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP_INFO
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import (
    LABEL_SELECTOR,
    label_selector,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, require_store_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_filter import BackupFilter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_table import backup_table
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_text import describe_backup_lines
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.find_backup import find_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue

SPEC = ArgumentSpec(
    meant=NAME_OF_BACKUP,
    options={
        "name": {"type": "str"},
        "schedule": {"type": "str"},
        "phase": {"type": "list", "elements": "str", "aliases": ["phases"]},
        "label_selector": LABEL_SELECTOR,
        "namespace": {"type": "str"},
        "started_after": {"type": "str"},
        "started_before": {"type": "str"},
        "query": {"type": "str"},
    },
).merge(DETAILS, EXTRACT, AUTH, RESULT, STORAGE, MOVER_UNUSED)


def backup_filter(params: t.Mapping[str, t.Any]) -> BackupFilter:
    """The options that choose backups; raises ``ValidationError``."""
    after, before = (params[f"started_{side}"] for side in ("after", "before"))
    return BackupFilter(
        name=params["name"] or "",
        schedule=params["schedule"] or "",
        phases=frozenset(params["phase"] or ()),
        label_selector=label_selector(params),
        namespace=params["namespace"] or "",
        started_after=parse_rfc3339(after, "started_after") if after else None,
        started_before=parse_rfc3339(before, "started_before") if before else None,
    )


def work(task: Task) -> Result:
    wanted, details = backup_filter(task.params), Details(task.params)
    query = Query(task.params["query"]) if task.params["query"] else None
    require_store_library(task.params)
    store = open_to_read(task)
    listing = list_backups(store, wanted, sections=details.sections, cancel=task.cancel)
    backups = details.to_return(listing.backups, describe_backup_lines)
    result: Result = {
        "changed": False,
        "backups": backups,
        "table": backup_table(listing.backups),
        "location": store.location.describe,
    }
    if query:
        result["query_result"] = query.search(backups)
    if task.params["extract"]:
        catalog = Catalog(store, task.cancel)
        find_backup(catalog, wanted.name)
        files = catalog.files(wanted.name)
        result["changed"], result["extracted"] = take_out(files, task.params["extract"], check_mode=task.check_mode)
    warnings = [Issue(message=sentence).to_return() for sentence in listing.warnings]
    return result | {"incomplete": [] if wanted.name else listing.incomplete, "warnings_list": warnings}


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BACKUP_INFO, work)


if __name__ == "__main__":
    main()
