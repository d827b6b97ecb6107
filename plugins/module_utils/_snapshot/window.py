# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The window in which the snapshots of a set are taken: the pods that mount the claims are quiesced, and released."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, plural
from ansible_collections.arkive.k8s.plugins.module_utils._databases.cuts import VolumeCuts
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.prepared_pods import prepare_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import asked_for
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeping import sweep_namespaces
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.pods import QuiescePlan
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import SnapshotRequest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import TakenSnapshot

#: Of what a freeze may last, this much is left for the release.
_RELEASE_SHARE = 0.1


class SnapshotWindow:
    """``prepare`` first; then, unless there are ``refusals``, use it as a context around the taking."""

    def __init__(
        self,
        run: ClusterRun,
        request: SnapshotRequest,
        plan: QuiescePlan,
    ) -> None:
        self._run = run
        self._client = run.client
        self._request = request
        self._plan = plan
        self._progress = run.progress
        self._settings = SectionSettings(
            # What a section reports to its run is in the sentences of this task.
            run=run.with_issues(Issues()),
            policy=request.quiescing.policy,
            hooks=request.hook_policy,
            workers=request.workers,
        )
        self._entries: list[QuiescedPod] = []
        self._section: CriticalSection | None = None
        self._ended = 0.0
        #: When a longer freeze was not allowed.
        self._deadline: float | None = None
        self.swept: list[dict[str, t.Any]] = []
        #: What else the sweep has to say.
        self._notes: list[str] = []
        self.refusals: list[str] = []

    def prepare(self, cuts: VolumeCuts) -> None:
        """Sweep, and see every hook through. What must not run and may not fail is in ``refusals``.

        ``cuts``: the snapshots that will be taken.
        """
        request = self._request
        sweeping = sweep_namespaces(
            self._client, self._plan.pods, [request.namespace], helper=request.quiescing.policy.helper_pod
        )
        self.swept = [found.to_return() for found in sweeping.ended]
        self._notes = list(sweeping.notes)
        preflight = Preflight(self._client, ApiObjectReader(self._client), policy=self._request.quiescing.policy)
        with concurrent.futures.ThreadPoolExecutor(
            min(self._request.workers, max(1, len(self._plan.hooked))), thread_name_prefix="arkive-preflight"
        ) as pool:
            self._entries = list(
                pool.map(lambda pod: prepare_pod(pod, preflight, self._settings, cuts), self._plan.hooked)
            )
        self._run.cancel.check()
        self.refusals = [
            plan.refusal
            for entry in self._entries
            for plan in entry.pre
            if plan.refusal and plan.hook.resolved_on_error(self._request.quiescing.on_error) == "Fail"
        ]

    def __enter__(self) -> SnapshotWindow:
        self._section = CriticalSection(self._entries, self._settings, sequential=self._plan.sequential)
        if self._entries:
            names = ", ".join("/".join(pod_identity(entry.pod)) for entry in self._entries)
            self._progress(f"quiescing {names}"[:200])
        self._section.__enter__()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended = time.monotonic()
        if self._section is not None:
            self._section.__exit__(*_exc)
            for record in self._section.freezes:
                seconds = "" if record.seconds is None else f" after {record.seconds:.2f} s"
                self._progress(f"{record.target.where}: {record.ending}{seconds}")

    @property
    def is_quiesced(self) -> bool:
        """No pre hook with Fail has failed, and the run goes on."""
        return all(entry.stored for entry in self._entries) and not self._run.cancel.is_cancelled

    def waves(self, claims: t.Iterable[str]) -> t.Iterator[list[str]]:
        """``claims`` in the order in which they are to be cut: ask for more when all before are."""
        return self._section.waves(claims) if self._section is not None else iter([list(claims)])

    @property
    def seconds_left(self) -> float:
        """How long the snapshots may take: never longer than the freeze may last, ``freeze_max`` from its start."""
        wanted = self._request.take_seconds
        longest = self._section.freeze_seconds_left if self._section is not None else None
        if longest is None:
            return wanted
        left = max(0.0, longest - self._request.quiescing.policy.freeze_max_seconds * _RELEASE_SHARE)
        if left < wanted:
            self._deadline = time.monotonic() + left
        return min(wanted, left)

    def errors_of(self, snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        """Why what was taken must not be kept; empty when all is well. For after the window."""
        errors = list(self.refusals)
        errors += [self._sentence(result) for result in self._failures("pre")]
        failed = [taken.error for taken in snapshots if taken.failed]
        if failed and self._deadline is not None and self._ended >= self._deadline:
            longest, late = self._request.quiescing.policy.freeze_max_seconds, len(failed)
            errors.append(
                f"The lease ran out before the snapshot was cut: the freeze may last {longest:g} s (freeze_max), and "
                f"{late} of {counted(len(snapshots), 'snapshot')} {plural(late, 'was', 'were')} not cut by then."
            )
        errors += failed
        if self._section is not None:
            if self._section.broken_freezes:
                names = ", ".join(record.target.where for record in self._section.broken_freezes)
                errors.append(f"The lease ran out before the snapshot was cut: {names} was not frozen all the time.")
            errors += self._section.errors
        return errors

    @property
    def post_errors(self) -> list[str]:
        """Post hooks that failed: they do not make the snapshots bad."""
        return [self._sentence(result) for result in self._failures("post")]

    @property
    def results(self) -> list[HookResult]:
        return self._section.results if self._section is not None else []

    @property
    def quiesces(self) -> list[dict[str, t.Any]]:
        """The databases that were held, or were to be."""
        return [record.to_return() for record in self._section.quiesces] if self._section is not None else []

    @property
    def freezes(self) -> list[FreezeRecord]:
        return self._section.freezes if self._section is not None else []

    @property
    def warnings(self) -> list[str]:
        found = list(self._plan.warnings)
        found += [*self._notes, *(entry["error"] for entry in self.swept if entry["error"])]
        if self._section is not None:
            found += self._section.warnings
        default = self._request.quiescing.on_error
        return found + [
            self._sentence(result)
            for result in self.results
            if result.failed and result.hook.resolved_on_error(default) == "Continue"
        ]

    def _failures(self, phase: str) -> list[HookResult]:
        default = self._request.quiescing.on_error
        return [
            result
            for result in self.results
            if result.failed and result.hook.phase == phase and result.hook.resolved_on_error(default) == "Fail"
        ]

    def _sentence(self, result: HookResult) -> str:
        asked = asked_for(result.hook)
        return f"The {asked} in {result.namespace}/{result.pod} failed: {result.error.rstrip('.')}."


__all__ = ("SnapshotWindow",)
