# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The database of a set of snapshots: its pod and its claims are those of the cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished, mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import (
    ClaimSnapshot,
    Subject,
    choose,
    claims_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.listing import list_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import SnapshotQuery


def live_subject(request: ProofRequest, client: KubeClient) -> Subject:
    """Raises ``ProofError``, ``SnapshotError`` and ``KubeError``."""
    namespace = request.namespace
    found = list_snapshots(SnapshotQuery(namespace=namespace, name=request.name), client=client)
    by_claim = {str(entry["claim"]): entry for entry in found.snapshots if entry["claim"]}
    if not by_claim:
        raise ProofError(
            f"There is no snapshot set '{request.name}' in namespace {namespace}.", hint="k8s_snapshot_info lists them."
        )
    pods = client.get(namespaced_path("v1", namespace, "pods")).get("items") or []
    using = [pod for pod in pods if not is_finished(pod) and not set(by_claim).isdisjoint(mounted_claims(pod))]
    named = choose(request, using, [])
    snapshots, lacking = [], {}
    for name in claims_of(named.pod, named.container):
        entry = by_claim.get(name)
        if entry is None:
            lacking[name] = "the set has no snapshot of it"
        elif not (entry["handle"] and entry["driver"]):
            lacking[name] = "the handle of its snapshot cannot be read; grant get on volumesnapshotcontents"
        else:
            snapshots.append(_snapshot(client, namespace, entry))
    if not snapshots:
        reasons = "; ".join(f"{name}: {why}" for name, why in lacking.items()) or "its container mounts no claim"
        raise ProofError(
            f"The snapshot set '{request.name}' has nothing of pod {named.pod['metadata']['name']}: {reasons}."
        )
    entries = [entry for entry in found.snapshots if entry["claim"] in {each.name for each in snapshots}]
    return Subject(
        source=f"snapshot set {namespace}/{request.name}",
        pod=named.pod,
        container=named.container,
        kind=named.kind,
        snapshots=tuple(snapshots),
        lacking=lacking,
        quiesce=named.quiesce,
        find=lambda kind, name: _read(client, kind, namespace, name),
        taken=min((str(entry["created"]) for entry in entries if entry.get("created")), default=""),
        warnings=(*found.warnings, *_odd(entries)),
    )


def _odd(entries: list[Object]) -> list[str]:
    if all(entry["complete"] for entry in entries):
        return []
    return ["The set is not marked as complete: nobody saw that it was taken as it should be."]


def _snapshot(client: KubeClient, namespace: str, entry: ObjectView) -> ClaimSnapshot:
    claim = _read(client, GroupResource("persistentvolumeclaims"), namespace, str(entry["claim"]))
    size = str(entry.get("size_bytes") or "")
    if claim is None:
        raise ProofError(
            f"The claim {namespace}/{entry['claim']} is gone, which says how its volume is to be made.",
            hint="Prove a backup instead, which has it.",
        )
    return ClaimSnapshot(claim=claim, driver=str(entry["driver"]), handle=str(entry["handle"]), size=size)


def _read(client: KubeClient, kind: GroupResource, namespace: str, name: str) -> Object | None:
    try:
        return client.get(namespaced_path("v1", namespace, kind.resource, name))
    except KubeError as exc:
        if exc.not_found:
            return None
        raise


__all__ = ("live_subject",)
