# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether objects fit into the quotas of a namespace all together (Kubernetes 1.34, ResourceQuota).

The server's dry run judges each object as if it came alone.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import contextlib
import decimal
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, PODS, SERVICES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity

Amounts: t.TypeAlias = "dict[str, decimal.Decimal]"

_PODS, _SERVICES = PODS, SERVICES
#: Types that quotas also count by their bare name.
_COUNTED = frozenset({"pods", "services", "secrets", "configmaps", "replicationcontrollers", "resourcequotas"})
_ONE = decimal.Decimal(1)


def find_exceeding(
    objects: t.Sequence[tuple[GroupResource, ObjectView]], quotas: t.Iterable[ObjectView]
) -> dict[tuple[GroupResource, str], str]:
    """Those of ``objects``, new ones in their order, that do not fit any more: why, by type and name.

    Quotas with scopes are left out. What a LimitRange adds to a pod is not known, so that one may not fit all the same.
    """
    found: dict[tuple[GroupResource, str], str] = {}
    for quota in quotas:
        spec, status = quota.get("spec") or {}, quota.get("status") or {}
        if spec.get("scopes") or spec.get("scopeSelector"):
            continue
        hard, used = _amounts(status.get("hard") or spec.get("hard")), _amounts(status.get("used"))
        for group_resource, body in objects:
            demand = {name: amount for name, amount in _demand(group_resource, body).items() if name in hard}
            wanted = {name: used.get(name, decimal.Decimal(0)) + amount for name, amount in demand.items()}
            over = next((name for name, amount in wanted.items() if amount > hard[name]), "")
            if not over:
                used |= wanted
                continue
            found.setdefault(
                (group_resource, str(body["metadata"]["name"])),
                f"exceeded quota: {quota['metadata']['name']}, {over} with all {group_resource} of this restore: "
                f"{wanted[over]:f}, limited: {hard[over]:f}",
            )
    return found


def _demand(group_resource: GroupResource, body: ObjectView) -> Amounts:
    spec = body.get("spec") or {}
    demand: Amounts = {f"count/{group_resource}": _ONE}
    if group_resource == CLAIMS:
        return demand | _demand_of_claim(spec)
    if not group_resource.group and group_resource.resource in _COUNTED:
        demand[group_resource.resource] = _ONE
    if group_resource == _PODS:
        demand |= _demand_of_pod(spec)
    elif group_resource == _SERVICES and spec.get("type") == "LoadBalancer":
        demand["services.loadbalancers"] = _ONE
    return demand


def _demand_of_claim(spec: ObjectView) -> Amounts:
    size = _amounts((spec.get("resources") or {}).get("requests")).get("storage", decimal.Decimal(0))
    demand = {"persistentvolumeclaims": _ONE, "requests.storage": size}
    if spec.get("storageClassName"):
        of_class = f"{spec['storageClassName']}.storageclass.storage.k8s.io"
        demand |= {f"{of_class}/persistentvolumeclaims": _ONE, f"{of_class}/requests.storage": size}
    return demand


def _demand_of_pod(spec: ObjectView) -> Amounts:
    """What its containers say; requests have a short name as well."""
    demand: collections.Counter[str] = collections.Counter()
    for container in spec.get("containers") or ():
        resources = container.get("resources") or {}
        for kind in ("requests", "limits"):
            for name, amount in _amounts(resources.get(kind)).items():
                demand[f"{kind}.{name}"] += t.cast(int, amount)
                if kind == "requests":
                    demand[name] += t.cast(int, amount)
    return t.cast(Amounts, dict(demand))


def _amounts(quantities: t.Any) -> Amounts:
    found = {}
    for name, text in (quantities or {}).items():
        with contextlib.suppress(ValidationError):
            found[name] = parse_quantity(text)
    return found


__all__ = ("find_exceeding",)
