# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All Jobs of a run in one loop: bounded in all and by node, watched and not polled, cancelled at once.

Whatever ends the loop, no Job of it is left that nobody wanted to keep.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import contextlib
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.namespace_watch import NamespaceWatch
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import JobTakenError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import JobPlan
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import MOVER, RENEW_SECONDS, RENEWED
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.objects import make_job, remove_job
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.progress import Meter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.room import (
    holders_of_room,
    is_out_of_room,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.run import (
    JobReader,
    has_ended,
    is_pod_of,
    keep_pod,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.starting import Starting, Stuck, is_waiting
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobAttempt, JobEnd, JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import JOBS, PODS

#: The loop looks at its clocks so often where nothing happens, in seconds.
_TICK = 1.0
_CANCEL_TICK = 0.2
#: A Job whose pod is not there after that is asked why, again and again, in seconds.
_NO_POD_SECONDS = 3.0
_REFUSED_SECONDS = 20.0
_PROGRESS_SECONDS = 10.0
#: Pods of Jobs that were taken away are waited for so long at the end: they have their grace, in seconds.
_GOING_SECONDS = 75.0
#: After a failure that may pass, in seconds for each attempt so far.
_PAUSE = 3.0
#: Another run that works on the same is looked at so often, in seconds.
_TAKEN_SECONDS = 3.0
#: Until a quota knows that a claim has gone, in seconds.
_ROOM_SECONDS = 60.0
_TRIES_FOR_ROOM = 60
#: What a Job's own deadline ends is noticed after it, in seconds.
_OVERDUE = 60.0
#: What a Job says that may make one pod, and has none any more.
_POD_LOST = "BackoffLimitExceeded"


class _Active:
    """One attempt that was made. Times are of the monotonic clock."""

    def __init__(
        self, planned: _Planned, attempt: JobAttempt, plan: JobPlan, job: Object, *, start_timeout: float
    ) -> None:
        self.position = planned.position
        self.task = planned.task
        self.attempt = attempt
        self.plan = plan
        self.job = job
        self.began = time.monotonic()
        self.starting = Starting(self.began, limit=start_timeout)
        self.pod: Object | None = None
        self.runs_since: float | None = None
        self.asked = self.told = self.began
        #: By the names of containers, each of which copies a volume.
        self.meters: dict[str, Meter] = {}

    @property
    def node(self) -> str:
        return str(((self.pod or {}).get("spec") or {}).get("nodeName") or self.task.node)


class _Planned(t.NamedTuple):
    position: int
    task: JobTask
    number: int = 1
    earlier: tuple[Object, ...] = ()
    not_before: float = 0.0
    #: When another run was first found to work on the same, and waited for.
    waits_since: float | None = None
    #: Positions of those whose claims take the room in a quota that it needs; and how long what they free may take.
    after: frozenset[int] = frozenset()
    room_until: float | None = None


#: Gets the position of a task, and how it ended.
Ended: t.TypeAlias = "t.Callable[[int, JobEnd], None]"


def _nobody(_position: int, _end: JobEnd) -> None:
    """Nobody wants to know it before all have ended."""


class JobLoop:
    """Carries tasks out. Raises ``Cancelled`` once the run is, when its Jobs are on their way out.

    ``ended`` is told of each task as soon as it has ended, of those too whose pods were done when the run was
    cancelled: what they have made is there.
    """

    def __init__(self, run: ClusterRun, settings: MoverSettings, *, ended: Ended = _nobody) -> None:
        self._run = run
        self._settings = settings
        self._ended = ended
        self._news = threading.Event()
        self._watches: dict[str, NamespaceWatch] = {}
        self._planned: collections.deque[_Planned] = collections.deque()
        self._active: list[_Active] = []
        self._ends: dict[int, JobEnd] = {}
        self._gone: list[Object] = []
        #: Pods that are over, by the uid, as they were seen last: one whose Job goes is gone a moment later.
        self._over: dict[str, Object] = {}
        self._renewed = time.monotonic()
        self._reader = JobReader(run.client)

    def run(self, tasks: t.Sequence[JobTask]) -> list[JobEnd]:
        """How each ended, in their order."""
        self._planned.extend(_Planned(index, task) for index, task in enumerate(tasks))
        try:
            while self._planned or self._active:
                self._run.cancel.check()
                self._news.clear()
                self._begin()
                self._look()
                self._renew()
                if self._planned or self._active:
                    self._wait()
            self._await_gone(_GOING_SECONDS)
        except BaseException:
            self._leave()
            raise
        finally:
            for watch in self._watches.values():
                watch.close()
        return [self._ends[index] for index in range(len(tasks))]

    def _wait(self) -> None:
        """Until there is news; a run that is cancelled is news."""
        end = time.monotonic() + _TICK
        while time.monotonic() < end and not self._run.cancel.is_cancelled:
            if self._news.wait(_CANCEL_TICK):
                return

    def _begin(self) -> None:
        """Make the Jobs that the bounds admit, in their order, as far as their nodes are free."""
        for planned in list(self._planned):
            if len(self._active) >= max(1, self._settings.concurrency) and planned.task.bounded:
                return
            node = planned.task.node
            busy = sum(each.node == node for each in self._active) if node and planned.task.bounded else 0
            if busy >= max(1, self._settings.per_node) or time.monotonic() < planned.not_before:
                continue
            if planned.after and planned.after <= {each.position for each in self._active}:
                continue
            self._planned.remove(planned)
            self._make(planned)

    def _make(self, planned: _Planned) -> None:
        task, number, earlier = planned.task, planned.number, planned.earlier
        attempt = JobAttempt(number=number, name=f"{task.base_name}-{number}", slot=self._free_slot(task))
        try:
            self._watch(task.namespace)
            task.check()
            plan = task.plan(attempt)
            job = make_job(self._run.client, plan, self._settings, task)
        except KubeError as exc:
            if not self._waits_for_room(planned, exc):
                failed = JobEnd(error=f"Cannot {task.doing}: {exc.sentence}", again=exc.may_pass)
                self._after(planned, failed, earlier)
        except JobTakenError as exc:
            if not self._waits(planned, plan.job_seconds):
                self._after(planned, JobEnd(error=exc.sentence), earlier)
        except ArkiveError as exc:
            self._run.cancel.check()
            self._after(planned, JobEnd(error=exc.sentence), earlier)
        else:
            limit = self._settings.pod_start_timeout
            self._active.append(_Active(planned, attempt, plan, job, start_timeout=limit))
            # The new one owns by now what goes with them.
            for old in earlier:
                self._remove(old)

    def _waits(self, planned: _Planned, seconds: float) -> bool:
        """Whether it is tried again once another run, which works on the same, has ended."""
        now = time.monotonic()
        since = now if planned.waits_since is None else planned.waits_since
        if not planned.task.waits or now - since > seconds:
            return False
        if planned.waits_since is None:
            self._run.progress(f"{planned.task.where}: waiting for another run, which copies it")
        self._planned.append(planned._replace(not_before=now + _TAKEN_SECONDS, waits_since=since))
        return True

    def _waits_for_room(self, planned: _Planned, refusal: KubeError) -> bool:
        """Whether its claim is tried again once others have ended, whose claims take what a quota admits.

        A quota learns a moment later that a claim has gone.
        """
        task, now = planned.task, time.monotonic()
        if not is_out_of_room(refusal) or task.temporary_claim is None:
            return False
        same = [each for each in self._active if each.task.namespace == task.namespace]
        others = frozenset(each.position for each in same if each.task.temporary_claim is not None)
        if others:
            self._run.progress(f"{task.where}: waiting for others to end, whose claims take the room in a quota")
            self._planned.append(planned._replace(after=others, room_until=None))
            return True
        until = planned.room_until
        if until is None:
            until = now + (_ROOM_SECONDS if planned.after else self._patience_with_others(task, refusal))
        if now >= until:
            return False
        # Each try makes a Job.
        pause = max(_TAKEN_SECONDS, (until - now) / _TRIES_FOR_ROOM)
        self._planned.append(planned._replace(not_before=now + pause, room_until=until))
        return True

    def _patience_with_others(self, task: JobTask, refusal: KubeError) -> float:
        """How long other backups are waited for that hold room, in seconds."""
        if not holders_of_room(self._run.client, refusal, task.namespace):
            return 0.0
        self._run.progress(f"{task.where}: waiting for other backups, whose claims take the room in a quota")
        return self._settings.pod_start_timeout

    def _free_slot(self, task: JobTask) -> int:
        """The one that the fewest have: of each one pod runs on a node."""
        if not task.bounded:
            return -1
        taken = collections.Counter(each.attempt.slot for each in self._active)
        return min(range(max(1, self._settings.per_node)), key=lambda slot: (taken[slot], slot))

    def _watch(self, namespace: str) -> None:
        if namespace not in self._watches:
            watch = NamespaceWatch(
                self._run.client, PODS, namespace, keep=self._keep, on_change=self._news.set, labels=MOVER
            )
            watch.follow(())
            self._watches[namespace] = watch

    def _keep(self, pod: Object) -> Object:
        """Called by the threads of the watches."""
        kept = keep_pod(pod)
        if has_ended(kept):
            self._over[str(kept["metadata"]["uid"])] = kept
        return kept

    def _look(self) -> None:
        for active in list(self._active):
            end = self._look_at(active)
            if end is not None:
                self._active.remove(active)
                accepted = active.task.accept(end) if not end.error else end
                planned = _Planned(active.position, active.task, active.attempt.number)
                self._after(planned, accepted, (active.job,))

    def _look_at(self, active: _Active) -> JobEnd | None:
        """How it ended; None while it has not."""
        watch = self._watches[active.task.namespace]
        pod = next((each for each in watch.objects() if is_pod_of(each, active.job)), None)
        now = time.monotonic()
        if watch.refused is not None:
            return JobEnd(error=f"Cannot {active.task.doing}: {watch.refused.sentence}")
        if pod is None:
            return self._without_pod(active, now)
        active.pod = pod
        if has_ended(pod):
            return self._reader.end_of(active.task, active.plan, pod)
        if not is_waiting(pod):
            active.runs_since = active.runs_since or now
            self._tell(active, now)
        elif (stuck := active.starting.stuck(pod, now)) is not None:
            return self._does_not_start(active, pod, stuck)
        if now - active.began > active.plan.job_seconds + _OVERDUE:
            return JobEnd(error=f"Cannot {active.task.doing}: it did not end within {active.plan.job_seconds:.0f} s.")
        return None

    def _does_not_start(self, active: _Active, pod: ObjectView, stuck: Stuck) -> JobEnd:
        what = self._reader.why_stuck(stuck, pod)
        return JobEnd(error=f"Cannot {active.task.doing}: its pod does not start: {what}.{_HINTS.get(stuck.kind, '')}")

    def _without_pod(self, active: _Active, now: float) -> JobEnd | None:
        if active.pod is not None:
            # It was there: the end of a Job's own deadline, or somebody has taken it away.
            if has_ended(active.pod):
                return self._reader.end_of(active.task, active.plan, active.pod)
            return self._pod_is_gone(active, self._reader.failure_of(active.job) or _POD_LOST)
        if now - active.asked < _NO_POD_SECONDS:
            return None
        active.asked = now
        if failure := self._reader.failure_of(active.job):
            return self._pod_is_gone(active, failure)
        why = self._reader.warning_about(active.job)
        # Room in a quota may come; what else refuses a pod is tried again by the cluster for a moment.
        patience = self._settings.pod_start_timeout if "exceeded quota" in why or not why else _REFUSED_SECONDS
        if now - active.began >= min(patience, self._settings.pod_start_timeout):
            return JobEnd(error=f"Cannot {active.task.doing}: its Job has no pod: {why or 'nobody says why'}.")
        return None

    def _pod_is_gone(self, active: _Active, why: str) -> JobEnd:
        lost = _POD_LOST in why
        said = "its pod was deleted while it ran" if lost else why
        return JobEnd(error=f"Cannot {active.task.doing}: {said}.", again=lost)

    def _tell(self, active: _Active, now: float) -> None:
        if now - active.told < _PROGRESS_SECONDS or active.pod is None or not active.task.bounded:
            return
        active.told = now
        # What comes before its pod runs is no part of the copy.
        began = active.runs_since or now
        for container in active.plan.tasks:
            amount = self._reader.amount(active.pod, container.name)
            if amount is not None:
                meter = active.meters.setdefault(container.name, Meter(active.task.where, active.task.size, began))
                self._run.progress(meter.line(amount, now))

    def _after(self, planned: _Planned, end: JobEnd, jobs: tuple[Object, ...]) -> None:
        """Keep the end, or plan another attempt: what the Jobs of this one own is still needed then."""
        number = planned.number
        if end.error and end.again and number < planned.task.attempts and not self._run.cancel.is_cancelled:
            self._run.issues.info(f"{end.error} It is tried again.")
            pause = time.monotonic() + _PAUSE * number
            self._planned.append(_Planned(planned.position, planned.task, number + 1, jobs, pause))
            return
        self._ends[planned.position] = end
        self._ended(planned.position, end)
        if not (end.error and self._settings.keep_failed):
            for job in jobs:
                self._remove(job)

    def _remove(self, job: Object) -> None:
        self._gone.append(job)
        with contextlib.suppress(KubeError):  # it ends by itself, and the next run sweeps it
            remove_job(self._run.uncancelled().client, job)

    def _renew(self) -> None:
        """A sign of life on each Job, by which other runs know that somebody waits for it."""
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return
        self._renewed = time.monotonic()
        patch = {"metadata": {"annotations": {RENEWED: rfc3339(self._run.client.server_now())}}}
        for active in self._active:
            metadata = active.job["metadata"]
            with contextlib.suppress(KubeError):
                patch_object(self._run.client, JOBS, metadata["name"], patch, namespace=metadata["namespace"])

    def _leave(self) -> None:
        """Take all away: pods get their signal, and forget what they have half done."""
        left = list(self._active)
        for job in [each.job for each in left] + [job for each in self._planned for job in each.earlier]:
            self._remove(job)
        self._active.clear()
        with contextlib.suppress(ArkiveError):
            self._await_gone(_GOING_SECONDS)
        with contextlib.suppress(ArkiveError):
            self._tell_of(left)

    def _tell_of(self, left: t.Sequence[_Active]) -> None:
        """Of those that were done before their signal came, or in spite of it."""
        reader = JobReader(self._run.uncancelled().client)
        for active in left:
            pod = next((each for each in list(self._over.values()) if is_pod_of(each, active.job)), None)
            if pod is None:
                continue
            end = reader.end_of(active.task, active.plan, pod)
            end = end if end.error else active.task.accept(end)
            if not end.error:
                self._ended(active.position, end)

    def _await_gone(self, seconds: float) -> None:
        """Until no pod of the Jobs that were taken away is there: volumes are free, and nothing stays behind."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._news.clear()
            pods: list[ObjectView] = [pod for watch in self._watches.values() for pod in watch.objects()]
            if not any(is_pod_of(pod, job) for pod in pods for job in self._gone):
                return
            self._news.wait(_TICK)


_HINTS = {
    "image": " Check mover.image, that nodes reach its registry, and mover.image_pull_secrets.",
    "schedule": " Check mover.resources, mover.node_selector and mover.tolerations.",
}

__all__ = ("JobLoop",)
