# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases of a task that runs hooks by itself: held around all of them, let go when the task ends.

A freeze that the task makes outlives it, and a session cannot. What is let go while its file system is frozen must
need no write for that, or it would wait for the thaw.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import DatabaseChoice
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import PodHooks
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import pod_database
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.database_choice import choose_databases
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import HookedPod, give_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import is_freeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import DatabaseSettings, PodDatabase
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import HookPlan
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.side_by_side import run_at_once

#: The modes that are let go without a write, by kind.
_SILENT_RELEASES: t.Mapping[str, tuple[str, ...]] = {
    "postgresql": ("light", "freeze"),
    "redis": ("bgsave",),
    "valkey": ("bgsave",),
}


class HeldDatabases:
    """``hold`` once, ``release`` once, whatever happened in between. ``errors`` and ``warnings`` fill as it goes."""

    def __init__(self, run: ClusterRun, databases: t.Sequence[PodDatabase]) -> None:
        self._run = run
        self._databases = [database for database in databases if not database.is_passed_over]
        self._all = list(databases)
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self._told: set[str] = set()

    @property
    def records(self) -> list[QuiesceRecord]:
        return [database.record for database in self._all]

    def hold(self, *, freezes: bool) -> None:
        """All at once. ``errors`` has those that could not be. ``freezes``: the task will freeze, and leave it so."""
        run_at_once(lambda database: database.begin(self._run.cancel), self._databases, meanwhile=lambda: None)
        self.warnings += [
            text for database in self._all if database.is_passed_over for text in database.take_warnings()
        ]
        for database in self._databases:
            record = database.record
            self.warnings += database.take_warnings()
            if not database.held:
                self.errors.append(record.not_held())
            elif freezes and record.known.mode not in _SILENT_RELEASES.get(record.kind, ()):
                # Before anything is frozen: later it could not.
                database.end()
                record.consistent = False
                self._told.add(record.where)
                record.error = f"It is not held while a later task thaws: {_frozen_refusal(record)}"
                self.errors.append(record.not_held())

    def release(self, frozen: t.Collection[str]) -> None:
        """``frozen``: the claims that the task leaves frozen."""
        run_at_once(PodDatabase.end, self._databases, meanwhile=lambda: None)
        for database in self._databases:
            self.warnings += database.take_warnings()
            database.require_frozen(frozen)
            if database.broken and database.record.where not in self._told:
                self.errors.append(database.record.error)


def find_databases(run: ClusterRun, pods: t.Iterable[ObjectView], choice: DatabaseChoice) -> list[HookedPod]:
    """The pods with a database, or with a word about why it is none."""
    found = [give_hooks(pod, PodHooks(), choice) for pod in pods]
    return choose_databases(run, [hooked for hooked in found if hooked.database is not None or hooked.warnings])


def prepare_databases(
    run: ClusterRun,
    databases: t.Sequence[HookedPod],
    plans: t.Sequence[tuple[ObjectView, HookPlan]],
    policy: FreezePolicy,
) -> HeldDatabases:
    """``plans``: what will be run, of which some may freeze."""
    settings = DatabaseSettings(policy=policy)
    prepared = []
    for hooked in databases:
        pre = [plan for pod, plan in plans if pod_identity(pod) == hooked.key]
        if hooked.database is not None:
            prepared.append(pod_database.prepare_database(run, hooked.pod, hooked.database, pre, settings))
    return HeldDatabases(run, prepared)


def foresee_databases(
    run: ClusterRun,
    databases: t.Sequence[HookedPod],
    pairs: t.Sequence[tuple[ObjectView, Hook]],
    policy: FreezePolicy,
) -> tuple[list[dict[str, t.Any]], list[str]]:
    """The entries of a check mode's ``quiesces``, and a sentence for each that could not be held."""
    freezes = any(is_freeze(hook) for _pod, hook in pairs)
    entries, failed = [], []
    for hooked in databases:
        if hooked.database is None:
            continue
        pre = [hook for pod, hook in pairs if pod_identity(pod) == hooked.key]
        settings = DatabaseSettings(policy=policy)
        database, statements = pod_database.foresee_database(run, hooked.pod, hooked.database, pre, settings)
        record = database.record
        run.issues.add_warnings(database.warnings)
        silent = record.known.mode in _SILENT_RELEASES.get(record.kind, ())
        if freezes and not (record.error or record.passed_over or silent):
            record.error = f"It is not held while a later task thaws: {_frozen_refusal(record)}"
        entries.append(record.to_return() | {"statements": statements})
        if record.error:
            failed.append(record.not_held())
    return entries, failed


def _frozen_refusal(record: QuiesceRecord) -> str:
    """Why it is not held around a freeze that outlives the task."""
    silent = _SILENT_RELEASES.get(record.kind, ())
    advice = f"Use mode {silent[0]}, or freeze and snapshot" if silent else "Freeze and snapshot"
    return (
        f"to be let go, in mode {record.known.mode}, it has to write, which waits for the thaw. {advice} in one task, "
        "with k8s_snapshot."
    )


__all__ = ("HeldDatabases", "find_databases", "foresee_databases", "prepare_databases")
