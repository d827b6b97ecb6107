# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""One set of snapshots: quiesce all pods, cut all snapshots, release all pods; then wait until they can be used.

The set is there as a whole, or not at all: when anything goes wrong, what the run made is removed.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import is_freeze, plan_pod_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.claims import find_claims, read_volumes
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.pods import QuiescePlan, plan_quiescing
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.provider import (
    PlannedSnapshot,
    SetMember,
    SnapshotProvider,
    planned_entry,
    snapshot_entry,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import SnapshotRequest
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.window import SnapshotWindow
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import CutSnapshot

_NAMED = 5


def remove_snapshots(
    request: SnapshotRequest,
    *,
    provider: SnapshotProvider,
    progress: ProgressSink = no_progress,
    check_mode: bool = False,
) -> SnapshotOutcome:
    """Remove the set; one that is not there is fine. What could not be removed is in ``errors``."""
    provider.check(removing=True)
    members = provider.find()
    outcome = SnapshotOutcome(changed=bool(members), before=[member.cut.name for member in members])
    if members and not check_mode:
        progress(f"removing {counted(len(members), 'snapshot')}")
        outcome.errors = provider.remove(members)
    outcome.snapshots = [snapshot_entry(member.cut, set_name=request.name) for member in members]
    outcome.warnings = list(provider.warnings)
    return outcome


def take_snapshots(
    request: SnapshotRequest,
    *,
    client: KubeClient,
    provider: SnapshotProvider,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
    check_mode: bool = False,
) -> SnapshotOutcome:
    """Take the snapshots unless they are there. What went wrong afterwards is in ``errors``.

    Raises ``SnapshotError`` before anything is begun, and ``Cancelled`` after everything was undone.
    """
    task = _Task(request, client, provider, progress, cancel or CancelToken())
    claims = find_claims(client, request.namespace, request.selection)
    provider.check()
    members = provider.find()
    task.outcome.before = task.outcome.after = [member.cut.name for member in members]
    if members:
        _check_members(request, members, [claim["metadata"]["name"] for claim in claims])
        return task.keep(members, check_mode=check_mode)
    plans = provider.plan(read_volumes(client, claims))
    names = [claim["metadata"]["name"] for claim in claims]
    quiescing = plan_quiescing(client, request.namespace, names, request.quiescing)
    if check_mode:
        return task.foresee(plans, quiescing)
    return task.take(plans, quiescing)


class _Task:
    def __init__(
        self,
        request: SnapshotRequest,
        client: KubeClient,
        provider: SnapshotProvider,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> None:
        self._request = request
        self._client = client
        self._provider = provider
        self._progress = progress
        self._cancel = cancel
        self._late: t.Sequence[CutSnapshot] = ()
        self.outcome = SnapshotOutcome()

    def foresee(self, plans: t.Sequence[PlannedSnapshot], quiescing: QuiescePlan) -> SnapshotOutcome:
        """What would be done; nothing is executed."""
        outcome, wanted = self.outcome, self._request.quiescing
        reader = ApiObjectReader(self._client)
        refusals: list[str] = []
        failures: list[str] = []
        late: list[str] = []
        for hooked in quiescing.hooked:
            planned = plan_pod_hooks(
                hooked.pod,
                hooked.pre,
                hooked.post,
                reader=reader,
                policy=wanted.policy,
                default_on_error=wanted.on_error,
            )
            outcome.planned += [*planned.pre, *planned.post]
            for hook, why in planned.failed:
                text = f"The {hook.phase} hook in {'/'.join(hooked.key)} failed: {why.rstrip('.')}."
                if hook.resolved_on_error(wanted.on_error) != "Fail":
                    outcome.warnings.append(text)
                elif is_freeze(hook) and hook.phase == "pre":
                    refusals.append(why)
                else:
                    (failures if hook.phase == "pre" else late).append(text)
        outcome.errors = refusals or failures or [f"{text} The snapshots are good, and kept." for text in late]
        outcome.snapshots = [planned_entry(plan, set_name=self._request.name) for plan in plans]
        outcome.after = [plan.wish.name for plan in plans]
        outcome.changed = True
        return self._tell(quiescing.warnings)

    def keep(self, members: t.Sequence[SetMember], *, check_mode: bool) -> SnapshotOutcome:
        """The set is there already."""
        cuts = [member.cut for member in members]
        if self._request.retain:
            if check_mode:
                self.outcome.changed = any(member.policy != "Retain" for member in members)
            else:
                self.outcome.changed = self._provider.retain(cuts)
        if not check_mode:
            with self._provider:
                self._await_ready(cuts)
        return self._end(cuts)

    def take(self, plans: t.Sequence[PlannedSnapshot], quiescing: QuiescePlan) -> SnapshotOutcome:
        """All of it; whatever happens, nothing stays frozen, and nothing of a set that is not good is left."""
        provider, outcome = self._provider, self.outcome
        window = SnapshotWindow(self._client, self._request, quiescing, progress=self._progress, cancel=self._cancel)
        try:
            with provider:
                self._cut(window, plans)
                taken = provider.taken
                outcome.errors += window.errors_of(taken)
                if not outcome.errors:
                    self._finish(taken)
        except BaseException as exc:
            self._account_for(window)
            try:
                outcome.errors += self._discard(provider.taken)
            except ArkiveError as left:
                # What went wrong first is what the user must hear of.
                outcome.errors.append(f"What was made of the set could not be removed: {left.sentence}")
            if isinstance(exc, ArkiveError):
                outcome.snapshots = [snapshot_entry(cut, set_name=self._request.name) for cut in provider.taken]
                self._tell(())
                exc.details.update(outcome.to_return(default_on_error=self._request.quiescing.on_error))
            raise
        self._account_for(window)
        if outcome.errors:
            outcome.errors += [*window.post_errors, *self._discard(provider.taken)]
        else:
            outcome.errors += [f"{text} The snapshots are good, and kept." for text in window.post_errors]
        return self._end(provider.taken)

    def _cut(self, window: SnapshotWindow, plans: t.Sequence[PlannedSnapshot]) -> None:
        started = time.monotonic()
        window.prepare()
        self.outcome.timings["prepare"] = time.monotonic() - started
        if window.refusals:
            return
        started = time.monotonic()
        with window:
            self.outcome.timings["quiesce"] = time.monotonic() - started
            if window.is_quiesced:
                self.outcome.changed = True
                began = time.monotonic()
                self._progress(f"cutting {counted(len(plans), 'snapshot')}")
                self._provider.cut(plans, timeout=window.seconds_left)
                self.outcome.timings["cut"] = time.monotonic() - began
        self.outcome.timings["window"] = time.monotonic() - started
        self._cancel.check()

    def _finish(self, cuts: t.Sequence[CutSnapshot]) -> None:
        """They are good: say so to later runs, and wait until they can be used."""
        self._provider.seal(cuts)
        if self._request.retain:
            self._provider.retain(cuts)
        self._await_ready(cuts)

    def _await_ready(self, cuts: t.Sequence[CutSnapshot]) -> None:
        timeout = self._request.ready_seconds
        if timeout is None or all(cut.ready for cut in cuts):
            return
        started = time.monotonic()
        self._progress("waiting until volumes can be made from the snapshots")
        late = self._provider.wait_ready(cuts, timeout=timeout, progress=self._progress)
        self.outcome.timings["ready"] = time.monotonic() - started
        self.outcome.errors += [cut.error for cut in cuts if cut.failed]
        if not self.outcome.errors:
            self._late = late

    def _discard(self, cuts: t.Sequence[CutSnapshot]) -> list[str]:
        if cuts:
            self._progress("removing what was made of the set")
        left = self._provider.discard(cuts)
        for cut in cuts:
            if cut.name:
                cut.fail(cut.left or "It was removed, because the set is not good.")
        return left

    def _account_for(self, window: SnapshotWindow) -> None:
        outcome = self.outcome
        outcome.hooks, outcome.freezes = window.results, window.freezes
        outcome.swept, outcome.warnings = window.swept, outcome.warnings + window.warnings
        outcome.changed = outcome.changed or any(result.state != "skipped" for result in window.results)

    def _end(self, cuts: t.Sequence[CutSnapshot]) -> SnapshotOutcome:
        outcome = self.outcome
        outcome.snapshots = [snapshot_entry(cut, set_name=self._request.name) for cut in cuts]
        outcome.after = [cut.name for cut in cuts if cut.name and not cut.failed]
        outcome.errors += [f"{cut.error} It is kept: run the task again to wait longer." for cut in self._late]
        return self._tell(())

    def _tell(self, warnings: t.Iterable[str]) -> SnapshotOutcome:
        self.outcome.warnings += [*warnings, *self._provider.warnings]
        return self.outcome


def _check_members(request: SnapshotRequest, members: t.Sequence[SetMember], claims: t.Sequence[str]) -> None:
    """Raise ``SnapshotError`` unless the set that is there is what is asked for."""
    have = {member.cut.wish.claim for member in members}
    missing = sorted(set(claims) - have)
    leaving = [member.cut.name for member in members if member.leaving]
    unfinished = [member.cut.name for member in members if not member.complete]
    failed = [f"{member.cut.name} ({member.cut.error})" for member in members if member.cut.failed]
    other = [
        f"{member.cut.name} ({member.cut.wish.class_name})"
        for member in members
        if request.snapshot_class and member.cut.wish.class_name not in ("", request.snapshot_class)
    ]
    for names, what in (
        (leaving, "is being deleted"),
        (unfinished, "was begun by a run that did not end: nobody knows whether the freeze held until it was cut"),
        (failed, "has failed"),
        (missing, "of the claims that are asked for are not in it"),
        (other, "is of another class"),
    ):
        if names:
            raise SnapshotError(
                f"The snapshot set {request.where} is there, but not as it is asked for: {some_of(names, most=_NAMED)}"
                f" {what}.",
                hint="Remove the set with state: absent first, or take another name.",
            )


__all__ = ("remove_snapshots", "take_snapshots")
