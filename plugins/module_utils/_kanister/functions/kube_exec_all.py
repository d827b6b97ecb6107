# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KubeExecAll: a command in each of some containers of each of some pods, side by side (docs/compatibility 16.2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.commands import (
    foresee_command,
    run_command,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.printed import Place

_AT_A_TIME = 8


class KubeExecAll:
    """All commands are waited for. Outputs of all of them together; of one key the last pod's counts."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        arguments, places = Arguments(call), _places(call)
        for place in places:
            foresee_command(call, place, arguments.texts("command"))
        return PlannedWork(
            does=f"run {' '.join(arguments.texts('command'))}"[:200],
            namespace=arguments.text("namespace"),
            pods=tuple(dict.fromkeys(place.pod for place in places)),
        )

    def run(self, call: FunctionCall) -> Outputs:
        places = _places(call)
        argv = Arguments(call).texts("command")
        if not places:
            return None
        with concurrent.futures.ThreadPoolExecutor(max_workers=min(_AT_A_TIME, len(places))) as pool:
            ends = list(pool.map(lambda place: _outcome(call, place, argv), places))
        for end in ends:
            if isinstance(end, Cancelled):
                raise end
        errors = [end for end in ends if isinstance(end, BlueprintError)]
        if errors:
            hints = dict.fromkeys(filter(None, (error.hint for error in errors)))
            raise BlueprintError("\n".join(error.message for error in errors), hint=" ".join(hints) or None)
        outputs: dict[str, str] = {}
        for end in ends:
            outputs |= end if isinstance(end, dict) else {}
        return outputs or None


def _outcome(call: FunctionCall, place: Place, argv: t.Sequence[str]) -> dict[str, str] | BlueprintError | Cancelled:
    try:
        return run_command(call, place, argv)
    except (BlueprintError, Cancelled) as exc:
        return exc


def _places(call: FunctionCall) -> list[Place]:
    arguments = Arguments(call)
    namespace = arguments.text("namespace")
    containers = arguments.text("containers").split()
    return [Place(namespace, pod, name) for pod in arguments.text("pods").split() for name in containers]


__all__ = ("KubeExecAll",)
