# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore of what Argo CD or Flux owns: who is named, what is refused, paused and resumed."""

from __future__ import annotations

import json
import typing as t

import pytest
from gitops_lab import PAUSED, Owners, config, install_types

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.errors import GitOpsError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import GitOpsTerms

if t.TYPE_CHECKING:
    from cluster_access import Kubectl
    from restore_lab import Backups, Cluster

pytestmark = pytest.mark.fault


@pytest.fixture(scope="session")
def gitops_types(state: t.Any, kubectl: Kubectl) -> None:
    """``state``: definitions are put into the project's own cluster only."""
    install_types(kubectl)


@pytest.fixture
def owners(gitops_types: None, cluster: Cluster) -> Owners:
    return Owners(cluster.client, _made(cluster))


@pytest.fixture
def home(cluster: Cluster) -> str:
    return _made(cluster)


def _made(cluster: Cluster) -> str:
    name = cluster.new_name()
    cluster.client.post("/api/v1/namespaces", {"metadata": {"name": name}})
    return name


def paused(**more: t.Any) -> Object:
    return {"gitops": GitOpsTerms(on_owned="pause", **more), "existing_resource_policy": "update"}


def put(cluster: Cluster, obj: tuple[str, Object], *, manager: str = "kustomize-controller", **data: str) -> None:
    """The object in the cluster, as the tool applied it."""
    kind, body = obj
    where = body["metadata"]["namespace"]
    live = body | {"data": data} if data else body
    cluster.client.post(f"/api/v1/namespaces/{where}/{kind}", live, query={"fieldManager": manager})


def test_flux_is_paused_and_resumed(home: str, owners: Owners, cluster: Cluster, backups: Backups) -> None:
    owners.kustomization()
    stored = config(home, labels=owners.labels(), mine="1", theirs="1")
    put(cluster, stored, theirs="1")
    backups.write("b", [stored])
    options = paused()
    plan = backups.plan("b", **options)
    [entry] = [each for each in plan.plan_items if each["resource"] == "configmaps"]
    assert (entry["action"], entry["managed_by"]) == ("update", f"Kustomization {owners.namespace}/shop")
    [owner] = plan.gitops.to_return()["owners"]
    assert (owner["suspended"], owner["self_heal"], owner["prune"], owner["action"]) == (False, True, True, "pause")
    assert "suspend" not in owners.get("Kustomization")["spec"]
    before = owners.get("Kustomization")
    done = backups.restore("b", **options)
    assert done.phase == "Completed", done.errors_list
    after = owners.get("Kustomization")
    assert done.gitops.to_return()["resumed"] == [f"Kustomization {owners.namespace}/shop"], done.gitops
    assert (after["spec"], after["metadata"].get("annotations")) == (before["spec"], None)
    assert after["metadata"]["generation"] == before["metadata"]["generation"] + 2


def test_a_restore_that_would_be_undone_is_refused(
    home: str, owners: Owners, cluster: Cluster, backups: Backups
) -> None:
    owners.kustomization()
    backups.write("b", [config(home, labels=owners.labels(), a="1")])
    with pytest.raises(GitOpsError, match=rf"undone by what owns it: Kustomization {owners.namespace}/shop \(1 obj"):
        backups.restore("b", gitops=GitOpsTerms(on_owned="refuse"))
    plan = backups.plan("b", gitops=GitOpsTerms(on_owned="refuse"))
    assert plan.refusal is not None
    assert "on_gitops_owned: pause" in plan.refusal.sentence
    assert cluster.get("configmaps", "web", home) is None
    owners.patch("Kustomization", "shop", {"spec": {"suspend": True}})
    assert backups.restore("b", gitops=GitOpsTerms(on_owned="refuse")).phase == "Completed"
    assert PAUSED not in json.dumps(owners.get("Kustomization"))


def test_what_flux_would_write_back_stays_paused(
    home: str, owners: Owners, cluster: Cluster, backups: Backups
) -> None:
    owners.kustomization(suspend=False)
    stored = config(home, labels=owners.labels(), theirs="old")
    put(cluster, stored, theirs="new")
    backups.write("b", [stored])
    done = backups.restore("b", **paused())
    found = done.gitops.to_return()
    assert found["conflicts"] == [
        {
            "owner": f"Kustomization {owners.namespace}/shop",
            "resource": "configmaps",
            "namespace": home,
            "name": "web",
            "why": "git has these fields, and they are written back",
            "fields": ["data.theirs"],
        }
    ]
    assert found["resumed"] == []
    assert owners.get("Kustomization")["spec"]["suspend"] is True
    mark = json.loads(owners.get("Kustomization")["metadata"]["annotations"][PAUSED])
    assert (mark["run"], mark["was"]) == (done.name, False)
    [left] = found["left_paused"]
    assert backups.lines[-1].endswith(left["command"])
