# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups as they were made of clusters from 1.16 to 1.33, in this one: what can come comes, once.

There are no such clusters here: the archives are written by old_archives.py, from tables with sources. What the API
server of this cluster says of them is its own.
"""

from __future__ import annotations

import secrets
import typing as t

import pytest
from restore_lab import Backups, Cluster, settled

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.cluster_versions import MINORS
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.old_archives import OldCluster, tarball_of

#: Types whose objects are not restored at all, in any version: Velero has the same.
_NEVER = {"events", "events.events.k8s.io", "csinodes.storage.k8s.io", "volumeattachments.storage.k8s.io"}
#: What the cluster makes by itself: it is not made again, or is there before it can be.
_OWN = {"kube-root-ca.crt", "default", "default-token-x7k2p"}
_POLICIES = "podsecuritypolicies.policy"


class Lab(t.NamedTuple):
    cluster: Cluster
    backups: Backups

    def write(self, old: OldCluster, name: str, *, everything: bool = False) -> None:
        spec = {"snapshotVolumes": False}
        self.backups.write(name, [], spec=spec)
        self.backups.store.put(f"backups/{name}/{name}.tar.gz", tarball_of(old.stored(everything=everything)))

    def plan(self, name: str, **options: t.Any) -> RestoreOutcome:
        return self.backups.plan(name, convert_api_versions=True, **options)


@pytest.fixture
def lab(cluster: Cluster, backups: Backups) -> Lab:
    return Lab(cluster, backups)


@pytest.fixture
def old(request: pytest.FixtureRequest, cluster: Cluster) -> t.Iterator[OldCluster]:
    made = OldCluster(request.param, cluster.new_name(), f"m{request.param}-{secrets.token_hex(3)}")
    yield made
    for name, of in made.outside:
        resource = cluster.discovery.resolve(name)
        if resource is not None:
            delete_object(cluster.client, resource, of)


def by_title(outcome: RestoreOutcome) -> dict[str, Object]:
    return {f"{item['resource']} {item['name']}": item for item in outcome.plan_items}


def refused(outcome: RestoreOutcome) -> dict[str, str]:
    return {title: item["reason"] for title, item in by_title(outcome).items() if item["action"] == "conflict"}


def changed(outcome: RestoreOutcome) -> dict[str, str]:
    return {title: item["reason"] for title, item in by_title(outcome).items() if item["intent"]}


@pytest.mark.parametrize("old", MINORS, indirect=True)
def test_a_backup_of_that_time_comes_back(old: OldCluster, lab: Lab) -> None:
    lab.write(old, "old")
    told = lab.plan("old")
    assert refused(told) == {}
    done = lab.backups.restore("old", convert_api_versions=True)
    assert (done.phase, done.errors_list, done.changed) == ("Completed", [], True)

    items = by_title(done)
    gone = {title for title in items if title.startswith(_POLICIES)}
    assert len(gone) == (1 if old.minor < 25 else 0)
    for title in gone:
        assert items[title]["action"] == "skip"
        assert items[title]["reason"].endswith("which Kubernetes has no more since 1.25")
        assert any(title in warning["message"] and "Pod Security" in warning["hint"] for warning in done.warnings_list)
    for one in old.stored():
        metadata = one.obj["metadata"]
        if one.group_resource in _NEVER or metadata["name"] in _OWN or one.title in gone:
            continue
        assert items[_moved(one.title)]["action"] == "create", one.title
    autoscaler = lab.cluster.get("horizontalpodautoscalers.autoscaling", "moved-horizontalpodautoscaler", old.namespace)
    assert autoscaler is not None
    assert autoscaler["spec"]["scaleTargetRef"]["apiVersion"] == "apps/v1"
    if old.minor < 23:
        (metric,) = autoscaler["spec"]["metrics"]
        assert metric["resource"] == {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}

    assert changed(settled(lambda: lab.plan("old"))) == {}
    again = lab.backups.restore("old", convert_api_versions=True)
    assert (again.phase, again.changed, changed(again)) == ("Completed", False, {})

    lab.write(old, "all", everything=True)
    every = lab.plan("all", all_api_versions=True)
    assert (refused(every), changed(every)) == ({}, {})


def _moved(title: str) -> str:
    """Under the group that the type is in now."""
    return title.replace("ingresses.extensions", "ingresses.networking.k8s.io")


@pytest.mark.parametrize("old", [22], indirect=True)
def test_the_metrics_of_an_old_autoscaler_are_not_its_controllers(old: OldCluster, lab: Lab) -> None:
    """Servers up to 1.22 preferred a version that has them in an annotation, beside annotations with the status."""
    lab.write(old, "old")
    own: Object = {"included_resources": ["horizontalpodautoscalers.autoscaling"], "include_cluster_resources": False}
    lab.backups.restore("old", convert_api_versions=True, **own)
    kind, name = "horizontalpodautoscalers.autoscaling", "moved-horizontalpodautoscaler"
    resource = lab.cluster.discovery.resolve(kind)
    assert resource is not None
    live = lab.cluster.get(kind, name, old.namespace)
    assert live is not None
    live["spec"]["metrics"][0]["resource"]["target"]["averageValue"] = "2Gi"
    lab.cluster.client.put(f"/apis/autoscaling/v2/namespaces/{old.namespace}/{kind.partition('.')[0]}/{name}", live)
    done = lab.backups.restore("old", convert_api_versions=True, existing_resource_policy="update", **own)
    assert (done.phase, done.changed) == ("Completed", True)
    after = lab.cluster.get(kind, name, old.namespace)
    assert after is not None
    assert after["spec"]["metrics"][0]["resource"]["target"]["averageValue"] == "1Gi"
    assert not lab.plan("old", existing_resource_policy="update", **own).changed


@pytest.mark.parametrize("old", [22, 23], indirect=True, ids=["no schema", "not structural"])
def test_a_definition_that_v1_does_not_take_says_what_brings_it_back(old: OldCluster, lab: Lab) -> None:
    lab.write(old, "old")
    (name,) = [name for kind, name in old.outside if kind.startswith("customresourcedefinitions.")]
    told = by_title(lab.backups.plan("old", names=[f"customresourcedefinitions.apiextensions.k8s.io/{name}"]))
    item = told[f"customresourcedefinitions.apiextensions.k8s.io {name}"]
    assert item["action"] == "conflict"
    assert item["hint"].startswith("Set convert_api_versions: true")
