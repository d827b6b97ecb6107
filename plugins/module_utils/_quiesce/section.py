# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The critical section of one block: quiesce its pods, do the protected work, release them whatever happened."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import pod_identity, run_hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookResult, OnError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.lease import (
    Lease,
    disarm,
    freeze_argv,
    is_busy,
    new_lease_id,
    renew,
    take_marker,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, put_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy, FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import HookPlan
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.release import Held, Releaser
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

_KILLED = 128


@dataclasses.dataclass(slots=True, kw_only=True)
class QuiescedPod:
    """One pod of a block. ``stored`` turns False when a pre hook failed with Fail: it is left out of the archive."""

    pod: t.Mapping[str, t.Any]
    pre: list[HookPlan]
    post: list[Hook]
    stored: bool = True
    #: The pre hooks ran, or may have: the post hooks are owed.
    release_owed: bool = False
    #: Its freeze was refused, or belongs to someone else: a post hook must not thaw it.
    left_alone: bool = False
    held: list[Held] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SectionSettings:
    """What all sections of a run share."""

    run_id: str
    policy: FreezePolicy
    default_on_error: OnError
    log: RunLog
    cancel: CancelToken
    log_output: bool = True


class CriticalSection:
    """Use as ``with section: work()``: entering runs the pre hooks, leaving releases every pod, whatever happened.

    ``results`` (hooks in the order they ran), ``freezes`` and ``errors`` are filled as it goes.
    """

    def __init__(self, client: KubeClient, pods: t.Sequence[QuiescedPod], settings: SectionSettings) -> None:
        self._client = client
        self._pods = pods
        self._settings = settings
        self.results: list[HookResult] = []
        self.freezes: list[FreezeRecord] = []
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self._keeper = _LeaseKeeper(client.with_cancel(CancelToken()), settings)
        self._frozen_devices: dict[tuple[str, str], str] = {}

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
        """Run the pre hooks, pod by pod. A cancelled run starts no more of them."""
        for entry in self._pods:
            if self._settings.cancel.is_cancelled:
                break
            self._quiesce(entry)

    def hand_over(self) -> list[Held]:
        """Leave the freezes to their leases: somebody else releases them. Nothing is renewed any more."""
        self._keeper.stop()
        held = [freeze for entry in self._pods for freeze in entry.held]
        for entry in self._pods:
            entry.held, entry.release_owed = [], False
        return held

    @property
    def consistent(self) -> bool:
        """Every freeze of the section held from its start to its release."""
        return all(record.consistent for record in self.freezes)

    def _quiesce(self, entry: QuiescedPod) -> None:
        for plan in entry.pre:
            result = self._run_pre(entry, plan)
            self.results.append(result)
            stops = result.failed and plan.hook.resolved_on_error(self._settings.default_on_error) == "Fail"
            if result.may_have_run or not (stops or entry.left_alone):
                entry.release_owed = True
            if stops:
                namespace, name = pod_identity(entry.pod)
                self._settings.log.error(
                    "Error running pre hooks for pod",
                    error=result.error,
                    name=name,
                    namespace=namespace,
                    resource="pods",
                )
                entry.stored = False
                return

    def _run_pre(self, entry: QuiescedPod, plan: HookPlan) -> HookResult:
        settings = self._settings
        if plan.refusal:
            return self._refuse(entry, plan)
        common: dict[str, t.Any] = {
            "log": settings.log,
            "default_on_error": settings.default_on_error,
            "log_output": settings.log_output,
            "cancel": settings.cancel,
        }
        for note in plan.notes:
            namespace, name = pod_identity(entry.pod)
            settings.log.warning(f"pod {namespace}/{name}: {note}", name=name, namespace=namespace, resource="pods")
            self.warnings.append(f"pod {namespace}/{name}: {note}")
        if not plan.targets:
            return run_hook(self._client, entry.pod, plan.hook, **common)
        taken = self._already_frozen(plan)
        if taken:
            return self._skip(entry, plan, f"the claim is already frozen by this run, through {taken}")
        lease = Lease(new_lease_id(), plan.targets, plan.thaws, settings.policy.lease_seconds)
        records = [
            FreezeRecord(
                target=target,
                lease_id=lease.lease_id,
                lease="armed" if plan.lease_available else "unavailable",
                started=utc_now(),
            )
            for target in plan.targets
        ]
        held = Held(lease=lease, records=records, armed=plan.lease_available, freezer=plan.hook)
        arm_seconds = plan.hook.timeout_seconds or settings.policy.freeze_max_seconds
        self._mark(entry, lease, arm_seconds + lease.seconds)
        argv = freeze_argv(lease, plan.hook.argv, plain=plan.plain, arm_seconds=arm_seconds) if held.armed else None
        held.lease_end = time.monotonic() + arm_seconds + settings.policy.lease_seconds
        sent = time.monotonic()
        result = run_hook(self._client, entry.pod, plan.hook, argv=argv, clean_stderr=lease.clean, **common)
        stderr, values = take_marker(result.stderr, lease.lease_id)
        result = dataclasses.replace(result, stderr=stderr)
        if result.state == "failed" and self._nothing_frozen(plan, result, values, held):
            self._releaser.unmark(held)
            entry.left_alone = is_busy(result.stderr)
            return self._explain_failed_freeze(result, held)
        if result.state == "ok":
            held.returned = True
            held.lease_end = sent + settings.policy.lease_seconds
        held.frozen_at = time.monotonic()
        entry.held.append(held)
        self.freezes += records
        for target in plan.targets:
            if target.claim:
                self._frozen_devices[target.node, target.claim] = target.where
        if held.armed and result.state == "ok":
            self._keeper.keep(held)
        return result

    @property
    def _releaser(self) -> Releaser:
        return Releaser(
            self._client,
            log=self._settings.log,
            default_on_error=self._settings.default_on_error,
            log_output=self._settings.log_output,
            warnings=self.warnings,
        )

    def _nothing_frozen(self, plan: HookPlan, result: HookResult, values: t.Mapping[str, str], held: Held) -> bool:
        """A freeze that failed: True when nothing of ours is frozen, so that nothing may be thawed."""
        if is_busy(result.stderr):
            if held.armed and not plan.plain:
                try:
                    disarm(self._client, held.lease)
                except KubeError as exc:
                    self.warnings.append(f"The lease on {held.where} could not be disarmed: {exc.message}")
            return True
        if result.rc is None:
            return not held.armed  # refused before it began; under a lease the release asks the container
        # Killed (128 and more), it may have frozen before.
        return (plan.plain and result.rc < _KILLED) or values.get("refused") == "1"

    def _explain_failed_freeze(self, result: HookResult, held: Held) -> HookResult:
        if not is_busy(result.stderr):
            return result
        text = f"{held.where} is already frozen by someone else; it is left alone"
        return dataclasses.replace(result, error=f"{text} ({result.error})")

    def _already_frozen(self, plan: HookPlan) -> str:
        for target in plan.targets:
            taken = self._frozen_devices.get((target.node, target.claim)) if target.claim else None
            if taken:
                return taken
        return ""

    def _mark(self, entry: QuiescedPod, lease: Lease, seconds: float) -> None:
        namespace, name = pod_identity(entry.pod)
        try:
            marks = make_marks(lease, run_id=self._settings.run_id, seconds=seconds)
            put_marks(self._client, namespace, name, marks)
        except KubeError as exc:
            self.warnings.append(f"pod {namespace}/{name} could not be marked as frozen: {exc.message}")
            self._settings.log.warning(
                "The pod could not be marked as frozen",
                error=exc.message,
                name=name,
                namespace=namespace,
                resource="pods",
            )

    def _refuse(self, entry: QuiescedPod, plan: HookPlan) -> HookResult:
        entry.left_alone = True
        namespace, name = pod_identity(entry.pod)
        self._settings.log.error("Error executing hook", error=plan.refusal, name=name, namespace=namespace)
        return HookResult(
            hook=plan.hook,
            namespace=namespace,
            pod=name,
            container=plan.hook.container,
            state="failed",
            started=utc_now(),
            error=plan.refusal,
        )

    def _skip(self, entry: QuiescedPod, plan: HookPlan, why: str) -> HookResult:
        entry.left_alone = True
        namespace, name = pod_identity(entry.pod)
        self._settings.log.info(f"hook skipped: {why}", name=name, namespace=namespace)
        return HookResult(
            hook=plan.hook,
            namespace=namespace,
            pod=name,
            container=plan.hook.container,
            state="skipped",
            started=utc_now(),
            error=why,
        )

    def release(self) -> None:
        """Release every pod, in the order of the block; one that fails does not keep the others."""
        self._keeper.stop()
        releaser = self._releaser
        for entry in self._pods:
            post = entry.post if entry.release_owed else []
            for result in releaser.release(entry.pod, entry.held, post):
                self.results.append(result)
            entry.held, entry.release_owed = [], False
        self.errors += releaser.errors


def make_marks(lease: Lease, *, run_id: str, seconds: float) -> list[Mark]:
    """The marks of one lease: a run that still lives renews or removes them within ``seconds``."""
    until = utc_now() + dt.timedelta(seconds=seconds)
    return [
        Mark(
            run=run_id,
            lease_id=lease.lease_id,
            container=target.container,
            path=target.path,
            claim=target.claim,
            device=target.device,
            thaw=thaw,
            until=until,
        )
        for target, thaw in zip(lease.targets, lease.thaws, strict=True)
    ]


class _LeaseKeeper:
    """Renews the leases of a section while its controller lives, up to ``freeze_max_seconds``."""

    def __init__(self, client: KubeClient, settings: SectionSettings) -> None:
        self._client = client
        self._settings = settings
        self._held: list[Held] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def keep(self, held: Held) -> None:
        with self._lock:
            self._held.append(held)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="arkive-lease-keeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def _run(self) -> None:
        pause = max(0.5, self._settings.policy.lease_seconds / 2)
        while not self._stopped.wait(pause):
            with self._lock:
                due = list(self._held)
            for held in due:
                if self._stopped.is_set():
                    return
                if time.monotonic() - held.frozen_at < self._settings.policy.freeze_max_seconds:
                    self._renew(held)

    def _renew(self, held: Held) -> None:
        sent = time.monotonic()
        lease = held.lease
        try:
            if renew(self._client, lease):
                held.lease_end = sent + lease.seconds
                marks = make_marks(lease, run_id=self._settings.run_id, seconds=lease.seconds)
                put_marks(self._client, lease.target.namespace, lease.target.pod, marks)
        except KubeError as exc:
            self._settings.log.info(f"the lease on {held.where} could not be renewed: {exc.message}")


__all__ = ("CriticalSection", "QuiescedPod", "SectionSettings", "make_marks")
