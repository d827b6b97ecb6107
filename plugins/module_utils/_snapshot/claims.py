# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The PersistentVolumeClaims that a task means, and the volumes behind them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.words import plural, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import is_bound
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import ClaimChoice, Workload
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

_PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets"}
_READS_AT_A_TIME = 8
_NAMED = 5


def find_claims(client: KubeClient, namespace: str, choice: ClaimChoice) -> list[dict[str, t.Any]]:
    """The claims by name. Raises ``SnapshotError`` when one that is named is not there, or none is found."""
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
    if choice.workload is not None:
        names = _claims_of_workload(client, namespace, choice.workload)
        meant = f"{choice.workload} in namespace {namespace}"
        if not names:
            raise SnapshotError(f"The {meant} mounts no PersistentVolumeClaim.")
        return _read_named(client, path, names, f"The claims of {meant}")
    if choice.claims:
        return _read_named(client, path, choice.claims, f"The claims in namespace {namespace}")
    found: dict[str, dict[str, t.Any]] = {}
    for selector in choice.selectors:
        items = client.get(path, query={"labelSelector": selector.to_text()}).get("items") or []
        found |= {item["metadata"]["name"]: item for item in items}
    if not found:
        said = " or ".join(selector.to_text() for selector in choice.selectors)
        raise SnapshotError(
            f"No PersistentVolumeClaim with labels {said} is in namespace {namespace}.", hint="Check the labels."
        )
    return [found[name] for name in sorted(found)]


def read_volumes(client: KubeClient, claims: t.Sequence[dict[str, t.Any]]) -> list[ClaimVolume]:
    """The claims with their volumes. Raises ``SnapshotError`` for those that are not bound."""
    unbound = [claim for claim in claims if not is_bound(claim)]
    if unbound:
        raise SnapshotError(
            f"{_names(unbound)} in namespace {unbound[0]['metadata']['namespace']} "
            f"{plural(len(unbound), 'is', 'are')} not bound to a volume, so there is nothing to snapshot.",
            hint="Leave it out, or wait until a pod uses it.",
        )
    with concurrent.futures.ThreadPoolExecutor(_READS_AT_A_TIME, thread_name_prefix="arkive-volumes") as pool:
        volumes = list(pool.map(lambda claim: _read_volume(client, claim), claims))
    return [ClaimVolume(claim=claim, volume=volume) for claim, volume in zip(claims, volumes, strict=True)]


def _read_volume(client: KubeClient, claim: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    try:
        return client.get(f"/api/v1/persistentvolumes/{claim['spec']['volumeName']}")
    except KubeError as exc:
        if exc.forbidden:
            return None
        raise


def _read_named(client: KubeClient, path: str, names: t.Iterable[str], meant: str) -> list[dict[str, t.Any]]:
    wanted = sorted(set(names))
    with concurrent.futures.ThreadPoolExecutor(_READS_AT_A_TIME, thread_name_prefix="arkive-claims") as pool:
        found = dict(zip(wanted, pool.map(lambda name: _read_or_none(client, f"{path}/{name}"), wanted), strict=True))
    missing = [name for name, claim in found.items() if claim is None]
    if missing:
        raise SnapshotError(
            f"{meant} are not all there: {some_of(missing, most=_NAMED)} "
            f"{plural(len(missing), 'does', 'do')} not exist.",
            hint="Check the namespace and the names.",
        )
    return [claim for claim in found.values() if claim is not None]


def _read_or_none(client: KubeClient, path: str) -> dict[str, t.Any] | None:
    try:
        return client.get(path)
    except KubeError as exc:
        if exc.not_found:
            return None
        raise


def _claims_of_workload(client: KubeClient, namespace: str, workload: Workload) -> list[str]:
    """Those of its template, of a StatefulSet's replicas, and of its pods' ephemeral volumes."""
    found = _read_or_none(client, f"/apis/apps/v1/namespaces/{namespace}/{_PLURALS[workload.kind]}/{workload.name}")
    if found is None:
        raise SnapshotError(
            f"The {workload} does not exist in namespace {namespace}.", hint="Check the namespace and the name."
        )
    spec = found.get("spec") or {}
    volumes = ((spec.get("template") or {}).get("spec") or {}).get("volumes") or []
    names = [str(entry["persistentVolumeClaim"]["claimName"]) for entry in volumes if "persistentVolumeClaim" in entry]
    if workload.kind == "StatefulSet":
        first = int((spec.get("ordinals") or {}).get("start") or 0)
        replicas = spec.get("replicas")
        ordinals = range(first, first + int(1 if replicas is None else replicas))
        templates = [entry["metadata"]["name"] for entry in spec.get("volumeClaimTemplates") or []]
        names += [f"{template}-{workload.name}-{ordinal}" for ordinal in ordinals for template in templates]
    if any("ephemeral" in entry for entry in volumes):
        selector = LabelSelector.from_dict(spec.get("selector") or {}).to_text()
        pods = client.get(f"/api/v1/namespaces/{namespace}/pods", query={"labelSelector": selector}).get("items") or []
        names += [name for pod in pods for name in mounted_claims(pod)]
    return list(dict.fromkeys(names))


def _names(claims: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    names = [str(claim["metadata"]["name"]) for claim in claims]
    return f"The {plural(len(names), 'PersistentVolumeClaim')} {some_of(names, most=_NAMED)}"


__all__ = ("find_claims", "read_volumes")
