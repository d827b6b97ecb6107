# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Node ports that new Services ask for and that are taken: by Services that are there, or by each other.

The server's dry run sees that only for a Service whose namespace is there, and one Service at a time.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import SERVICES
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import list_raw_pages
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import LEAVING, PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.prepared import PreparedObjects
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.refusal_hints import node_port_hint

#: A port of one protocol: TCP and UDP do not get in each other's way.
_Port: t.TypeAlias = "tuple[str, int]"


def find_taken_ports(
    plan: RestorePlan, objects: PreparedObjects, client: KubeClient, *, preserved: bool
) -> list[PlanItem]:
    """The Services that the server would refuse, as conflicts. ``preserved``: ``preserve_node_ports`` is set."""
    wanted = [
        (item, ports)
        for item in plan.of_types(SERVICES)
        if item.intent == "create"
        and item.resource is not None
        and not item.reason.startswith(LEAVING)
        and (ports := _node_ports(objects.load(item.body)))
    ]
    if not wanted:
        return []
    resource = t.cast("ApiResource", wanted[0][0].resource)
    taken = _taken(client, resource)
    found: list[PlanItem] = []
    for item, ports in wanted:
        clashes = {path: port for path, port in ports.items() if taken.get(port, item.title) != item.title}
        if not clashes:
            taken |= dict.fromkeys(ports.values(), item.title)
            continue
        why = ", ".join(f"node port {port[1]} is taken by {taken[port]}" for port in clashes.values())
        hint = node_port_hint(list(clashes), preserved=preserved)
        found.append(item.decided("conflict", why, hint=hint, cause="Invalid"))
    return found


def _taken(client: KubeClient, resource: ApiResource) -> dict[_Port, str]:
    """Who has which port; nobody where Services may not be listed."""
    found: dict[_Port, str] = {}
    try:
        for page in list_raw_pages(client, resource, in_turn=False):
            for entry in page.items:
                metadata = entry.obj["metadata"]
                title = f"{SERVICES} {metadata.get('namespace')}/{metadata.get('name')}"
                found |= dict.fromkeys(_node_ports(entry.obj).values(), title)
    except KubeError as exc:
        if not exc.forbidden:
            raise
    return found


def _node_ports(service: ObjectView) -> dict[str, _Port]:
    """The node ports of a Service by the JSON pointers to their fields."""
    spec = service.get("spec") or {}
    ports = {
        f"/spec/ports/{at}/nodePort": (str(port.get("protocol") or "TCP"), port.get("nodePort"))
        for at, port in enumerate(spec.get("ports") or ())
    }
    ports["/spec/healthCheckNodePort"] = ("TCP", spec.get("healthCheckNodePort"))
    return {
        path: (protocol, number) for path, (protocol, number) in ports.items() if isinstance(number, int) and number
    }


__all__ = ("find_taken_ports",)
