# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Whether claims fit into the quotas of a namespace all together (Kubernetes 1.34, ResourceQuota).

The server's dry run judges each claim as if it came alone.
"""

from __future__ import annotations

import contextlib
import decimal
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity

Object: t.TypeAlias = "t.Mapping[str, t.Any]"


def find_exceeding(claims: t.Sequence[Object], quotas: t.Iterable[Object]) -> dict[str, str]:
    """Those of ``claims``, new ones in their order, that do not fit any more: why, by their names.

    Quotas with scopes are left out: of claims, only their class of attributes is one.
    """
    found: dict[str, str] = {}
    for quota in quotas:
        spec, status = quota.get("spec") or {}, quota.get("status") or {}
        if spec.get("scopes") or spec.get("scopeSelector"):
            continue
        hard, used = _amounts(status.get("hard") or spec.get("hard")), _amounts(status.get("used"))
        for claim in claims:
            name = str(claim["metadata"]["name"])
            for resource, amount in _demand(claim).items():
                if resource not in hard:
                    continue
                used[resource] = used.get(resource, decimal.Decimal(0)) + amount
                if used[resource] > hard[resource]:
                    found.setdefault(
                        name,
                        f"exceeded quota: {quota['metadata']['name']}, {resource} with all claims of this restore: "
                        f"{used[resource]:f}, limited: {hard[resource]:f}",
                    )
    return found


def _demand(claim: Object) -> dict[str, decimal.Decimal]:
    spec = claim.get("spec") or {}
    size = _amounts((spec.get("resources") or {}).get("requests")).get("storage", decimal.Decimal(0))
    one = decimal.Decimal(1)
    demand = {"persistentvolumeclaims": one, "count/persistentvolumeclaims": one, "requests.storage": size}
    if spec.get("storageClassName"):
        of_class = f"{spec['storageClassName']}.storageclass.storage.k8s.io"
        demand |= {f"{of_class}/persistentvolumeclaims": one, f"{of_class}/requests.storage": size}
    return demand


def _amounts(quantities: t.Any) -> dict[str, decimal.Decimal]:
    found = {}
    for name, text in (quantities or {}).items():
        with contextlib.suppress(ValidationError):
            found[name] = parse_quantity(text)
    return found


__all__ = ("find_exceeding",)
