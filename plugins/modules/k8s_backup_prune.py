# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_backup_prune
short_description: Delete backups that have expired and that no rule keeps
version_added: 0.1.0
author:
  - The arkive.k8s contributors (@arkive-k8s)
description:
  - Looks at all backups of a storage location, and deletes those that shall not stay. A backup goes when its time to
    live is over I(and) no rule keeps it. Without rules it is the time to live alone, and a backup without one stays.
  - The rules are those of C(restic forget), with its answers. The backups of each schedule are a series of their own.
    Each rule counts by itself from the newest backup on, and one backup may serve several rules. Hours, days, weeks,
    months and years without a backup cost nothing. A rule that has not found its number keeps the oldest backup too.
  - Only C(Completed) backups are counted. A C(PartiallyFailed) one stands for a period only when there is no
    C(Completed) one in it, and takes no place of one in O(keep_last). Failed backups never stand for anything.
  - What is deleted goes with its snapshots of volumes, the records of its restores, and its Backup and Restore objects
    in the cluster, as Velero deletes it. What cannot go stays listed, is reported, and is tried again by the next run.
    A run that is killed is gone on with by the next one.
  - Never deleted are backups that are held (O(arkive.k8s.k8s_backup#module:state=held)), that are not finished, that
    cannot be read, from which a restore is made, and what the storage has locked.
  - One run at a time prunes a location. Another one changes nothing, and says so.
extends_documentation_fragment:
  - arkive.k8s._attributes
  - arkive.k8s._attributes.actiongroup_backup
  - arkive.k8s._auth
  - arkive.k8s._mover
  - arkive.k8s._ebs
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
    support: full
    details:
      - Each backup is listed with what would become of it, why, and the space that it would free.
  diff_mode:
    support: full
    details:
      - The difference is the list of the backups.
  idempotent:
    support: full
options:
  keep_last:
    description:
      - How many of the newest backups of each schedule are kept; V(-1) for all.
    type: int
    default: 0
  keep_hourly:
    description:
      - For how many hours that have one the newest backup is kept; V(-1) for all.
    type: int
    default: 0
  keep_daily:
    description:
      - For how many days that have one the newest backup is kept; V(-1) for all.
    type: int
    default: 0
  keep_weekly:
    description:
      - For how many weeks that have one the newest backup is kept; V(-1) for all. Weeks begin on Monday, and those at
        the turn of the year are as in ISO 8601.
    type: int
    default: 0
  keep_monthly:
    description:
      - For how many months that have one the newest backup is kept; V(-1) for all.
    type: int
    default: 0
  keep_yearly:
    description:
      - For how many years that have one the newest backup is kept; V(-1) for all.
    type: int
    default: 0
  keep_within:
    description:
      - All backups are kept that are younger than this, seen from the newest backup of the schedule and not from now,
        such as V(14d) or V(1y5m7d2h). Its units are y (years), m (months), d (days) and h (hours).
      - A newest backup that is still to come, by a clock that was wrong, does not count as that.
    type: str
  timezone:
    description:
      - The zone in which hours, days, weeks, months and years begin, such as V(Europe/Berlin).
    type: str
    default: UTC
  ttl:
    description:
      - With V(honored), a backup goes when it has expired and no rule keeps it. One without a time to live stays.
      - With V(ignored), the rules alone decide. Without any rule nothing goes then.
    type: str
    choices: [honored, ignored]
    default: honored
  min_good:
    description:
      - How many of the newest C(Completed) backups of each schedule stay, whatever time to live and rules say. One
        whose file of objects is missing does not count.
    type: int
    default: 1
  min_good_verified:
    description:
      - Whether those count first for O(min_good) that M(arkive.k8s.k8s_backup_verify) has found sound. Where there are
        not so many, the newest of the others make up the number.
      - One with a database that M(arkive.k8s.k8s_db_verify) has found not to be whole does not count as sound.
    type: bool
    default: false
  failed_ttl:
    description:
      - How old C(Failed) and C(FailedValidation) backups get, as a duration such as V(72h). It decides alone, in the
        place of their time to live.
      - If not set, they obey their time to live, and with O(ttl=ignored) they stay.
    type: str
  schedules:
    description:
      - The schedules whose backups are looked at, by their names. All backups if empty.
    type: list
    elements: str
    default: []
  on_demand:
    description:
      - What becomes of backups that no schedule has made. With V(ttl), they obey their time to live alone, whatever
        O(ttl) says. With V(rules), all of them together are one more series.
    type: str
    choices: [ttl, rules]
    default: ttl
  allow_empty_group:
    description:
      - Whether a schedule may lose its last backup. If not, its backups stay, and the task fails.
    type: bool
    default: false
  apply_changes:
    description:
      - The rules are recorded in the storage location, C(metadata/arkive/retention.json). When they are others than in
        the run before, backups that the rules before kept stay in this run, and go in the next one.
      - With V(true), they go at once.
    type: bool
    default: false
  leftovers:
    description:
      - What is done with what belongs to nobody, which are claims of runs that have ended, uploads that were never
        finished, records of restores without a backup that are older than a day, and snapshots of volumes that this
        collection took for a backup in this location which is not there.
      - VolumeSnapshots are looked for where O(kubeconfig), O(context) or O(host) say in which cluster, EBS snapshots
        where O(snapshot_location) says in which account. Where no backup at all is in the location, they stay.
    type: str
    choices: [ignored, found, removed]
    default: found
  velero_namespace:
    description:
      - The namespace in which the cluster has Backup and Restore objects of Velero. Those of a backup that goes are
        deleted with it, where O(kubeconfig), O(context) or O(host) say in which cluster.
      - When that fails the backup stays. If empty, the objects are left alone.
    type: str
    default: velero
notes:
  - A bucket that keeps versions hides what is deleted, and its space is freed by the bucket's own rules. A warning
    says so. What object lock has locked is kept, with the reason.
  - Where a Velero server uses the location, it deletes what has expired by its own rule, whatever O(keep_last) and the
    others say. Make backups without a time to live there, and use O(ttl=ignored).
seealso:
  - module: arkive.k8s.k8s_backup
  - module: arkive.k8s.k8s_backup_info
  - module: arkive.k8s.k8s_backup_schedule
"""

EXAMPLES = r"""
- name: Delete what has expired, and keep at least three good backups of each schedule
  arkive.k8s.k8s_backup_prune:
    min_good: 3
    storage_location:
      bucket: backups
      prefix: production

- name: Keep a week of days, a month of weeks and a year of months, whatever the time to live is
  arkive.k8s.k8s_backup_prune:
    ttl: ignored
    keep_daily: 7
    keep_weekly: 4
    keep_monthly: 12
    timezone: Europe/Berlin
    failed_ttl: 72h
    storage_location:
      bucket: backups
      prefix: production
  check_mode: true
  register: plan

- name: Show why each backup stays or goes
  ansible.builtin.debug:
    msg: "{{ item.name }} is {{ item.state }}: {{ item.reasons | join('; ') }}"
  loop: "{{ plan.backups }}"
  loop_control:
    label: "{{ item.name }}"

- name: Delete with the snapshots of volumes, and clear away what nobody owns
  arkive.k8s.k8s_backup_prune:
    schedules: [shop]
    keep_within: 14d
    leftovers: removed
    kubeconfig: ~/.kube/config
    storage_location:
      bucket: backups
      prefix: production

- name: Keep the last three, two days of hours and ten years, and apply changed rules at once
  arkive.k8s.k8s_backup_prune:
    keep_last: 3
    keep_hourly: 48
    keep_yearly: 10
    apply_changes: true
    storage_location:
      bucket: backups
      prefix: production

- name: Let the rules decide over what was backed up by hand as well, and keep two that were verified
  arkive.k8s.k8s_backup_prune:
    on_demand: rules
    keep_within: 30d
    min_good: 2
    min_good_verified: true
    storage_location:
      bucket: backups
      prefix: production

- name: Clear away what a retired schedule has left, once it has expired
  arkive.k8s.k8s_backup_prune:
    schedules: [retired]
    min_good: 0
    allow_empty_group: true
    storage_location:
      bucket: backups
      prefix: production

- name: Delete the Backup and Restore objects of a cluster as well
  arkive.k8s.k8s_backup_prune:
    context: production
    velero_namespace: velero
    storage_location:
      bucket: backups
      prefix: production
"""

RETURN = r"""
backups:
  description: Each backup that was looked at, by name.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: Its name., type: str, returned: always, sample: shop-20260601023000}
    schedule: {description: The schedule that has made it; empty for none., type: str, returned: always, sample: shop}
    phase: {description: Its phase., type: str, returned: always, sample: Completed}
    made: {description: When it began., type: str, returned: always, sample: "2026-06-01T02:30:00Z"}
    expires: {description: When its time to live ends; null for never., type: str, returned: always, sample: null}
    state:
      description: V(kept), V(deleted), or V(failed) for one that was to go and could not. In check mode, what would be.
      type: str
      returned: always
      sample: kept
    reasons:
      description: Why it stays, or goes.
      type: list
      elements: str
      returned: always
      sample: [daily 1 of 7, weekly 1 of 4]
    error: {description: Why it could not be deleted., type: str, returned: always, sample: ""}
    held: {description: Whether somebody holds it., type: bool, returned: always, sample: false}
    size: {description: The bytes of its files., type: int, returned: always, sample: 48213}
    freed:
      description: The bytes that were freed, those of the records of its restores among them.
      type: int
      returned: always
      sample: 0
    snapshots:
      description:
        - How many snapshots of volumes, and copies in a repository, went with it, or in check mode would.
        - It is 0 for one that stays.
      type: int
      returned: always
      sample: 0
    hidden: {description: Whether the storage keeps what was deleted., type: bool, returned: always, sample: false}
  sample: []
deleted:
  description: The names of the backups that were, or in check mode would be, deleted.
  returned: always
  type: list
  elements: str
  sample: [shop-20260401023000]
freed_bytes:
  description: The space that was, or would be, freed in the storage location, in bytes.
  returned: always
  type: int
  sample: 48213
leftovers:
  description: What belongs to nobody.
  returned: always
  type: list
  elements: dict
  contains:
    kind: {description: "V(claim), V(upload), V(restore) or V(snapshot).", type: str, returned: always, sample: restore}
    name: {description: Its name., type: str, returned: always, sample: shop-again}
    message: {description: What it is., type: str, returned: always, sample: The records of restore 'r' are of nothing.}
    removed: {description: "Whether it was, or would be, removed.", type: bool, returned: always, sample: false}
    size: {description: "Its bytes, where they are known.", type: int, returned: always, sample: 512}
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
    - What is known about the error that ended the task beside its sentence. Empty when the task did not end by an
      error, or nothing more is known.
  returned: always
  type: dict
  sample: {}
"""

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import AUTH, kube_auth, names_cluster
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.ebs_options import snapshot_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.mover_options import moving_of
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.prune_options import PRUNE, retention
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import K8S_BACKUP_PRUNE
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import (
    failed_by,
    text_diff,
    warnings_in_failure,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import STORAGE, require_store_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import PROGRESS, RESULT, Result, Task, run_task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues, to_return
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import some_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PruneOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_run import PruneRequest, prune
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers

SPEC = ArgumentSpec().merge(AUTH, STORAGE, PRUNE, PROGRESS, RESULT)


def prune_location(task: Task) -> Result:
    """What does not stay goes."""
    require_store_library(task.params)
    if task.params["snapshot_location"] is not None:
        require_library("boto3")
    store = open_location(task, namespace=task.params["velero_namespace"])
    moving = moving_of(task, store)
    request = _request(task, moving)
    context = RunContext(progress=task.progress, cancel=task.cancel)
    with warnings_in_failure(moving.run.issues):
        outcome = prune(request, store, context=context, check_mode=task.check_mode)
    result: Result = {"changed": outcome.changed, **outcome.to_return(), **_issues(outcome, moving.run.issues)}
    if task.diff_mode:
        before = [backup.name for backup in outcome.backups]
        after = [backup.name for backup in outcome.backups if backup.state != "deleted"]
        result["diff"] = text_diff(before, after, title=f"backups in {outcome.location}")
    return result | _failure(outcome, result)


def _request(task: Task, moving: Moving) -> PruneRequest:
    """The cluster is asked only when something there is to go, or may have been left."""

    def connect_when_needed() -> KubeClient:
        return _connect(task)

    context = VolumeContext(
        connect=connect_when_needed,
        location=snapshot_location(task.params),
        cancel=task.cancel,
        moving=moving,
    )
    providers = make_providers(context)
    namespace, in_cluster, objects = task.params["velero_namespace"], names_cluster(task.params), None
    if in_cluster:
        from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_objects import BackupObjects

        objects = BackupObjects(connect_when_needed, namespace).remove if namespace else None
    return PruneRequest(
        retention=retention(task.params),
        leftovers=task.params["leftovers"],
        providers=providers,
        remove_objects=objects,
        find_left=tuple(each.find_left for each in providers if in_cluster or each.kind == "native"),
    )


def _connect(task: Task) -> KubeClient:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect

    require_library("kubernetes")
    return connect(kube_auth(task.params), cancel=task.cancel)


def _issues(outcome: PruneOutcome, moved: Issues) -> Result:
    issues = Issues()
    issues.extend(warnings=moved.warnings)
    issues.add_warnings(outcome.warnings)
    issues.add_warnings(leftover.message for leftover in outcome.leftovers if not leftover.removed)
    for backup in outcome.failed:
        issues.error(backup.error, name=backup.name)
    for schedule in outcome.refused:
        issues.error(
            f"Schedule '{schedule}' would have no backup left.",
            name=schedule,
            hint="Set allow_empty_group to delete the last one too.",
        )
    return {"warnings_list": to_return(issues.warnings), "errors_list": to_return(issues.errors)}


def _failure(outcome: PruneOutcome, result: Result) -> Result:
    if not result["errors_list"]:
        return {}
    failed = some_of([backup.name for backup in outcome.failed], most=3)
    said = f"Not all that shall go from {outcome.location} has gone" + (f": {failed}." if failed else ".")
    return failed_by(said, result["errors_list"])


def main() -> t.NoReturn:
    run_task(SPEC, K8S_BACKUP_PRUNE, prune_location)


if __name__ == "__main__":
    main()
