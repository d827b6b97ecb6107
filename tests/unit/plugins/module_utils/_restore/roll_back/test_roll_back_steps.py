# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each step by itself: it is not done, then it is, and doing it again writes nothing; all of them can be taken back."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import DEPLOYMENTS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import (
    OldVolume,
    RollBackGroup,
    Workload,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back import in_cluster
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.in_cluster import RollBackCluster
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.steps import (
    AFTER,
    BEFORE,
    Settle,
    Step,
    has_room,
    put_back,
    tell_steps,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import RESTORE_NAME_LABEL
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.roll_back.app_cluster import (
    CLAIMS,
    NAMESPACE,
    VOLUMES,
    AppCluster,
)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_cluster, "_TICK_SECONDS", 0.001)


@pytest.fixture
def app() -> AppCluster:
    found = AppCluster()
    found.add_claim()
    found.add_workload()
    return found


def _cluster(app: AppCluster) -> RollBackCluster:
    types = ApiTypes(app.discovery())
    return RollBackCluster(client=app.client, api=types, restore="r", gone_limit=0.2, bound_limit=0.2)


def _group(app: AppCluster) -> RollBackGroup:
    claim, volume = app.objects[(CLAIMS, NAMESPACE, "data")], app.objects[(VOLUMES, "", "pv1")]
    old = OldVolume.of_live(claim, volume, restore="r", mounted=True)
    resource = app.discovery().find(DEPLOYMENTS)
    assert resource is not None
    web = app.objects[("deployments", NAMESPACE, "web")]
    workload = Workload(resource=resource, namespace=NAMESPACE, name="web", obj=web, told="goes from 2 to 0 replicas")
    return RollBackGroup(volumes=(old,), workloads=(workload,), sources={"data": "snap-data"})


def _make_new_claim(app: AppCluster) -> None:
    """As the restore does."""
    spec = {"storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}
    body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": spec}
    metadata = {"name": "data", "namespace": NAMESPACE, "labels": {RESTORE_NAME_LABEL: "r"}}
    app.client.post(f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims", {**body, "metadata": metadata})


def _do(step: Step, app: AppCluster, group: RollBackGroup) -> None:
    cluster = _cluster(app)
    assert not step.is_done(group, cluster), step.name
    step.do(group, cluster)
    assert step.is_done(group, cluster), step.name
    before = dict(app.objects)
    step.do(group, cluster)
    assert dict(app.objects) == before, step.name


@pytest.mark.parametrize("keeps", [True, False])
def test_each_step_is_done_once(app: AppCluster, keeps: bool) -> None:
    group = _group(app)
    for step in BEFORE:
        # What leaves when it is stopped has left already.
        if step.name != "leave":
            _do(step, app, group)
    assert has_room(group, _cluster(app))
    renew, *after = AFTER
    assert not renew.is_done(group, _cluster(app))
    _make_new_claim(app)
    assert renew.is_done(group, _cluster(app))
    start, prove = after
    assert not prove.is_done(group, _cluster(app))
    _do(start, app, group)
    assert prove.is_done(group, _cluster(app))
    _do(Settle(keeps=keeps), app, group)
    assert app.names(CLAIMS, NAMESPACE) == (["data", "data-before-r"] if keeps else ["data"])


@pytest.mark.parametrize("done", range(len(BEFORE) + 1))
@pytest.mark.parametrize("renewed", [False, True], ids=["no new claim", "a new claim"])
def test_whatever_was_done_is_taken_back(app: AppCluster, done: int, renewed: bool) -> None:
    group, cluster = _group(app), _cluster(app)
    for step in BEFORE[:done]:
        step.do(group, cluster)
    if renewed and done == len(BEFORE):
        _make_new_claim(app)
    for _again in range(2):
        put_back(group, cluster)
        assert (app.volume_of(), len(app.running()), app.names(CLAIMS, NAMESPACE)) == ("pv1", 2, ["data"])
        assert app.objects[(VOLUMES, "", "pv1")]["spec"]["persistentVolumeReclaimPolicy"] == "Delete"


def test_steps_are_told(app: AppCluster) -> None:
    told = {step.name: step.what for step in tell_steps(_group(app), keeps=True)}
    assert told == {
        "record": "make data-before-r, which will keep the old volume, and what is to be known of the old state",
        "retain": "set the reclaim policy of pv1 to Retain",
        "stop": "Deployment 'web' goes from 2 to 0 replicas",
        "leave": "wait until no pod mounts data",
        "remove": "delete claim data",
        "keep": "give pv1 to data-before-r",
        "renew": "make data from snap-data",
        "start": "start Deployment 'web' as before",
        "prove": "wait until data is bound and mounted",
        "settle": "set the reclaim policy of pv1 to Delete again, and leave data-before-r there",
    }
