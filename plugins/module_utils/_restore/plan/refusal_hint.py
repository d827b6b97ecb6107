# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about an object that the API server refuses."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.node_port_hint import TAKEN, node_port_hint
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.overwrite import NEVER_RECREATED
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

_BY_RECREATE = "Set existing_resource_policy: recreate to have it deleted and made anew."


def refusal_hint(item: PlanItem, exc: ArkiveError, spec: RestoreSpec) -> str:
    """Empty where nothing is known. An update that is refused is one of what cannot be changed."""
    if TAKEN in exc.message:
        return node_port_hint(preserved=bool(spec.preserve_node_ports))
    refused = isinstance(exc, KubeError) and exc.status == 422 and item.intent == "update"
    if refused and item.method != "recreate" and item.group_resource not in NEVER_RECREATED:
        return _BY_RECREATE
    return exc.hint or ""


__all__ = ("refusal_hint",)
