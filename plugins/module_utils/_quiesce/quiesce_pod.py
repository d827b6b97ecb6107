# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One pod in the critical section: its pre hooks in their order, what they froze, its release."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import HookExecution, run_hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookPolicy, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.retries import run_with_retries
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freeze import ActiveFreeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import (
    FreezeTimer,
    disarm,
    freeze_argv,
    is_busy,
    new_lease_id,
    run_script,
    take_marker,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.frozen_claims import FrozenClaims
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import make_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marking import put_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy, FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.other_freezes import Others, look_at_others
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import HookPlan
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import recognise_hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.release import Releaser

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import PodDatabase

_KILLED = 128
DEFAULT_WORKERS = 8


@dataclasses.dataclass(slots=True, kw_only=True)
class QuiescedPod:
    """One pod of a block. ``stored`` turns False when a pre hook failed with Fail: it is left out of the archive."""

    pod: t.Mapping[str, t.Any]
    pre: list[HookPlan]
    post: list[Hook]
    stored: bool = True
    #: The pre hooks ran, or may have: the post hooks are owed.
    release_owed: bool = False
    #: Freezes that were refused, or belong to someone else: a post hook must not thaw them.
    left_alone: list[HookPlan] = dataclasses.field(default_factory=list)
    active: list[ActiveFreeze] = dataclasses.field(default_factory=list)
    #: Held before the pre hooks run, and let go after the post hooks.
    database: PodDatabase | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SectionSettings:
    """What all sections of a run share; ``workers`` bounds how many more threads they have between them."""

    run: ClusterRun
    policy: FreezePolicy
    hooks: HookPolicy = dataclasses.field(default_factory=HookPolicy)
    workers: int = DEFAULT_WORKERS
    #: Room for threads beside those that the sections are called in.
    spare_threads: threading.Semaphore = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spare_threads", threading.Semaphore(max(0, self.workers - 1)))


class PodWindow:
    """Belongs to one thread at a time. ``pre``, ``post``, ``freezes``, ``errors`` and ``warnings`` fill as it goes."""

    def __init__(
        self,
        entry: QuiescedPod,
        settings: SectionSettings,
        *,
        claims: FrozenClaims,
        keep: t.Callable[[ActiveFreeze], None],
    ) -> None:
        self._settings = settings
        self._run = settings.run
        self._client = settings.run.client
        self._claims = claims
        self._keep = keep
        self._namespace, self._name = pod_identity(entry.pod)
        self.entry = entry
        self.pre: list[HookResult] = []
        self.post: list[HookResult] = []
        self.freezes: list[FreezeRecord] = []
        self.errors: list[str] = []
        self.warnings: list[str] = []
        #: Released, and still marked.
        self._marked: list[ActiveFreeze] = []
        #: The timer of the first freeze, whose mark is on the pod already.
        self._ahead: FreezeTimer | None = None

    def mark_ahead(self) -> None:
        """Put the mark of the pod's first hook, if that freezes: later on it would be done while others are frozen."""
        plan = self.entry.pre[0] if self.entry.pre else None
        if plan is not None and plan.targets and not plan.refusal and not self._run.cancel.is_cancelled:
            self._ahead = self._new_timer(plan)

    def hold_database(self) -> None:
        """Hold the pod's database, if it has one. Where that fails, it is as with a pre hook that fails."""
        database, settings = self.entry.database, self._settings
        if database is None or self._run.cancel.is_cancelled:
            return
        if database.is_passed_over:
            self.warnings += database.take_warnings()
            return
        database.begin(self._run.cancel)
        self.warnings += database.take_warnings()
        if database.held or self._run.cancel.is_cancelled:
            return
        text = database.record.not_held(for_snapshots=True)
        fields = {"name": self._name, "namespace": self._namespace, "resource": "pods"}
        if settings.hooks.default_on_error == "Fail":
            self._run.issues.error("Error quiescing a database", error=text, **fields)
            self.errors.append(text)
            self.entry.stored = False
        else:
            self.warnings.append(text)

    def release_database(self) -> None:
        """Let go of it, and say so where it was not held until now."""
        database = self.entry.database
        if database is None or not database.held:
            return
        database.end()
        self.warnings += database.take_warnings()

    def judge_database(self, frozen: t.Collection[str]) -> None:
        """Once everything is over. ``frozen``: the claims whose freeze held from its start to its release."""
        database = self.entry.database
        if database is None or database.record.started is None:
            return
        database.require_frozen(frozen)
        if database.broken:
            self.errors.append(database.record.error)

    def quiesce(self) -> None:
        """Run the pre hooks. A cancelled run starts no more of them; after a Fail the others are skipped."""
        entry, settings = self.entry, self._settings
        if not entry.stored:
            why = "not run, because the database of the pod could not be held"
            self.pre += [self._unexecuted(plan.hook, "skipped", why) for plan in entry.pre]
            entry.release_owed = False
            return
        for at, plan in enumerate(entry.pre):
            if self._run.cancel.is_cancelled:
                return
            left_alone = len(entry.left_alone)
            result = self._run_pre(plan)
            self.pre.append(result)
            stops = settings.hooks.is_fatal(result)
            if result.may_have_run or not (stops or len(entry.left_alone) > left_alone):
                entry.release_owed = True
            if stops:
                self._run.issues.error(
                    "Error running pre hooks for pod",
                    error=result.error,
                    name=self._name,
                    namespace=self._namespace,
                    resource="pods",
                )
                entry.stored = False
                why = "not run, because an earlier hook of the pod failed with on-error Fail"
                self.pre += [self._unexecuted(later.hook, "skipped", why) for later in entry.pre[at + 1 :]]
                return

    def release(self) -> None:
        """Run the post hooks that are owed, and end every freeze."""
        entry = self.entry
        releaser = self._releaser
        post = entry.post if entry.release_owed else []
        try:
            self.post += releaser.release(entry.pod, entry.active, post, left_alone=entry.left_alone)
        finally:
            self.errors += releaser.errors
            entry.active, entry.release_owed = [], False

    def unmark(self) -> None:
        """Take the marks of what was released away: in a section not before everything is thawed."""
        marked, self._marked[:] = [active.timer for active in self._marked], []
        unused, self._ahead = [self._ahead] if self._ahead is not None else [], None
        for timer in (*marked, *unused):
            self._releaser.unmark(timer)

    def hand_over(self) -> list[ActiveFreeze]:
        """What is held; it is no longer released here."""
        active, self.entry.active = self.entry.active, []
        self.entry.release_owed = False
        self.unmark()
        return active

    @property
    def holds(self) -> bool:
        """Something is, or may be, frozen."""
        return bool(self.entry.active)

    def _run_pre(self, plan: HookPlan) -> HookResult:
        if plan.refusal:
            self.entry.left_alone.append(plan)
            self._run.issues.error(
                "Error executing hook", error=plan.refusal, name=self._name, namespace=self._namespace
            )
            return self._unexecuted(plan.hook, "failed", plan.refusal)
        for note in plan.notes:
            self.warnings.append(f"pod {self._namespace}/{self._name}: {note}")
        if plan.targets:
            return self._freeze(plan)
        hook = plan.hook
        if plan.freeze == "unrecognised" and hook.retries:
            # It may have frozen something before it failed.
            hook = dataclasses.replace(hook, retries=0)
        result = run_hook(self._run, self.entry.pod, hook, self._settings.hooks)
        return dataclasses.replace(result, hook=plan.hook)

    def _freeze(self, plan: HookPlan) -> HookResult:
        """The hook under its timer; tried again only when it is proven that nothing of the first try is frozen."""
        keys = [(target.node, target.claim) for target in plan.targets if target.claim]
        taken = self._claims.take(keys)
        if taken:
            why = f"the claim is already frozen by this run, through {taken}"
            self.entry.left_alone.append(plan)
            self._run.issues.info(f"hook skipped: {why}", name=self._name, namespace=self._namespace)
            return self._unexecuted(plan.hook, "skipped", why)
        execution = HookExecution(self._run, self.entry.pod, plan.hook, self._settings.hooks)
        before = len(self.entry.active)
        try:
            result = run_with_retries(
                plan.hook,
                lambda: self._freeze_past_others(plan, execution),
                run=self._run,
                policy=self._settings.hooks,
                may_repeat=lambda failed: failed.may_be_repeated and len(self.entry.active) == before,
            )
        finally:
            frozen = len(self.entry.active) > before
            self._claims.decide(keys, plan.targets[0].where if frozen else "")
        if not frozen and is_busy(result.stderr):
            self.entry.left_alone.append(plan)
        return result

    def _freeze_past_others(self, plan: HookPlan, execution: HookExecution) -> HookResult:
        """Freeze; where a dead run of ours has left it frozen, end that and freeze once more."""
        before = len(self.entry.active)
        result = self._try_freeze(plan, execution)
        if not is_busy(result.stderr) or len(self.entry.active) > before:
            return result
        others = self._look_at_others(plan)
        if not others.ended or self._run.cancel.is_cancelled:
            return _explain_busy(result, plan, others)
        self._run.issues.info(others.said, name=self._name, namespace=self._namespace)
        again = self._try_freeze(plan, execution)
        return _explain_busy(again, plan, self._look_at_others(plan)) if is_busy(again.stderr) else again

    def _look_at_others(self, plan: HookPlan) -> Others:
        return look_at_others(
            self._client.with_cancel(CancelToken()),
            self.entry.pod,
            plan.targets,
            own_run=self._run.run_id,
            helper=self._settings.policy.helper_pod,
        )

    def _try_freeze(self, plan: HookPlan, execution: HookExecution) -> HookResult:
        settings = self._settings
        timer = self._take_ahead(plan) or self._new_timer(plan)
        records = [
            FreezeRecord(
                target=target,
                lease_id=timer.lease_id,
                timer="armed" if plan.timer_available else "unavailable",
                started=utc_now(),
            )
            for target in plan.targets
        ]
        active = ActiveFreeze(timer=timer, records=records, armed=plan.timer_available, freezer=plan.hook)
        arm_seconds = self._arm_seconds(plan)
        argv = freeze_argv(timer, plan.hook.argv, plain=plan.plain, arm_seconds=arm_seconds) if active.armed else None
        sent = active.frozen_at = time.monotonic()
        active.timer_end = sent + arm_seconds + settings.policy.lease_seconds
        # From here on it may be frozen, whatever happens to this thread.
        self.entry.active.append(active)
        self.freezes += records
        words = timer.last_words if active.armed else ""
        result = execution.attempt(argv=argv, clean=timer.clean, last_words=words)
        stderr, values = take_marker(result.stderr, timer.lease_id)
        result = dataclasses.replace(result, stderr=stderr)
        if result.state == "failed" and self._nothing_frozen(plan, result, values, active):
            self.entry.active.remove(active)
            self.freezes = [record for record in self.freezes if record.lease_id != timer.lease_id]
            self._releaser.unmark(timer)
            return result
        if result.state == "ok":
            active.returned = True
            active.timer_end = sent + settings.policy.lease_seconds
        active.frozen_at = time.monotonic()
        if active.armed and result.state == "ok":
            self._keep(active)
        return result

    @property
    def _releaser(self) -> Releaser:
        return Releaser(
            self._run,
            self._settings.hooks,
            helper=self._settings.policy.helper_pod,
            warnings=self.warnings,
            marked=self._marked,
            own_run=self._run.run_id,
        )

    def _nothing_frozen(
        self, plan: HookPlan, result: HookResult, values: t.Mapping[str, str], active: ActiveFreeze
    ) -> bool:
        """A freeze that failed: True when nothing of ours is frozen, so that nothing may be thawed."""
        if is_busy(result.stderr):
            if not self._thaw_beside_busy(plan, result, active):
                return False
            if active.armed and not plan.plain:
                try:
                    disarm(self._client, active.timer)
                except KubeError as exc:
                    self.warnings.append(f"The lease on {active.where} could not be disarmed: {exc.message}")
            return True
        if result.rc is None:
            return not active.armed and result.never_started  # under a timer the release asks the container
        # Killed (128 and more), it may have frozen before.
        return (plan.plain and result.rc < _KILLED) or values.get("refused") == "1"

    def _thaw_beside_busy(self, plan: HookPlan, result: HookResult, active: ActiveFreeze) -> bool:
        """Thaw what a command may have frozen before it met somebody else's freeze. False when that is not certain.

        The one that it met is left alone where the tool has named it, as all but busybox's do.
        """
        found = recognise_hook(plan.hook)
        own = {each.path for each in found.freezes} - {each.path for each in found.thaws}
        if len(own) < 2:
            return True
        said = result.stderr.decode("utf-8", "replace")
        met = {target.path for target in active.timer.targets if f"{target.path}:" in said}
        for target, thaw in zip(active.timer.targets, active.timer.thaws, strict=True):
            if target.path in met:
                continue
            try:
                done = run_script(self._client, target, thaw)
            except KubeError:
                return False
            if done.rc != 0 and b"nvalid arg" not in done.stderr:
                return False
        return True

    def _arm_seconds(self, plan: HookPlan) -> float:
        """How long the freezing command itself may take."""
        return plan.hook.timeout_seconds or self._settings.policy.freeze_max_seconds

    def _take_ahead(self, plan: HookPlan) -> FreezeTimer | None:
        if plan is not self.entry.pre[0]:
            return None
        timer, self._ahead = self._ahead, None
        return timer

    def _new_timer(self, plan: HookPlan) -> FreezeTimer:
        """A timer whose mark is on the pod."""
        timer = FreezeTimer(new_lease_id(), plan.targets, plan.thaws, self._settings.policy.lease_seconds)
        self._mark(timer, self._arm_seconds(plan) + timer.seconds)
        return timer

    def _mark(self, timer: FreezeTimer, seconds: float) -> None:
        marks = make_marks(timer, run_id=self._run.run_id, seconds=seconds, now=self._client.server_now())
        self.warnings += put_marks(self._client, marks)

    def _unexecuted(self, hook: Hook, state: t.Literal["failed", "skipped"], why: str) -> HookResult:
        return HookResult.not_run(hook, (self._namespace, self._name), state, why)


def _explain_busy(result: HookResult, plan: HookPlan, others: Others) -> HookResult:
    where = " and ".join(target.where for target in plan.targets)
    said = f": {others.said}" if others.said else ""
    text = f"{where} is already frozen by someone else; it is left alone{said} ({result.error})"
    return dataclasses.replace(result, error=text)


__all__ = ("DEFAULT_WORKERS", "PodWindow", "QuiescedPod", "SectionSettings")
