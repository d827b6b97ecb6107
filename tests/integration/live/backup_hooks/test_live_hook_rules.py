# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules on real pods: who gets which hooks, what a failure does, retries, kill on timeout. Rows: the hook cases."""

from __future__ import annotations

import threading
import typing as t

import pytest
from hook_pods import HookPods, HookRun, pod, run, shell, until

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import OnError, hook_status

#: What ran, in its order.
RAN = "cat /tmp/ran 2>/dev/null; :"


def note(word: str, **more: t.Any) -> Object:
    return shell(f"echo {word} >>/tmp/ran", **more)


def states(done: HookRun, name: str) -> list[str]:
    return [result.state for result in done.of(name)]


def test_precedence(pods: HookPods) -> None:  # docs/compatibility B7, B9, B10, B3, B4, E-1, E-2
    annotated = {"pre.hook.backup.velero.io/command": '["/bin/sh", "-c", "echo annotated >>/tmp/ran"]'}
    pods.create(pod("a"), pod("b", annotations=annotated), pod("c", labels={"app": "other"}))
    rules = [
        {"name": "r1", "pre": [note("1a"), note("1b")], "post": [note("1z")], "labelSelector": "app=hooks"},
        {"name": "r2", "pre": [note("2a")], "includedResources": ["po"], "labelSelector": "app in (hooks)"},
        {"name": "r3", "pre": [note("3a")], "includedNamespaces": ["elsewhere-*"]},
    ]
    done = pods.back_up(rules)
    assert pods.sh("a", RAN).split() == ["1a", "1b", "2a", "1z"]
    assert pods.sh("b", RAN).split() == ["annotated", "1z"]
    assert pods.sh("c", RAN).split() == []
    assert hook_status(done.results) == {"hooksAttempted": 6}
    assert [(result.hook.source, result.hook.name) for result in done.of("b")] == [
        ("annotation", "<from-annotation>"),
        ("spec", "r1"),
    ]


@pytest.mark.parametrize(
    ("on_error", "default", "ran", "status"),
    [
        pytest.param("Fail", "Fail", [], {"hooksAttempted": 2, "hooksFailed": 1}, id="D1"),
        pytest.param("Continue", "Fail", ["2", "z"], {"hooksAttempted": 3, "hooksFailed": 1}, id="D2"),
        pytest.param(None, "Continue", ["2", "z"], {"hooksAttempted": 3, "hooksFailed": 1}, id="D3-as-the-binary"),
        pytest.param(None, "Fail", [], {"hooksAttempted": 2, "hooksFailed": 1}, id="D3-overridden"),
    ],
)
def test_a_pre_hook_fails(
    pods: HookPods, on_error: str | None, default: OnError, ran: list[str], status: dict[str, int]
) -> None:
    pods.create(pod("a"))
    rules = [{"name": "r", "pre": [run("/bin/false", onError=on_error), note("2")], "post": [note("z")]}]
    done = pods.back_up(rules, default_on_error=default)
    assert pods.sh("a", RAN).split() == ran
    assert done.stored == {"a": bool(ran)}
    assert hook_status(done.results) == status
    assert len(done.issues.errors) == (1 if ran else 2)  # docs/compatibility D9


def test_containers_and_programs_that_are_not_there(pods: HookPods) -> None:  # docs/compatibility C3, A4
    pods.create(pod("a"))
    rules = [
        {
            "name": "r",
            "pre": [run("true", container="baz", onError="Continue"), run("/no/such program", onError="Continue")],
        }
    ]
    done = pods.back_up(rules)
    assert states(done, "a") == ["failed", "failed"]
    assert done.results[0].error == 'no such container: "baz"'


STUBBORN = "trap '' TERM; (trap '' TERM; exec sleep 987654) & sleep 987654; sleep 987654"
LIVES = "ps -o args | grep -c '^sleep 987654'; :"


@pytest.mark.parametrize("kill", [True, False])
def test_kill_on_timeout(pods: HookPods, kill: bool) -> None:  # docs/compatibility C11
    pods.create(pod("a"))
    rules = [{"name": "r", "pre": [shell(STUBBORN, timeout="2s", killOnTimeout=kill)]}]
    (result,) = pods.back_up(rules).results
    assert (result.state, result.killed) == ("timed_out", kill)
    assert result.error.startswith("timed out after 2s")
    assert int(pods.sh("a", LIVES)) == (0 if kill else 2)


def test_a_killed_command_is_tried_again(pods: HookPods) -> None:
    pods.create(pod("a"))
    script = "echo . >>/tmp/ran; [ $(wc -l </tmp/ran) -ge 3 ] || sleep 987654"
    more = {"timeout": "2s", "kill_on_timeout": True, "retries": 3, "retry_backoff": "100ms"}
    (result,) = pods.back_up([{"name": "r", "pre": [shell(script, **more)]}]).results
    assert (result.state, result.attempts, result.killed) == ("ok", 3, False)
    assert result.stderr == b""
    assert int(pods.sh("a", LIVES)) == 0


def test_kill_on_timeout_without_a_shell(pods: HookPods) -> None:
    pods.create(pod("a", image="arkive.test/sleeper:1"))
    rules = [{"name": "r", "pre": [run("/pause", timeout="2s", kill_on_timeout=True)]}]
    done = pods.back_up(rules)
    assert (done.results[0].state, done.results[0].killed) == ("timed_out", False)
    assert [issue.message for issue in done.issues.warnings] == [
        f"kill_on_timeout has no effect in container main of pod {pods.namespace}/a: it has no /bin/sh"
    ]


@pytest.mark.parametrize(("needed", "state", "attempts"), [(3, "ok", 3), (9, "failed", 4)])
def test_retries(pods: HookPods, needed: int, state: str, attempts: int) -> None:
    pods.create(pod("a"))
    script = f"echo . >>/tmp/ran; [ $(wc -l </tmp/ran) -ge {needed} ]"
    rules = [{"name": "r", "pre": [shell(script, retries=3, retryBackoff="200ms")]}]
    done = pods.back_up(rules)
    (result,) = done.results
    assert (result.state, result.attempts) == (state, attempts)
    assert pods.sh("a", RAN).split() == ["."] * attempts
    assert (len(done.issues.warnings), len(done.issues.errors)) == (attempts - 1, 0 if state == "ok" else 2)
    assert result.duration_seconds >= sum(0.2 * 2**at for at in range(attempts - 1))


def test_run_on_one(pods: HookPods) -> None:
    pods.create(pod("b"), pod("a"), pod("c"))
    done = pods.back_up([{"name": "r", "run_on": "one", "pre": [note("1")], "post": [note("2")]}])
    assert {name: pods.sh(name, RAN).split() for name in "abc"} == {"a": ["1", "2"], "b": [], "c": []}
    assert done.stored == {"a": True, "b": True, "c": True}


@pytest.mark.parametrize("way", ["rule", "resources"])
def test_one_after_the_other(pods: HookPods, way: str) -> None:  # docs/compatibility E-5
    pods.create(pod("a"), pod("b"), pod("c"))
    rule = {"name": "r", "pre": [shell("sleep 0.3")], "post": [shell("sleep 0.3")]}
    wanted = "abc" if way == "rule" else "cab"
    if way == "rule":
        done = pods.back_up([rule | {"run_on": "ordered"}])
    else:
        done = pods.back_up([rule], ordered_pods=[(pods.namespace, name) for name in wanted])
    assert [result.pod for result in done.results] == [*wanted, *wanted]
    for before, after in zip(done.results, done.results[1:], strict=False):
        assert (after.started - before.started).total_seconds() >= before.duration_seconds - 0.01


def test_pods_of_a_block_run_side_by_side(pods: HookPods) -> None:
    """Neither ends before both are under way."""
    pods.create(*(pod(name) for name in "ab"))
    script = "for i in $(seq 250); do [ -e /tmp/go ] && exit 0; sleep 0.1; done; exit 1"

    def open_both() -> None:
        until(lambda: all("go" in pods.sh(name, "ps -o args") for name in "ab"), "both run", seconds=30)
        for name in "ab":
            pods.sh(name, "touch /tmp/go")

    opener = threading.Thread(target=open_both)
    opener.start()
    done = pods.back_up([{"name": "r", "pre": [shell(script)]}], together=True)
    opener.join()
    assert [result.state for result in done.results] == ["ok", "ok"]


def test_a_pod_is_deleted_between_pre_and_post(pods: HookPods) -> None:
    pods.create(pod("a"), pod("b"))
    rules = [{"name": "r", "pre": [note("1")], "post": [note("2", retries=5, retryBackoff="10s")]}]
    done = pods.back_up(rules, work=lambda: pods.delete("a"), together=True)
    assert [(result.pod, result.state, result.attempts) for result in done.results] == [
        ("a", "ok", 1),
        ("b", "ok", 1),
        ("a", "failed", 1),  # gone is gone: nothing is waited for
        ("b", "ok", 1),
    ]
    assert pods.sh("b", RAN).split() == ["1", "2"]
