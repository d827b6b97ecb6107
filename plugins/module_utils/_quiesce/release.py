# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Release what was frozen, and prove it: by the post hook, our own thaw, or any other way in, until it is certain."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import HookExecution, resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.retries import run_with_retries
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freeze import ActiveFreeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_account import (
    FreezeAccount,
    account_for,
    explain_unproven,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_end import (
    FreezeEnd,
    end_by_claims,
    end_freeze,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import (
    SCRIPT_SECONDS,
    FreezeTimer,
    ReleaseReport,
    parse_release,
    release_argv,
    run_script,
    take_marker,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import find_volume_mount
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import make_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marking import remove_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import HelperPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.other_freezes import who_holds
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import HookPlan
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import asked_for, recognise_hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.thaw import ThawElsewhere, Thawer

#: How long a release is tried after the timer must have fired.
_PATIENCE_SECONDS = 90.0
_RETRY_SECONDS = 1.0
#: After this many tries in its own container, other ways are taken as well.
_TRIES_IN_CONTAINER = 3
#: What the release itself may take beyond the post hook's own timeout, when no freezer has to be killed first.
_BESIDE_HOOK_SECONDS = 2.0


class Releaser:
    """Releases pods. Nothing here is ever cancelled: a release is tried until it is proven, or time is up."""

    def __init__(
        self,
        run: ClusterRun,
        hooks: HookPolicy,
        *,
        helper: HelperPod | None,
        warnings: list[str],
        marked: list[ActiveFreeze] | None = None,
        own_run: str = "",
    ) -> None:
        """The run's cancel token ends nothing but the retries of post hooks. ``helper`` thaws where no container can.

        With ``marked``, what was released is added there for the caller to ``unmark``, once nothing is frozen any more.
        With ``own_run``, a post hook that would thaw what another live run has frozen is not run.
        """
        self._cancellable = run
        self._run = run.uncancelled()
        self._client = self._run.client
        self._issues = run.issues
        self._hooks = hooks
        self._warnings = warnings
        self._marked = marked
        self._helper = helper
        self._own_run = own_run
        self.errors: list[str] = []

    def release(
        self,
        pod: t.Mapping[str, t.Any],
        active: t.Sequence[ActiveFreeze],
        post: t.Sequence[Hook],
        *,
        left_alone: t.Sequence[HookPlan] = (),
    ) -> list[HookResult]:
        """Run ``post`` and end every freeze in ``active``. Returns the hooks' results; errors are in ``errors``.

        A post hook that belongs to one of ``left_alone`` is skipped: it would thaw what somebody else has frozen.
        After one that fails with Fail the others are skipped. Every freeze is ended all the same.
        """
        results: list[HookResult] = []
        open_freezes = list(active)
        ended_by = _match(post, active)
        try:
            for at, hook in enumerate(post):
                freeze = ended_by.get(at)
                if freeze is not None:
                    result = self._release_by_hook(pod, hook, freeze)
                    open_freezes.remove(freeze)
                elif _belongs_to_others(hook, left_alone):
                    result = _skipped(
                        pod, hook, "not run, because what it would thaw was not frozen by this pod's hooks"
                    )
                elif holder := self._who_holds(pod, hook):
                    result = _skipped(
                        pod, hook, f"not run, because it would thaw what another run has frozen: {holder}"
                    )
                    self._warnings.append(f"The {asked_for(hook)} in {'/'.join(pod_identity(pod))}: {result.error}")
                else:
                    result = self._run_post(pod, hook, may_take_long=not open_freezes)
                results.append(result)
                if self._hooks.is_fatal(result):
                    namespace, name = pod_identity(pod)
                    self._issues.error(
                        "Error running post hooks for pod",
                        error=result.error,
                        name=name,
                        namespace=namespace,
                        resource="pods",
                    )
                    why = "not run, because an earlier hook of the pod failed with on-error Fail"
                    results += [_skipped(pod, later, why) for later in post[at + 1 :]]
                    break
        finally:
            for freeze in open_freezes:
                self._release_by_thaw(freeze, post=None, pure=False)
        return results

    def unmark(self, timer: FreezeTimer) -> None:
        """Take the marks of a freeze away, wherever they are."""
        self._warnings += remove_marks(self._client, make_marks(timer, run_id="", seconds=0.0, now=utc_now()))

    def _who_holds(self, pod: t.Mapping[str, t.Any], hook: Hook) -> str:
        """Which other live run has frozen what ``hook`` thaws."""
        thaws = recognise_hook(hook).thaws if self._own_run else ()
        claims = []
        for thaw in thaws:
            with contextlib.suppress(QuiesceError):
                claims.append(find_volume_mount(pod, _container_of(pod, hook), thaw.path).claim)
        return who_holds(self._client, pod, claims, own_run=self._own_run) if claims else ""

    def _run_post(self, pod: t.Mapping[str, t.Any], hook: Hook, *, may_take_long: bool) -> HookResult:
        """A post hook that ends no freeze. It is tried again only where nothing of the pod is frozen meanwhile."""
        execution = self._execution(pod, hook)
        return self._run_once_or_more(
            hook if may_take_long else dataclasses.replace(hook, retries=0),
            execution.attempt,
        )

    def _run_once_or_more(self, hook: Hook, attempt: t.Callable[[], HookResult]) -> HookResult:
        return run_with_retries(hook, attempt, run=self._cancellable, policy=self._hooks)

    def _execution(self, pod: t.Mapping[str, t.Any], hook: Hook) -> HookExecution:
        return HookExecution(self._run, pod, hook, self._hooks)

    def _release_by_hook(self, pod: t.Mapping[str, t.Any], hook: Hook, active: ActiveFreeze) -> HookResult:
        active.begin_release(time.monotonic())
        same_container = not active.armed or _container_of(pod, hook) == active.timer.target.container
        found = recognise_hook(hook)
        pure = (
            found.plain
            and len(active.timer.targets) == 1
            and [command.path for command in found.thaws] == [active.timer.target.path]
        )
        if not active.armed or not same_container:
            result = self._run_post(pod, hook, may_take_long=False)
            if active.armed:
                self._release_by_thaw(active, post=result, pure=False)
            else:
                self._account_without_timer(active, result)
            return result
        execution = self._execution(pod, hook)
        result = self._run_once_or_more(
            dataclasses.replace(hook, retries=0),
            lambda: execution.attempt(
                argv=release_argv(active.timer, hook.argv, pure=pure),
                extra_seconds=_BESIDE_HOOK_SECONDS if active.returned else SCRIPT_SECONDS,
                clean=active.timer.clean,
            ),
        )
        stderr, values = take_marker(result.stderr, active.timer.lease_id)
        result = dataclasses.replace(result, stderr=stderr)
        report = parse_release(values)
        if report is not None and report.proven:
            if report.winner == "lease" and pure:
                result = dataclasses.replace(result, state="skipped", rc=None, error="the lease had thawed already")
            self._account(active, report, result, pure=pure)
        else:
            self._release_by_thaw(active, post=result, pure=pure)
        return result

    def _release_by_thaw(self, active: ActiveFreeze, *, post: HookResult | None, pure: bool) -> None:
        """Thaw by ourselves, by every way there is, until it is proven or time is up."""
        active.begin_release(time.monotonic())
        if not active.armed:
            self._thaw_without_timer(active)
            return
        deadline = max(active.timer_end, time.monotonic()) + _PATIENCE_SECONDS
        thawer = Thawer(self._client, self._helper)
        tries = 0
        while True:
            end = self._try_to_end(active, thawer, insist=tries >= _TRIES_IN_CONTAINER)
            tries += 1
            if end.report is not None:
                self._account(active, end.report, post, pure=pure)
                return
            if end.elsewhere is not None:
                self._account_elsewhere(active, end.elsewhere)
                return
            if time.monotonic() > deadline:
                break
            time.sleep(_RETRY_SECONDS)
        self._give_up(active, end.reason)

    def _try_to_end(self, active: ActiveFreeze, thawer: Thawer, *, insist: bool) -> FreezeEnd:
        if active.container_gone:
            return end_by_claims(active.timer, thawer)
        return end_freeze(self._client, active.timer, thawer, insist=insist)

    def _account_elsewhere(self, active: ActiveFreeze, found: ThawElsewhere) -> None:
        """It was proven through another container of the same claim, or because nothing can be frozen any more."""
        if found.may_return:
            self._give_up(active, found.note)
            return
        if found.state == "thawed":
            text = f"{active.where} was thawed through {found.where}, because its own container could not be reached."
            self._close(active, FreezeAccount("release", False, None, text))
            return
        over = time.monotonic() >= active.timer_end
        text = f"{active.where} was found thawed; its own container could not be reached. {found.note}".strip()
        self._close(active, FreezeAccount("lease" if over else "someone else", False, None, text))

    def _thaw_without_timer(self, active: ActiveFreeze) -> None:
        thawer = Thawer(self._client, self._helper)
        target = active.timer.target
        for thaw in active.timer.thaws:
            reason = ""
            try:
                result = run_script(self._client, target, thaw)
                if result.rc != 0 and b"nvalid arg" not in result.stderr:
                    reason = result.stderr.decode("utf-8", "replace").strip() or f"exit code {result.rc}"
            except KubeError as exc:
                reason = exc.message
            if reason:
                end = end_by_claims(active.timer, thawer)
                if end.elsewhere is not None:
                    self._account_elsewhere(active, end.elsewhere)
                else:
                    self._give_up(active, "; ".join(part for part in (reason.rstrip("."), end.reason) if part))
                return
        self._close(active, FreezeAccount("release", True, time.monotonic() - active.frozen_at))

    def _account_without_timer(self, active: ActiveFreeze, post: HookResult) -> None:
        if post.state == "ok" and any(recognise_hook(post.hook).thaws):
            self._close(active, FreezeAccount("post hook", True, time.monotonic() - active.frozen_at))
        else:
            self._thaw_without_timer(active)

    def _account(self, active: ActiveFreeze, report: ReleaseReport, post: HookResult | None, *, pure: bool) -> None:
        if report.thaw == "0" and report.fired_at is None and active.thaws_itself:
            # Nothing is protected beyond the command, and nobody has to be warned.
            self._close(active, FreezeAccount("its own command", False, None))
            return
        account = account_for(
            report,
            post=post,
            pure=pure,
            where=active.where,
            now=utc_now(),
            held_seconds=active.held_seconds,
        )
        self._close(active, account)

    def _close(self, active: ActiveFreeze, account: FreezeAccount) -> None:
        if account.error:
            self._record_error(active, account.error)
        for record in active.records:
            record.ended = account.ended or utc_now()
            record.seconds = account.seconds
            if account.seconds is not None:
                record.started = record.ended - dt.timedelta(seconds=account.seconds)
            record.thawed_by = account.thawed_by
            record.consistent = account.consistent
            record.error = account.error
            record.released = True
        if self._marked is None:
            self.unmark(active.timer)
        else:
            self._marked.append(active)

    def _give_up(self, active: ActiveFreeze, reason: str) -> None:
        text = explain_unproven(active.where, reason, lease_seconds=active.timer.seconds if active.armed else None)
        self._record_error(active, text)
        for record in active.records:
            record.error = text

    def _record_error(self, active: ActiveFreeze, text: str) -> None:
        target = active.timer.target
        self.errors.append(text)
        self._issues.error(
            "Error releasing a freeze", error=text, name=target.pod, namespace=target.namespace, resource="pods"
        )


def _match(post: t.Sequence[Hook], freezes: t.Sequence[ActiveFreeze]) -> dict[int, ActiveFreeze]:
    """Which post hook, by its place, ends which freeze.

    The one that thaws its path, else the one that belongs to the freezing hook, else the last one where there is only
    one freeze.
    """
    ended_by: dict[int, ActiveFreeze] = {}

    def assign(fits: t.Callable[[ActiveFreeze, int], bool]) -> None:
        for freeze in freezes:
            if not any(freeze is taken for taken in ended_by.values()):
                free = (at for at in range(len(post)) if at not in ended_by and fits(freeze, at))
                ended_by.update({at: freeze for at in [next(free, None)] if at is not None})

    thawed = [{command.path for command in recognise_hook(hook).thaws} for hook in post]
    assign(lambda freeze, at: bool(thawed[at] & {target.path for target in freeze.timer.targets}))
    assign(lambda freeze, at: _is_pair(freeze.freezer, post[at]))
    if len(freezes) == 1:
        assign(lambda _freeze, at: at == len(post) - 1)
    return ended_by


def _is_pair(pre: Hook, post: Hook) -> bool:
    """They are at the same place of the same rule, or are both the pod's annotations."""
    return (pre.source, pre.name, pre.index) == (post.source, post.name, post.index)


def _belongs_to_others(hook: Hook, left_alone: t.Sequence[HookPlan]) -> bool:
    """True for a post hook that would thaw what the pod's own pre hooks have not frozen."""
    thawed = {command.path for command in recognise_hook(hook).thaws}
    return any(
        _is_pair(plan.hook, hook) or thawed & {command.path for command in recognise_hook(plan.hook).freezes}
        for plan in left_alone
    )


def _skipped(pod: t.Mapping[str, t.Any], hook: Hook, why: str) -> HookResult:
    namespace, name = pod_identity(pod)
    return HookResult(
        hook=hook,
        namespace=namespace,
        pod=name,
        container=hook.container,
        state="skipped",
        started=utc_now(),
        error=why,
        attempts=0,
    )


def _container_of(pod: t.Mapping[str, t.Any], hook: Hook) -> str:
    """Where ``hook`` runs; empty where it cannot run at all."""
    try:
        return resolve_container(pod, hook.container)
    except HookError:
        return ""


__all__ = ("ActiveFreeze", "Releaser")
