# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renew the timers of a section while its controller lives."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freeze import ActiveFreeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import Renewal, renew
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import make_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marking import put_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_pod import SectionSettings
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.side_by_side import run_side_by_side

#: A release does not wait longer for a renewal that is under way.
_PATIENCE_SECONDS = 30.0
_TOLD: dict[Renewal, str] = {
    "rearmed": "The timer of the lease on {where} was dead: somebody killed it, or the container has too little memory "
    "or was started again. A new one runs.",
    "over": "The lease on {where} is over before its release: what is done since then is not protected.",
    "failed": "The lease on {where} could not be renewed: its container could not run the program for it.",
}


class TimerKeeper:
    """Renews what it was given, up to ``freeze_max_seconds``; what was dropped, never again.

    ``warnings``: timers that did not hold all the time, or of which nobody knows.
    """

    def __init__(self, settings: SectionSettings) -> None:
        self._context = settings.run.uncancelled()
        self._client = self._context.client
        self._settings = settings
        self._lock = threading.Lock()
        #: Each freeze with the lock that is held while it is renewed.
        self._kept: dict[str, tuple[ActiveFreeze, threading.Lock]] = {}
        self._stopped = threading.Event()
        self.warnings: list[str] = []
        self._thread: threading.Thread | None = None

    def keep(self, active: ActiveFreeze) -> None:
        """Renew ``active`` from now on."""
        with self._lock:
            self._kept[active.timer.lease_id] = (active, threading.Lock())
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="arkive-timer-keeper", daemon=True)
                self._thread.start()

    def drop(self, freezes: t.Iterable[ActiveFreeze]) -> None:
        """Stop renewing these. A renewal that is under way ends first: it would put a mark back."""
        with self._lock:
            dropped = [self._kept.pop(active.timer.lease_id, None) for active in freezes]
        for entry in dropped:
            if entry is not None and entry[1].acquire(timeout=_PATIENCE_SECONDS):
                entry[1].release()

    def stop(self) -> None:
        """Renew nothing more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=_PATIENCE_SECONDS)

    def _run(self) -> None:
        pause = max(0.5, self._settings.policy.lease_seconds / 2)
        while not self._stopped.wait(pause):
            with self._lock:
                due = list(self._kept)
            run_side_by_side(self._renew, due, spare=self._settings.spare_threads, stop_at_error=True)

    def _renew(self, lease_id: str) -> None:
        with self._lock:
            found = self._kept.get(lease_id)
            if found is None or self._stopped.is_set():
                return
            active, busy = found
            busy.acquire()  # nobody else takes it while the freeze is kept
        try:
            if time.monotonic() - active.frozen_at < self._settings.policy.freeze_max_seconds:
                self._renew_one(active)
        finally:
            busy.release()

    def _renew_one(self, active: ActiveFreeze) -> None:
        sent = time.monotonic()
        timer = active.timer
        try:
            found = renew(self._client, timer)
            if found in ("renewed", "rearmed"):
                active.timer_end = sent + timer.seconds
                now = self._client.server_now()
                marks = make_marks(timer, run_id=self._context.run_id, seconds=timer.seconds, now=now)
                for failure in put_marks(self._client, marks):
                    self._context.issues.info(failure)
            if found != "renewed":
                self._warn(_TOLD[found].format(where=active.where))
        except KubeError as exc:
            self._warn(f"The lease on {active.where} could not be renewed: {exc.message}")

    def _warn(self, text: str) -> None:
        with self._lock:
            if text in self.warnings:
                return
            self.warnings.append(text)
        self._context.issues.warning(text)


__all__ = ("TimerKeeper",)
