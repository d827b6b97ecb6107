# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong while a database is held: at the run, on its way, at its client, at the server, at the pod."""

from __future__ import annotations

import contextlib
import os
import signal
import time
import typing as t
from pathlib import Path

from campaigns.database_case import LEASE, Case
from campaigns.database_section import GatedSection
from campaigns.database_targets import DatabaseTarget
from campaigns.live_support import CutProxy


class Strike:
    """``at``: once. ``hit``: it met what it was meant for. ``late``: what was held for longer than its lease."""

    def __init__(self, section: GatedSection, proxy: CutProxy, target: DatabaseTarget) -> None:
        self._section = section
        self._proxy = proxy
        self._target = target
        self.hit = False
        self.late = ""

    def at(self, case: Case, go_on: t.Callable[[], None]) -> None:
        """``go_on``: the run may do what it does next; not before it can."""
        name = case.fault.replace(" ", "_")
        act: t.Callable[[Case], bool | None] = getattr(self, f"_{name}")
        self.hit = act(case) is not False
        go_on()
        if case.fault in ("kill", "cut", "stall"):
            self.late = self._target.held_too_long(LEASE)

    def _none(self, case: Case) -> bool:
        del case
        return False

    def _kill(self, case: Case) -> None:
        del case
        self._section.send(signal.SIGKILL)

    def _stop_for_long(self, case: Case) -> None:
        del case
        self._section.send(signal.SIGSTOP)
        self.late = self._outlive()
        self._section.send(signal.SIGCONT)

    def _stop(self, case: Case) -> None:
        self._section.send(signal.SIGSTOP)
        time.sleep(case.seconds)
        self._section.send(signal.SIGCONT)

    def _cut(self, case: Case) -> None:
        del case
        self._proxy.cut()

    def _reset(self, case: Case) -> None:
        del case
        self._proxy.cut(stay=False)

    def _stall(self, case: Case) -> None:
        del case
        self._proxy.stall()

    def _end_session(self, case: Case) -> bool:
        del case
        return self._target.end_session()

    def _kill_client(self, case: Case) -> bool:
        del case
        return self._target.signal_client("KILL")

    def _stop_client_for_long(self, case: Case) -> bool:
        del case
        hit = self._target.signal_client("STOP")
        self.late = self._outlive()
        self._target.signal_client("CONT")
        return hit

    def _stop_client(self, case: Case) -> bool:
        hit = self._target.signal_client("STOP")
        time.sleep(case.seconds)
        self._target.signal_client("CONT")
        return hit

    def _kill_server(self, case: Case) -> bool:
        del case
        pids = self._target.server_pids()
        _signal(pids, signal.SIGKILL)
        # What is beside it goes with the first process of a container, and not before.
        while any(Path(f"/proc/{pid}").exists() for pid in pids):
            time.sleep(0.01)
        self._target.spoiled = True
        return bool(pids)

    def _stop_server(self, case: Case) -> bool:
        pids = self._target.server_pids()
        _signal(pids, signal.SIGSTOP)
        time.sleep(case.seconds)
        _signal(pids, signal.SIGCONT)
        return bool(pids)

    def _delete_pod(self, case: Case) -> None:
        del case
        self._target.delete_pod()

    def _outlive(self) -> str:
        """Wait until its lease is surely over."""
        end = time.monotonic() + LEASE + (1.0 if self._target.bound_to_client else self._target.late_seconds)
        late = self._target.held_too_long(LEASE)
        time.sleep(max(0.0, end - time.monotonic()))
        return late


def _signal(pids: t.Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


__all__ = ("Strike",)
