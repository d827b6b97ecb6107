# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that moves data, in a process that may be killed: what it says, and how it has ended."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
import typing as t

from campaigns.live_support import MOVING_PROGRAM


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """``msg``: what was raised, a sentence; empty where nothing was."""

    phase: str
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    msg: str

    @property
    def words(self) -> str:
        return " ".join(filter(None, (self.phase, self.msg, *self.errors)))


class MovingRun:
    """Starts at once. ``asked``: see the program."""

    def __init__(self, asked: t.Mapping[str, t.Any]) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            [sys.executable, str(MOVING_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._began = time.monotonic()
        self.waits = threading.Event()
        self.lines: list[str] = []
        self.stderr = ""
        self._told: Told | None = None
        self._readers = [threading.Thread(target=work, daemon=True) for work in (self._read, self._read_errors)]
        self._write(json.dumps(asked))
        for reader in self._readers:
            reader.start()

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def go_on(self) -> None:
        """Where it waits; one that is dead does not hear it."""
        self.waits.clear()
        self._write("")

    def end(self, seconds: float) -> Told | None:
        """How it has ended; None where it was killed. Raises ``TimeoutError``, and ``RuntimeError`` for a defect."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise TimeoutError(f"it does not end within {seconds:.0f} s; at last: {self.lines[-3:]}") from None
        for reader in self._readers:
            reader.join(10)
        if self._told is None and code != -signal.SIGKILL:
            raise RuntimeError(f"it ended with code {code}: {' '.join(self.stderr.split())[-600:]}")
        return self._told

    def _write(self, line: str) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            try:
                stdin.write(line + "\n")
                stdin.flush()
            except (BrokenPipeError, ValueError):
                return

    def _read(self) -> None:
        for line in self._process.stdout or ():
            found = json.loads(line)
            if "line" in found:
                self.lines.append(f"{time.monotonic() - self._began:.0f} s {found['line']}")
            elif "at" in found:
                self.waits.set()
            else:
                result = found["result"]
                self._told = Told(
                    phase=result["phase"],
                    errors=tuple(result["errors"]),
                    warnings=tuple(result["warnings"]),
                    msg=result["msg"],
                )

    def _read_errors(self) -> None:
        for line in self._process.stderr or ():
            self.stderr += line


__all__ = ("MovingRun", "Told")
