# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the code of a task's module comes from: on this machine from a copy of the collection's, elsewhere from a zip.

Both hold the same module with all that it may need: which one it is decides nothing but how long a task takes to start.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import pathlib
import typing as t

from ansible import constants as C

from ansible_collections.arkive.k8s.plugins.plugin_utils import _run_here
from ansible_collections.arkive.k8s.plugins.plugin_utils._assembly import seldom_collected
from ansible_collections.arkive.k8s.plugins.plugin_utils._code_copy import code_copy
from ansible_collections.arkive.k8s.plugins.plugin_utils._decrypted_files import FilesAction

Result: t.TypeAlias = "dict[str, t.Any]"

#: A link to ``plugin_utils/_run_here.py``.
_RUNNER = "_run_here"
_RUNNER_MODULE = f"arkive.k8s.{_RUNNER}"


class CodeAction(FilesAction):
    """``_run_module`` runs the module that has the name of the action plugin."""

    #: What the module learns by its environment, beside the task's own.
    _module_variables: dict[str, str]

    def _run_module(self, arguments: Result, variables: Result, *, wrap_async: bool = False) -> Result:
        with seldom_collected():
            with self._code(wrap_async=wrap_async) as code:
                if code is not None:
                    self._module_variables.update(
                        {_run_here.CODE_VARIABLE: str(code), _run_here.MODULE_VARIABLE: self._module}
                    )
                    answer: Result = self._execute_module(_RUNNER_MODULE, arguments, task_vars=variables)
                    if _run_here.MISSING not in answer:
                        return answer
            result: Result = self._execute_module(module_args=arguments, task_vars=variables, wrap_async=wrap_async)
            return result

    @contextlib.contextmanager
    def _code(self, *, wrap_async: bool) -> t.Iterator[pathlib.Path | None]:
        """The copy to run from.

        Whatever goes on when we are gone takes its code along, and so does what is kept to be looked at.
        """
        kept = bool(C.DEFAULT_KEEP_REMOTE_FILES)  # type: ignore[attr-defined]
        if wrap_async or kept or not self._is_local():
            yield None
            return
        with code_copy(pathlib.Path(C.ANSIBLE_HOME)) as code:  # type: ignore[attr-defined]
            yield code if code is not None and self._can_run_from(code) else None

    def _can_run_from(self, code: pathlib.Path) -> bool:
        """Whether the module is there, and what runs it: not all that copies a collection knows links."""
        modules = code / "modules"
        try:
            runner = (modules / f"{_RUNNER}.py").read_bytes()
        except FileNotFoundError:
            return False
        whole = pathlib.Path(_run_here.__file__).read_bytes()
        return runner == whole and (modules / f"{self._module}.py").is_file()

    @property
    def _module(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def _is_local(self) -> bool:
        """Whether the module can read and write files of ours: it runs on this machine, as this user."""
        return self._is_on_this_machine() and self._connection.become is None

    def _compute_environment_string(self, raw_environment_out: Result | None = None) -> str:
        """The task's own environment, and what the module needs of us."""
        environment: Result = {} if raw_environment_out is None else raw_environment_out
        super()._compute_environment_string(environment)  # type: ignore[no-untyped-call]
        environment.update(self._module_variables)
        if self._is_on_this_machine():
            # Images set it; a Python with it reads a module that comes by a pipe byte by byte.
            environment.setdefault("PYTHONUNBUFFERED", "")
        prefix: str = self._connection._shell.env_prefix(**environment)
        return prefix

    def _update_module_args(self, module_name: str, module_args: Result, *args: t.Any, **kwargs: t.Any) -> None:
        """The module is the task's, whoever runs it."""
        name = self._task.action if module_name == _RUNNER_MODULE else module_name
        super()._update_module_args(name, module_args, *args, **kwargs)


__all__ = ("CodeAction",)
