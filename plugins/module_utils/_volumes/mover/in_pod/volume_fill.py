# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One volume of a pod that waits, filled by a command in the container in which it does.

It is given its keys by its input, which this process holds: whoever dies, or is cancelled, ends it. How it ended is
judged as the end of a Job is.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_stream import ExecStream
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.commands import (
    OutOfTimeError,
    pause,
    run_program,
    stay,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.ephemeral import handed_over
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.remedies import (
    ANOTHER_USER,
    MORE_DISK,
    made_anew,
    more_memory,
    out_of_memory,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_container import wait_status
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_scripts import (
    fill_script,
    work_folder,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.waiting_pod import (
    PodReader,
    WaitingPod,
    life_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import JobPlan
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import (
    Lack,
    Outcome,
    explain,
    last_words,
    parse_outcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.progress import Meter, read_amount
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobAttempt, JobEnd, JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import WAIT_CONTAINER

_ATTEMPTS = 3
#: How often its output is read, in seconds.
_TURN_SECONDS = 1.0
#: From when a command ends without a word until the pod may say why, in seconds.
_STATUS_SECONDS = 5.0
#: Of what the sentence itself says no remedy.
_REMEDIES: t.Mapping[Lack, str] = {"disk": MORE_DISK, "user": ANOTHER_USER}


class VolumeFill:
    """The volumes of one pod, one after the other. Raises ``MoverError`` where the pod is to blame, ``Cancelled``."""

    def __init__(self, run: ClusterRun, settings: MoverSettings, pod: WaitingPod, reader: PodReader) -> None:
        self._run = run
        self._settings = settings
        self._pod = pod
        self._reader = reader

    def run(self, number: int) -> JobEnd:
        """Fill that of this number, from 0 on: how the last attempt ended."""
        task = self._pod.tasks[number]
        attempt = 0
        self._run.progress(f"filling {task.where}")
        while True:
            attempt += 1
            end = self._attempt(number, task, attempt)
            end = task.accept(end) if not end.error else end
            if not (end.error and end.again) or attempt >= _ATTEMPTS:
                return end
            self._run.progress(f"{end.error} It is tried again.")

    def _attempt(self, number: int, task: JobTask, attempt: int) -> JobEnd:
        plan = task.plan(JobAttempt(number=attempt, name=WAIT_CONTAINER, slot=-1))
        needed = handed_over(plan, self._settings, task.secret_data(), folder=work_folder(number))
        refused = f"{self._pod.cannot}: nothing can be run in the container in which it waits"
        restarts = life_of(self._reader.read()).restarts
        try:
            stream = run_program(self._run, self._pod.place, fill_script(number), needed, refused=refused)
            try:
                lines, why = self._follow(stream, task, plan.seconds)
            finally:
                stream.abort()
        except OutOfTimeError:  # as a Job, which is not tried again either
            return JobEnd(error=f"Cannot {task.doing}: it did not end within {plan.seconds:.0f} s.")
        except KubeError as exc:
            return JobEnd(error=f"Cannot {task.doing}: {exc.sentence}", again=exc.may_pass)
        text = "\n".join(lines)
        outcome = parse_outcome(text)
        if outcome is not None and outcome.state == "done":
            return JobEnd(outcomes=(outcome,), logs=(text,))
        if outcome is not None and outcome.state == "failed" and not why:
            return self._explained(outcome, task, plan)
        if not why and self._was_short_of_memory(restarts):
            return JobEnd(error=f"Cannot {task.doing}: {out_of_memory(self._seen())}")
        why = why or f"its command ended without a word{_said(lines)}"
        return JobEnd(error=f"Cannot {task.doing}: {why}.", again=True)

    def _explained(self, outcome: Outcome, task: JobTask, plan: JobPlan) -> JobEnd:
        """As of a Job; what is to be another one in the container takes another pod."""
        pod = self._seen()
        explained = explain(
            outcome, plan.repository, namespace=plan.namespace, doing=task.doing, more_memory=more_memory(pod)
        )
        words = [explained.sentence, _REMEDIES.get(explained.lack, ""), made_anew(pod) if explained.lack else ""]
        return JobEnd(outcomes=(outcome,), error=" ".join(filter(None, words)), again=explained.again)

    def _seen(self) -> ObjectView:
        """The pod, empty where it cannot be read: its owner and its resources make words only."""
        with contextlib.suppress(KubeError):
            return self._reader.find() or {}
        return {}

    def _follow(self, stream: ExecStream, task: JobTask, seconds: float) -> tuple[list[str], str]:
        """The lines of a command until it ends; why it was left before, a phrase. Raises ``OutOfTimeError``."""
        meter = Meter(task.where, task.size, time.monotonic())
        lines: list[str] = []

        def look(now: float) -> bool:
            for line in stream.take_lines():
                amount = read_amount(line) if line.startswith("progress ") else None
                if amount is not None:
                    self._run.progress(meter.line(amount, now))
                elif not line.startswith("progress "):
                    lines.append(line)
            return False

        why = stay(stream, self._run.cancel, seconds=seconds, every=_TURN_SECONDS, look=look)
        return (lines, why) if why else ([*lines, *stream.take_lines(), *stream.take_said().splitlines()], "")

    def _was_short_of_memory(self, restarts: int) -> bool:
        """With cgroup v2 all processes of a container end with the one that takes too much (Kubernetes 1.28)."""
        end = time.monotonic() + _STATUS_SECONDS
        while time.monotonic() < end:
            pod = self._reader.find() or {}
            status = wait_status(pod)
            ended = (status.get("state") or {}).get("terminated")
            if ended is None and life_of(pod).restarts > restarts:
                ended = (status.get("lastState") or {}).get("terminated")
            if ended is not None or not pod:
                return (ended or {}).get("reason") == "OOMKilled"
            pause(self._run.cancel)
        return False


def _said(lines: t.Sequence[str]) -> str:
    words = last_words("\n".join(lines))
    return f": {words}" if words else ""


__all__ = ("VolumeFill",)
