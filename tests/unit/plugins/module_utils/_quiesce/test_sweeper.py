# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import FROZEN_ANNOTATION, Mark
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeper import CLOCK_SKEW, find_marks, sweep
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.thaw import mounts_of_claim, thaw_claim

NOW = dt.datetime(2026, 6, 1, 2, 0, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def marked(cluster: t.Any, until: dt.datetime, *, name: str = "db-0", claim: str = "shop/data") -> dict[str, t.Any]:
    mark = Mark(
        run="run1",
        lease_id="00ff",
        container="db",
        path="/data",
        claim=claim,
        device="7:1",
        thaw=("fsfreeze", "--unfreeze", "/data"),
        until=until,
    )
    pod: dict[str, t.Any] = cluster.add_pod(
        name, metadata={"annotations": {FROZEN_ANNOTATION: json.dumps([mark.to_json()])}}
    )
    return pod


def no_container() -> KubeError:
    return KubeError("The container is not running.", status=500)


@pytest.mark.parametrize(
    ("until", "state"),
    [
        pytest.param(NOW + 60 * SECOND, "live", id="live"),
        pytest.param(NOW, "live", id="just-now"),
        pytest.param(NOW - CLOCK_SKEW, "live", id="within-the-skew-of-clocks"),
        pytest.param(NOW - CLOCK_SKEW - SECOND, "failed", id="past"),
        pytest.param(NOW - dt.timedelta(days=30), "failed", id="long-past"),
        pytest.param(dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC), "live", id="the-end-of-time"),
    ],
)
def test_whose_time_is_past(cluster: t.Any, until: dt.datetime, state: str) -> None:
    (found,) = find_marks([marked(cluster, until)], now=NOW)
    assert (found.state, found.namespace, found.pod) == (state, "shop", "db-0")


def test_pods_without_marks_are_nothing(cluster: t.Any) -> None:
    assert find_marks([cluster.add_pod("db-0")]) == []


def test_a_live_freeze_is_never_touched(cluster: t.Any) -> None:
    (found,) = sweep(cluster, [marked(cluster, utc_now() + 30 * SECOND)])
    assert found.state == "live"
    assert cluster.calls == []
    assert len(cluster.marks("db-0")) == 1


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        pytest.param({}, "thawed", id="we-thawed"),
        pytest.param({"thaw": "0"}, "not frozen", id="nothing-was-frozen"),
        pytest.param({"thaw": "0", "winner": "lease", "fired": "160.0 1"}, "thawed", id="its-lease-did"),
        pytest.param({"thaw": "0", "winner": "lease", "fired": "160.0 0"}, "not frozen", id="its-lease-found-nothing"),
    ],
)
def test_a_past_one_is_thawed_in_its_container_and_unmarked(cluster: t.Any, answer: t.Any, state: str) -> None:
    cluster.answers["release"] = [cluster.release_answer(**answer)]
    (found,) = sweep(cluster, [marked(cluster, NOW)])
    assert (found.state, found.error) == (state, "")
    assert (cluster.kinds(), cluster.calls[0].container, cluster.calls[0].lease_id) == (["release"], "db", "00ff")
    assert cluster.calls[0].argv[6] == "fsfreeze --unfreeze /data"
    assert cluster.marks("db-0") == []
    assert found.to_return()["until"] == "2026-06-01T02:00:00Z"


@pytest.mark.parametrize(
    "answer",
    [pytest.param(None, id="container-dead"), pytest.param({"thaw": "x"}, id="thaw-failed-there")],
)
def test_else_through_any_container_that_mounts_the_claim(cluster: t.Any, answer: t.Any) -> None:
    cluster.answers["release"] = [cluster.release_answer(**answer) if answer else no_container()]
    pod = marked(cluster, NOW)
    cluster.add_pod("reader")
    (found,) = sweep(cluster, [pod])
    assert found.state == "thawed"
    assert cluster.kinds() == ["release", "thaw"]
    assert cluster.marks("db-0") == []


def test_what_cannot_be_thawed_keeps_its_mark_and_is_said(cluster: t.Any) -> None:
    cluster.answers["release"] = [no_container()]
    cluster.answers["thaw"] = [cluster.done(1, "fsfreeze: unfreeze failed: Operation not permitted")]
    (found,) = sweep(cluster, [marked(cluster, NOW)])
    assert found.state == "failed"
    assert found.error == (
        "/data in container db of pod shop/db-0 could not be thawed: The container is not running.; "
        "/data in container db of pod shop/db-0: exit code 1 fsfreeze: unfreeze failed: Operation not permitted"
    )
    assert len(cluster.marks("db-0")) == 1


def test_without_a_claim_there_is_no_other_way(cluster: t.Any) -> None:
    cluster.answers["release"] = [cluster.done(1, "sh: broken")]
    (found,) = sweep(cluster, [marked(cluster, NOW, claim="")])
    assert (found.state, cluster.kinds()) == ("failed", ["release"])
    assert found.error.endswith("could not be thawed: sh: broken")


def test_a_mark_that_stays_is_said(cluster: t.Any) -> None:
    cluster.patch_errors = [KubeError("You may not.", status=403)]
    (found,) = sweep(cluster, [marked(cluster, NOW)])
    assert (found.state, found.error) == ("thawed", "the mark could not be removed: You may not.")


# thaw_claim


def container(name: str, *, privileged: bool = False, mount: str = "data") -> dict[str, t.Any]:
    entry: dict[str, t.Any] = {"name": name, "volumeMounts": [{"name": mount, "mountPath": f"/in/{name}"}]}
    return entry | ({"securityContext": {"privileged": True}} if privileged else {})


def running(*names: str) -> dict[str, t.Any]:
    return {"containerStatuses": [{"name": name, "state": {"running": {}}} for name in names]}


def test_the_order_of_candidates(cluster: t.Any) -> None:
    first = cluster.add_pod("a", spec={"containers": [container("web"), container("freezer", privileged=True)]})
    first["status"] = running("web", "freezer")
    second = cluster.add_pod("b", spec={"containers": [container("root", privileged=True), container("dead")]})
    second["status"] = running("root")
    elsewhere = cluster.add_pod("c", claim="other", spec={"containers": [container("x", privileged=True)]})
    elsewhere["status"] = running("x")
    found = mounts_of_claim([first, second, elsewhere], "data")
    assert [(target.pod, target.container, target.path) for target in found] == [
        ("a", "freezer", "/in/freezer"),
        ("b", "root", "/in/root"),
        ("a", "web", "/in/web"),
    ]


def test_a_generic_ephemeral_claim_is_mounted_by_its_pod(cluster: t.Any) -> None:
    pod = cluster.add_pod("db-0", spec={"volumes": [{"name": "data", "ephemeral": {}}]})
    assert [target.container for target in mounts_of_claim([pod], "db-0-data")] == ["db"]
    assert mounts_of_claim([pod], "db-1-data") == []


@pytest.mark.parametrize(
    ("answers", "state", "tries"),
    [
        pytest.param([(0, "")], "thawed", 0, id="thawed"),
        pytest.param([(1, "fsfreeze: /data: unfreeze failed: Invalid argument")], "not frozen", 0, id="not-frozen"),
        pytest.param([(127, ""), (0, "")], "thawed", 0, id="the-second-one"),
        pytest.param([(1, "Operation not permitted"), (127, "")], "failed", 2, id="none"),
    ],
)
def test_thaw_claim(cluster: t.Any, answers: list[tuple[int, str]], state: str, tries: int) -> None:
    cluster.add_pod("a")
    cluster.add_pod("b")
    cluster.answers["thaw"] = [cluster.done(rc, text) for rc, text in answers]
    found = thaw_claim(cluster, claim="shop/data", node="node-1")
    assert (found.state, len(found.tries)) == (state, tries)
    assert len(cluster.calls) == len(answers)
    assert cluster.calls[0].argv[4:] == ("/data",)


def test_a_claim_that_nobody_mounts(cluster: t.Any) -> None:
    found = thaw_claim(cluster, claim="shop/data", node="node-1")
    assert found.tries == ("no running container on node node-1 mounts claim shop/data",)


def test_pods_that_cannot_be_listed(cluster: t.Any) -> None:
    found = thaw_claim(cluster, claim="other/data", node="node-1")
    assert found.state == "failed"
    assert found.tries[0].startswith("the pods of namespace other cannot be listed:")
