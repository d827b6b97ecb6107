# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An upload by a container that is added to the application's pod, for volumes that no other pod can mount.

It is given its keys by a command that runs as long as this process holds the stream: whoever dies, or is cancelled,
ends it, and it forgets what it has half done. How it ended is read and judged as the end of a Job is, and told of also
where the run is cancelled: what was done by then is in the repository.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import STRATEGIC_PATCH, KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_stream import ExecStream
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.commands import (
    OutOfTimeError,
    Place,
    pause,
    run_program,
    stay,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.ephemeral import (
    ephemeral_patch,
    handed_over,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.ephemeral_scripts import hand_over_script
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.images import start_hint
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import JobPlan
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import digest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.progress import Meter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.run import JobReader, has_ended
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.starting import Starting, is_waiting
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobAttempt, JobEnd, JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import InPod, MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import PODS

#: Each attempt stays listed in the pod.
_ATTEMPTS = 2
#: How often it is looked how the container is, after its input has ended, in seconds.
_LOOK_SECONDS = 0.5
#: While it works: how often its progress is read, in seconds.
_TURN_SECONDS = 10.0
#: From the end of its input until the container is over, in seconds: what it has half done is forgotten meanwhile.
_ENDING_SECONDS = 75.0
_SUBRESOURCE = "ephemeralcontainers"
#: Kubernetes gives such a container no resources of its own; it counts in what its pod may have.
_MORE_MEMORY = "raise the memory limits of the pod's own containers, as one that is added to it can have none."

Ended: t.TypeAlias = "t.Callable[[JobEnd], None]"


class PodCopy:
    """One upload. ``task``: what a Job would be told. Raises ``Cancelled`` when its container is on its way out.

    ``ended`` is told how it ended, of one too that was done when the run was cancelled: what it has made is there.
    """

    def __init__(self, run: ClusterRun, settings: MoverSettings, task: JobTask, inside: InPod, *, ended: Ended) -> None:
        self._run = run
        self._client = run.client
        self._settings = settings
        self._task = dataclasses.replace(task, more_memory=_MORE_MEMORY)
        self._inside = inside
        self._ended = ended
        self._reader = JobReader(run.client)

    def run(self) -> JobEnd:
        """How the last attempt ended."""
        number = 0
        while True:
            number += 1
            end = self._attempt(number)
            if not (end.error and end.again) or number >= _ATTEMPTS:
                self._ended(end)
                return end
            self._run.issues.info(f"{end.error} It is tried again.")

    def _attempt(self, number: int) -> JobEnd:
        name = f"{self._task.base_name}-{digest(self._run.run_id)[:8]}-{number}"
        plan = self._task.plan(JobAttempt(number=number, name=name, slot=-1))
        plan = dataclasses.replace(plan, tasks=tuple(dataclasses.replace(each, name=name) for each in plan.tasks))
        try:
            # Whoever has no keys adds nothing.
            needed = handed_over(plan, self._settings, self._task.secret_data())
            self._require_alone()
            add_container(self._client, self._inside, ephemeral_patch(name, self._inside, self._settings))
            self._await_start(name)
            return self._carry_out(plan, name, needed)
        except KubeError as exc:
            return JobEnd(error=f"{self._cannot}: {exc.sentence}", again=exc.may_pass)
        except MoverError as exc:
            return JobEnd(error=exc.sentence)

    def _carry_out(self, plan: JobPlan, name: str, needed: str) -> JobEnd:
        """Hand over what it needs, and stay until it has ended; how it did."""
        place = Place(self._inside.namespace, self._inside.pod, name)
        refused = f"{self._cannot}: nothing can be handed over to its container in pod {self._inside.where}"
        stream = run_program(self._run, place, hand_over_script(), needed, refused=refused)
        try:
            why = self._stay(stream, plan, name)
            stream.abort()
            return self._end_of(plan, name, why, self._client)
        except BaseException as exc:
            stream.abort()
            done = self._done_after_all(plan, name)
            if done is None:
                raise
            if isinstance(exc, (KubeError, MoverError)):
                return done
            self._ended(done)
            raise

    def _done_after_all(self, plan: JobPlan, name: str) -> JobEnd | None:
        """Wait until its container is over, whether the run is cancelled or not; None where it has made nothing."""
        with contextlib.suppress(ArkiveError):
            end = self._end_of(plan, name, "", self._run.uncancelled().client)
            return None if end.error else end
        return None

    def _end_of(self, plan: JobPlan, name: str, why: str, client: KubeClient) -> JobEnd:
        """How the container ended, and whether that counts; ``why`` it was left before, a phrase."""
        pod = self._await_end(name, client)
        if pod is None or not has_ended(pod):
            said = why or f"nobody knows how its container in pod {self._inside.where} ended"
            return JobEnd(error=f"{self._cannot}: {said}.")
        end = JobReader(client).end_of(self._task, plan, pod)
        if not end.error:
            return self._task.accept(end)
        if not why and _gave_up(end) and not pod["metadata"].get("deletionTimestamp"):
            why = "the connection to its container was lost"
        return end.refused(f"{self._cannot}: {why}.", again=True) if why else end

    @property
    def _where(self) -> Object:
        return {"metadata": {"namespace": self._inside.namespace, "name": self._inside.pod}}

    @property
    def _cannot(self) -> str:
        return f"Cannot {self._task.doing}"

    def _require_alone(self) -> None:
        """One at a time works for each source, of whichever run; that of a dead one ends by itself."""
        end = time.monotonic() + _ENDING_SECONDS
        while True:
            pod = self._read()
            statuses = (pod.get("status") or {}).get("ephemeralContainerStatuses") or ()
            busy = [
                each["name"]
                for each in statuses
                if str(each.get("name")).startswith(self._task.base_name) and "running" in (each.get("state") or {})
            ]
            if not busy:
                return
            if time.monotonic() >= end:
                raise MoverError(
                    f"{self._cannot}: container {busy[0]} in pod {self._inside.where} is doing it.",
                    hint="Wait until it has ended; one of a run that died ends within minutes.",
                )
            pause(self._run.cancel)

    def _await_start(self, name: str) -> None:
        """Until it runs, or has run. Raises ``MoverError`` for one that does not start."""
        starting = Starting(time.monotonic(), limit=self._settings.pod_start_timeout, bounded=False)
        while is_waiting(view := container_view(pod := self._read(), name)):
            stuck = starting.stuck(view, time.monotonic())
            if stuck is not None:
                why = self._reader.why_stuck(stuck, view)
                raise MoverError(
                    f"{self._cannot}: its container in pod {self._inside.where} does not start: {why}.",
                    hint=start_hint(stuck.kind, pod.get("spec") or {}, self._settings),
                )
            pause(self._run.cancel)

    def _stay(self, stream: ExecStream, plan: JobPlan, name: str) -> str:
        """Until it has ended; why it was left before, a phrase."""
        meter = Meter(self._task.where, self._task.size, time.monotonic())

        def look(now: float) -> bool:
            with contextlib.suppress(KubeError):  # the stream itself says whether anything is lost
                if has_ended(container_view(self._read(), name)):
                    return True
            amount = self._reader.amount(self._where, name)
            if amount is not None:
                self._run.progress(meter.line(amount, now))
            return False

        try:
            return stay(stream, self._run.cancel, seconds=plan.seconds, every=_TURN_SECONDS, look=look)
        except OutOfTimeError:
            return f"it did not end within {plan.seconds:.0f} s"

    def _await_end(self, name: str, client: KubeClient) -> Object | None:
        """The pod as it says how its container ended, or as it is after a while; None where it is gone."""
        end, found = time.monotonic() + _ENDING_SECONDS, None
        while True:
            with contextlib.suppress(KubeError):
                pod = get_object(client, PODS, self._inside.pod, self._inside.namespace)
                if pod is None or self._is_another(pod):
                    return found
                found = container_view(pod, name)
            if (found is not None and has_ended(found)) or time.monotonic() >= end:
                return found
            if client.cancel.wait(_LOOK_SECONDS):
                client.cancel.check()

    def _read(self) -> Object:
        inside = self._inside
        pod = get_object(self._client, PODS, inside.pod, inside.namespace)
        if pod is None or self._is_another(pod):
            raise MoverError(f"{self._cannot}: pod {inside.where} is gone.")
        if is_finished(pod):
            raise MoverError(f"{self._cannot}: pod {inside.where} has ended.")
        return pod

    def _is_another(self, pod: ObjectView) -> bool:
        return bool(self._inside.uid) and pod["metadata"].get("uid") != self._inside.uid


def _gave_up(end: JobEnd) -> bool:
    """Whether it ended because nobody was there any more."""
    return any(outcome is not None and outcome.state == "cancelled" for outcome in end.outcomes)


def add_container(client: KubeClient, inside: InPod, body: ObjectView, *, dry_run: bool = False) -> None:
    """Raises ``KubeError``, with what Pod Security says of it."""
    patch_object(
        client,
        PODS,
        inside.pod,
        body,
        namespace=inside.namespace,
        patch_type=STRATEGIC_PATCH,
        subresource=_SUBRESOURCE,
        dry_run=dry_run,
    )


def require_pods_admit(client: KubeClient, pods: t.Iterable[InPod], settings: MoverSettings) -> None:
    """Raise ``MoverError`` where a container could not be added to one of them. Nothing is added."""
    for inside in pods:
        body = ephemeral_patch(f"arkive-mover-{digest(inside.where, inside.volume)}", inside, settings)
        try:
            add_container(client, inside, body, dry_run=True)
        except KubeError as exc:
            if exc.not_found or exc.without_dry_run:
                continue  # its copy will say that it is gone, or is not let in
            hint = _PRIVILEGES if "violates PodSecurity" in exc.message else exc.hint
            raise MoverError(f"No container can be added to pod {inside.where}: {exc.message}", hint=hint) from exc


def container_view(pod: ObjectView, name: str) -> Object:
    """The pod as if the added container was its only one."""
    status = pod.get("status") or {}
    statuses = [each for each in status.get("ephemeralContainerStatuses") or () if each.get("name") == name]
    kept = {key: status[key] for key in ("phase", "reason", "message") if key in status}
    metadata = {key: pod["metadata"].get(key) for key in ("namespace", "name", "uid", "deletionTimestamp")}
    spec = {"nodeName": (pod.get("spec") or {}).get("nodeName") or ""}
    return {"metadata": metadata, "spec": spec, "status": {**kept, "containerStatuses": statuses}}


_PRIVILEGES = (
    "Let the namespace admit the level 'baseline' (label pod-security.kubernetes.io/enforce), or leave the volume out "
    "by an annotation of its pod."
)

__all__ = ("PodCopy", "add_container", "container_view", "require_pods_admit")
