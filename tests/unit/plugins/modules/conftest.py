# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module as a task would, with an engine of the test's own."""

from __future__ import annotations

import contextlib
import importlib
import json
import typing as t

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible.module_utils.common.parameters import remove_values

Result: t.TypeAlias = "dict[str, t.Any]"
Runner: t.TypeAlias = "t.Callable[..., Result]"


class _Ended(Exception):
    pass


@pytest.fixture
def run_module(monkeypatch: pytest.MonkeyPatch) -> Runner:
    """``run_module(module, check_mode=False, **arguments)`` returns the task's result, ``failed`` included."""

    def run(module: t.Any, /, *, check_mode: bool = False, diff: bool = False, **arguments: t.Any) -> Result:
        ended: list[Result] = []

        def shown() -> Result:
            # Taken away, as the real ones do it: a module ends once.
            told = list(warnings.get_warning_messages())
            return {"warnings": told} if told else {}

        def end(self: basic.AnsibleModule, **result: t.Any) -> t.NoReturn:
            ended.append(remove_values({"failed": False, **result, **shown()}, self.no_log_values))
            raise _Ended

        def fail(self: basic.AnsibleModule, msg: str, **result: t.Any) -> t.NoReturn:
            ended.append(remove_values({**result, "failed": True, "msg": msg, **shown()}, self.no_log_values))
            raise _Ended

        # Warnings are kept for the process: those of an earlier test are not ours.
        warnings._global_warnings.clear()
        with contextlib.suppress(ImportError):  # ansible-core 2.16 and 2.17; 2.18 has the package without the name
            # Where tests of action plugins run beside this one, warnings would go to the screen.
            internal = importlib.import_module("ansible.module_utils._internal")
            monkeypatch.setattr(internal, "is_controller", False, raising=False)
        given = {**arguments, "_ansible_check_mode": check_mode, "_ansible_diff": diff, "_ansible_remote_tmp": "/tmp"}
        # ansible-core 2.16 to 2.18 have no other way in; 2.19 wants to be told which serialization it is.
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        monkeypatch.setattr(basic.AnsibleModule, "exit_json", end)
        monkeypatch.setattr(basic.AnsibleModule, "fail_json", fail)
        with pytest.raises(_Ended):
            module.main()
        return ended[0]

    return run
