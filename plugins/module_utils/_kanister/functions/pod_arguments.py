# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arguments that all functions with a temporary pod have."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.request import PodRequest


def pod_request(
    call: FunctionCall, *, name_prefix: str, spec: Object, main: str = "container", namespace: str = ""
) -> PodRequest:
    """A pod with ``spec``, in ``namespace``, else in that of the argument or of the run."""
    arguments = Arguments(call)
    namespace = namespace or arguments.text("namespace") or call.pods.namespace
    if not namespace:
        raise arguments.incomplete(
            "does not say in which namespace its pod is to run",
            "Set its argument namespace, or the option hook_default_namespace.",
        )
    return PodRequest(
        function=call.place.function,
        name_prefix=name_prefix,
        namespace=namespace,
        spec=spec,
        main=main,
        override=arguments.mapping("podOverride"),
        labels=arguments.text_mapping("podLabels"),
        annotations=arguments.text_mapping("podAnnotations"),
    )


__all__ = ("pod_request",)
