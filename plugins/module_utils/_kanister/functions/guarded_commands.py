# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of KubeExec that freeze or thaw: run through the guard, the mark and the timer."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.freezes import BlueprintFreezes, as_hook
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.printed import Place, Printed
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import plan_hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import Recognition, recognise


def foresee_guarded(call: FunctionCall, pod: Object, place: Place, argv: t.Sequence[str]) -> None:
    """Raise ``BlueprintError`` for a freeze that the guard refuses by what is known, or that another run has made."""
    found = recognise(argv)
    if not (found.freezes or found.unclear):
        return
    hook = as_hook(call.place.phase, "pre", place.container, argv, max(0.1, call.seconds_left))
    refused = plan_hook(pod, hook, client=call.client, policy=FreezePolicy())["refused"]
    if refused:
        raise BlueprintError(refused)


def run_guarded(call: FunctionCall, place: Place, argv: t.Sequence[str], found: Recognition) -> dict[str, str]:
    """The outputs on its stdout. Raises ``BlueprintError``, also for what a freeze did not protect."""
    freezes = call.freezes
    freezing = bool(found.freezes or found.unclear)
    if freezes is None:
        if freezing:
            raise BlueprintError(
                f"The command in {place} would freeze a file system, and nothing here would guard that."
            )
        freezes = BlueprintFreezes(call.run, FreezePolicy())
    hook = as_hook(call.place.phase, "pre" if freezing else "post", place.container, argv, max(0.1, call.seconds_left))
    try:
        pod = call.client.get(namespaced_path("v1", place.namespace, "pods", place.pod))
    except KubeError as exc:
        raise BlueprintError(f"Pod {place.namespace}/{place.pod} cannot be read: {exc.message}", hint=exc.hint) from exc
    result = freezes.freeze(pod, hook, call.place.words) if freezing else freezes.thaw(pod, hook, found)
    printed = Printed(call, place, result.stdout, result.stderr)
    if result.failed:
        raise BlueprintError(f"The command in {place} failed: {call.mask(result.error).rstrip('.')}.{printed.last}")
    if result.state == "skipped":
        raise BlueprintError(f"The command in {place} was not run: {result.error.rstrip('.')}.")
    return printed.outputs()


__all__ = ("foresee_guarded", "run_guarded")
