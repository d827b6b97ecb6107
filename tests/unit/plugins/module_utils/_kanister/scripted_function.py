# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A function of blueprints that does what its command says, in the place of KubeTask."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import NAMESPACE


class Scripted:
    """``give KEY=VALUE`` has outputs, ``fail TEXT`` fails, ``cancel`` ends the run; ``failures`` more fail anyhow."""

    def __init__(self) -> None:
        self.calls: list[FunctionCall] = []
        self.failures = 0

    def plan(self, call: FunctionCall) -> PlannedWork:
        return PlannedWork(does=" ".join(call.arguments["command"]), namespace=NAMESPACE, image=call.arguments["image"])

    def run(self, call: FunctionCall) -> Outputs:
        self.calls.append(call)
        verb, *words = call.arguments["command"]
        if self.failures:
            self.failures -= 1
            raise BlueprintError("It was not its day.")
        if verb == "fail":
            raise BlueprintError(f"It said {' '.join(words)}.")
        if verb == "cancel":
            call.run.cancel.cancel("a signal")
            raise Cancelled("Cancelled by a signal.")
        return dict(word.split("=", 1) for word in words)

    @property
    def commands(self) -> list[str]:
        return [" ".join(call.arguments["command"]) for call in self.calls]


def phase(name: str, *command: str, **more: t.Any) -> dict[str, t.Any]:
    return {"func": "KubeTask", "name": name, "args": {"image": "shop/tool:1", "command": list(command)}, **more}


__all__ = ("Scripted", "phase")
