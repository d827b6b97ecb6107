# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freezes import CLOCK_SKEW, gather
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeper import Swept, judge_marks, sweep
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.sweeping import sweep_namespaces
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.thaw import Thawer, mounts_of_claim

NOW = dt.datetime(2026, 6, 1, 2, 0, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
LEASE = "00ff00ff00ff00ff"


def mark_text(until: dt.datetime, **parts: t.Any) -> str:
    given = {"lease_id": LEASE, "pod": "db-0", "claim": "shop/data", "node": "node-1", "device": "7:1"} | parts
    mark = Mark(run="run1", namespace="shop", container="db", path="/data", until=until, **given)
    return json.dumps([mark.to_json()])


def marked(cluster: t.Any, until: dt.datetime, *, name: str = "db-0", claim: str = "shop/data") -> dict[str, t.Any]:
    text = mark_text(until, pod=name, claim=claim)
    pod: dict[str, t.Any] = cluster.add_pod(name, metadata={"annotations": {FROZEN_ANNOTATION: text}})
    return pod


def swept(cluster: t.Any, *pods: dict[str, t.Any]) -> list[Swept]:
    return sweep(cluster.client, gather(pods, []), pods=pods)


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
    ],
)
def test_whose_time_is_past(cluster: t.Any, until: dt.datetime, state: str) -> None:
    (found,) = judge_marks(gather([marked(cluster, until)], []), now=NOW)
    assert (found.state, found.namespace, found.pod) == (state, "shop", "db-0")


@pytest.mark.parametrize(
    ("ahead", "state"),
    [
        pytest.param(0, "live", id="the-same"),
        # This machine's clock goes wrong; the mark was made by one that goes right.
        pytest.param(-3600, "live", id="we-are-an-hour-ahead"),
        pytest.param(3600, "thawed", id="we-are-an-hour-behind"),
    ],
)
def test_the_clock_of_the_api_server_counts(cluster: t.Any, ahead: int, state: str) -> None:
    cluster.clock_ahead = ahead * SECOND
    cluster.client.version()  # its answer says what time it is
    until = utc_now() + (ahead * SECOND if state == "live" else dt.timedelta()) + 60 * SECOND
    (found,) = swept(cluster, marked(cluster, until))
    assert found.state == state


def test_a_run_that_is_known_to_be_gone_holds_nothing(cluster: t.Any) -> None:
    pod = marked(cluster, utc_now() + 30 * SECOND)
    (live,) = sweep_namespaces(cluster.client, [pod], ["shop"], ended_run="run2").done
    assert live.state == "live"
    (ended,) = sweep_namespaces(cluster.client, [pod], ["shop"], ended_run="run1").done
    assert ended.state == "thawed"
    assert cluster.marks("db-0") == []


def test_pods_without_marks_are_nothing(cluster: t.Any) -> None:
    assert swept(cluster, cluster.add_pod("db-0")) == []


def test_a_live_freeze_is_never_touched(cluster: t.Any) -> None:
    (found,) = swept(cluster, marked(cluster, utc_now() + 30 * SECOND))
    assert found.state == "live"
    assert cluster.calls == []
    assert len(cluster.marks("db-0")) == 1


@pytest.mark.parametrize(
    "live",
    [
        pytest.param({"lease_id": "11ff11ff11ff11ff", "pod": "db-1"}, id="another-run-on-the-same-claim"),
        pytest.param({"path": "/other"}, id="the-same-lease"),
    ],
)
def test_nor_by_an_old_mark_beside_it(cluster: t.Any, live: dict[str, t.Any]) -> None:
    """Whoever writes an old mark does not end a live freeze; the claim is read again before the thaw."""
    pod = marked(cluster, NOW)
    path = live.pop("path", "/data")
    text = mark_text(utc_now() + 60 * SECOND, **live).replace('"/data"', json.dumps(path))
    cluster.claim()["metadata"]["annotations"][FROZEN_ANNOTATION] = text
    assert [found.state for found in sweep_namespaces(cluster.client, [pod], ["shop"]).done] == ["live", "live"]
    assert [found.state for found in swept(cluster, pod)] == ["live"]
    assert cluster.calls == []


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
    pod = marked(cluster, NOW)
    cluster.claim()["metadata"]["annotations"][FROZEN_ANNOTATION] = mark_text(NOW)
    (found,) = sweep_namespaces(cluster.client, [pod], ["shop"]).ended
    assert (found.state, found.error) == (state, "")
    assert (cluster.kinds(), cluster.calls[0].container, cluster.calls[0].lease_id) == (["release"], "db", LEASE)
    assert cluster.calls[0].argv[6] == "fsfreeze --unfreeze /data"
    assert cluster.marks("db-0") == cluster.claim_marks() == []
    assert found.to_return()["until"] == "2026-06-01T02:00:00Z"


@pytest.mark.parametrize(
    "answer",
    [pytest.param(None, id="container-dead"), pytest.param({"thaw": "x"}, id="thaw-failed-there")],
)
def test_else_through_any_container_that_mounts_the_claim(cluster: t.Any, answer: t.Any) -> None:
    cluster.answers["release"] = [cluster.release_answer(**answer) if answer else no_container()]
    pod = marked(cluster, NOW)
    cluster.add_pod("reader")
    (found,) = swept(cluster, pod)
    assert found.state == "thawed"
    assert cluster.kinds() == ["release", "thaw"]
    assert cluster.marks("db-0") == []


def test_the_mark_on_the_claim_leads_there_when_the_pod_is_gone(cluster: t.Any) -> None:
    cluster.add_pod("db-new")
    cluster.claim()["metadata"]["annotations"][FROZEN_ANNOTATION] = mark_text(NOW, pod="db-old")
    (found,) = sweep_namespaces(cluster.client, [], ["shop"]).ended
    assert (found.state, found.pod) == ("thawed", "db-old")
    assert [(call.kind, call.pod, call.argv[4:]) for call in cluster.calls] == [("thaw", "db-new", ("7:1", "/data"))]
    assert cluster.claim_marks() == []


def test_a_path_of_the_mark_is_never_run(cluster: t.Any) -> None:
    """What is thawed is the claim, where the pod's spec has it."""
    text = mark_text(NOW).replace('"/data"', "\"/data'; reboot; '\"")
    pod = cluster.add_pod("db-0", metadata={"annotations": {FROZEN_ANNOTATION: text}})
    assert [found.state for found in swept(cluster, pod)] == ["thawed"]
    assert "reboot" not in str(cluster.calls)


def test_what_cannot_be_thawed_keeps_its_mark_and_is_said(cluster: t.Any) -> None:
    cluster.answers["release"] = [no_container()]
    cluster.answers["thaw"] = [cluster.done(1, "fsfreeze: unfreeze failed: Operation not permitted")]
    pod = marked(cluster, NOW)
    cluster.pod("db-0")["metadata"]["uid"] = "u-1"
    (found,) = swept(cluster, pod)
    assert found.state == "failed"
    assert found.error == (
        "/data in container db of pod shop/db-0 (claim shop/data on node node-1) could not be thawed: The container is "
        "not running; /data in container db of pod shop/db-0: exit code 1 fsfreeze: unfreeze failed: Operation not "
        "permitted. This ends it: kubectl debug node/node-1 -it --profile=sysadmin --image=busybox -- sh -c 'for m in "
        "/host/var/lib/kubelet/pods/u-1/volumes/*/*/mount; do fsfreeze --unfreeze $m; done'"
    )
    assert len(cluster.marks("db-0")) == 1


def test_without_a_claim_there_is_no_other_way(cluster: t.Any) -> None:
    cluster.answers["release"] = [cluster.done(1, "sh: broken")]
    (found,) = swept(cluster, marked(cluster, NOW, claim=""))
    assert (found.state, cluster.kinds()) == ("failed", ["release"])
    assert found.error.endswith("could not be thawed: the thaw ended with sh: broken")


def test_a_mark_that_stays_is_said(cluster: t.Any) -> None:
    pod = marked(cluster, NOW)
    cluster.patch_errors = [KubeError("You may not.", status=403)]
    (found,) = swept(cluster, pod)
    assert found.state == "thawed"
    assert found.error == "The mark on pod shop/db-0 could not be removed, the next run does it: You may not."


def test_who_may_not_list_claims_reads_those_of_the_pods(cluster: t.Any) -> None:
    pod = cluster.add_pod("db-0")
    cluster.claim()["metadata"]["annotations"][FROZEN_ANNOTATION] = mark_text(NOW)
    cluster.denied = {("list", "persistentvolumeclaims")}
    sweeping = sweep_namespaces(cluster.client, [pod], ["shop"])
    assert [found.state for found in sweeping.ended] == ["thawed"]
    assert "the claims cannot be listed" in sweeping.unread[0]


def test_what_is_no_mark_is_told(cluster: t.Any) -> None:
    text = json.dumps([{"lease": LEASE, "thaw": ["reboot"], "until": rfc3339(NOW)}])
    pod = cluster.add_pod("db-0", metadata={"annotations": {FROZEN_ANNOTATION: text}})
    sweeping = sweep_namespaces(cluster.client, [pod], ["shop"])
    assert (sweeping.done, cluster.calls, len(sweeping.notes)) == ((), [], 1)


# By the claim


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
    found = Thawer(cluster.client).thaw(claim="shop/data", node="node-1", device="7:1")
    assert (found.state, len(found.tries)) == (state, tries)
    assert len(cluster.calls) == len(answers)
    assert cluster.calls[0].argv[4:] == ("7:1", "/data")


def test_a_claim_that_nobody_mounts(cluster: t.Any) -> None:
    cluster.add("nodes", "node-1")
    found = Thawer(cluster.client).thaw(claim="shop/data", node="node-1")
    assert found.tries == ("no running container on node node-1 mounts claim shop/data",)


def test_pods_that_cannot_be_listed(cluster: t.Any) -> None:
    cluster.denied = {("list", "pods")}
    found = Thawer(cluster.client).thaw(claim="other/data", node="node-1")
    assert found.state == "failed"
    assert found.tries[0].startswith("the pods of namespace other cannot be listed:")


def test_another_device_is_another_file_system(cluster: t.Any) -> None:
    cluster.add_pod("a")
    cluster.answers["thaw"] = [cluster.done(3, "device=7:9")]
    found = Thawer(cluster.client).thaw(claim="shop/data", node="node-1", device="7:1")
    assert (found.state, "is device 7:9 now, what was frozen is 7:1" in found.note) == ("not frozen", True)


def test_a_volume_that_moved_on_has_left_its_freeze_behind(cluster: t.Any) -> None:
    cluster.add_pod("a", spec={"nodeName": "node-2"})
    found = Thawer(cluster.client).thaw(claim="shop/data", node="node-1", device="7:1")
    assert (found.state, cluster.calls) == ("not frozen", [])
    assert "is mounted on node node-2 now" in found.note


def test_a_node_that_is_gone_may_come_back_with_its_freezes(cluster: t.Any) -> None:
    """Who deletes a Node object ends no machine: its kubelet brings it back, and the pod with it."""
    found = Thawer(cluster.client).thaw(claim="shop/data", node="node-1", device="7:1")
    assert (found.state, found.may_return) == ("not frozen", True)
    assert found.note.startswith("Node node-1, on which claim shop/data was frozen, is not in the cluster any more.")
    cluster.add_claim("data")
    old = utc_now() - 60 * SECOND
    entries = [json.loads(mark_text(old, lease_id=timer))[0] for timer in (LEASE, LEASE[::-1])]
    cluster.claim()["metadata"]["annotations"] = {FROZEN_ANNOTATION: json.dumps(entries)}
    done = sweep(cluster.client, gather([], [cluster.claim()]))
    assert [(each.state, "the mark stays" in each.error) for each in done] == [("not frozen", True)] * 2
    assert len(cluster.claim_marks()) == 2


def test_the_command_for_what_nobody_mounts(cluster: t.Any) -> None:
    cluster.add("nodes", "node-1")
    found = Thawer(cluster.client).thaw(claim="shop/data", node="node-1")
    assert found.remedy.startswith(
        "This ends it: kubectl -n shop run thaw --image=busybox --restart=Never --overrides="
    )
    assert '"nodeName":"node-1"' in found.remedy


@pytest.mark.parametrize("kind", ["initContainers", "ephemeralContainers"])
def test_sidecars_and_ephemeral_containers_count(cluster: t.Any, kind: str) -> None:
    pod = cluster.add_pod("a", spec={"containers": [], kind: [container("x")]})
    statuses = kind.replace("Containers", "ContainerStatuses")
    pod["status"] = {statuses: [{"name": "x", "state": {"running": {}}}]}
    assert [target.container for target in mounts_of_claim([pod], "data")] == ["x"]
