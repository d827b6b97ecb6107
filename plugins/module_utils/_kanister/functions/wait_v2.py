# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WaitV2: until conditions that are templates over the object come true (docs/compatibility 15.7)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.conditions import (
    ConditionWait,
    Evaluate,
    NeverTrueError,
    read_conditions,
    read_timeout,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.function_sets import WAIT_V2
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import Rendered, parse_template


class WaitV2:
    """``.`` is the object, functions are Go's own and two of kubectl's. No outputs."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        conditions = read_conditions(call, _read)
        count = sum(map(len, conditions.values()))
        return PlannedWork(does=f"wait up to {read_timeout(call):g} s for {count} conditions")

    def run(self, call: FunctionCall) -> Outputs:
        ConditionWait(call, read_conditions(call, _read)).until_true(read_timeout(call))
        return None


def _read(text: str, where: str) -> Evaluate:
    try:
        template = parse_template(text, name=f"the condition {where}", functions=WAIT_V2)
    except TemplateError as exc:
        raise NeverTrueError(f"{where} can never come true: {exc.message}", hint=exc.hint) from exc

    def evaluate(obj: Object) -> Rendered:
        return template.render(obj, missing="default")

    return evaluate


__all__ = ("WaitV2",)
