# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows what a module is doing while it runs. All work is done by the module of the same name.

A module itself cannot show anything before it ends. It appends lines to a private file, and a thread here shows them on
standard error, which keeps the standard output clean for callbacks that print JSON.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import multiprocessing
import os
import tempfile
import threading
import typing as t

from ansible import constants as C
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import PLAN_PREFIX
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.plugin_utils._code_action import CodeAction

OPTION = "show_progress"
VARIABLE = "arkive_show_progress"
ENVIRONMENT = "ARKIVE_SHOW_PROGRESS"

#: What the module learns by its environment: the file to append to, and the numbers of the controller's processes.
FILE_VARIABLE = "ARKIVE_PROGRESS_FILE"
PIDS_VARIABLE = "ARKIVE_CONTROLLER_PIDS"

#: Seconds between two looks at the file, and the most lines that are shown after one.
_INTERVAL = 0.25
_BURST = 8

Result: t.TypeAlias = "dict[str, t.Any]"


class ProgressAction(CodeAction):
    """Runs the module with the files that its options name, and with progress lines where that is possible."""

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        variables = task_vars or {}
        self._module_variables = {}
        if result.get("skipped"):
            return result
        wrap_async = bool(self._task.async_val) and not self._connection.has_native_async
        with self._with_files() as arguments:
            if wrap_async or not self._is_local() or not self._is_wanted(variables):
                answer = self._run_module(arguments, variables, wrap_async=wrap_async)
            else:
                answer = self._execute_and_show(arguments, variables)
        result = merge_hash(result, answer)
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)  # type: ignore[no-untyped-call]
        return result

    def _execute_and_show(self, arguments: Result, variables: Result) -> Result:
        with _private_file() as path:
            pids = [os.getpid()]
            main_process = multiprocessing.parent_process()
            if main_process is not None and main_process.pid is not None:
                pids.append(main_process.pid)
            self._module_variables = {FILE_VARIABLE: path, PIDS_VARIABLE: " ".join(map(str, pids))}
            with ProgressTail(path, host=str(variables.get("inventory_hostname", "localhost"))):
                return self._run_module(arguments, variables)

    def _is_wanted(self, variables: Result) -> bool:
        if self._task.no_log:
            return False
        for value in (
            self._task.args.get(OPTION),
            self._templar.template(variables.get(VARIABLE)),
            os.environ.get(ENVIRONMENT),
        ):
            if value not in (None, ""):
                return bool(boolean(value, strict=False))
        return True


class ProgressTail:
    """A context: while it is open, the lines that are appended to the file at ``path`` are shown."""

    def __init__(self, path: str, *, host: str, interval: float = _INTERVAL) -> None:
        self._path = path
        self._host = host
        self._interval = interval
        self._offset = 0
        self._rest = b""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="arkive-progress", daemon=True)

    def __enter__(self) -> ProgressTail:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._ended.wait(self._interval):
            self._show(self._read())
        self._show(self._read())

    def _read(self) -> list[str]:
        """The lines that are complete and new."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines]

    def _show(self, lines: list[str]) -> None:
        if len(lines) > _BURST:
            early, late = lines[:-_BURST], lines[-_BURST:]
            kept = [line for line in early if line.startswith(PLAN_PREFIX)]
            left_out = len(early) - len(kept)
            lines = [*kept, *([f"({counted(left_out, 'line')} left out)"] if left_out else []), *late]
        for line in lines:
            Display().display(f"arkive: [{one_line(self._host)}] {one_line(line)}", stderr=True)


@contextlib.contextmanager
def _private_file() -> t.Iterator[str]:
    """The path of an empty file that only this user can read, removed afterwards."""
    folder: str = C.DEFAULT_LOCAL_TMP  # type: ignore[attr-defined]  # set while ansible-core starts
    descriptor, path = tempfile.mkstemp(prefix="arkive-progress-", dir=folder)
    os.close(descriptor)
    try:
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


__all__ = ("ENVIRONMENT", "OPTION", "VARIABLE", "ProgressAction", "ProgressTail")
