# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about an object that the API server refuses, where its own words do not say that."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CRDS
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.overwrite import NEVER_RECREATED
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.shared_objects import hint_for_shared
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

#: The API server's words for a node port that is taken (Kubernetes 1.34, ``pkg/registry/core/service/portallocator``).
TAKEN = "provided port is already allocated"
_TAKEN_AT = re.compile(rf"spec\.ports\[(\d+)\]\.nodePort: Invalid value: \d+: {TAKEN}")
#: Of a definition without a schema, and of one whose schema is not structural (Kubernetes 1.34,
#: ``apiextensions-apiserver``, ``pkg/apis/apiextensions/validation`` and ``pkg/apiserver/schema``).
_NO_SCHEMA = re.compile(r"openAPIV3Schema\S*: Required value")
_BY_CONVERSION = "Set convert_api_versions: true: a definition that was made in v1beta1 gets a schema that v1 takes."
_BY_RECREATE = "Set existing_resource_policy: recreate to have it deleted and made anew."


def refusal_hint(item: PlanItem, exc: ArkiveError, spec: RestoreSpec) -> str:
    """The remedy for this object, else that of the error; empty where there is none."""
    if TAKEN in exc.message:
        return node_port_hint(_taken_paths(exc.message), preserved=bool(spec.preserve_node_ports))
    if item.group_resource == CRDS and _NO_SCHEMA.search(exc.message):
        return _BY_CONVERSION
    if isinstance(exc, KubeError) and exc.status == 422 and item.intent == "update":
        if hint := hint_for_shared(item, spec):
            return hint
        if item.group_resource not in NEVER_RECREATED:
            return _BY_RECREATE
    return exc.hint or ""


def _taken_paths(message: str) -> list[str]:
    return [f"/spec/ports/{at}/nodePort" for at in _TAKEN_AT.findall(message)] or ["/spec/ports/0/nodePort"]


def node_port_hint(paths: t.Sequence[str], *, preserved: bool) -> str:
    """``paths``: the fields of the ports that are taken. ``preserved``: ``preserve_node_ports`` has brought them."""
    if preserved:
        return "Leave preserve_node_ports out, so that the Service gets another one."
    patches = ", ".join(f"{{operation: remove, path: {path}}}" for path in paths)
    return (
        "What had been chosen by hand is kept. Take it away by a rule of resource_modifiers: groupResource services, "
        f"resourceNameRegex for this one, and patches: [{patches}]."
    )


__all__ = ("TAKEN", "node_port_hint", "refusal_hint")
