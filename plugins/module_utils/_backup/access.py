# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that a backup needs, and how to say which of them are missing."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text

#: The rules to add name every type; a few of them are named in the sentence, too.
_NAMED_TWICE = 6


class Listed(t.Protocol):
    """What is to be listed (``_backup.list_plan.ListPlan``)."""

    @property
    def types(self) -> tuple[ApiResource, ...]:
        """The types."""

    @property
    def list_namespaces(self) -> tuple[str, ...] | None:
        """Where namespaced types are listed; None: over the whole cluster."""


def list_needs(list_plan: Listed) -> list[Need]:
    """``list`` of each type, where it will be listed.

    Namespace objects are left out of a run that names its namespaces: who may not list them all reads those alone.
    """
    namespaces = list_plan.list_namespaces
    needs: list[Need] = []
    for resource in list_plan.types:
        gr = resource.group_resource
        if resource.namespaced and namespaces is not None:
            needs += [Need("list", gr.group, gr.resource, namespace=namespace) for namespace in namespaces]
        elif gr != NAMESPACES or namespaces is None:
            needs.append(Need("list", gr.group, gr.resource))
    return needs


def forbidden_error(forbidden: t.Sequence[Need], *, server: str, otherwise: str = "") -> KubeError:
    """The refusal of a run that lacks rights; ``details["forbidden"]`` has all of them.

    ``otherwise``: an option that makes do without them, beside ``skip_forbidden``.
    """
    ways = [] if any(need.subresource for need in forbidden) else ["set skip_forbidden: true to go on without"]
    ways += [otherwise] if otherwise else []
    instead = f" Or {' or '.join(ways)}." if ways else ""
    return KubeError(
        f"The API server {server} does not let you {rights_text(forbidden, most=_NAMED_TWICE)}.",
        status=403,
        reason="Forbidden",
        hint=f"{rules_text(forbidden)}{instead}",
        details={"forbidden": [need._asdict() for need in forbidden]},
    )


__all__ = (
    "Listed",
    "forbidden_error",
    "list_needs",
)
