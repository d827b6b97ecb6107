# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From signals, and from the loss of the controller, to the cancel token of a run.

A handler only sets the token: every wait polls it, and each freeze is released by the thread that holds it. Later
signals change nothing until the module ends. Ansible stops a module in different ways, or not at all:
ansible-core 2.19 forwards SIGTERM and SIGINT to it, 2.18 lets it run on without its parents, AWX kills what is above.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import os
import pathlib
import signal
import threading
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

#: Seconds between two looks at the processes above.
_INTERVAL = 1.0


class CancelSignals:
    """A context: while it is open, signals and lost parents cancel ``token``.

    ``controller_pids``: processes of the controller on this machine that must live on, as the action plugin names them.
    """

    def __init__(
        self, token: CancelToken, *, controller_pids: t.Iterable[int] = (), interval: float = _INTERVAL
    ) -> None:
        self._token = token
        self._interval = interval
        self._parent = os.getppid()
        self._started = {pid: _start_time(pid) for pid in controller_pids}
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="arkive-parent-watch", daemon=True)
        self._former: dict[signal.Signals, t.Any] = {}

    def __enter__(self) -> CancelSignals:
        for number in SIGNALS:
            self._former[number] = signal.signal(number, self._on_signal)
        self._watcher.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._closed.set()
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: types.FrameType | None) -> None:
        self._token.cancel(f"{signal.Signals(number).name} was received")

    def _watch(self) -> None:
        while not self._closed.wait(self._interval):
            lost = self._lost_process()
            if lost:
                self._token.cancel(lost)
                return

    def _lost_process(self) -> str:
        if os.getppid() != self._parent:
            return f"process {self._parent}, which had started the module, is gone"
        for pid, started in self._started.items():
            if _start_time(pid) != started:
                return f"process {pid} of the controller is gone"
        return ""


def _start_time(pid: int) -> str:
    """What distinguishes this process from a later one of its number; empty when it is gone, or a zombie."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _without_proc(pid)
    # The name in parentheses may hold blanks; state and start time are the 3rd and the 22nd field.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def _without_proc(pid: int) -> str:
    if pathlib.Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "there"
    return "there"


__all__ = ("SIGNALS", "CancelSignals")
