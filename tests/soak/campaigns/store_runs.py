# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules as tasks run them: each in a process of its own, which may be killed."""

from __future__ import annotations

import dataclasses
import importlib
import json
import multiprocessing
import os
import secrets
import signal
import sys
import time
import typing as t
from pathlib import Path

from ansible.module_utils import basic

from ansible_collections.arkive.k8s.plugins.module_utils._archive import commit_point
from ansible_collections.arkive.k8s.plugins.module_utils._aws import client as aws_client
from ansible_collections.arkive.k8s.plugins.module_utils._store import write_lock
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3 import upload
from campaigns.store_faults import Fault, break_files

_MODULES = "ansible_collections.arkive.k8s.plugins.modules"
_PRELOADED = [f"{_MODULES}.{name}" for name in ("k8s_backup", "k8s_backup_info", "k8s_restore")]
#: In the processes of a campaign: a write lock lasts, and an answer is waited for, this many seconds.
LOCK_SECONDS = 6.0
_READ_SECONDS = 2
_ATTEMPTS = 2
_LIMIT_SECONDS = 150.0
#: Of an upload in parts, which are so small for files of this size.
_PART_BYTES = 512
#: How long the truth of a commit is looked for, as ``Patience`` has it.
_PATIENCE = (12.0, 3.0, 0.5, 0.3)

Result: t.TypeAlias = "dict[str, t.Any]"


@dataclasses.dataclass(frozen=True)
class Ended:
    """``result`` is None for a process that was killed. ``trouble`` is what no process may do."""

    result: Result | None
    seconds: float
    trouble: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.result and self.result.get("failed"))

    @property
    def words(self) -> str:
        """Everything that a person reads."""
        result = self.result or {}
        lists = [entry.get("message", "") for entry in result.get("warnings_list") or ()]
        texts = [result.get("msg", ""), *lists, *map(str, result.get("warnings") or ())]
        return " ".join(map(str, texts))


class ModuleRuns:
    """Starts them from a process that has all imports behind it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["boto3", "kubernetes.client", *_PRELOADED])

    def start(
        self, module: str, arguments: Result, fault: Fault | None = None, below: str = "", *, in_parts: bool = False
    ) -> Running:
        """``fault`` is one of files ``below`` a directory; ``in_parts`` has everything uploaded in parts."""
        output = self._folder / secrets.token_hex(6)
        given = (module, arguments, str(output), fault, below, in_parts)
        process = self._context.Process(target=_work, args=given, daemon=True)
        process.start()
        return Running(process, output)

    def run(self, module: str, **arguments: t.Any) -> Ended:
        return self.start(module, arguments).wait()


class Running:
    """One run of a module."""

    def __init__(self, process: t.Any, output: Path) -> None:
        self._process = process
        self._output = output
        self._began = time.monotonic()
        self._killed = False

    def kill(self) -> None:
        """At once, also from another thread than the one that waits."""
        self._killed = True
        self._process.kill()

    def wait(self) -> Ended:
        self._process.join(_LIMIT_SECONDS)
        late = self._process.is_alive()
        if late:
            self._process.kill()
            self._process.join()
        seconds = time.monotonic() - self._began
        text = self._output.read_text(errors="replace") if self._output.exists() else ""
        self._output.unlink(missing_ok=True)
        if late:
            return Ended(None, seconds, f"it did not end within {_LIMIT_SECONDS:.0f} s")
        if self._killed or self._process.exitcode == -signal.SIGKILL:
            return Ended(None, seconds)
        try:
            return Ended(json.loads(text.strip().splitlines()[-1]), seconds)
        except (ValueError, IndexError):
            return Ended(None, seconds, f"it ended with {self._process.exitcode} and no result: {text[-400:]!r}")


def _work(module: str, arguments: Result, output: str, fault: Fault | None, below: str, in_parts: bool) -> None:
    """What the new process does."""
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)
    aws_client._READ_SECONDS = _READ_SECONDS
    aws_client._ATTEMPTS = _ATTEMPTS
    if in_parts:
        upload._MIB = upload._SMALLEST_PART = _PART_BYTES
    acquire = t.cast("t.Any", write_lock.WriteLock.acquire)
    acquire.__func__.__kwdefaults__["ttl_seconds"] = LOCK_SECONDS
    patience = t.cast("t.Any", commit_point.Patience.__init__)
    patience.__defaults__ = _PATIENCE
    given = {**arguments, "_ansible_remote_tmp": "/tmp"}
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    main = importlib.import_module(f"{_MODULES}.{module}").main
    if fault is not None:
        break_files(fault, below)
    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


__all__ = ("LOCK_SECONDS", "Ended", "ModuleRuns", "Result", "Running")
