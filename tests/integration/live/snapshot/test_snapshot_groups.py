# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims that are cut as one group, by a real snapshot controller and driver."""

from __future__ import annotations

import json
import secrets
import typing as t

import pytest
from snapshot_runs import SnapshotRuns
from volume_lab import CLASS_ANNOTATION, Storage

from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import ClaimChoice
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.listing import list_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import SnapshotQuery

pytestmark = pytest.mark.node

LABEL = "velero.io/volume-group"
PATHS = ("/data", "/data2", "/data3")
FREEZE = {"pod_hooks": False, "freeze_paths": PATHS, "container": "main"}
_KINDS = "volumegroupsnapshots,volumegroupsnapshotcontents"


@pytest.fixture
def runs(make_runs: t.Callable[..., SnapshotRuns]) -> SnapshotRuns:
    """Three claims, the first two of which are one group."""
    found = make_runs(claims=3)
    found.app.kubectl("-n", found.app.namespace, "label", "pvc", "data", "data2", f"{LABEL}=Pair")
    return found


@pytest.fixture
def broken_groups(kubectl: t.Any) -> t.Iterator[str]:
    """A VolumeGroupSnapshotClass with which every cut fails."""
    name = f"arkive-test-{secrets.token_hex(3)}"
    body = {
        "apiVersion": "groupsnapshot.storage.k8s.io/v1beta1",
        "kind": "VolumeGroupSnapshotClass",
        "metadata": {"name": name},
        "driver": "loopfile.csi.test",
        "deletionPolicy": "Delete",
        "parameters": {"snapshotFail": "true"},
    }
    kubectl("create", "-f", "-", stdin=json.dumps(body))
    yield name
    kubectl("delete", "volumegroupsnapshotclass", name)


def groups(runs: SnapshotRuns) -> list[str]:
    """Those of the namespace, and contents that belong to it."""
    text: str = runs.app.kubectl("get", _KINDS, "-A", "-o", "jsonpath={range .items[*]}{.metadata}{.spec}{'\\n'}{end}")
    return [line for line in text.splitlines() if runs.app.namespace in line]


def test_a_group_and_a_claim_beside_it(runs: SnapshotRuns, storage: Storage) -> None:
    runs.app.write("before", "yes")
    outcome = runs.take(group_label=LABEL, quiescing=FREEZE)
    assert outcome.errors == []
    assert sorted(entry["claim"] for entry in outcome.snapshots) == list(runs.app.claims)
    assert {entry["state"] for entry in outcome.snapshots} == {"ready"}
    handles = {entry["claim"]: entry["group_handle"] for entry in outcome.snapshots}
    assert handles["data"] == handles["data2"] != ""
    assert handles["data3"] == ""
    assert {entry["handle"] for entry in outcome.snapshots} == storage.snapshots(*runs.app.volume_handles())
    assert [record.consistent for record in outcome.freezes] == [True, True, True]
    query = SnapshotQuery(namespace=runs.app.namespace, name="one")
    listed = list_snapshots(query, client=runs.client).snapshots
    assert [entry["complete"] for entry in listed] == [True, True, True]
    assert not runs.take(group_label=LABEL).changed
    (member,) = [entry["name"] for entry in listed if entry["claim"] == "data"]
    assert runs.restored_files(member, "loopfile")["before"] == "yes"
    assert runs.remove().errors == []
    assert runs.app.snapshot_objects() == []
    assert storage.snapshots(*runs.app.volume_handles()) == set()


@pytest.mark.parametrize("at", ["take", "remove"])
def test_a_group_that_is_retained(runs: SnapshotRuns, storage: Storage, at: str) -> None:
    outcome = runs.take(group_label=LABEL, quiescing=FREEZE, retain=at == "take")
    assert outcome.errors == []
    removed = runs.remove(retain=at == "remove")
    assert (removed.errors, len(removed.warnings)) == ([], 3)
    assert groups(runs) == []
    assert runs.app.snapshot_objects() == []
    handles = {entry["handle"] for entry in outcome.snapshots}
    assert storage.snapshots(*runs.app.volume_handles()) == handles


def test_a_group_goes_with_a_set_that_is_not_good(runs: SnapshotRuns, storage: Storage) -> None:
    """The claim beside it cannot be cut."""
    broken = f"{CLASS_ANNOTATION}=loopfile-broken"
    runs.app.kubectl("-n", runs.app.namespace, "annotate", "pvc", "data3", broken)
    outcome = runs.take(group_label=LABEL, quiescing=FREEZE)
    assert "snapshotFail is set" in outcome.errors[0]
    assert groups(runs) == []
    assert runs.app.snapshot_objects() == []
    assert storage.snapshots(*runs.app.volume_handles()) == set()


def test_a_group_that_the_driver_refuses(runs: SnapshotRuns, storage: Storage, broken_groups: str) -> None:
    annotation = f"velero.io/csi-volume-group-snapshot-class={broken_groups}"
    runs.app.kubectl("-n", runs.app.namespace, "annotate", "pvc", "data", annotation)
    outcome = runs.take(group_label=LABEL, quiescing=FREEZE)
    assert "snapshotFail is set" in outcome.errors[0]
    assert groups(runs) == []
    assert runs.app.snapshot_objects() == []
    assert storage.snapshots(*runs.app.volume_handles()) == set()


def test_a_group_that_a_killed_run_has_left(runs: SnapshotRuns) -> None:
    """It is noticed, and removed with the set."""
    body = {
        "apiVersion": "groupsnapshot.storage.k8s.io/v1beta1",
        "kind": "VolumeGroupSnapshot",
        "metadata": {"name": "one-group-left", "labels": {"arkive.k8s/snapshot": "one"}},
        "spec": {"source": {"selector": {"matchLabels": {LABEL: "Pair"}}}, "volumeGroupSnapshotClassName": "loopfile"},
    }
    runs.app.kubectl("-n", runs.app.namespace, "create", "-f", "-", stdin=json.dumps(body))
    with pytest.raises(SnapshotError, match="one-group-left was begun by a run that did not end"):
        runs.take(group_label=LABEL)
    assert runs.remove().errors == []
    assert groups(runs) == []
    assert runs.app.snapshot_objects() == []


def test_a_group_is_cut_as_a_whole(runs: SnapshotRuns) -> None:
    with pytest.raises(SnapshotError, match=f"The group {LABEL}=Pair has claims that the task leaves out: data2"):
        runs.take(group_label=LABEL, choice=ClaimChoice(claims=("data",)))
    planned = runs.take(group_label=LABEL, check_mode=True)
    assert {entry["claim"]: entry["group"] for entry in planned.snapshots} == {
        "data": "Pair",
        "data2": "Pair",
        "data3": "",
    }
    assert groups(runs) == []
