# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Freezes by rules on real volumes: a shared claim, declared freezes, pods that go away."""

from __future__ import annotations

import threading

import pytest
from hook_pods import PATH, HookPods, HookRun, claim, pod, run, shell, until

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

FREEZE = run("fsfreeze", "--freeze", PATH)
THAW = run("fsfreeze", "--unfreeze", PATH)
RULE: Object = {"name": "freeze", "pre": [FREEZE], "post": [THAW]}


def freezes(done: HookRun) -> list[tuple[str, str, bool]]:
    return [(record.target.pod, record.thawed_by, record.consistent) for record in done.freezes]


def test_two_pods_on_one_claim_are_one_block_and_frozen_once(pods: HookPods) -> None:  # docs/compatibility E-4
    pods.create(
        claim("shared"), claim("own"), pod("a", claim="shared"), pod("b", claim="shared"), pod("c", claim="own")
    )
    assert [[entry.key[1] for entry in block.pods] for block in pods.blocks([RULE])] == [["a", "b"], ["c"]]
    done = pods.back_up([RULE])
    (shared, own) = done.freezes
    assert {shared.target.pod, own.target.pod} in ({"a", "c"}, {"b", "c"})
    assert [(record.thawed_by, record.consistent, record.timer) for record in done.freezes] == [
        ("post hook", True, "armed")
    ] * 2
    assert sorted((result.hook.phase, result.state) for result in done.results) == [
        ("post", "ok"),
        ("post", "ok"),
        ("pre", "ok"),
        ("pre", "ok"),
        ("pre", "skipped"),
    ]
    assert (done.errors, done.issues.errors) == ([], ())


@pytest.mark.parametrize("post", [True, False])
def test_a_declared_freeze(pods: HookPods, post: bool) -> None:
    """A script of the image freezes: nothing in its command says so, the rule does."""
    pods.create(claim("data"), pod("a", claim="data"))
    pods.sh("a", f"echo 'fsfreeze --freeze {PATH}' >/tmp/freeze.sh")
    pods.sh("a", f"echo 'fsfreeze --unfreeze {PATH}' >/tmp/thaw.sh")
    rule = {"name": "r", "pre": [run("/bin/sh", "/tmp/freeze.sh", freezes=[PATH])]}
    if post:
        rule["post"] = [run("/bin/sh", "/tmp/thaw.sh")]
    seen: list[bool] = []

    def look() -> None:
        writer = "(echo . >/data/beat) >/dev/null 2>&1 & sleep 1; kill -0 $! && echo blocked; :"
        seen.append("blocked" in pods.sh("a", writer))

    done = pods.back_up([rule], work=look)
    assert seen == [True]
    assert freezes(done) == [("a", "post hook" if post else "release", True)]
    assert done.freezes[0].timer == "armed"
    assert (done.errors, done.issues.errors) == ([], ())


def test_a_declared_freeze_of_the_nodes_disk_is_refused(pods: HookPods) -> None:
    pods.create(claim("data"), pod("a", claim="data"))
    done = pods.back_up([{"name": "r", "pre": [run("/bin/true", freezes=["/etc"])]}])
    (result,) = done.results
    assert result.state == "failed"
    assert "is refused" in result.error
    assert done.stored == {"a": False}


def test_a_failing_hook_behind_a_freeze(pods: HookPods) -> None:
    """The pod is not stored, and thawed all the same; the other pod is not touched by that."""
    pods.create(claim("data"), claim("other"), pod("a", claim="data"), pod("b", claim="other"))
    pods.sh("b", "touch /tmp/good")
    rules = [{"name": "r", "pre": [FREEZE, shell("[ -e /tmp/good ]")], "post": [THAW, shell("echo z >/tmp/ran")]}]
    done = pods.back_up(rules, together=True)
    assert done.stored == {"a": False, "b": True}
    assert freezes(done) == [("a", "post hook", True), ("b", "post hook", True)]
    assert done.errors == []


def test_a_freeze_that_times_out_is_killed_thawed_and_not_tried_again(pods: HookPods) -> None:
    pods.create(claim("data"), pod("a", claim="data"))
    script = f"fsfreeze --freeze {PATH}; sleep 987654"
    rules = [{"name": "r", "pre": [shell(script, timeout="2s", retries=3, killOnTimeout=True)], "post": [THAW]}]
    done = pods.back_up(rules)
    assert [(result.hook.phase, result.state, result.attempts) for result in done.results] == [
        ("pre", "timed_out", 1),
        ("post", "ok", 1),
    ]
    assert [record.released for record in done.freezes] == [True]
    assert int(pods.sh("a", "ps -o args | grep -c '^sleep 987654'; :")) == 0


def test_the_frozen_pod_is_deleted(pods: HookPods) -> None:
    """Its claim is thawed through the other pod that mounts it."""
    pods.create(claim("data"), pod("a", claim="data"), pod("b", claim="data"))
    rules = [RULE | {"run_on": "one"}]
    done = pods.back_up(rules, work=lambda: pods.delete("a"))
    (record,) = done.freezes
    assert (record.target.pod, record.thawed_by, record.consistent, record.released) == ("a", "release", False, True)
    assert "was thawed through" in record.error
    assert "pod " + pods.namespace + "/b" in record.error
    assert [(result.hook.phase, result.state) for result in done.results] == [("pre", "ok"), ("post", "failed")]


def test_a_cancel_while_one_pod_is_frozen(pods: HookPods) -> None:
    """The next hook of the pod is given up, the next pod is not begun, and what is frozen is thawed."""
    pods.create(claim("data"), claim("other"), pod("a", claim="data"), pod("b", claim="other"))
    token = CancelToken()

    def cancel() -> None:
        until(lambda: "sleep 987" in pods.sh("a", "ps -o args"), "the second hook runs", seconds=30)
        token.cancel("a test")

    canceller = threading.Thread(target=cancel)
    canceller.start()
    rule = {"name": "r", "run_on": "ordered", "pre": [FREEZE, shell("sleep 987")], "post": [THAW]}
    done = pods.back_up([rule], cancel=token)
    canceller.join()
    assert freezes(done) == [("a", "post hook", True)]
    assert [(result.pod, result.hook.phase, result.state) for result in done.results] == [
        ("a", "pre", "ok"),
        ("a", "pre", "lost"),
        ("a", "post", "ok"),
    ]
