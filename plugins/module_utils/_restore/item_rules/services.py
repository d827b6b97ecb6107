# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services and what their controllers make of them (Velero 1.18, docs/compatibility 5.9.5)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import SERVICES
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import Shape, find_misfit
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
#: What a person may have written into that annotation: what has other types was never applied.
_APPLIED: Shape = {"spec": {"ports": [{"name": str, "nodePort": int}], "healthCheckNodePort": int}}


def reset_service(draft: Draft, context: RuleContext) -> None:
    """Addresses are given again; so are node ports, except those that a person asked for."""
    spec = draft.spec
    if spec.get("clusterIP") != "None":
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    if context.preserve_node_ports or spec.get("type") == "ExternalName":
        return
    applied = _last_applied_spec(draft)
    _reset_ports(spec, applied, draft.stored_metadata.get("managedFields") or [])
    if spec.get("healthCheckNodePort") and not _asked_for_health_port(applied, draft):
        del spec["healthCheckNodePort"]


def skip_rebuilt_endpoints(draft: Draft, context: RuleContext) -> None:
    """Endpoints of a Service with a selector are a controller's: the stored addresses are of pods that are gone."""
    if _is_api_server(draft):
        draft.skip = "kept by the API server itself"
        return
    service = context.archive.find_object(SERVICES, draft.source_namespace, draft.name)
    if service is not None and (service.get("spec") or {}).get("selector"):
        draft.skip = f"rebuilt by its controller from Service '{draft.name}'"


def skip_slice_of_api_server(draft: Draft, context: RuleContext) -> None:
    if _is_api_server(draft):
        draft.skip = "kept by the API server itself"


def skip_default_service_cidr(draft: Draft, context: RuleContext) -> None:
    """The range that the API server was started with; it makes the object of its own by this name."""
    if draft.name == "kubernetes":
        draft.skip = "kept by the API server itself"


def skip_address_of_service(draft: Draft, context: RuleContext) -> None:
    """A restored Service is given an address, and the object of it with that."""
    parent = draft.spec.get("parentRef") or {}
    if parent.get("resource") == "services" and not parent.get("group"):
        draft.skip = f"rebuilt by its controller from Service '{parent.get('name', '')}'"


def _is_api_server(draft: Draft) -> bool:
    return draft.source_namespace == "default" and draft.name == "kubernetes"


def _last_applied_spec(draft: Draft) -> dict[str, t.Any] | None:
    """The spec that was last given to ``kubectl apply``; None without a readable annotation."""
    text = (draft.stored_metadata.get("annotations") or {}).get(_LAST_APPLIED)
    return parse_applied(text) if text else None


def parse_applied(text: str) -> dict[str, t.Any] | None:
    """The spec in that annotation; None when it holds no Service."""
    try:
        applied = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(applied, dict) or find_misfit(applied, _APPLIED):
        return None
    return applied.get("spec") or {}


def _reset_ports(
    spec: dict[str, t.Any], applied: dict[str, t.Any] | None, managed_fields: t.Sequence[t.Mapping[str, t.Any]]
) -> None:
    if applied is not None:
        asked = [port for port in applied.get("ports") or [] if port.get("nodePort")]
        named = {port["name"] for port in asked if port.get("name")}
        numbers = {int(port["nodePort"]) for port in asked if not port.get("name")}
    for port in spec.get("ports") or []:
        if applied is not None:
            explicit = port["name"] in named if port.get("name") else port.get("nodePort") in numbers
        else:
            explicit = _is_managed(port, managed_fields)
        if not explicit:
            port.pop("nodePort", None)


def _is_managed(port: t.Mapping[str, t.Any], managed_fields: t.Sequence[t.Mapping[str, t.Any]]) -> bool:
    """True when a client, and not the API server's own defaulting, set this port's ``nodePort``."""
    wanted = {"port": port.get("port"), "protocol": port.get("protocol")}
    for entry in managed_fields:
        ports = ((entry.get("fieldsV1") or {}).get("f:spec") or {}).get("f:ports") or {}
        for key, fields in ports.items():
            if key.startswith("k:") and "f:nodePort" in (fields or {}):
                try:
                    if json.loads(key[2:]) == wanted:
                        return True
                except (ValueError, RecursionError):
                    continue
    return False


def _asked_for_health_port(applied: dict[str, t.Any] | None, draft: Draft) -> bool:
    if applied is not None:
        return bool(applied.get("healthCheckNodePort"))
    return any(
        "f:healthCheckNodePort" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
        for entry in draft.stored_metadata.get("managedFields") or []
    )


__all__ = (
    "parse_applied",
    "reset_service",
    "skip_address_of_service",
    "skip_default_service_cidr",
    "skip_rebuilt_endpoints",
    "skip_slice_of_api_server",
)
