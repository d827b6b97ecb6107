# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import plan_hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import HookPlan, Preflight

FREEZE = ("fsfreeze", "--freeze", "/data")
NO_SHELL = (127, "exec: /bin/sh: not found")


def hook_of(argv: tuple[str, ...] = FREEZE, **more: t.Any) -> Hook:
    return Hook(source="annotation", name="<from-annotation>", phase="pre", argv=argv, **more)


def examine(cluster: t.Any, hook: Hook | None = None, *, pod: t.Any = None, **policy: t.Any) -> HookPlan:
    preflight = Preflight(cluster.client, ApiObjectReader(cluster.client), policy=FreezePolicy(**policy))
    return preflight.examine(pod or cluster.add_pod("db-0"), hook or hook_of())


def lacking(cluster: t.Any, *missing: str) -> None:
    table = "mountinfo\n500 400 0:45 / / rw - overlay overlay rw\n502 500 7:1 / /data rw - ext4 /dev/loop1 rw\n"
    lines = "".join(f"missing={name}\n" for name in missing)
    cluster.answers["probe"] = [cluster.done(stdout=f"{lines}path=/data\n{table}")]


def test_a_freeze_that_is_seen_through(cluster: t.Any) -> None:
    plan = examine(cluster)
    assert (plan.refusal, plan.freeze, plan.plain, plan.timer_available) == ("", "leased", True, True)
    (target,) = plan.targets
    assert (target.where, target.claim, target.device) == ("/data in container db of pod shop/db-0", "shop/data", "7:1")
    assert plan.thaws == (("fsfreeze", "--unfreeze", "/data"),)
    assert cluster.kinds() == ["probe"]


@pytest.mark.parametrize("argv", [("sync",), ("fsfreeze", "-u", "/data"), ("echo", "fsfreeze", "-f", "/x")])
def test_what_freezes_nothing_is_not_looked_at(cluster: t.Any, argv: tuple[str, ...]) -> None:
    plan = examine(cluster, hook_of(argv))
    assert (plan.freeze, plan.refusal, cluster.calls) == ("none", "", [])


def test_a_finished_pod_is_not_looked_at(cluster: t.Any) -> None:
    plan = examine(cluster, pod=cluster.add_pod("db-0", status={"phase": "Succeeded"}))
    assert (plan.freeze, plan.refusal, cluster.calls) == ("none", "", [])


def test_a_path_that_cannot_be_read_is_refused(cluster: t.Any) -> None:
    plan = examine(cluster, hook_of(("sh", "-c", "fsfreeze -f $DATA")))
    assert "freezes a path that cannot be read from its text. Write the path out" in plan.refusal
    assert cluster.calls == []


def test_where_it_is_allowed_an_unread_path_has_no_lease(cluster: t.Any) -> None:
    plan = examine(cluster, hook_of(("sh", "-c", "fsfreeze -f $DATA")), allow_shared_freeze=True)
    assert (plan.refusal, plan.freeze, plan.notes) == (
        "",
        "unrecognised",
        ("freeze: unrecognised, no lease guards it",),
    )


def test_the_node_is_refused_before_anything_runs(cluster: t.Any) -> None:
    pod = cluster.add_pod("db-0", spec={"volumes": [{"name": "data", "hostPath": {"path": "/"}}]})
    plan = examine(cluster, pod=pod)
    assert "volume data is of kind hostPath" in plan.refusal
    assert (cluster.calls, plan.targets) == ([], ())


def test_one_bad_path_among_several_refuses_all(cluster: t.Any) -> None:
    plan = examine(cluster, hook_of(("sh", "-c", "fsfreeze -f /data && fsfreeze -f /etc")))
    assert "The freeze of /etc in container db" in plan.refusal
    assert {call.kind for call in cluster.calls} <= {"probe"}


def test_the_containers_own_mounts_decide_too(cluster: t.Any) -> None:
    table = "mountinfo\n500 400 0:45 / / rw - overlay overlay rw\n502 500 0:77 / /data rw - nfs4 server:/x rw\n"
    cluster.answers["probe"] = [cluster.done(stdout=f"path=/data\n{table}")]
    assert "its file system is nfs4" in examine(cluster).refusal


def test_a_container_that_is_missing(cluster: t.Any) -> None:
    assert examine(cluster, hook_of(container="gone")).refusal == 'no such container: "gone"'


@pytest.mark.parametrize("verb", ["get", "create"])
def test_both_rights_to_exec_are_needed(cluster: t.Any, verb: str) -> None:
    cluster.denied = {(verb, "pods/exec")}
    plan = examine(cluster)
    assert f"the caller may not {verb} pods/exec in namespace shop, so it could not be released" in plan.refusal
    assert cluster.calls == []


def test_a_server_that_does_not_say_decides_later(cluster: t.Any) -> None:
    def can_i(*_words: t.Any, **_more: t.Any) -> bool:
        raise KubeError("Not here.", status=404)

    cluster.client.can_i = can_i
    assert examine(cluster).refusal == ""


@pytest.mark.parametrize(
    ("left", "renewed", "refused"),
    [(30, None, True), (30, 20, True), (30, 3600, False), (3600, None, False)],
)
def test_the_credential_outlasts_the_lease(cluster: t.Any, left: int, renewed: int | None, refused: bool) -> None:
    ends = [utc_now() + dt.timedelta(seconds=seconds) for seconds in (left, renewed or left)]
    refreshed: list[bool] = []
    cluster.client.credential_expires_at = lambda: ends[len(refreshed)]
    cluster.client.refresh_credentials = lambda: refreshed.append(True)
    plan = examine(cluster)
    assert ("before the lease would" in plan.refusal) is refused


def test_a_tool_that_is_missing_leaves_the_freeze_without_a_lease(cluster: t.Any) -> None:
    lacking(cluster, "setsid", "/dev/shm")
    plan = examine(cluster)
    assert (plan.refusal, plan.freeze) == ("", "unleased")
    assert plan.notes == ("lease: unavailable, the container lacks setsid, /dev/shm",)


def test_require_lease_refuses_it(cluster: t.Any) -> None:
    lacking(cluster, "setsid")
    assert "because require_lease is set: lease: unavailable" in examine(cluster, require_lease=True).refusal


def test_require_lease_needs_the_mark(cluster: t.Any) -> None:
    cluster.denied = {("patch", "pods")}
    assert examine(cluster).refusal == ""
    assert "the freeze could not be marked" in examine(cluster, require_lease=True).refusal


def test_no_shell_is_refused(cluster: t.Any) -> None:
    cluster.answers["probe"] = [cluster.done(*NO_SHELL)]
    assert "it has no /bin/sh" in examine(cluster).refusal


def test_no_shell_where_the_guard_is_off(cluster: t.Any) -> None:
    cluster.answers["probe"] = [cluster.done(*NO_SHELL)]
    plan = examine(cluster, allow_shared_freeze=True)
    assert (plan.refusal, plan.freeze, plan.targets[0].claim) == ("", "unleased", "shop/data")


def test_allow_shared_freeze_overrides_the_guard(cluster: t.Any) -> None:
    pod = cluster.add_pod("db-0", spec={"volumes": [{"name": "data", "emptyDir": {}}]})
    plan = examine(cluster, pod=pod, allow_shared_freeze=True)
    assert (plan.refusal, plan.freeze, plan.targets[0].path) == ("", "leased", "/data")


# Check mode: nothing is executed.


def planned(cluster: t.Any, hook: Hook, *, pod: t.Any = None, **policy: t.Any) -> dict[str, t.Any]:
    return plan_hook(pod or cluster.add_pod("db-0"), hook, client=cluster.client, policy=FreezePolicy(**policy))


def test_plan_hook(cluster: t.Any) -> None:
    assert planned(cluster, hook_of()) == {
        "namespace": "shop",
        "pod": "db-0",
        "container": "db",
        "phase": "pre",
        "source": "annotation",
        "name": "<from-annotation>",
        "argv": list(FREEZE),
        "timeout_seconds": 30.0,
        "state": "planned",
        "freezes": ["/data"],
        "thaws": [],
        "refused": "",
    }
    assert cluster.calls == []


@pytest.mark.parametrize(
    ("hook", "volumes", "refused"),
    [
        pytest.param(hook_of(container="gone"), None, 'no such container: "gone"', id="container"),
        pytest.param(hook_of(), [{"name": "data", "emptyDir": {}}], "of kind emptyDir", id="emptyDir"),
        pytest.param(hook_of(("sh", "-c", "fsfreeze -f $X")), None, "cannot be read from its text", id="unclear"),
    ],
)
def test_plan_hook_refusals(cluster: t.Any, hook: Hook, volumes: t.Any, refused: str) -> None:
    pod = cluster.add_pod("db-0", **({"spec": {"volumes": volumes}} if volumes else {}))
    assert refused in planned(cluster, hook, pod=pod)["refused"]


@pytest.mark.parametrize("policy", [{}, {"allow_shared_freeze": True}])
@pytest.mark.parametrize(
    ("mark", "held"),
    [
        pytest.param({}, True, id="a-live-run"),
        pytest.param({"claim": "shop/other"}, False, id="of-another-claim"),
        pytest.param({"until": utc_now() - dt.timedelta(hours=1)}, False, id="a-dead-run"),
    ],
)
def test_plan_hook_knows_who_holds_it(cluster: t.Any, mark: dict[str, t.Any], held: bool, policy: t.Any) -> None:
    given = {"until": utc_now() + dt.timedelta(hours=1), "claim": "shop/data", "lease_id": "00ff00ff00ff00ff"} | mark
    entry = Mark(run="run2", namespace="shop", pod="db-0", container="db", path="/data", node="node-1", **given)
    pod = cluster.add_pod("db-0")
    cluster.claim()["metadata"]["annotations"] = {FROZEN_ANNOTATION: json.dumps([entry.to_json()])}
    refused = planned(cluster, hook_of(), pod=pod, **policy)["refused"]
    words = "/data in container db of pod shop/db-0 is already frozen by someone else; it is left alone: run run2 holds"
    assert refused.startswith(words) is held
    assert bool(refused) is held


def test_plan_hook_where_the_guard_is_off(cluster: t.Any) -> None:
    pod = cluster.add_pod("db-0", spec={"volumes": [{"name": "data", "emptyDir": {}}]})
    assert planned(cluster, hook_of(), pod=pod, allow_shared_freeze=True)["refused"] == ""
