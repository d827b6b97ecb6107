# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.between_tasks import (
    FreezeTaskRequest,
    freeze_path,
    sweep_namespace,
    thaw_path,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import (
    HookTaskOutcome,
    HookTaskRequest,
    run_hook_task,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pods import select_pods

pytestmark = pytest.mark.usefixtures("clock")


def task(**more: t.Any) -> HookTaskRequest:
    return HookTaskRequest(**({"namespace": "shop", "run_id": "run1"} | more))


def path_task(lease_id: str = "", **more: t.Any) -> FreezeTaskRequest:
    return FreezeTaskRequest(task=task(**({"pod": "db-0"} | more)), path="/data", lease_id=lease_id)


def annotate(cluster: t.Any, **commands: str) -> None:
    keys = {f"{phase}.hook.backup.velero.io/command": command for phase, command in commands.items()}
    cluster.add_pod("db-0", metadata={"annotations": keys})


def end_marks_early(cluster: t.Any) -> None:
    past = rfc3339(utc_now() - dt.timedelta(hours=1))
    for carrier in (cluster.pod("db-0"), cluster.claim()):
        annotations = carrier["metadata"]["annotations"]
        marks = json.loads(annotations[FROZEN_ANNOTATION])
        annotations[FROZEN_ANNOTATION] = json.dumps([mark | {"until": past} for mark in marks])


# Commands


def test_a_command_in_every_running_pod(cluster: t.Any) -> None:
    for name in ("b", "a"):
        cluster.add_pod(name)
    cluster.add_pod("done", status={"phase": "Succeeded"})
    outcome = run_hook_task(task(argv=("sync",), timeout_seconds=5.0), client=cluster.client)
    assert [(call.kind, call.pod, call.argv, call.timeout) for call in cluster.calls] == [
        ("hook", "a", ("sync",), 5.0),
        ("hook", "b", ("sync",), 5.0),
    ]
    assert (outcome.changed, outcome.errors, outcome.lease_ids) == (True, [], [])


@pytest.mark.parametrize(("on_error", "errors", "warnings"), [("Fail", 1, 0), ("Continue", 0, 1)])
def test_a_command_that_fails(cluster: t.Any, on_error: t.Any, errors: int, warnings: int) -> None:
    cluster.add_pod("db-0")
    cluster.answers["hook"] = [cluster.done(3)]
    outcome = run_hook_task(task(argv=("false",), on_error=on_error), client=cluster.client)
    assert (len(outcome.errors), len(outcome.warnings)) == (errors, warnings)
    assert (outcome.errors + outcome.warnings)[0] == (
        "The command in shop/db-0 failed: command terminated with exit code 3."
    )


def test_what_the_pods_declare(cluster: t.Any) -> None:
    annotate(cluster, pre="sync", post="true")
    cluster.add_pod("plain")
    pre = run_hook_task(task(phase="pre"), client=cluster.client)
    post = run_hook_task(task(phase="post"), client=cluster.client)
    assert [call.argv for call in cluster.calls] == [("sync",), ("true",)]
    assert [result.hook.phase for result in pre.hooks + post.hooks] == ["pre", "post"]


def test_check_mode_executes_nothing(cluster: t.Any) -> None:
    annotate(cluster, pre='["fsfreeze", "-f", "/data"]')
    outcome = run_hook_task(task(phase="pre"), client=cluster.client, check_mode=True)
    assert (outcome.changed, cluster.calls, cluster.patches) == (True, [], [])
    assert [entry["freezes"] for entry in outcome.planned] == [["/data"]]


def test_a_refusal_comes_before_the_first_command(cluster: t.Any) -> None:
    cluster.add_pod("a")
    cluster.add_pod("b", spec={"volumes": [{"name": "data", "emptyDir": {}}]})
    outcome = run_hook_task(task(argv=("fsfreeze", "-f", "/data")), client=cluster.client)
    assert "volume data is of kind emptyDir" in outcome.errors[0]
    assert cluster.kinds() == ["probe"]
    assert not outcome.changed


def test_a_cancelled_task_starts_nothing(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    token = CancelToken()
    token.cancel("SIGTERM")
    with pytest.raises(Cancelled):
        run_hook_task(task(argv=("sync",)), client=cluster.client, cancel=token)
    assert cluster.calls == []


def test_a_cancelled_freeze_whose_release_fails_says_both(cluster: t.Any) -> None:
    """A failed release is an error of its own, and does not hide the first one."""
    cluster.add_pod("db-0")
    token = CancelToken()

    def cancel(call: t.Any) -> t.Any:
        token.cancel("SIGTERM")
        return cluster.freeze_answer()(call)

    cluster.answers["freeze"] = [cancel]
    cluster.answers["release"] = [cluster.release_answer(thaw="x", rc=1)] * 9
    with pytest.raises(Cancelled) as caught:
        run_hook_task(task(argv=("fsfreeze", "-f", "/data")), client=cluster.client, cancel=token)
    assert any("/data" in error["message"] for error in caught.value.details["errors_list"])


@pytest.mark.parametrize("asked", [{"argv": ("fsfreeze", "-u", "/data")}, {"phase": "post"}], ids=["argv", "post"])
def test_a_cancelled_task_thaws_all_the_same(cluster: t.Any, asked: dict[str, t.Any]) -> None:
    """Its freeze may have no timer any more: whoever is cancelled thaws first."""
    annotate(cluster, post='["fsfreeze", "-u", "/data"]')
    (lease_id,) = freeze_path(path_task(), client=cluster.client).lease_ids
    token = CancelToken()
    token.cancel("SIGTERM")
    outcome = run_hook_task(task(**asked), client=cluster.client, cancel=token)
    assert (cluster.calls[-1].kind, cluster.calls[-1].lease_id) == ("release", lease_id)
    assert (outcome.freezes[0].thawed_by, cluster.marks("db-0")) == ("post hook", [])


def test_a_cancelled_thaw_of_a_path(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    freeze_path(path_task(), client=cluster.client)
    cluster.client.cancel.cancel("SIGTERM")
    outcome = thaw_path(path_task(), client=cluster.client)
    assert (cluster.calls[-1].kind, outcome.errors, cluster.marks("db-0")) == ("release", [], [])


def test_what_a_dead_run_left_is_thawed_first(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    freeze_path(path_task(), client=cluster.client)
    end_marks_early(cluster)
    cluster.calls.clear()
    outcome = run_hook_task(task(argv=("sync",)), client=cluster.client)
    assert cluster.kinds() == ["release", "hook"]
    assert [entry["state"] for entry in outcome.swept] == ["thawed"]


# Freezes between tasks


def test_a_freeze_outlives_its_task(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    frozen = freeze_path(path_task(), client=cluster.client)
    assert cluster.kinds() == ["probe", "freeze"]
    assert (frozen.changed, frozen.errors, len(frozen.lease_ids)) == (True, [], 1)
    assert [mark["lease"] for mark in cluster.marks("db-0")] == frozen.lease_ids
    thawed = thaw_path(path_task(frozen.lease_ids[0]), client=cluster.client)
    assert cluster.kinds()[2:] == ["release"]
    assert cluster.calls[2].lease_id == frozen.lease_ids[0]
    (record,) = thawed.freezes
    assert (record.thawed_by, record.consistent, thawed.errors, thawed.changed) == ("release", True, [], True)
    assert cluster.marks("db-0") == cluster.claim_marks() == []


@pytest.mark.parametrize("by", [{"pod": "db-0"}, {"pod": "", "label_selector": "app=db"}, {"pod": ""}])
@pytest.mark.parametrize("with_id", [True, False])
def test_a_thaw_whose_pod_is_gone_goes_by_the_claim(cluster: t.Any, by: dict[str, str], with_id: bool) -> None:
    cluster.add_pod("db-0")
    (lease_id,) = freeze_path(path_task(), client=cluster.client).lease_ids
    del cluster.objects["pods", "shop", "db-0"]
    cluster.add_pod("db-1")
    cluster.calls.clear()
    thawed = thaw_path(path_task(lease_id if with_id else "", **by), client=cluster.client)
    assert [(call.kind, call.pod) for call in cluster.calls] == [("thaw", "db-1")]
    assert (thawed.changed, cluster.claim_marks()) == (True, [])
    assert "was thawed through /data in container db of pod shop/db-1" in thawed.errors[0]


def test_a_pod_of_that_name_that_was_replaced_proves_nothing(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    (lease_id,) = freeze_path(path_task(), client=cluster.client).lease_ids
    cluster.pod("db-0")["metadata"]["annotations"].clear()
    cluster.answers["release"] = [cluster.release_answer(thaw="1", at="-")]
    thawed = thaw_path(path_task(lease_id), client=cluster.client)
    assert "whether it was frozen all the time is not known" in thawed.errors[0]


def test_a_pod_that_is_gone_and_no_mark_is_an_error(cluster: t.Any) -> None:
    with pytest.raises(HookError, match="No claim in namespace shop is marked with a freeze there either"):
        thaw_path(path_task(), client=cluster.client)


def test_a_lease_id_is_sixteen_digits(cluster: t.Any) -> None:
    for do in (thaw_path, freeze_path):
        with pytest.raises(ValidationError, match="lease_id is not the name of a lease"):
            do(path_task("../../../etc"), client=cluster.client)


@pytest.mark.parametrize("until", ["past", "live"])
def test_found_frozen_by_one_of_ours(cluster: t.Any, until: str) -> None:
    cluster.add_pod("db-0")
    (first,) = freeze_path(path_task(), client=cluster.client).lease_ids
    busy = cluster.freeze_answer(1, "fsfreeze: /data: freeze failed: Device or resource busy")
    cluster.calls.clear()

    def answer(call: t.Any) -> t.Any:
        if until == "past":
            end_marks_early(cluster)
        return busy(call)

    cluster.answers["freeze"] = [answer]
    outcome = freeze_path(path_task(run_id="run2"), client=cluster.client)
    if until == "past":
        assert [kind for kind in cluster.kinds() if kind != "disarm"] == ["probe", "freeze", "release", "freeze"]
        assert (outcome.errors, len(outcome.lease_ids)) == ([], 1)
        assert [mark["lease"] for mark in cluster.claim_marks()] == outcome.lease_ids
    else:
        assert "release" not in cluster.kinds()
        assert f"by lease {first} in pod shop/db-0" in outcome.errors[0]
        assert "holds it until 20" in outcome.errors[0]


def test_a_thaw_without_the_id_finds_the_mark(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    frozen = freeze_path(path_task(), client=cluster.client)
    thawed = thaw_path(path_task(), client=cluster.client)
    assert (cluster.calls[-1].lease_id, thawed.changed) == (frozen.lease_ids[0], True)


def test_a_path_that_nobody_froze_is_fine(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    done = thaw_path(path_task(), client=cluster.client).to_return(default_on_error="Fail")
    assert done == HookTaskOutcome().to_return(default_on_error="Fail")
    assert cluster.calls == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [  # docs/compatibility 14.18
        pytest.param({"thaw": "0", "winner": "lease", "fired": "160.00 1"}, "was not protected", id="the-lease-fired"),
        pytest.param({"thaw": "0", "at": "-"}, "was not frozen under lease", id="it-was-never-frozen"),
        pytest.param({"thaw": "0"}, "someone else thawed it", id="someone-else"),
    ],
)
def test_a_thaw_with_the_id_fails_where_nothing_was_protected(cluster: t.Any, answer: t.Any, error: str) -> None:
    cluster.add_pod("db-0")
    frozen = freeze_path(path_task(), client=cluster.client)
    cluster.answers["release"] = [cluster.release_answer(**answer)]
    thawed = thaw_path(path_task(frozen.lease_ids[0]), client=cluster.client)
    assert error in thawed.errors[0]


def test_an_id_whose_mark_is_gone(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    thaw_path(path_task("00ff00ff00ff00ff"), client=cluster.client)
    (call,) = cluster.calls
    assert (call.kind, call.container, call.lease_id, call.argv[6]) == (
        "release",
        "db",
        "00ff00ff00ff00ff",
        "fsfreeze --unfreeze /data",
    )


def test_freezing_again_with_the_id_renews(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    (lease_id,) = freeze_path(path_task(), client=cluster.client).lease_ids
    again = freeze_path(path_task(lease_id, freeze_policy=FreezePolicy(lease_seconds=90)), client=cluster.client)
    assert (again.changed, again.lease_ids) == (False, [lease_id])
    assert (cluster.calls[-1].kind, cluster.calls[-1].argv[4:6]) == ("renew", (lease_id, "90"))


@pytest.mark.parametrize("why", ["the lease is over", "its mark is past", "there is no mark"])
def test_an_id_that_holds_no_more_is_frozen_anew(cluster: t.Any, why: str) -> None:
    cluster.add_pod("db-0")
    (lease_id,) = freeze_path(path_task(), client=cluster.client).lease_ids
    if why == "the lease is over":
        cluster.answers["renew"] = [cluster.done(3)]
    elif why == "its mark is past":
        end_marks_early(cluster)
    else:
        lease_id = "00ff00ff00ff00ff"
    again = freeze_path(path_task(lease_id), client=cluster.client)
    assert cluster.kinds()[-1] == "freeze"
    assert again.lease_ids != [lease_id]
    assert again.changed


def test_a_freeze_of_unknown_end_is_released_within_the_task(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    cluster.answers["freeze"] = [ExecTimeout("x")]
    outcome = freeze_path(path_task(), client=cluster.client)
    assert cluster.kinds() == ["probe", "freeze", "release"]
    assert (outcome.lease_ids, len(outcome.errors)) == ([], 1)
    assert cluster.marks("db-0") == []


def test_a_command_that_thaws_ends_the_marked_freeze(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    (lease_id,) = freeze_path(path_task(), client=cluster.client).lease_ids
    outcome = run_hook_task(task(argv=("fsfreeze", "-u", "/data")), client=cluster.client)
    assert (cluster.calls[-1].kind, cluster.calls[-1].lease_id) == ("release", lease_id)
    assert (outcome.freezes[0].thawed_by, cluster.marks("db-0")) == ("post hook", [])


def test_check_mode_of_freeze_and_thaw(cluster: t.Any) -> None:
    cluster.add_pod("db-0")
    assert freeze_path(path_task(), client=cluster.client, check_mode=True).changed
    assert not thaw_path(path_task(), client=cluster.client, check_mode=True).changed
    assert (cluster.calls, cluster.patches) == ([], [])


@pytest.mark.parametrize(("past", "state", "calls"), [(True, "thawed", 1), (False, "live", 0)])
def test_sweep_namespace(cluster: t.Any, past: bool, state: str, calls: int) -> None:
    cluster.add_pod("db-0")
    freeze_path(path_task(), client=cluster.client)
    if past:
        end_marks_early(cluster)
    cluster.calls.clear()
    planned = sweep_namespace(task(), client=cluster.client, check_mode=True)
    assert (planned.changed, cluster.calls) == (past, [])
    outcome = sweep_namespace(task(), client=cluster.client)
    assert ([entry["state"] for entry in outcome.swept], outcome.changed) == ([state], past)
    assert len(cluster.calls) == calls
    assert len(cluster.marks("db-0")) == len(cluster.claim_marks()) == 1 - calls
    told = [] if past else ["'state: thawed' with 'pod: db-0' and 'freeze_path: /data' thaws it now."]
    for warnings in (planned.warnings, outcome.warnings):
        assert [text[-len(told[0]) :] for text in warnings] == told


@pytest.mark.parametrize(
    ("there", "forbidden", "labels", "said"),
    [
        (True, False, "", None),
        (False, False, "", "Namespace shop does not exist in the cluster at https://127.0.0.1:6443, so that nothing"),
        (False, False, "app=x", "Namespace shop does not exist"),
        (True, False, "app=x", "No pod with labels app=x is in namespace shop in the cluster at"),
        (False, True, "", "No pod is in namespace shop, and whether it exists in the cluster at"),
        (False, True, "app=x", "No pod with labels app=x is in namespace shop in the cluster at"),
    ],
)
def test_a_sweep_that_found_no_pod_says_why(
    cluster: t.Any, there: bool, forbidden: bool, labels: str, said: str | None
) -> None:
    if there:
        cluster.add("namespaces", "shop")
    if forbidden:
        cluster.refuse = lambda _verb, path, _dry_run: (
            KubeError("no", status=403) if path.endswith("/namespaces/shop") else None
        )
    for check_mode in (True, False):
        outcome = sweep_namespace(task(label_selector=labels), client=cluster.client, check_mode=check_mode)
        assert (outcome.changed, outcome.swept, outcome.errors) == (False, [], [])
        assert [text.startswith(said or "") for text in outcome.warnings] == ([True] if said else [])


# Which pods


def test_select_pods(cluster: t.Any) -> None:
    for name in ("b", "a"):
        cluster.add_pod(name)
    assert [pod["metadata"]["name"] for pod in select_pods(cluster.client, "shop")] == ["a", "b"]
    assert [pod["metadata"]["name"] for pod in select_pods(cluster.client, "shop", pod="b")] == ["b"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pod": "gone"}, "Pod shop/gone does not exist in the cluster at https://127.0.0.1:6443."),
        ({"label_selector": "app=x"}, "No running pod with labels app=x is in namespace shop of the cluster"),
    ],
)
def test_no_pod_is_a_sentence(cluster: t.Any, given: dict[str, str], message: str) -> None:
    with pytest.raises(HookError) as caught:
        select_pods(cluster.client, "shop", **given)
    assert caught.value.message.startswith(message)
