# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the start of a server until it serves; one that never does is told with its last words."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import ServerProof
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.shell import Shell

_POLL_SECONDS = 0.5
_TELL_SECONDS = 10.0
_LAST_WORDS = 3
_SAID_CHARACTERS = 700


class NeverServed(ProofError):
    """The server ended, or its time did, before its recovery was over."""


class Recovery:
    """``seconds``: how long it may take. ``where``: the database, in sentences."""

    def __init__(self, seconds: float, where: str, *, tell: ProgressSink, cancel: CancelToken) -> None:
        self._seconds = seconds
        self._where = where
        self._tell = tell
        self._cancel = cancel

    def await_end(self, server: ServerProof, shell: Shell) -> float:
        """Start it; the seconds that it took. Raises ``NeverServed``, and ``Cancelled``."""
        started = told = time.monotonic()
        server.start()
        while not server.serves():
            now = time.monotonic()
            ended = shell.server_ended()
            if ended:
                raise self._never(shell, f"ended with exit code {ended}")
            if now - started >= self._seconds:
                raise self._never(shell, f"did not recover within {self._seconds:g} s (recovery_timeout)")
            if now - told >= _TELL_SECONDS:
                told = now
                self._tell(f"recovering for {now - started:.0f} s: {(shell.log_end() or [''])[-1][:120]}")
            if self._cancel.wait(_POLL_SECONDS):
                self._cancel.check()
        return time.monotonic() - started

    def _never(self, shell: Shell, how: str) -> NeverServed:
        log = [line.strip() for line in shell.log_end()[-_LAST_WORDS:]]
        said = f" Its last words: {' | '.join(log)}"[:_SAID_CHARACTERS] if log else ""
        return NeverServed(
            f"The server of {self._where} {how}.{said}", hint="server_log of the result has more of its log."
        )


__all__ = ("NeverServed", "Recovery")
