# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.held_marks import held_by_id, held_on_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import (
    FROZEN_ANNOTATION,
    Mark,
    put_marks,
    read_marks,
    remove_marks,
)

UNTIL = dt.datetime(2026, 6, 1, 2, 0, 0, tzinfo=dt.UTC)
MARK = Mark(
    run="run1",
    lease_id="00ff",
    container="db",
    path="/data",
    claim="shop/data",
    device="7:1",
    thaw=("fsfreeze", "--unfreeze", "/data"),
    until=UNTIL,
)
OTHER = dataclasses.replace(MARK, lease_id="11ff", run="run2", path="/wal")
HOOK = Hook(source="task", name="t", phase="post", argv=("fsfreeze", "-u", "/data"))


def pod_with(text: str | None) -> dict[str, t.Any]:
    annotations = {} if text is None else {FROZEN_ANNOTATION: text}
    return {"metadata": {"namespace": "shop", "name": "db-0", "annotations": annotations}, "spec": {"nodeName": "n1"}}


def conflict() -> KubeError:
    return KubeError("It was changed.", status=409, reason="Conflict")


def test_the_json_form() -> None:
    assert MARK.to_json() == {
        "run": "run1",
        "lease": "00ff",
        "container": "db",
        "path": "/data",
        "claim": "shop/data",
        "device": "7:1",
        "thaw": ["fsfreeze", "--unfreeze", "/data"],
        "until": "2026-06-01T02:00:00Z",
    }
    assert read_marks(pod_with(json.dumps([MARK.to_json(), OTHER.to_json()]))) == [MARK, OTHER]


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yes",
        "{}",
        "null",
        '["x"]',
        "[null]",
        "[[]]",
        '[{"run": "r"}]',
        json.dumps([{**MARK.to_json(), "until": "soon"}]),
        json.dumps([{**MARK.to_json(), "thaw": None}]),
    ],
)
def test_what_is_not_ours_is_left_out(text: str | None) -> None:
    assert read_marks(pod_with(text)) == []
    assert read_marks({"metadata": {}}) == []


def test_a_good_entry_beside_a_bad_one() -> None:
    assert read_marks(pod_with(json.dumps([{"run": "r"}, MARK.to_json()]))) == [MARK]


def test_put_merges_with_what_others_wrote(cluster: t.Any) -> None:
    cluster.add_pod("db-0", metadata={"annotations": {FROZEN_ANNOTATION: json.dumps([OTHER.to_json()]), "team": "x"}})
    put_marks(cluster, "shop", "db-0", [MARK])
    assert cluster.marks("db-0") == [OTHER.to_json(), MARK.to_json()]
    assert cluster.pods["db-0"]["metadata"]["annotations"]["team"] == "x"


def test_put_replaces_the_mark_of_the_same_freeze(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    later = dataclasses.replace(MARK, until=UNTIL + dt.timedelta(minutes=1))
    for mark in (MARK, later, later):
        put_marks(cluster, "shop", "db-0", [mark])
    assert cluster.marks("db-0") == [later.to_json()]
    assert len(cluster.patches) == 2


def test_the_last_mark_takes_the_annotation_with_it(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    put_marks(cluster, "shop", "db-0", [MARK, OTHER])
    remove_marks(cluster, "shop", "db-0", {"00ff"})
    assert cluster.marks("db-0") == [OTHER.to_json()]
    remove_marks(cluster, "shop", "db-0", {"11ff"})
    assert FROZEN_ANNOTATION not in cluster.pods["db-0"]["metadata"]["annotations"]
    remove_marks(cluster, "shop", "db-0", {"11ff"})
    assert len(cluster.patches) == 3


@pytest.mark.parametrize(("conflicts", "succeeds"), [(1, True), (3, True), (4, False)])
def test_a_conflict_is_tried_again(cluster: t.Any, conflicts: int, succeeds: bool) -> None:
    cluster.add_pod("db-0")
    cluster.patch_errors = [conflict() for _each in range(conflicts)]
    if succeeds:
        put_marks(cluster, "shop", "db-0", [MARK])
        assert cluster.marks("db-0") == [MARK.to_json()]
    else:
        with pytest.raises(KubeError, match="It was changed"):
            put_marks(cluster, "shop", "db-0", [MARK])


def test_a_conflict_keeps_what_the_other_run_wrote(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    original, raced = cluster.patch, []

    def patch(path: str, body: t.Any) -> t.Any:
        if not raced:
            raced.append(True)
            cluster.patch = original
            put_marks(cluster, "shop", "db-0", [OTHER])
        return original(path, body)

    cluster.patch = patch
    put_marks(cluster, "shop", "db-0", [MARK])
    assert cluster.marks("db-0") == [OTHER.to_json(), MARK.to_json()]


def test_other_errors_are_raised_at_once(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    cluster.patch_errors = [KubeError("You may not.", status=403, reason="Forbidden")]
    with pytest.raises(KubeError, match="You may not"):
        put_marks(cluster, "shop", "db-0", [MARK])


def test_removing_from_a_pod_that_is_gone_is_fine(cluster: t.Any) -> None:
    remove_marks(cluster, "shop", "gone", {"00ff"})
    with pytest.raises(KubeError):
        put_marks(cluster, "shop", "gone", [MARK])


def test_held_on_pod_groups_the_marks_of_one_lease() -> None:
    second = dataclasses.replace(MARK, path="/wal", thaw=("fsfreeze", "--unfreeze", "/wal"))
    pod = pod_with(json.dumps([mark.to_json() for mark in (MARK, OTHER, second)]))
    first, other = held_on_pod(pod, HOOK)
    assert (first.lease.lease_id, [target.path for target in first.lease.targets]) == ("00ff", ["/data", "/wal"])
    assert first.lease.thaws == (MARK.thaw, second.thaw)
    assert (other.lease.lease_id, other.lease.target.claim, other.lease.target.node) == ("11ff", "shop/data", "n1")
    assert first.armed
    assert first.lease.seconds == 1.0  # its time is past
    assert [record.lease_id for record in first.records] == ["00ff", "00ff"]


def test_held_by_id_finds_the_mark() -> None:
    pod = pod_with(json.dumps([OTHER.to_json(), MARK.to_json()]))
    held = held_by_id(pod, HOOK, lease_id="00ff", container="web", path="/x")
    assert (held.lease.target.container, held.lease.target.path) == ("db", "/data")


def test_held_by_id_without_a_mark_takes_the_tasks_words() -> None:
    held = held_by_id(pod_with(None), HOOK, lease_id="22ff", container="web", path="/x")
    assert (held.lease.lease_id, held.lease.target.container, held.lease.target.path) == ("22ff", "web", "/x")
    assert held.lease.thaws == (("fsfreeze", "--unfreeze", "/x"),)
