# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backup_diff
short_description: Compare a backup with the cluster, or with another backup
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Tells for each object of a backup whether the cluster has it as it was stored, by the comparison that
    M(arkive.k8s.k8s_restore) makes. What a restore would leave out or change on its way is left out and changed here.
  - Also names objects of the cluster that the backup does not have, of the types and in the namespaces that it has.
    What a controller makes, or the cluster by itself, is not among them. An object whose owner is in the backup differs
    with its owner, and is not compared by itself then.
  - With O(other_backup), the objects of that backup are compared with those of O(name).
  - Nothing is changed. The API server is asked by dry runs about objects that differ by our own rules, where the caller
    may update them.
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
  - arkive.k8s._selection
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - The same, but O(junit_path) is not written.
  diff_mode:
    support: full
    details:
      - The differences are those of the objects. Values of Secrets are masked.
  idempotent:
    support: full
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
  other_backup:
    description:
      - The backup of the same storage location that is compared with O(name), in the place of the cluster. No cluster
        is needed then, and all objects are compared but those that no restore brings back, such as events and nodes.
      - Mutually exclusive with the options that choose objects.
    type: str
  namespace_mapping:
    description:
      - Which namespaces of the backup are compared with which of the cluster, as in
        O(arkive.k8s.k8s_restore#module:namespace_mapping).
    type: dict
  names:
    description:
      - Single objects, as in O(arkive.k8s.k8s_restore#module:names).
    type: list
    elements: str
  fail_on_empty:
    description:
      - Whether the task fails when nothing fits the selection. Otherwise that is a warning.
    type: bool
    default: true
  fail_on_drift:
    description:
      - Whether the task fails when anything differs, or when of an object nobody can say whether it does, for example
        because the caller may not list its type.
      - Ansible shows no differences of a task that fails. RV(errors_list) has the objects with the paths that differ.
    type: bool
    default: false
  junit_path:
    description:
      - A file for a JUnit report, with a test case for each object, which fails when it differs.
    type: path
notes:
  - A cluster that has gone on differs from each backup. Compare with one that was made after the last wanted change.
seealso:
  - module: arkive.k8s.k8s_backup_verify
  - module: arkive.k8s.k8s_restore
"""

EXAMPLES = r"""
- name: See what has changed in the shop since last night
  arkive.k8s.k8s_backup_diff:
    schedule: shop
    storage_location:
      bucket: backups
      prefix: production
  diff: true

- name: Stop the pipeline when anything differs from the approved state
  arkive.k8s.k8s_backup_diff:
    name: approved
    included_namespaces: [shop]
    excluded_resources: [pods, endpointslices.discovery.k8s.io]
    fail_on_drift: true
    junit_path: drift.xml
    storage_location:
      bucket: backups
      prefix: production

- name: Compare two backups
  arkive.k8s.k8s_backup_diff:
    name: nightly-20260601023000
    other_backup: nightly-20260602023000
    storage_location:
      path: /srv/backups

- name: Compare one object with its copy in another namespace
  arkive.k8s.k8s_backup_diff:
    schedule: shop
    names: [configmaps/shop/prices]
    namespace_mapping:
      shop: shop-copy
    storage_location:
      path: /srv/backups
"""

RETURN = r"""
backup:
  description: The backup.
  returned: always
  type: str
  sample: nightly-20260601023000
compared_with:
  description: What it was compared with.
  returned: always
  type: str
  sample: the cluster https://api.example.org:6443
differs:
  description: Whether anything differs.
  returned: always
  type: bool
  sample: true
counts:
  description: How many objects are in each state.
  returned: always
  type: dict
  sample: {equal: 41, changed: 1, missing: 0, extra: 2, not_compared: 9}
objects:
  description: The objects that are not equal.
  returned: always
  type: list
  elements: dict
  contains:
    resource: {description: The type., type: str, returned: always, sample: deployments.apps}
    namespace: {description: Empty for one of the whole cluster., type: str, returned: always, sample: shop}
    name: {description: The name., type: str, returned: always, sample: web}
    state:
      description:
        - C(changed); C(missing), when it is in the backup only; C(extra), when it is not in the backup; or
          C(not_compared).
      type: str
      returned: always
      sample: changed
    reason: {description: Why it is not compared., type: str, returned: always, sample: ""}
    fields: {description: The paths that differ., type: list, elements: str, returned: always, sample: [spec.replicas]}
diffs_left_out:
  description: How many differences are not shown, because there are so many.
  returned: always
  type: int
  sample: 0
location:
  description: The storage location.
  returned: always
  type: str
  sample: s3://backups/production
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
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.diff_options import (
    DIFF,
    compare,
    drift_issues,
    drift_sentence,
    write_junit,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.group_options import MOVER_UNUSED
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP_DIFF
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import failed_by
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import SELECTION
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, require_store_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return

SPEC = ArgumentSpec().merge(AUTH, STORAGE, SELECTION, DIFF, PROGRESS, RESULT, MOVER_UNUSED)


def work(task: Task) -> Result:
    require_store_library(task.params)
    outcome = compare(task)
    result: Result = {
        **outcome.to_return(),
        "changed": False,
        "diffs_left_out": outcome.diffs_left_out,
        "warnings_list": to_return(Issues.of(warnings=outcome.warnings).warnings),
    }
    if task.diff_mode:
        result["diff"] = list(outcome.diffs)
    if task.params["junit_path"] and not task.check_mode:
        write_junit(task.params["junit_path"], outcome)
    if task.params["fail_on_drift"] and (outcome.drift or outcome.not_known or outcome.unknown):
        errors = to_return(drift_issues(outcome).errors)
        result |= {"errors_list": errors, **failed_by(drift_sentence(outcome), errors)}
    return result


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BACKUP_DIFF, work)


if __name__ == "__main__":
    main()
