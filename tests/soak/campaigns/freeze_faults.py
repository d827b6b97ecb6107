# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faults of the freeze campaign, made for real: signals, deleted pods, cut streams, a server that stands still."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

from campaigns.freeze_app import FREEZER, FreezeApp, Outside, kill
from campaigns.freeze_case import LEASE_SECONDS, Fault
from campaigns.live_support import CutProxy, Started

_LAB = Path(__file__).parents[2] / "cluster" / "lab.py"
_PAUSE_SECONDS = LEASE_SECONDS + 2
_SIGTERM_BIT = 1 << (signal.SIGTERM - 1)
_WATCH_SECONDS = 6.0


class Faults:
    """Makes them; what does not end by itself is ended by ``undo``."""

    def __init__(self, app: FreezeApp, outside: Outside, proxy: CutProxy, state: Path, store: Path) -> None:
        self._app = app
        self._outside = outside
        self._proxy = proxy
        self._state = state
        self._store = store
        self._later: list[threading.Thread] = []
        self._stopped: list[int] = []
        self._restarted = False
        #: Faults that found no process to hit.
        self.missed: list[Fault] = []

    def make(self, fault: Fault, run: Started, start_second: t.Callable[[], None]) -> None:
        """Do it now; returns as soon as it is done or under way."""
        at_module = {"kill module": signal.SIGKILL, "term module": signal.SIGTERM}
        if fault in at_module:
            self._at_module(fault, run, lambda pids: self._kill(fault, pids, at_module[fault]))
        elif fault == "term play":
            run.signal(signal.SIGTERM)
        elif fault == "kill all":
            run.kill_all()
        elif fault == "stop and kill module":
            self._at_module(fault, run, lambda pids: self._stop_and_kill(fault, pids))
        elif fault == "stop and kill all":
            self._stop_and_kill(fault, [run.process.pid, *run.descendants()])
        elif fault == "second run":
            start_second()
        else:
            self._to_the_cluster(fault)

    def undo(self) -> None:
        """Bring everything back that is the cluster's."""
        for thread in self._later:
            thread.join()
        self._proxy.mend()
        kill(self._stopped, signal.SIGCONT)
        if self._restarted:
            # They would try again after a minute only.
            for name in ("kube-controller-manager", "kube-scheduler", "csi-provisioner", "csi-snapshotter"):
                with contextlib.suppress(subprocess.CalledProcessError):
                    self._component("kill", name)

    def _to_the_cluster(self, fault: Fault) -> None:
        pods = self._app.pods() if fault not in ("pause server", "restart server", "cut stream", "cut for long") else []
        where = ("-n", self._app.namespace)
        if fault == "delete pod":
            self._app.kubectl(*where, "delete", "pods", "--all", "--wait=false")
        elif fault == "delete pod now":
            self._app.kubectl(*where, "delete", "pods", "--all", "--wait=false", "--grace-period=0", "--force")
        elif fault == "rollout":
            self._app.kubectl(*where, "rollout", "restart", "deployment/app")
        elif fault == "kill container":
            self._kill_containers(pods)
        elif fault == "stop freezer":
            self._start(lambda: self._stop_freezer(pods))
        elif fault == "kill timer":
            self._kill(fault, self._like(pods, "arkive-timer"), signal.SIGKILL)
        elif fault == "kill timer and parent":
            kill(self._like(pods, "arkive-freeze", "arkive-renew"), signal.SIGKILL)
            self._kill(fault, self._like(pods, "arkive-timer"), signal.SIGKILL)
        elif fault == "cut stream":
            self._proxy.cut(stay=False)
        elif fault == "cut for long":
            self._proxy.cut()
            self._after(_PAUSE_SECONDS, self._proxy.mend)
        elif fault == "pause server":
            self._to_the_server(fault, "stop")
            self._after(_PAUSE_SECONDS, lambda: self._to_the_server(fault, "cont"))
        elif fault == "restart server":
            self._restarted = True
            self._to_the_server(fault, "kill")
        elif fault == "take store away" and self._store.exists():
            self._store.rename(self._store.with_name("taken"))
            self._store.write_text("no directory")

    def _kill(self, fault: Fault, pids: t.Sequence[int], number: int) -> None:
        if not pids:
            self.missed.append(fault)
        kill(pids, number)

    def _like(self, pods: t.Sequence[dict[str, t.Any]], *words: str) -> list[int]:
        return [pid for pid in self._outside.pids(pods) if set(words) & set(self._outside.words(pid))]

    def _kill_containers(self, pods: t.Sequence[dict[str, t.Any]]) -> None:
        """Pid 1 of each container that freezes."""
        for pod in pods:
            for status in (pod.get("status") or {}).get("containerStatuses") or []:
                if status["name"] != FREEZER:
                    continue
                own = status.get("containerID", "").rpartition("/")[2]
                for pid in self._outside.pids([pod]):
                    with contextlib.suppress(OSError):
                        first = Path(f"/proc/{pid}/status").read_text().partition("NSpid:")[2].split("\n")[0].split()
                        if own and own in Path(f"/proc/{pid}/cgroup").read_text() and first[-1:] == ["1"]:
                            kill([pid], signal.SIGKILL)

    def _to_the_server(self, fault: Fault, action: str) -> None:
        """One that an earlier fault has killed is not there for a moment."""
        try:
            self._component(action, "kube-apiserver")
        except subprocess.CalledProcessError:
            self.missed.append(fault)

    def _component(self, action: str, name: str) -> None:
        argv = [sys.executable, str(_LAB), "component", action, name, "--state", str(self._state)]
        subprocess.run(argv, check=True, timeout=60, capture_output=True)

    def _at_module(self, fault: Fault, run: Started, act: t.Callable[[list[int]], None]) -> None:
        """At the module that runs now, or at the next one, as soon as it is at work."""
        if _modules_at_work(run, self._outside):
            act(_modules(run, self._outside))
            return

        def work() -> None:
            while run.runs and not _modules_at_work(run, self._outside):
                time.sleep(0.05)
            act(_modules(run, self._outside))

        self._start(work)

    def _stop_and_kill(self, fault: Fault, pids: list[int]) -> None:
        self._kill(fault, pids, signal.SIGSTOP)
        self._after(_PAUSE_SECONDS, lambda: kill(pids, signal.SIGKILL))

    def _stop_freezer(self, pods: t.Sequence[dict[str, t.Any]]) -> None:
        """The next process that freezes, or thaws: it lives for some milliseconds only."""
        before = set(os.listdir("/proc"))
        end = time.monotonic() + _WATCH_SECONDS
        while time.monotonic() < end:
            young = [int(name) for name in os.listdir("/proc") if name.isdigit() and name not in before]
            found = [pid for pid in young if self._outside.words(pid)[:1] == ["fsfreeze"]]
            kill(found, signal.SIGSTOP)
            if found:
                mine = set(found) & set(self._outside.pids(pods))
                kill(set(found) - mine, signal.SIGCONT)
                self._stopped += mine
                if mine:
                    return
        self.missed.append("stop freezer")

    def _after(self, seconds: float, act: t.Callable[[], None]) -> None:
        def work() -> None:
            time.sleep(seconds)
            act()

        self._start(work)

    def _start(self, work: t.Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._later.append(thread)


def _modules(run: Started, outside: Outside) -> list[int]:
    """The processes that run a module's code, which comes to them by a pipe."""
    found = []
    for pid in run.descendants():
        words = [word for word in outside.words(pid) if word]
        if len(words) == 1 and pathlib.Path(words[0]).name.startswith("python"):
            found.append(pid)
    return found


def _modules_at_work(run: Started, outside: Outside) -> bool:
    """Whether a module has come to its own work: it obeys SIGTERM, or waits for a program.

    Before that a signal ends Python, and nothing has been done by the task.
    """
    parents = {_parent(pid) for pid in run.descendants()}
    return any(_obeys_sigterm(pid) or pid in parents for pid in _modules(run, outside))


def _obeys_sigterm(pid: int) -> bool:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.partition(":")[2], 16) & _SIGTERM_BIT)
    return False


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


__all__ = ("Faults",)
