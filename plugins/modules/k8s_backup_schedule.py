# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backup_schedule
short_description: Make a backup when a schedule says that one is due
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Takes a schedule as it shall be, and makes a backup when one is due; else it changes nothing. Let cron, a schedule
    of AWX or a pipeline run the task as often as backups may be late.
  - What was made is known from the storage location alone, so that any machine may run the task, and nothing is lost
    with one. Beside its backups the location has a record of the schedule, C(metadata/arkive/schedules/NAME.json).
  - The first backup is made at once, the next when the first time after the newest backup of the schedule has passed.
    Times that were missed make one backup.
  - Several machines may run the task at the same time, and one of them makes the backup. A backup of the schedule that
    is still being made is not overtaken.
  - Backups are named C(NAME-YYYYMMDDhhmmss), in UTC, and have the label C(velero.io/schedule-name), as Velero's have.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._mover
  - arkive.k8s._ebs
  - arkive.k8s._gate
  - arkive.k8s._progress
  - arkive.k8s._requirements
  - arkive.k8s._requirements.ebs
  - arkive.k8s._requirements.kubernetes
  - arkive.k8s._requirements.s3
  - arkive.k8s._results
  - arkive.k8s._storage
attributes:
  check_mode:
    support: full
    details:
      - When a backup is due, the result is what M(arkive.k8s.k8s_backup) would return for it in check mode. Nothing is
        written.
  diff_mode:
    support: full
    details:
      - The difference is that of the record of the schedule.
  idempotent:
    support: partial
    details:
      - A backup is made when one is due, and only then.
options:
  name:
    description:
      - The name of the schedule.
      - If not set, it is C(metadata.name) of the manifest in O(definition) or O(src).
    type: str
  state:
    description:
      - With V(present), a backup is made when one is due.
      - With V(checked), nothing is changed, no cluster is needed, and the task fails when there is no C(Completed)
        backup of the schedule, when the newest is older than O(max_age), or when two times of the schedule have passed
        since it was made. Without O(schedule) and a manifest, the schedule is the one that the storage location knows.
        O(plan_path), O(junit_path) and O(markdown_path) are for this state only, and say what was found.
    type: str
    choices: [present, checked]
    default: present
  schedule:
    description:
      - When backups are made, as five fields (minute, hour, day of the month, month, day of the week), as V(@hourly),
        V(@daily), V(@midnight), V(@weekly), V(@monthly), V(@yearly) or V(@annually), or as V(@every) with a duration
        such as V(@every 1h30m).
      - Times are in UTC, unless it begins with C(CRON_TZ=) and the name of a zone.
      - Required for O(state=present), unless a manifest says it.
    type: str
  dialect:
    description:
      - How O(schedule) is read. Velero has another parser since 1.18.3, and some expressions mean another thing since.
      - V(strict) takes what both read alike, and refuses everything else and what never comes. Where summer time
        begins, a time that is skipped comes at once; where it ends, a time that comes twice makes one backup.
      - V(velero-1.18.2) and V(velero-1.18.3) read and count as that Velero does. V(velero-1.18.2) takes either day when
        both the day of the month and that of the week are given, V(velero-1.18.3) wants both at once.
      - The default is V(strict), and V(velero-1.18.3) for a schedule that is in a manifest, with a warning when
        V(strict) would refuse it.
    type: str
    choices: [strict, velero-1.18.2, velero-1.18.3]
  template:
    description:
      - What a backup is to be, by the options of M(arkive.k8s.k8s_backup) that say so, from C(included_namespaces) and
        C(ttl) to C(hooks) and C(freeze_lease). They win over the template of a manifest.
      - Those that say where and as whom, such as O(storage_location), O(snapshot_location) and O(kubeconfig), are
        options of the task.
    type: dict
    default: {}
  definition:
    description:
      - A C(Schedule) of Velero or Heptio Ark.
      - Mutually exclusive with O(src).
    type: dict
  src:
    description:
      - A file with a C(Schedule) of Velero or Heptio Ark.
      - Mutually exclusive with O(definition).
    type: path
  paused:
    description:
      - Whether no backups are made for now.
      - If not set, it is as the manifest says, and V(false) without one.
    type: bool
  skip_immediately:
    description:
      - Whether the backup is left out that would be due when the schedule begins, when its O(schedule) is changed, or
        when it is O(paused) no more. The first one is made at the next time then.
      - If not set, it is as the manifest says, and V(false) without one.
    type: bool
  max_age:
    description:
      - How old the newest C(Completed) backup may be for O(state=checked), as a duration such as V(26h).
    type: str
  fail_on_partial:
    description:
      - Whether the task fails when a backup ends as C(PartiallyFailed). It is in the storage location either way.
    type: bool
    default: true
notes:
  - A backup that fails is not stored, and is due still, so that the next run of the task makes it.
  - An expression that never comes, such as V(0 0 30 2 *), is refused in every dialect. Velero makes a backup a minute
    of it.
seealso:
  - module: arkive.k8s.k8s_backup
  - module: arkive.k8s.k8s_backup_info
"""

EXAMPLES = r"""
- name: Back up the shop each night, and keep backups for a month
  arkive.k8s.k8s_backup_schedule:
    name: shop
    schedule: CRON_TZ=Europe/Berlin 30 2 * * *
    template:
      included_namespaces: [shop]
      ttl: 720h
    storage_location:
      bucket: backups
      prefix: production
  register: shop

- name: Tell when the next backup is made
  ansible.builtin.debug:
    msg: "The last backup is {{ shop.last_backup.name }}, the next is made after {{ shop.next_run }}."
  when: shop.last_backup is not none

- name: Carry out a Schedule of Velero, as the Velero that it was written for
  arkive.k8s.k8s_backup_schedule:
    src: schedule.yml
    dialect: velero-1.18.2
    storage_location:
      bucket: backups
      prefix: production

- name: Make no backups for now
  arkive.k8s.k8s_backup_schedule:
    name: shop
    schedule: "@daily"
    paused: true
    storage_location:
      bucket: backups
      prefix: production

- name: Raise the alarm when there is no good backup of the last 26 hours
  arkive.k8s.k8s_backup_schedule:
    name: shop
    state: checked
    max_age: 26h
    storage_location:
      bucket: backups
      prefix: production
      read_only: true

- name: The same as a step of a pipeline, which shows what was found
  arkive.k8s.k8s_backup_schedule:
    name: shop
    state: checked
    junit_path: schedule.xml
    markdown_path: schedule.md
    storage_location:
      bucket: backups
      prefix: production
      read_only: true

- name: Take up a Schedule again, from its next time on
  arkive.k8s.k8s_backup_schedule:
    definition:
      apiVersion: velero.io/v1
      kind: Schedule
      metadata:
        name: shop
      spec:
        schedule: 30 2 * * *
        template:
          includedNamespaces: [shop]
    skip_immediately: true
    fail_on_partial: true
    storage_location:
      bucket: backups
      prefix: production
"""

RETURN = r"""
last_backup:
  description: The newest backup of the schedule, whatever became of it; null when there is none.
  returned: always
  type: dict
  contains:
    name: {description: Its name., type: str, returned: always, sample: shop-20260601023000}
    made: {description: When it began., type: str, returned: always, sample: "2026-06-01T02:30:00Z"}
    phase: {description: Its phase., type: str, returned: always, sample: Completed}
next_run:
  description: After which time the next backup is due; null for a schedule that is paused.
  returned: always
  type: str
  sample: "2026-06-02T00:30:00Z"
due_since:
  description: Since when a backup was due as the task began; null when none was.
  returned: always
  type: str
  sample: "2026-06-01T00:30:00Z"
missed:
  description: How many times of the schedule had passed since the newest backup, at most 1000.
  returned: always
  type: int
  sample: 1
running:
  description:
    - A backup of the schedule that is still being made; empty when there is none. One that a server has left unfinished
      counts for a day.
  returned: always
  type: str
  sample: ""
backup:
  description: The Backup object of the backup that was made. Empty when none was due, and in check mode.
  returned: always
  type: dict
  sample: {metadata: {name: shop-20260601023000}, status: {phase: Completed}}
phase:
  description: The phase of that backup, as RV(arkive.k8s.k8s_backup#module:phase) is; empty when none was due.
  returned: always
  type: str
  sample: Completed
commit_point:
  description: As RV(arkive.k8s.k8s_backup#module:commit_point).
  returned: always
  type: dict
  sample: {}
item_counts:
  description: How many objects of each type were, or would be, stored.
  returned: always
  type: dict
  sample: {pods: 3, deployments.apps: 1, services: 1}
hooks:
  description: The commands that were run in pods, as RV(arkive.k8s.k8s_backup#module:hooks).
  returned: always
  type: list
  elements: dict
  sample: []
execution_hooks:
  description: The hooks of blueprints that ran, as RV(arkive.k8s.k8s_backup#module:execution_hooks).
  returned: always
  type: list
  elements: dict
  sample: []
freezes:
  description: The freezes, as RV(arkive.k8s.k8s_backup#module:freezes).
  returned: always
  type: list
  elements: dict
  sample: []
quiesces:
  description: The databases that were held, as RV(arkive.k8s.k8s_backup#module:quiesces).
  returned: always
  type: list
  elements: dict
  sample: []
swept:
  description: What dead runs had left frozen and was thawed, as RV(arkive.k8s.k8s_backup#module:swept).
  returned: always
  type: list
  elements: dict
  sample: []
volumes:
  description: What became of each volume, as RV(arkive.k8s.k8s_backup#module:volumes).
  returned: always
  type: list
  elements: dict
  sample: []
timings:
  description: How long the steps of the backup took, in seconds.
  returned: always
  type: dict
  sample: {collect: 1.2}
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
result_key:
  description:
    - The key in the storage location where the parts of RV(left_out) are as JSON, compressed with gzip. Null without
      one.
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
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_asking, open_to_read
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP_SCHEDULE
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import (
    ended,
    failed_by,
    phase_in_failure,
    refused_phase,
    text_diff,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.schedule_gate import refuse_files, tell_schedule
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.schedule_options import (
    SCHEDULE,
    GivenSchedule,
    given_schedule,
    max_age,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, require_store_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import ScheduleOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

SPEC = ArgumentSpec().merge(AUTH, STORAGE, SCHEDULE, PROGRESS, RESULT)


@phase_in_failure()
def tick_schedule(task: Task) -> Result:
    """State ``present``."""
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_run import tick

    given = given_schedule(task.params)
    task.params["no_log_output"] = given.template["no_log_output"]
    store = open_asking(task, namespace=given.template["velero_namespace"] or "")
    outcome = tick(given.request, store, lambda request: _make(task, store, request), check_mode=task.check_mode)
    result: Result = {**_answer(outcome, given.warnings), "changed": outcome.changed}
    if task.diff_mode and outcome.recorded:
        result["diff"] = text_diff(outcome.before, outcome.record, title=f"schedule {given.request.name}")
    if outcome.made is None:
        return result
    made = outcome.made
    answer = made.to_return(default_on_error=given.template["hook_on_error_default"])
    warnings = [*result["warnings_list"], *answer.pop("warnings_list")]
    result |= {**answer, "warnings_list": warnings}
    said = f"Backup '{outcome.name}' in {outcome.location}"
    if refused_phase(made.phase, fail_on_partial=task.params["fail_on_partial"]):
        result |= failed_by(f"{said} {ended(made.phase, check_mode=task.check_mode)}.", made.errors_list)
    elif made.failed_afterwards:
        result |= failed_by(f"{said} is stored and {made.phase}. A hook after it failed.", made.errors_list)
    return result


def _connect(task: Task) -> KubeClient:
    """The cluster is needed only when a backup is due."""
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect

    require_library("kubernetes")
    return connect(kube_auth(task.params), cancel=task.cancel)


def _make(task: Task, store: Store, request: BackupRequest) -> BackupOutcome:
    from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
    from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

    engine = plan_backup if task.check_mode else run_backup
    outcome = engine(request, client=_connect(task), store=store, progress=task.progress, cancel=task.cancel)
    if outcome.is_stored:
        task.keep_result_beside(store, BackupKeys(request.name).result)
    return outcome


def check(task: Task) -> Result:
    """State ``checked``, and what a pipeline is told of it."""
    given = given_schedule(task.params)
    return tell_schedule(task, given.request.name, lambda: _check(task, given))


def _check(task: Task, given: GivenSchedule) -> Result:
    from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_check import check_schedule

    request = given.request
    store = open_to_read(task)
    times = request.times(utc_now()) if request.schedule else None
    outcome = check_schedule(request.name, store, times=times, max_age=max_age(task.params))
    return {**_answer(outcome, given.warnings), "changed": False}


def _answer(outcome: ScheduleOutcome, warnings: t.Sequence[str]) -> Result:
    issues = Issues()
    issues.add_warnings([*warnings, *outcome.warnings])
    return {**outcome.to_return(), "warnings_list": to_return(issues.warnings)}


def work(task: Task) -> Result:
    require_store_library(task.params)
    if task.params["snapshot_location"] is not None:
        require_library("boto3")
    if task.params["state"] == "checked":
        return check(task)
    refuse_files(task.params)
    return tick_schedule(task)


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BACKUP_SCHEDULE, work)


if __name__ == "__main__":
    main()
