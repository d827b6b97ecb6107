# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KubeExec: a command in a container that is there (docs/compatibility 16.2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.commands import (
    find_container,
    foresee_command,
    run_command,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.printed import Place


class KubeExec:
    """Outputs are what the command prints as such on stdout; None where there are none."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        arguments = Arguments(call)
        foresee_command(call, _place(call), arguments.texts("command"))
        return PlannedWork(
            does=f"run {' '.join(arguments.texts('command'))}"[:200],
            namespace=arguments.text("namespace"),
            pods=(arguments.text("pod"),),
        )

    def run(self, call: FunctionCall) -> Outputs:
        return run_command(call, _place(call), Arguments(call).texts("command")) or None


def _place(call: FunctionCall) -> Place:
    arguments = Arguments(call)
    return find_container(call, arguments.text("namespace"), arguments.text("pod"), arguments.text("container"))


__all__ = ("KubeExec",)
