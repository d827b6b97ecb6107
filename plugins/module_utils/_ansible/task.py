# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task: arguments in, an engine's answer out. Modules give ``run_task`` a spec and a function."""

# Private: not for use outside of this collection.

from __future__ import annotations

import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.cancel_signals import CancelSignals
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.issues import first_errors
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.pid_file import FOLDER_VARIABLE, pid_file
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.progress_file import progress_to
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.result_keys import ResultKeys
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import Result, clean_details
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task_module import TaskModule
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue, to_return

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

#: Documented in the fragment ``_results``; every result that may be large has it.
RESULT = ArgumentSpec(options={"result_path": {"type": "path"}})

#: Documented in the fragment ``_progress``. The action plugin heeds it; the module only has to know its name.
PROGRESS = ArgumentSpec(options={"show_progress": {"type": "bool"}})

#: Set by the action plugin of the same name, where it runs on this machine.
FILE_VARIABLE = "ARKIVE_PROGRESS_FILE"
PIDS_VARIABLE = "ARKIVE_CONTROLLER_PIDS"


class Task:
    """What a module's function may use."""

    def __init__(self, module: TaskModule) -> None:
        self.params: dict[str, t.Any] = module.params
        self.check_mode: bool = module.check_mode
        #: Whether the user wants to see the difference.
        self.diff_mode: bool = bool(module._diff)
        self.cancel = CancelToken()
        self.progress = progress_to(os.environ.get(FILE_VARIABLE))
        self._module = module

    def without_secrets(self, value: t.Any) -> t.Any:
        """``value``, for a place where everybody may read it."""
        return self._module.without_secrets(value)

    def keep_result_beside(self, store: Store, key: str) -> None:
        """The run has records in ``store``: what the result has no room for goes there, under ``key``."""

        def store_parts(parts: Result) -> str:
            # Few results are so large.
            from ansible_collections.arkive.k8s.plugins.module_utils._archive.result_file import store_result

            return store_result(store, key, parts)

        self._module.store_parts = store_parts


def run_task(spec: ArgumentSpec, keys: ResultKeys, work: t.Callable[[Task], Result]) -> t.NoReturn:
    """Check the arguments, do the work, and end the process with its result, which has all of ``keys``.

    ``work`` returns the result's keys; with ``failed`` among them the task fails. An ``ArkiveError`` fails it with the
    error's sentence as ``msg``, and what it knows beside it. While it works, signals only set the task's cancel token.
    """
    module = spec.create_module(keys)
    task = Task(module)
    folder = os.environ.get(FOLDER_VARIABLE, "")
    with CancelSignals(task.cancel, controller_pids=_controller_pids()), pid_file(folder, warn=module.warn):
        result = _result_of(work, task, module)
        if result.pop("failed", False):
            module.fail_json(**result)
        module.exit_json(**result)


def _result_of(work: t.Callable[[Task], Result], task: Task, module: TaskModule) -> Result:
    """What ``work`` returned, or what it raised as a result that fails."""
    with_output = not task.params.get("no_log_output")
    try:
        return clean_details(work(task), with_output=with_output)
    except ArkiveError as exc:
        details = clean_details(exc.details, with_output=with_output)
        return {**_failure(exc, details), **module.traceback_of(exc)}
    except Exception as exc:  # pylint: disable=broad-exception-caught
        # Whatever was frozen has been released on its way here. A result with all keys helps more than a traceback.
        defect = ArkiveError(
            f"The module met something that it was not made for ({type(exc).__name__}: {exc}).",
            hint="This is a defect of arkive.k8s: please report it, with the output of -vvv.",
        )
        return {**_failure(defect, {}), **module.traceback_of(exc)}


def _failure(exc: ArkiveError, details: Result) -> Result:
    """The error comes first, those that the run had met before it behind."""
    before = [entry for entry in details.get("errors_list") or () if entry.get("message") != exc.message]
    raised = Issue(message=exc.message, reason=str(getattr(exc, "reason", "")), hint=exc.hint or "")
    told = to_return(exc.told)
    untold = [entry for entry in before if entry not in told]
    said = f" Errors before that: {first_errors(untold)}" if untold else ""
    return {**details, "errors_list": [raised.to_return(), *before], "failed": True, "msg": f"{exc.sentence}{said}"}


def _controller_pids() -> list[int]:
    """The controller's processes; whatever else the variable holds is not ours."""
    return [int(word) for word in os.environ.get(PIDS_VARIABLE, "").split() if word.isdecimal()]


__all__ = ("PROGRESS", "RESULT", "Result", "Task", "run_task")
