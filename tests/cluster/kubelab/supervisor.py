# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping the node's programs running: pid 1 starts them, reaps them and starts them again."""

from __future__ import annotations

import os
import subprocess
import time
import typing as t

from kubelab.commands import write
from kubelab.components import Component, environment
from kubelab.model import Lab

_AGAIN_AFTER = 1.0  # seconds
_LAST_WORDS = 600  # bytes


class Supervisor:
    """The components of a node.  All methods are for pid 1, and none blocks.

    A component whose file ``hold/<name>`` exists is not started again when it ends, until the file goes.
    """

    def __init__(self, lab: Lab, mark: t.Callable[[str], None]) -> None:
        self._lab = lab
        self._mark = mark
        self._running: dict[int, Component] = {}
        self._due: list[tuple[float, Component]] = []
        self._once: dict[int, str] = {}
        self._ended: dict[str, int] = {}

    def start(self, components: t.Iterable[Component]) -> None:
        """Start components now."""
        for component in components:
            pid = self._spawn(component.name, component.argv, component.inherit)
            self._running[pid] = component
            write(self._lab.path("run", f"{component.name}.pid"), f"{pid}\n")

    def run_once(self, name: str, argv: t.Sequence[str]) -> None:
        """Start a program that is to end; ``ended`` says whether it has."""
        self._ended.pop(name, None)
        self._once[self._spawn(name, argv, ())] = name

    def ended(self, name: str) -> int | None:
        """The exit code of a program of ``run_once``; None while it runs."""
        return self._ended.get(name)

    def tick(self) -> None:
        """Reap what ended and start again what is due."""
        while self._reap():
            pass
        due, now = self._due, time.monotonic()
        self._due = []
        for when, component in due:
            if when > now or self._lab.path("hold", component.name).exists():
                self._due.append((when, component))
            else:
                self.start([component])

    def _reap(self) -> bool:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return False
        code = os.waitstatus_to_exitcode(status)
        if pid in self._once:
            self._ended[self._once.pop(pid)] = code
        elif pid in self._running:
            component = self._running.pop(pid)
            self._mark(f"{component.name} ended with {code}: {self._last_words(component.name)}")
            self._lab.path("run", f"{component.name}.pid").unlink(missing_ok=True)
            self._due.append((time.monotonic() + _AGAIN_AFTER, component))
        return True

    def _last_words(self, name: str) -> str:
        """The end of its log: why it ended, as a rule (too many open files, a port that is taken)."""
        with self._lab.path("log", f"{name}.log").open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LAST_WORDS))
            text = log.read().decode("utf-8", "replace")
        return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")

    def _spawn(self, name: str, argv: t.Sequence[str], inherit: tuple[int, ...]) -> int:
        with self._lab.path("log", f"{name}.log").open("ab") as log:
            # Not waited for by this object: pid 1 reaps all children.
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", pass_fds=inherit, env=environment()
            )
        process.returncode = 0
        return process.pid


__all__ = ["Supervisor"]
