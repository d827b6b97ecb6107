# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The critical section of one block: quiesce its pods, do the protected work, release them whatever happened."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freeze import ActiveFreeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.cut_waves import cut_waves
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.frozen_claims import FrozenClaims
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_pod import (
    PodWindow,
    QuiescedPod,
    SectionSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.side_by_side import (
    run_at_once,
    run_in_order,
    run_side_by_side,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.timer_keeper import TimerKeeper


class CriticalSection:
    """Use as ``with section: work()``: entering runs the pre hooks, leaving releases every pod, whatever happened.

    The hooks of one pod run in their order, those of different pods side by side; with ``sequential`` strictly one
    after the other, in the order of the block. What happened is reported in the order of the block either way.
    """

    def __init__(
        self,
        pods: t.Sequence[QuiescedPod],
        settings: SectionSettings,
        sequential: bool = False,
    ) -> None:
        self._settings = settings
        self._entries = list(pods)
        self._sequential = sequential
        self._keeper = TimerKeeper(settings)
        claims = FrozenClaims()
        self._windows = [PodWindow(entry, settings, claims=claims, keep=self._keeper.keep) for entry in self._entries]

    def __enter__(self) -> CriticalSection:
        try:
            self.quiesce()
        except BaseException:
            self.release()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self.release()

    def quiesce(self) -> None:
        """Run the pre hooks. A cancelled run starts no more of them."""
        if self._sequential:
            for window in self._windows:
                window.hold_database()
                window.quiesce()
        else:
            # What a database still writes to let itself be held must not meet a freeze.
            for step in (PodWindow.mark_ahead, PodWindow.hold_database, PodWindow.quiesce):
                run_side_by_side(step, self._windows, spare=self._settings.spare_threads, stop_at_error=True)

    def release(self) -> None:
        """Release every pod; one that fails does not keep the others. What is frozen never waits for a thread."""
        holding = [window for window in self._windows if window.holds]
        others = [window for window in self._windows if not window.holds]
        try:
            if self._sequential:
                run_in_order(self._release, self._windows)
            else:
                run_at_once(
                    self._release,
                    holding,
                    meanwhile=lambda: run_side_by_side(
                        self._release, others, spare=self._settings.spare_threads, stop_at_error=False
                    ),
                )
        finally:
            # Not before everything is thawed: to let go may take a write.
            try:
                self._release_databases()
            finally:
                self._keeper.stop()
                # Not before: requests for one pod would hold up the thaw of another.
                run_side_by_side(
                    PodWindow.unmark, self._windows, spare=self._settings.spare_threads, stop_at_error=False
                )

    def waves(self, claims: t.Iterable[str]) -> t.Iterator[list[str]]:
        """``claims`` (namespace/name) in the order in which they are to be cut: ask for more when all before are."""
        databases = [entry.database for entry in self._entries if entry.database is not None]
        return cut_waves(databases, claims)

    def _release_databases(self) -> None:
        """All of them at once, whatever becomes of the others."""
        holding = [window for window in self._windows if window.entry.database is not None]
        if holding:
            try:
                run_at_once(PodWindow.release_database, holding, meanwhile=lambda: None)
            finally:
                frozen = {record.target.claim for record in self.freezes if record.consistent}
                for window in holding:
                    window.judge_database(frozen)

    def _release(self, window: PodWindow) -> None:
        self._keeper.drop(window.entry.active)
        window.release()

    def hand_over(self) -> list[ActiveFreeze]:
        """Leave the freezes to their timers: somebody else releases them. Nothing is renewed any more."""
        self._keeper.stop()
        return [freeze for window in self._windows for freeze in window.hand_over()]

    @property
    def results(self) -> list[HookResult]:
        """The pre hooks of each pod in the order of the block, then the post hooks."""
        pre = [result for window in self._windows for result in window.pre]
        return pre + [result for window in self._windows for result in window.post]

    @property
    def freezes(self) -> list[FreezeRecord]:
        return [record for window in self._windows for record in window.freezes]

    @property
    def quiesces(self) -> list[QuiesceRecord]:
        """The databases that were held, or were to be."""
        return [entry.database.record for entry in self._entries if entry.database is not None]

    @property
    def errors(self) -> list[str]:
        return [text for window in self._windows for text in window.errors]

    @property
    def warnings(self) -> list[str]:
        return [*(text for window in self._windows for text in window.warnings), *self._keeper.warnings]

    def report_warnings(self, issues: Issues) -> None:
        """Each of ``warnings``, with the pod that it is about."""
        for window in self._windows:
            namespace, name = pod_identity(window.entry.pod)
            issues.add_warnings(window.warnings, resource="pods", namespace=namespace, name=name)
        issues.add_warnings(self._keeper.warnings)

    def report_broken(self, issues: Issues) -> None:
        """Each of ``broken_databases``, where no volume's error tells of it."""
        for record in self.broken_databases:
            issues.error(
                "Error quiescing a database",
                error=record.error,
                resource="pods",
                namespace=record.namespace,
                name=record.pod,
            )

    @property
    def freeze_seconds_left(self) -> float | None:
        """How long what is frozen or held may stay so by ``freeze_max``; None where nothing is."""
        since = [active.frozen_at for entry in self._entries for active in entry.active]
        held = (entry.database.held_since for entry in self._entries if entry.database is not None)
        since += [each for each in held if each is not None]
        if not since:
            return None
        return max(0.0, min(since) + self._settings.policy.freeze_max_seconds - time.monotonic())

    @property
    def broken_freezes(self) -> list[FreezeRecord]:
        """Freezes that did not hold until the release: what was taken meanwhile is not to be trusted."""
        never = ("not frozen", "its own command")
        return [record for record in self.freezes if not record.consistent and record.thawed_by not in never]

    @property
    def broken_databases(self) -> list[QuiesceRecord]:
        """Databases that were held, and not until the release: what was taken meanwhile is not what was promised."""
        databases = (entry.database for entry in self._entries)
        return [database.record for database in databases if database is not None and database.broken]

    @property
    def consistent(self) -> bool:
        """Every freeze of the section held from its start to its release, and every database."""
        return all(record.consistent for record in self.freezes) and not self.broken_databases

    @property
    def why_broken(self) -> str:
        """Why nothing of what was taken can be trusted, in sentences; empty where it can be."""
        freezes = ", ".join(record.target.where for record in self.broken_freezes)
        late = f"The lease ran out before the snapshot was cut. {freezes} was not frozen all the time."
        return " ".join(
            filter(
                None,
                [
                    late if freezes else "",
                    *(each.error or f"{each.where} was not held." for each in self.broken_databases),
                ],
            )
        )


__all__ = ("CriticalSection", "QuiescedPod", "SectionSettings")
