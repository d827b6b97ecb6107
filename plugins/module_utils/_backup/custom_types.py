# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CustomResourceDefinitions of stored objects, which no filter asked for and none refused (docs/compatibility 3.4)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.list_plan import ListPlan
from ansible_collections.arkive.k8s.plugins.module_utils._backup.related import read_object
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CRDS
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem

#: Groups that the API server itself serves: nobody need be asked whether their types are custom ones.
_BUILT_IN = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)


def store_definitions(run: ClusterRun, discovery: Discovery, list_plan: ListPlan, sink: ItemSink) -> None:
    """Store the definition of each custom type of which something was stored, unless the filters speak of CRDs."""
    resource = discovery.find(CRDS)
    if resource is None or list_plan.filter.crd_state != "unset":
        return
    for gr in sink.stored_types:
        if gr.group in _BUILT_IN or sink.has(resource, "", str(gr)):
            continue
        run.cancel.check()
        try:
            definition = read_object(run.client, resource, "", str(gr))
        except KubeError as exc:
            if exc.unauthorized:
                raise
            hint = "Grant get on customresourcedefinitions, or exclude them." if exc.forbidden else exc.hint
            run.issues.warning(
                "Unable to read the definition of a custom type",
                error=exc.message,
                resource=str(CRDS),
                name=str(gr),
                **({"hint": hint} if hint else {}),
            )
            continue
        if definition is not None:
            sink.store_all(resource, [RawItem(definition, encode_compact(definition))])


__all__ = ("store_definitions",)
