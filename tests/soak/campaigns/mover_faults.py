# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faults of the campaign of the mover, made for real, at a step of a run that is seen from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import typing as t
import urllib.parse
from pathlib import Path

from campaigns.live_support import (  # isort: skip - makes the live tests' folders importable
    NODE_ADDRESS,
    CutProxy,
    ReadOnlyS3,
    component,
    listen_beside,
    node_pid,
)
from campaigns.mover_case import NODE_FAULTS, POD_FAULTS, RUN_FAULTS, STORE_FAULTS, Case  # isort: skip
from campaigns.mover_outside import Object, Outside, first_of, pids_of, words_of  # isort: skip
from campaigns.mover_process import MovingRun  # isort: skip

_POLL_SECONDS = 0.15
#: A step that does not come is missed: the task had nothing to do there.
_STEP_SECONDS = 60.0
#: In whose pods kopia runs for a while, and what it does there.
AT_WORK = {"upload": "create", "download": "restore", "fill": "restore"}


class Ways:
    """To the S3 server: one for pods, one for the run. As a context."""

    def __init__(self, endpoint: str, state: Path) -> None:
        address = urllib.parse.urlsplit(endpoint)
        self._server = (str(address.hostname), int(address.port or 80))
        self._refusing = ReadOnlyS3(endpoint)
        listener = listen_beside(node_pid(state), str(NODE_ADDRESS.ip))
        self.pods = CutProxy(*self._server, listener=listener)
        self.run = CutProxy(*self._server)
        self.pod_url = f"http://{NODE_ADDRESS.ip}:{self.pods.port}"
        self.run_url = f"http://127.0.0.1:{self.run.port}"

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for each in (self.pods, self.run):
            with contextlib.suppress(OSError):
                each.close()
        self._refusing.close()

    def spoil(self, fault: str) -> None:
        if fault in ("cut S3", "cut S3 for all"):
            self.pods.cut()
        if fault == "cut S3 for all":
            self.run.cut()
        if fault == "stall S3":
            self.pods.stall()
        if fault == "S3 refuses writes":
            host, _colon, port = self._refusing.endpoint.removeprefix("http://").rpartition(":")
            self.pods.lead_to(host, int(port))

    def mend(self, fault: str) -> None:
        if fault == "S3 refuses writes":
            self.pods.lead_to(*self._server)
        self.pods.mend()
        self.run.mend()


class Strike:
    """The faults of one run, in a thread of its own. ``hit``: one has met what it was meant for."""

    def __init__(self, case: Case, run: MovingRun, outside: Outside, ways: Ways, state: Path) -> None:
        self._case = case
        self._run = run
        self._outside = outside
        self._ways = ways
        self._state = state
        self.hit = False
        self._threads: list[threading.Thread] = []

    def begin(self, namespace: str) -> None:
        """Wait for the step in ``namespace``."""
        self._start(lambda: self._work(namespace))

    def end(self) -> None:
        """Bring everything back that is the cluster's, at once where the run has ended."""
        for thread in self._threads:
            thread.join()

    def _work(self, namespace: str) -> None:
        if self._case.step == "written":
            self._at_written()
            return
        pod = self._await_step(namespace)
        if pod is None:
            return
        self._sleep(self._case.delay)
        if not self._case.room:
            self._strike(pod, self._case.fault)
        if self._case.also:
            self._sleep(self._case.also_delay)
            self._strike(pod, self._case.also)

    def _at_written(self) -> None:
        end = time.monotonic() + 4 * _STEP_SECONDS
        while not self._run.waits.is_set():
            if not self._run.runs or time.monotonic() > end:
                return
            time.sleep(_POLL_SECONDS)
        self._strike(None, self._case.fault)
        self._run.go_on()

    def _await_step(self, namespace: str) -> Object | None:
        """The pod of the step, when it is at work."""
        end = time.monotonic() + _STEP_SECONDS
        while self._run.runs and time.monotonic() < end:
            action = "" if self._case.step == "fill" else self._case.step
            for pod in self._outside.pods(namespace, action):
                if self._is_at_work(pod):
                    return pod
            time.sleep(_POLL_SECONDS)
        return None

    def _is_at_work(self, pod: Object) -> bool:
        word = AT_WORK.get(self._case.step)
        if not word:
            return (pod.get("status") or {}).get("phase") in ("Running", "Succeeded", "Failed")
        return any(_is_kopia(pid) and word in words_of(pid) for pid in pids_of(pod))

    def _strike(self, pod: Object | None, fault: str) -> None:
        if fault in RUN_FAULTS:
            self._hit_run(fault)
        if fault == "kill run, pod ends" and pod is not None:
            self._await_end(pod)
        if pod is not None and (fault in POD_FAULTS or fault == "kill run and pod"):
            self._hit_pod(fault, pod)
        if fault in NODE_FAULTS:
            self._hit_node(fault)
        if fault in STORE_FAULTS:
            self._ways.spoil(fault)
            self._after(lambda: self._ways.mend(fault))

    def _hit_run(self, fault: str) -> None:
        self.hit |= self._run.runs
        self._run.signal(signal.SIGTERM if fault == "term run" else signal.SIGKILL)

    def _await_end(self, pod: Object) -> None:
        end = time.monotonic() + _STEP_SECONDS
        while pids_of(pod) and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)

    def _hit_pod(self, fault: str, pod: Object) -> None:
        pids = pids_of(pod)
        doomed, number = first_of(pids), signal.SIGKILL
        if fault == "kill kopia":
            doomed = [pid for pid in pids if _is_kopia(pid)]
        if fault == "term pod":
            number = signal.SIGTERM
        self.hit |= bool(doomed)
        if fault in ("delete pod", "delete pod now"):
            self._outside.delete_pod(pod, now=fault == "delete pod now")
            return
        for pid in doomed:
            with contextlib.suppress(OSError):
                os.kill(pid, number)

    def _hit_node(self, fault: str) -> None:
        first, then = {
            "stop kubelet": ("stop", "cont"),
            "take kubelet down": ("down", "up"),
            "kill kubelet": ("kill", ""),
        }[fault]
        component(self._state, first, "kubelet")
        if then:
            self._after(lambda: component(self._state, then, "kubelet"))
        else:
            self.hit = True

    def _after(self, mend: t.Callable[[], None]) -> None:
        """Mend it when its time is over, or the run."""
        self.hit = True

        def work() -> None:
            self._sleep(self._case.seconds)
            mend()

        self._start(work)

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._run.runs:
            time.sleep(min(_POLL_SECONDS, seconds))

    def _start(self, work: t.Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()


def _is_kopia(pid: int) -> bool:
    return Path((words_of(pid) or [""])[0]).name == "kopia"


__all__ = ("AT_WORK", "Strike", "Ways")
