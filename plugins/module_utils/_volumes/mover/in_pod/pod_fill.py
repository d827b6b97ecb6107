# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The volumes of a restored pod, filled by commands in the init container in which it waits, one after the other.

Each is given its keys by its input, which this process holds: whoever dies, or is cancelled, ends it. How it ended is
judged as the end of a Job is. Only when all volumes are whole, the pod is marked so, and let go on.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecRefused, ExecStreamLost
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_stream import ExecStream
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.ephemeral import handed_over
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_container import (
    has_wait_container,
    require_same_data,
    wait_state,
    wait_status,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_scripts import (
    fill_script,
    let_go_script,
    work_folder,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import (
    explain,
    last_words,
    parse_outcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.progress import Meter, read_amount
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.starting import Starting
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobAttempt, JobEnd, JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.turns import Turns
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    FILLED_MARK,
    WAIT_CONTAINER,
    WANTED_MARK,
)

_ATTEMPTS = 3
_LOOK_SECONDS = 0.5
#: A container that has just started may not be known yet to who runs commands in it, in seconds.
_REFUSED_SECONDS = 15.0
_OPEN_SECONDS = 30.0
#: While one is filled: how often its output is read, and how often a sign of life is sent, in seconds.
_TURN_SECONDS = 1.0
_LIFE_SECONDS = 10.0
#: From when a command ends without a word until the pod may say why, in seconds.
_STATUS_SECONDS = 5.0
#: From when the pod is let go until its container has ended, in seconds.
_GOING_SECONDS = 30.0
_SIGN_OF_LIFE = "\n"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPod:
    """``tasks``: how its volumes are filled, in the order in which its container mounts them; ``wanted``: its mark."""

    namespace: str
    name: str
    wanted: str
    tasks: tuple[JobTask, ...]

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodFilled:
    """``ends``: how each of the volumes came out, as far as it came. ``error``: why the pod does not go on."""

    ends: tuple[JobEnd, ...] = ()
    error: str = ""


class _OutOfTimeError(Exception):
    """A volume has taken as long as it may."""


class PodFill:
    """One pod. Raises ``Cancelled``: the pod waits on then."""

    def __init__(self, run: ClusterRun, settings: MoverSettings, turns: Turns, pod: WaitingPod) -> None:
        self._run = run
        self._client = run.client
        self._settings = settings
        self._turns = turns
        self._pod = pod
        self._uid = ""

    def run(self) -> PodFilled:
        """Fill its volumes, and let it go on."""
        ends: list[JobEnd] = []
        try:
            node = self._await_start()
            with self._turns.turn(node):
                for number, task in enumerate(self._pod.tasks):
                    end = dataclasses.replace(self._fill(number, task), node=node)
                    ends.append(end)
                    if end.error:
                        return PodFilled(ends=tuple(ends), error=end.error)
            self._mark()
            self._let_go()
        except MoverError as exc:
            return PodFilled(ends=tuple(ends), error=exc.sentence)
        except KubeError as exc:
            return PodFilled(ends=tuple(ends), error=f"{self._cannot}: {exc.sentence}")
        return PodFilled(ends=tuple(ends))

    @property
    def _cannot(self) -> str:
        return f"Cannot fill the volumes of pod {self._pod.where}"

    # -- the container in which it waits ------------------------------------------------------------------------------

    def _await_start(self) -> str:
        """Until it runs: the node. Raises ``MoverError`` for one that does not, or does no more."""
        starting = Starting(time.monotonic(), limit=self._settings.pod_start_timeout, bounded=False)
        while True:
            pod = self._read()
            view = wait_view(pod)
            if "running" in wait_state(pod):
                return str((pod.get("spec") or {}).get("nodeName") or "")
            stuck = starting.stuck(view, time.monotonic())
            if stuck is not None:
                what = stuck.text if stuck.kind else _why_not_running(pod)
                raise MoverError(
                    f"{self._cannot}: it does not come to wait for them: {what}.", hint=_HINTS.get(stuck.kind)
                )
            self._pause()

    def _read(self) -> Object:
        pod = get_object(self._client, PODS, self._pod.name, self._pod.namespace)
        uid = str(pod["metadata"].get("uid") or "") if pod is not None else ""
        if pod is None or pod["metadata"].get("deletionTimestamp") or (self._uid and uid != self._uid):
            raise MoverError(f"{self._cannot}: the pod is gone.", hint=_REPLACED)
        if not has_wait_container(pod):
            raise MoverError(f"{self._cannot}: the pod of that name does not wait for them.", hint=_REPLACED)
        if is_finished(pod):
            raise MoverError(
                f"{self._cannot}: the pod has ended.",
                hint=f"Delete it, and restore it again. {_REPLACED}",
            )
        mark = str((pod["metadata"].get("annotations") or {}).get(WANTED_MARK) or "")
        require_same_data(self._cannot, mark, self._pod.wanted)
        self._uid = uid
        return pod

    def _pause(self) -> None:
        if self._run.cancel.wait(_LOOK_SECONDS):
            self._run.cancel.check()

    # -- one volume ---------------------------------------------------------------------------------------------------

    def _fill(self, number: int, task: JobTask) -> JobEnd:
        """How the last attempt ended."""
        attempt = 0
        while True:
            attempt += 1
            end = self._attempt(number, task, attempt)
            end = task.accept(end) if not end.error else end
            if not (end.error and end.again) or attempt >= _ATTEMPTS:
                return end
            self._run.issues.info(f"{end.error} It is tried again.")

    def _attempt(self, number: int, task: JobTask, attempt: int) -> JobEnd:
        plan = task.plan(JobAttempt(number=attempt, name=WAIT_CONTAINER, slot=-1))
        needed = handed_over(plan, self._settings, task.secret_data(), folder=work_folder(number))
        restarts = _restarts(self._read())
        try:
            stream = self._open(fill_script(number))
            try:
                stream.send(needed)
                lines, why = self._follow(stream, task, plan.seconds)
            finally:
                stream.abort()
        except _OutOfTimeError:  # as a Job, which is not tried again either
            return JobEnd(error=f"Cannot {task.doing}: it did not end within {plan.seconds:.0f} s.")
        except KubeError as exc:
            return JobEnd(error=f"Cannot {task.doing}: {exc.sentence}", again=exc.may_pass)
        text = "\n".join(lines)
        outcome = parse_outcome(text)
        if outcome is not None and outcome.state == "done":
            return JobEnd(outcomes=(outcome,), logs=(text,))
        if outcome is not None and outcome.state == "failed" and not why:
            explained = explain(outcome, plan.repository, namespace=plan.namespace, doing=task.doing)
            return JobEnd(outcomes=(outcome,), error=explained.sentence, again=explained.again)
        if not why and self._was_short_of_memory(restarts):
            return JobEnd(
                error=f"Cannot {task.doing}: its container needs more memory than it may have. Raise the limit in "
                "mover.resources."
            )
        why = why or f"its command ended without a word{_said(lines)}"
        return JobEnd(error=f"Cannot {task.doing}: {why}.", again=True)

    def _was_short_of_memory(self, restarts: int) -> bool:
        """With cgroup v2 all processes of a container end with the one that takes too much (Kubernetes 1.28)."""
        end = time.monotonic() + _STATUS_SECONDS
        while time.monotonic() < end:
            pod = get_object(self._client, PODS, self._pod.name, self._pod.namespace) or {}
            status = wait_status(pod)
            ended = (status.get("state") or {}).get("terminated")
            if ended is None and _restarts(pod) > restarts:
                ended = (status.get("lastState") or {}).get("terminated")
            if ended is not None or not pod:
                return (ended or {}).get("reason") == "OOMKilled"
            self._pause()
        return False

    def _follow(self, stream: ExecStream, task: JobTask, seconds: float) -> tuple[list[str], str]:
        """The lines of a command until it ends; why it was left before, a phrase. Raises ``_OutOfTimeError``."""
        began = life = time.monotonic()
        meter = Meter(task.where, task.size, began)
        lines: list[str] = []
        try:
            while stream.go_on(_TURN_SECONDS, cancel=self._run.cancel):
                now = time.monotonic()
                if now - began > seconds:
                    raise _OutOfTimeError
                if now - life >= _LIFE_SECONDS:
                    stream.send(_SIGN_OF_LIFE)
                    life = now
                for line in stream.take_lines():
                    amount = read_amount(line) if line.startswith("progress ") else None
                    if amount is not None:
                        self._run.progress(meter.line(amount, now))
                    elif not line.startswith("progress "):
                        lines.append(line)
        except ExecStreamLost as exc:
            return lines, f"the connection to its container was lost: {exc.message.rstrip('.')}"
        return [*lines, *stream.take_lines(), *stream.take_said().splitlines()], ""

    def _open(self, script: str) -> ExecStream:
        end = time.monotonic() + _REFUSED_SECONDS
        while True:
            try:
                return ExecStream(
                    self._client,
                    namespace=self._pod.namespace,
                    pod=self._pod.name,
                    container=WAIT_CONTAINER,
                    argv=["/bin/sh", "-euc", script],
                    timeout=_OPEN_SECONDS,
                )
            except ExecRefused as exc:
                if exc.forbidden or time.monotonic() >= end:
                    what = "nothing can be run in the container in which it waits"
                    raise MoverError(f"{self._cannot}: {what}: {exc.sentence}") from exc
                self._pause()

    # -- when all is there --------------------------------------------------------------------------------------------

    def _mark(self) -> None:
        """Its container may be started again, on the node as it is then."""
        self._read()
        change = {"metadata": {"uid": self._uid, "annotations": {FILLED_MARK: self._pod.wanted}}}
        patch_object(self._client, PODS, self._pod.name, change, namespace=self._pod.namespace)

    def _let_go(self) -> None:
        """Raises ``MoverError`` where it does not go on."""
        end = time.monotonic() + _GOING_SECONDS
        told = False
        while True:
            if "running" not in wait_state(self._read()):
                return  # it has ended, or is started again, and knows by its mark
            if time.monotonic() >= end:
                raise MoverError(
                    f"The volumes of pod {self._pod.where} have their data, and the pod waits still.",
                    hint="Run the restore again with the same name.",
                )
            told = told or self._tell()
            self._pause()

    def _tell(self) -> bool:
        try:
            stream = self._open(let_go_script())
        except (KubeError, MoverError):
            return False  # it may be gone already, which is looked at
        try:
            return not stream.go_on(_OPEN_SECONDS, cancel=self._run.cancel)
        except ExecStreamLost:
            return False
        finally:
            stream.abort()


def wait_view(pod: ObjectView) -> Object:
    """The pod as if the container in which it waits was its only one."""
    status = pod.get("status") or {}
    statuses = [each for each in status.get("initContainerStatuses") or () if each.get("name") == WAIT_CONTAINER]
    kept = {key: status[key] for key in ("phase", "reason", "message", "conditions") if key in status}
    return {"metadata": dict(pod["metadata"]), "spec": {}, "status": {**kept, "containerStatuses": statuses}}


def _restarts(pod: ObjectView) -> int:
    return int(wait_status(pod).get("restartCount") or 0)


def _why_not_running(pod: ObjectView) -> str:
    ended = wait_state(pod).get("terminated") or {}
    if not ended:
        return "it was not started"
    said = str(ended.get("message") or "").strip().rstrip(".")
    return f"its container {WAIT_CONTAINER} ended with exit code {ended.get('exitCode')}{f' ({said})' if said else ''}"


def _said(lines: t.Sequence[str]) -> str:
    words = last_words("\n".join(lines))
    return f": {words}" if words else ""


#: What becomes of it where somebody owns it.
_REPLACED = "Where something owns it, that makes another pod, which begins with empty volumes."
_HINTS = {
    "image": "Check mover.image, and that the node reaches its registry: it is pulled with what the pod itself has "
    "under imagePullSecrets.",
}

__all__ = ("PodFill", "PodFilled", "WaitingPod", "wait_view")
