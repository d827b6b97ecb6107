# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One cancel event for a run, polled by every wait (a signal handler only sets it)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled


class CancelToken:
    """Set once, never cleared. Safe to set from a signal handler and to read from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._reason = ""

    def cancel(self, reason: str) -> None:
        """Ask the run to stop; the first reason is kept."""
        if not self._event.is_set():
            self._reason = reason
            self._event.set()

    @property
    def is_cancelled(self) -> bool:
        return self._event.is_set()

    @property
    def reason(self) -> str:
        return self._reason

    def wait(self, seconds: float) -> bool:
        """Sleep for up to ``seconds``; True as soon as the run is cancelled."""
        return self._event.wait(max(0.0, seconds))

    def check(self) -> None:
        """Raise ``Cancelled`` when the run was cancelled."""
        if self._event.is_set():
            raise Cancelled(f"The run was cancelled: {self._reason}.")


__all__ = ("CancelToken",)
