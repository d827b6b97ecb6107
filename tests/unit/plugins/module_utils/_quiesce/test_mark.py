# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freezes import MarkedFreezes, gather
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import FreezeTimer
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, make_marks, read_claim, read_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marked_freezes import freeze_of_task, freezes_of
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeTarget

UNTIL = dt.datetime(2026, 6, 1, 2, 0, 0, tzinfo=dt.UTC)
MARK = Mark(
    run="run1",
    lease_id="00ff00ff00ff00ff",
    namespace="shop",
    pod="db-0",
    container="db",
    path="/data",
    until=UNTIL,
    node="n1",
    claim="shop/data",
    device="7:1",
)
OTHER = dataclasses.replace(MARK, lease_id="11ff11ff11ff11ff", run="run2", path="/wal")
HOOK = Hook(source="task", name="t", phase="post", argv=("fsfreeze", "-u", "/data"))


def pod_with(*entries: t.Any, text: str | None = None) -> dict[str, t.Any]:
    said = text if text is not None else json.dumps(list(entries))
    mounts = [{"name": "data", "mountPath": "/data"}, {"name": "data", "mountPath": "/wal"}]
    return {
        "metadata": {"namespace": "shop", "name": "db-0", "annotations": {FROZEN_ANNOTATION: said}},
        "spec": {
            "nodeName": "n1",
            "containers": [{"name": "db", "volumeMounts": mounts}],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        },
    }


def claim_with(*entries: t.Any) -> dict[str, t.Any]:
    annotations = {FROZEN_ANNOTATION: json.dumps(list(entries))}
    return {"metadata": {"namespace": "shop", "name": "data", "annotations": annotations}}


def entry(**parts: t.Any) -> dict[str, t.Any]:
    return MARK.to_json() | parts


def test_the_json_form() -> None:
    assert MARK.to_json() == {
        "run": "run1",
        "lease": "00ff00ff00ff00ff",
        "pod": "db-0",
        "node": "n1",
        "container": "db",
        "path": "/data",
        "claim": "shop/data",
        "device": "7:1",
        "tool": "fsfreeze",
        "until": "2026-06-01T02:00:00Z",
    }
    assert read_pod(pod_with(MARK.to_json(), OTHER.to_json())).marks == (MARK, OTHER)
    assert read_claim(claim_with(MARK.to_json(), OTHER.to_json())).marks == (MARK, OTHER)


def test_the_form_of_the_first_release() -> None:
    """It had neither pod nor node nor tool, but the command, of which nothing is taken that we would not make."""
    old = {key: value for key, value in MARK.to_json().items() if key not in ("pod", "node", "tool")}
    assert read_pod(pod_with(old | {"thaw": ["fsfreeze", "--unfreeze", "/data"]})).marks == (MARK,)
    xfs = dataclasses.replace(MARK, tool="/usr/sbin/xfs_freeze")
    assert read_pod(pod_with(old | {"thaw": ["/usr/sbin/xfs_freeze", "-u", "/data"]})).marks == (xfs,)


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"thaw": ["/bin/sh", "-c", "touch /owned"]}, "tool"),
        ({"thaw": ["fsfreeze", "--unfreeze", "/other"]}, "thaw"),
        ({"thaw": ["fsfreeze", "--freeze", "/data"]}, "thaw"),
        ({"thaw": None}, "thaw"),
        ({"tool": "/data/fsfreeze"}, "tool"),
        ({"tool": "fsfreeze; reboot"}, "tool"),
        ({"tool": ["fsfreeze"]}, "tool"),
        ({"tool": "/sbin/../data/fsfreeze"}, "tool"),
        ({"lease": "00ff"}, "lease"),
        ({"lease": "../../etc/00ff00"}, "lease"),
        ({"lease": "00FF00FF00FF00FF"}, "lease"),
        ({"lease": "00ff00ff00ff00ff\n"}, "lease"),
        ({"lease": 5}, "lease"),
        ({"run": "$(reboot)"}, "run"),
        ({"run": "a" * 64}, "run"),
        ({"run": None}, "run"),
        ({"container": "-x"}, "container"),
        ({"container": "a/b"}, "container"),
        ({"pod": "DB 0"}, "pod"),
        ({"pod": ["db-0"]}, "pod"),
        ({"path": "data"}, "path"),
        ({"path": "/data/../etc"}, "path"),
        ({"path": "/data\u0000"}, "path"),
        ({"path": "/data\u001b[2J"}, "path"),
        ({"path": "/" + "a" * 5000}, "path"),
        ({"claim": "kube-system/data"}, "claim"),
        ({"claim": "shop/other"}, "claim"),
        ({"claim": {}}, "claim"),
        ({"device": "7:1;reboot"}, "device"),
        ({"until": "soon"}, "until"),
        ({"until": "9999-12-31T23:59:59Z"}, "until"),
        ({"until": 0}, "until"),
    ],
)
def test_what_does_not_fit_is_told_and_not_used(parts: dict[str, t.Any], fault: str) -> None:
    bad = entry(**parts)
    if "thaw" in parts:
        del bad["tool"]
    for reading in (read_pod(pod_with(bad, OTHER.to_json())), read_claim(claim_with(bad, OTHER.to_json()))):
        (text,) = reading.faults
        assert fault in text
        assert "entry 1" in text
        assert reading.marks == (OTHER,)
        assert not {"\x1b", "\n", "reboot", "owned"} & {text, *text.split()}


@pytest.mark.parametrize(
    "text",
    ["yes", "{}", "null", '["x"]', "[null]", "[[]]", "[" * 100_000, json.dumps(["x" * 70_000]), json.dumps([{}] * 65)],
)
def test_what_is_no_list_of_marks(text: str) -> None:
    reading = read_pod(pod_with(text=text))
    assert (reading.marks, len(reading.faults)) == ((), 1)
    assert "kubectl -n shop annotate pod db-0 arkive.k8s/frozen-" in reading.faults[0]
    assert len(reading.faults[0]) < 400


def test_no_mark_is_nothing() -> None:
    assert read_pod({"metadata": {"name": "x", "namespace": "y"}}).faults == ()
    assert read_pod(pod_with(text="")).faults == ()


def test_a_mark_is_never_farther_away_than_a_freeze_may_last() -> None:
    target = FreezeTarget(namespace="shop", pod="db-0", node="n1", container="db", path="/data", claim="shop/data")
    timer = FreezeTimer("00ff00ff00ff00ff", (target,), (("/opt/x/fsfreeze", "--unfreeze", "/data"),), 60.0)
    (mark,) = make_marks(timer, run_id="run1", seconds=1e9, now=utc_now())
    assert read_pod(pod_with(mark.to_json())).faults == ()
    assert mark.tool == "fsfreeze"


def test_of_two_marks_of_one_freeze_the_later_time_counts() -> None:
    late = rfc3339(utc_now() + dt.timedelta(seconds=60))
    for pod, claim in (({"until": late}, {}), ({}, {"until": late})):
        found = gather([pod_with(entry(**pod))], [claim_with(entry(**claim))])
        (mark,) = found.marks
        assert rfc3339(mark.until) == late
        assert found.is_live(mark, utc_now())


@pytest.mark.parametrize("parts", [{"node": ""}, {"claim": ""}, {"claim": "", "path": "//data"}, {"pod": "x"}])
def test_what_a_mark_leaves_out_may_be_what_a_live_run_holds(parts: dict[str, t.Any]) -> None:
    live = dataclasses.replace(MARK, until=utc_now() + dt.timedelta(seconds=60))
    old = dataclasses.replace(OTHER, **parts)
    assert MarkedFreezes((live, old)).is_live(old, utc_now())


@pytest.mark.parametrize("parts", [{"node": "n2"}, {"claim": "shop/wal"}, {"claim": "", "pod": "db-1"}])
def test_another_place_is_not_held_by_a_live_run(parts: dict[str, t.Any]) -> None:
    live = dataclasses.replace(MARK, until=utc_now() + dt.timedelta(seconds=60))
    old = dataclasses.replace(OTHER, **parts)
    assert not MarkedFreezes((live, old)).is_live(old, utc_now())


def test_the_freezes_of_one_lease_are_one() -> None:
    second = dataclasses.replace(MARK, path="/wal")
    pod = pod_with()
    first, other = freezes_of([MARK, OTHER, second], [pod], HOOK, now=utc_now())
    assert [target.path for target in first.timer.targets] == ["/data", "/wal"]
    assert first.timer.thaws == (("fsfreeze", "--unfreeze", "/data"), ("fsfreeze", "--unfreeze", "/wal"))
    assert [target.path for target in other.timer.targets] == ["/wal"]
    assert [record.lease_id for record in first.records] == ["00ff00ff00ff00ff"] * 2
    assert not first.container_gone


def test_a_path_that_is_not_on_the_claim_is_not_used() -> None:
    (freeze,) = freezes_of([dataclasses.replace(MARK, path="/etc")], [pod_with()], HOOK, now=utc_now())
    assert freeze.timer.thaws == (("fsfreeze", "--unfreeze", "/data"),)


@pytest.mark.parametrize("parts", [{"pod": "db-1"}, {"node": "n2"}, {"container": "web"}])
def test_a_container_that_is_gone_is_known(parts: dict[str, t.Any]) -> None:
    (freeze,) = freezes_of([dataclasses.replace(MARK, **parts)], [pod_with()], HOOK, now=utc_now())
    assert freeze.container_gone


def test_without_a_mark_the_task_tells() -> None:
    freeze = freeze_of_task(pod_with(), HOOK, lease_id="22ff", container="web", path="/x")
    assert (freeze.timer.lease_id, freeze.timer.target.container, freeze.timer.target.path) == ("22ff", "web", "/x")
    assert freeze.timer.thaws == (("fsfreeze", "--unfreeze", "/x"),)
