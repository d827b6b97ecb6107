# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A section that is held by a process of its own, which stops where it is told to, for the campaign of databases."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

from campaigns.live_support import HELD_PROGRAM, DatabaseApp

_SPOILT = Path(__file__).with_name("spoilt_section.py")
#: From one word to the next: a client that cannot connect gives up long before.
_WORD_SECONDS = 150.0


class GatedSection:
    """``held_section.py``: killed at the end, if it has not ended."""

    def __init__(
        self, kubeconfig: str, app: DatabaseApp, *, mode: str, lease: float, gate: tuple[str, int], spoilt: str = ""
    ) -> None:
        """``gate``: the phase and the number of the statement before which it stops. ``spoilt``: without what."""
        path = os.pathsep.join([os.environ["ARKIVE_TEST_COLLECTIONS"], os.environ.get("PYTHONPATH", "")])
        program = [str(_SPOILT), spoilt] if spoilt else [str(HELD_PROGRAM)]
        argv = [*program, kubeconfig, app.namespace, app.name, app.kind, mode, f"{lease:g}"]
        self._process = subprocess.Popen(
            [sys.executable, *argv, gate[0], str(gate[1])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._words: queue.Queue[str] = queue.Queue()
        self._complaint = ""
        for read in (self._read, self._read_complaint):
            threading.Thread(target=read, daemon=True).start()

    def next_word(self) -> str:
        """What it says next. Empty: it has ended. Raises ``TimeoutError``."""
        try:
            return self._words.get(timeout=_WORD_SECONDS)
        except queue.Empty:
            raise TimeoutError(f"it has said nothing for {_WORD_SECONDS:.0f} s") from None

    def go_on(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        except BrokenPipeError:  # it was killed
            pass

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def result(self, word: str) -> dict[str, t.Any] | None:
        """``word``: the last one that was heard. None: it has ended without a result."""
        while word and not word.startswith("{"):
            word = self.next_word()
        return json.loads(word) if word else None

    @property
    def traceback(self) -> str:
        """The last line of one, with which it has ended."""
        self._process.wait(timeout=30)
        return self._complaint.strip().splitlines()[-1] if "Traceback" in self._complaint else ""

    def end(self) -> None:
        self._process.kill()
        self._process.wait(timeout=30)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._words.put(line.strip())
        self._words.put("")

    def _read_complaint(self) -> None:
        assert self._process.stderr is not None
        self._complaint = self._process.stderr.read()


__all__ = ("GatedSection",)
