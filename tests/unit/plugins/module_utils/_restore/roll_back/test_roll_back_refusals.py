# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps claims from being rolled back is found before anything is changed, in check mode as in the run."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import GitOpsTerms
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back import in_cluster
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import plan, restore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.roll_back.app_cluster import (
    CLAIMS,
    NAMESPACE,
    VOLUMES,
    AppCluster,
    put_backup,
)

TERMS: dict[str, t.Any] = {
    "name": "r",
    "existing_volume_policy": "roll_back",
    "terminating_timeout": 0.2,
    "resource_timeout": 0.2,
}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_cluster, "_TICK_SECONDS", 0.001)


def _unknown_owner(api: AppCluster) -> None:
    api.add_pod("pg-1", owner={"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "name": "pg"})


def _scaled_object(api: AppCluster) -> None:
    owner = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "so", "controller": True}
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}
    api.add("horizontalpodautoscalers", "h", NAMESPACE, metadata={"ownerReferences": [owner]}, spec=target)


def _finalizer(api: AppCluster) -> None:
    key = (CLAIMS, NAMESPACE, "data")
    claim = api.objects[key]
    api.kept.put(key, {**claim, "metadata": {**claim["metadata"], "finalizers": ["example.com/holds"]}})


def _taken_name(api: AppCluster) -> None:
    api.add(CLAIMS, "data-before-r", NAMESPACE, spec={}, status={"phase": "Bound"})


def _no_volume(api: AppCluster) -> None:
    del api.objects[(VOLUMES, "", "pv1")]


def _other_restore(api: AppCluster) -> None:
    key = ("deployments", NAMESPACE, "web")
    mark = json.dumps({"restore": "other", "stopped": {"spec": {"replicas": 0}}, "back": {"spec": {"replicas": 2}}})
    found = api.objects[key]
    api.kept.put(key, {**found, "metadata": {**found["metadata"], "annotations": {"arkive.k8s/roll-back": mark}}})


def _no_right(api: AppCluster) -> None:
    api.denied = {("patch", "persistentvolumes"), ("patch", "deployments")}


def _no_right_to_stop(api: AppCluster) -> None:
    api.denied = {("patch", "deployments")}


def _quota(api: AppCluster) -> None:
    def refuse(verb: str, path: str, _dry_run: bool) -> KubeError | None:
        if verb == "POST" and path.endswith("/persistentvolumeclaims"):
            return KubeError("exceeded quota: claims, used: 1, limited: 1", status=403, reason="Forbidden")
        return None

    api.refuse = refuse


#: What is there, and what is said of it.
REFUSALS: dict[str, tuple[t.Callable[[AppCluster], None], str]] = {
    "unknown owner": (_unknown_owner, "whose owner Cluster 'pg' (postgresql.cnpg.io) is not known here"),
    "scaled by somebody": (_scaled_object, "which ScaledObject 'so' (keda.sh) scales, from 0 as well"),
    "finalizer": (_finalizer, "it has the finalizer example.com/holds"),
    "the name is taken": (_taken_name, "was to be kept as claim 'data-before-r', which is in the cluster"),
    "no volume": (_no_volume, "it has no volume that could be kept"),
    "another restore": (_other_restore, "Deployment shop/web was stopped by restore 'other', which has not ended"),
    "no right to volumes": (_no_right, "cannot be rolled back without the right to patch persistentvolumes"),
    "no right to stop": (_no_right_to_stop, "without the right to patch deployments.apps in namespace shop"),
    "quota": (_quota, "exceeded quota"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refused_before_anything_changes(store: t.Any, case: str) -> None:
    make, wanted = REFUSALS[case]
    api = AppCluster()
    api.add_claim()
    api.add_workload()
    put_backup(store)
    make(api)
    before = dict(api.objects)
    found = []
    for engine in (plan, restore):
        try:
            refusal = engine(api, store, **TERMS).refusal
        except ArkiveError as exc:
            refusal = exc
        assert refusal is not None
        found.append(refusal.message)
        changed = {key: obj for key, obj in api.objects.items() if before.get(key) != obj and key[0] != "leases"}
        assert changed == {}
    assert wanted in found[0]
    assert found[0] == found[1]


def test_a_snapshot_that_is_not_there(store: t.Any) -> None:
    """Refused, or kept as it is where that is accepted."""
    api = AppCluster()
    api.add_claim()
    api.add_workload()
    api.types = [each for each in api.types if "snapshot" not in each.group]
    put_backup(store)
    planned = plan(api, store, **TERMS)
    assert planned.refusal is not None
    assert "it cannot be rolled back" in planned.refusal.message
    done = restore(api, store, **TERMS, on_missing_volume_data="warn")
    assert (done.phase, done.changed) == ("Completed", False)
    assert "is kept, and not rolled back" in done.warnings_list[0]["message"]
    assert api.volume_of() == "pv1"


def test_claims_beside_are_told(store: t.Any) -> None:
    """What the same workload mounts, and the backup has not, stays: its data may not go with the old one."""
    api = AppCluster()
    api.add_claim()
    api.add_claim("log", "pv2")
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in ("data", "log")]
    api.add_workload(template={"spec": {"containers": [{"name": "main"}], "volumes": volumes}})
    put_backup(store)
    done = restore(api, store, **TERMS)
    told = [each["message"] for each in done.warnings_list]
    assert told == ["Of the claims that workloads of shop/data mount, log stay as they are."]
    assert (api.volume_of("log"), api.volume_of("data")[:4]) == ("pv2", "pvc-")


def test_an_owner_in_git_would_start_it_again(store: t.Any) -> None:
    """The Deployment is no part of the restore, and is stopped for it: its Application is refused, or paused."""
    api = AppCluster()
    api.types.append(ApiType(group="argoproj.io", version="v1alpha1", plural="applications", kind="Application"))
    api.add_claim()
    api.add_workload()
    key = ("deployments", NAMESPACE, "web")
    tracked = {"annotations": {"argocd.argoproj.io/tracking-id": f"shop:apps/Deployment:{NAMESPACE}/web"}}
    api.kept.put(key, {**api.objects[key], "metadata": {**api.objects[key]["metadata"], **tracked}})
    api.add("applications", "shop", "argocd", spec={"syncPolicy": {"automated": {"selfHeal": True}}})
    put_backup(store)
    with pytest.raises(ArkiveError, match="would be undone by what owns it: Application"):
        restore(api, store, **TERMS, gitops=GitOpsTerms(on_owned="refuse"))
    assert api.objects[key]["spec"]["replicas"] == 2

    policies: list[t.Any] = []

    def admit(obj: t.Any) -> list[str]:
        if obj["kind"] == "Application":
            policies.append(obj["spec"]["syncPolicy"])
        return []

    api.admit = admit
    done = restore(api, store, **TERMS, gitops=GitOpsTerms(on_owned="pause", compare_timeout=0.1))
    assert done.errors_list == []
    assert [entry["state"] for entry in done.roll_back] == ["rolled back"]
    assert policies[0] == {}
    assert api.objects[key]["spec"]["replicas"] == 2
