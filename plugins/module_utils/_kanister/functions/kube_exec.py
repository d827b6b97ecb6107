# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KubeExec: a command in a container that is there (docs/compatibility 16.2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.commands import find_container, run_command


class KubeExec:
    """Outputs are what the command prints as such on stdout; None where there are none."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        arguments = Arguments(call)
        return PlannedWork(
            does=f"run {' '.join(arguments.texts('command'))}"[:200],
            namespace=arguments.text("namespace"),
            pods=(arguments.text("pod"),),
        )

    def run(self, call: FunctionCall) -> Outputs:
        arguments = Arguments(call)
        place = find_container(call, arguments.text("namespace"), arguments.text("pod"), arguments.text("container"))
        return run_command(call, place, arguments.texts("command")) or None


__all__ = ("KubeExec",)
