# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores that two things go wrong with at once. Local cluster only."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from api_proxy import ApiProxy, Fate
from restore_lab import Backups, Cluster
from snapshot_lab import CLAIM_OF, SnapshotLab

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore

if t.TYPE_CHECKING:
    from cluster_access import Kubectl

pytestmark = pytest.mark.fault

KIND = "statefulset"
CLAIM = CLAIM_OF[KIND]


@pytest.fixture
def proxy(kubeconfig: str) -> t.Iterator[ApiProxy]:
    made = ApiProxy(yaml.safe_load(Path(kubeconfig).read_text()))
    yield made
    made.close()


def heal(lab: SnapshotLab, backups: Backups, namespace: str, name: str = "r1") -> None:
    """The next run of the same name brings the data."""
    done = backups.restore("shop", name=name)
    assert (done.phase, done.errors_list) == ("Completed", [])
    lab.await_running(namespace, KIND)
    assert lab.read(namespace, KIND) == {"before": "it is before"}
    assert lab.left() == []


def test_broken_off_and_the_namespace_deleted(
    lost: str, lab: SnapshotLab, backups: Backups, kubectl: Kubectl, component: t.Callable[[str, str], None]
) -> None:
    """What it left holds the namespace, and outlives it: the run of its name waits for the one and renews the other."""
    component("stop", "csi-provisioner")
    cancel = CancelToken()

    def stop_at_the_volumes(line: str) -> None:
        if line.startswith("waiting for the volumes"):
            lab.cluster.wait("volumesnapshots", restored_name(kubectl, lost), lost, is_ready)
            cancel.cancel("the test says so")

    request = backups.request("shop", {"name": "r1"})
    done = run_restore(request, client=backups.client, store=backups.store, progress=stop_at_the_volumes, cancel=cancel)
    assert done.phase == "Failed"
    kubectl("delete", "namespace", lost, "--wait=false")
    component("cont", "csi-provisioner")
    heal(lab, backups, lost)


def restored_name(kubectl: Kubectl, namespace: str) -> str:
    return kubectl("-n", namespace, "get", "volumesnapshots", "-o", "jsonpath={.items[0].metadata.name}")


def is_ready(snapshot: Object | None) -> bool:
    return bool(((snapshot or {}).get("status") or {}).get("readyToUse"))


def test_a_claim_is_deleted_after_the_plan(lost: str, lab: SnapshotLab, backups: Backups, kubectl: Kubectl) -> None:
    """Its StatefulSet would make an empty one: it is held back, and the next run brings the claim's data."""
    heal(lab, backups, lost)
    kubectl("-n", lost, "delete", "statefulset,pod", "--all", "--now")

    def delete_claims(line: str) -> None:
        if line.startswith("plan: "):
            kubectl("-n", lost, "delete", "pvc", "--all")

    request = backups.request("shop", {"name": "r2"})
    done = run_restore(request, client=backups.client, store=backups.store, progress=delete_claims)
    assert done.phase == "PartiallyFailed"
    assert "somebody has deleted it since the restore was planned" in done.errors_list[0]["message"]
    assert kubectl("-n", lost, "get", "statefulsets,pods,pvc", "-o", "name") == ""
    heal(lab, backups, lost, name="r2")


def once(fate: Fate, wanted: str) -> t.Callable[[str, str], Fate]:
    """The fate of the first request for a new object whose path has this end."""
    met: list[str] = []

    def decide(method: str, target: str) -> Fate:
        path = target.partition("?")[0]
        if method != "POST" or not path.endswith(wanted) or "dryRun" in target or met:
            return "pass"
        met.append(path)
        return fate

    return decide


@pytest.mark.parametrize("fate", ["lose", "cut"])
@pytest.mark.parametrize("wanted", ["/v1/namespaces", "/leases", "/configmaps"])
def test_an_answer_is_lost(cluster: Cluster, backups: Backups, proxy: ApiProxy, wanted: str, fate: Fate) -> None:
    """Of a new namespace, its lease, and an object that is made anew."""
    namespace = cluster.new_name()
    metadata = {"name": "c", "namespace": namespace}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}}
    backups.write("one", [("configmaps", config)])
    if wanted == "/configmaps":
        backups.restore("one", name="r0")
        cluster.client.patch(f"/api/v1/namespaces/{namespace}/configmaps/c", {"data": {"a": "2"}})
    proxy.decide = once(fate, wanted)
    done = backups.restore("one", client=proxy.connect(), name="r1", existing_resource_policy="recreate")
    assert [method for _fate, method, _target in proxy.met] == ["POST"]
    assert (done.phase, done.errors_list) == ("Completed", [])
    found = cluster.get("configmaps", "c", namespace)
    assert found is not None
    assert found["data"] == {"a": "1"}
    assert cluster.client.get(f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases")["items"] == []
