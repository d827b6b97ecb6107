# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out a plan, wave by wave, with workers side by side inside a wave."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.namespaces import NamespaceMaker
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.object_writer import ObjectWriter
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.applied import Applied, AppliedWaves
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, Wave
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun


class Applier:
    """Executes waves. The failure of one item never stops another; only a cancel does, and a server that is gone.

    So does a credential that the server does not accept any more.
    """

    def __init__(self, run: RestoreRun, writer: ObjectWriter, namespaces: NamespaceMaker) -> None:
        self._run = run
        self._writer = writer
        self._namespaces = namespaces

    def apply(self, waves: t.Iterable[Wave]) -> AppliedWaves:
        """What was done. What is under way is finished, even when the run is cancelled."""
        done: list[Applied] = []
        with concurrent.futures.ThreadPoolExecutor(max_workers=self._run.workers) as pool:
            for wave in waves:
                applied = self._apply_wave(wave, pool)
                done += applied
                try:
                    self._run.cancel.check()
                except Cancelled as exc:
                    return AppliedWaves(tuple(done), exc)
                if self._writer.gone is not None:
                    return AppliedWaves(tuple(done), self._writer.gone)
                self._report(wave, applied)
        return AppliedWaves(tuple(done))

    def _apply_wave(self, wave: Wave, pool: concurrent.futures.ThreadPoolExecutor) -> list[Applied]:
        waiting = collections.deque(wave.items)
        threads = min(self._run.workers, len(waiting))
        tasks = [pool.submit(self._apply_items, waiting) for _thread in range(threads)]
        return [applied for task in tasks for applied in task.result()]

    def _report(self, wave: Wave, done: t.Sequence[Applied]) -> None:
        for group_resource in wave.group_resources:
            states = collections.Counter(
                applied.became
                for applied in done
                if applied.item.group_resource == group_resource and (applied.item.intent or applied.state == "failed")
            )
            if states:
                self._run.progress(
                    f"{group_resource}: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
                )

    def _apply_items(self, waiting: collections.deque[PlanItem]) -> list[Applied]:
        """Several threads take items until none is left."""
        done: list[Applied] = []
        while waiting and self._writer.gone is None and not self._run.cancel.is_cancelled:
            try:
                item = waiting.popleft()
            except IndexError:
                break
            done.append(self._writer.attempt(item, self._execute))
            self._run.counted(1)
        return done

    def _execute(self, item: PlanItem) -> Applied:
        if not item.intent:
            return self._writer.leave(item)
        if item.group_resource == NAMESPACES:
            return self._namespaces.make(item)
        if item.namespace and (why := self._namespaces.why_missing(item.namespace)):
            self._writer.report(item, f"error restoring {item.title}: {why}")
            return Applied(item.decided("conflict", why), "failed", why)
        return self._writer.update(item) if item.intent == "update" else self._writer.create(item)


__all__ = ("Applier",)
