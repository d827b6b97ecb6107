# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait: until conditions with JSONPaths in them come true (docs/compatibility 15.7)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.conditions import (
    ConditionWait,
    Evaluate,
    NeverTrueError,
    read_conditions,
    read_timeout,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import Rendered, parse_template
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.wait_condition import read_wait_condition


class Wait:
    """A condition is a template without parameters; its JSONPaths are filled in from the object. No outputs."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        conditions = read_conditions(call, _read)
        count = sum(map(len, conditions.values()))
        return PlannedWork(does=f"wait up to {read_timeout(call):g} s for {count} conditions")

    def run(self, call: FunctionCall) -> Outputs:
        ConditionWait(call, read_conditions(call, _read)).until_true(read_timeout(call))
        return None


def _read(text: str, where: str) -> Evaluate:
    try:
        condition = read_wait_condition(text)
    except BlueprintError as exc:
        raise NeverTrueError(f"{where} can never come true: {exc.message}", hint=exc.hint) from exc

    def evaluate(obj: Object) -> Rendered:
        source = condition.template(obj)
        try:
            template = parse_template(source, name=f"the condition {where}")
        except TemplateError as exc:
            # What the paths find is put in as values: another answer of theirs changes nothing.
            raise NeverTrueError(f"{where} can never come true: {exc.message}", hint=exc.hint) from exc
        return template.render(None, missing="zero")

    return evaluate


__all__ = ("Wait",)
