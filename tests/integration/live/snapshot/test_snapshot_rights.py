# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots for somebody who may not do everything."""

from __future__ import annotations

import typing as t

import pytest
from callers import Callers
from snapshot_runs import SnapshotRuns

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.listing import list_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import SnapshotQuery

pytestmark = pytest.mark.node

SNAPSHOTS = {"apiGroups": ["snapshot.storage.k8s.io"], "resources": ["volumesnapshots"]}
PODS = [
    {"apiGroups": [""], "resources": ["pods", "persistentvolumeclaims"], "verbs": ["get", "list", "patch"]},
    {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get", "create"]},
]
VOLUMES = {"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": ["get"]}
ALL_VERBS = ("get", "list", "watch", "create", "patch", "delete")


def tenant(callers: Callers, *, verbs: t.Sequence[str] = ALL_VERBS, volumes: bool = True) -> KubeClient:
    """All rights in the namespace, none on VolumeSnapshotContents and classes; may read volumes, for the freeze."""
    rules = [*PODS, {**SNAPSHOTS, "verbs": list(verbs)}]
    if not volumes:
        return callers.may(*rules)
    return callers.may(*rules, VOLUMES, cluster=True)


def test_without_rights_on_contents(runs: SnapshotRuns, callers: Callers) -> None:
    """What the storage says in the VolumeSnapshot itself has to do."""
    client = tenant(callers)
    outcome = runs.take(client=client)
    assert outcome.errors == []
    (entry,) = outcome.snapshots
    assert (entry["state"], entry["handle"], entry["class"]) == ("ready", "", "")
    assert entry["created"] is not None
    assert entry["size_bytes"] > 0
    assert [record.consistent for record in outcome.freezes] == [True]
    assert any("creationTime" in text for text in outcome.warnings)
    listed = list_snapshots(SnapshotQuery(namespace=runs.app.namespace), client=client)
    assert ([one["handle"] for one in listed.snapshots], len(listed.warnings)) == ([""], 1)
    assert not runs.take(client=client).changed


def test_without_rights_on_contents_a_failed_one_goes_as_well(
    runs: SnapshotRuns, callers: Callers, make_class: t.Callable[..., str]
) -> None:
    name = make_class(snapshotFail="true")
    outcome = runs.take(client=tenant(callers), snapshot_class=name)
    assert "snapshotFail is set" in outcome.errors[0]
    assert runs.app.snapshot_objects() == []


def test_without_the_right_to_read_volumes(runs: SnapshotRuns, callers: Callers) -> None:
    """Nothing can be frozen then: nobody knows what lies below it. Without a freeze, it works."""
    client = tenant(callers, volumes=False)
    refused = runs.take(client=client)
    assert "cannot be read" in refused.errors[0]
    assert runs.app.snapshot_objects() == []
    outcome = runs.take(client=client, quiescing={"pod_hooks": False})
    assert (outcome.errors, [entry["state"] for entry in outcome.snapshots]) == ([], ["ready"])


def test_rights_that_are_missing_are_named(runs: SnapshotRuns, callers: Callers) -> None:
    client = tenant(callers, verbs=["get", "list"])
    with pytest.raises(SnapshotError, match="does not let you create, patch and delete volumesnapshots"):
        runs.take(client=client)
    with pytest.raises(SnapshotError, match="For retain, the API server does not let you get, list, watch, patch"):
        runs.take(client=tenant(callers), retain=True)
