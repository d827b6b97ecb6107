# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which commands a restored pod gets, and when a container is up. Numbers are rows of the case tables."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_exec import (
    RestoreExecHook,
    exec_hooks_of_pod,
    group_by_container,
    is_container_up,
    parse_restore_exec_hook,
    wait_limit,
    why_never_up,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_hook_rules import parse_restore_hook_rules

KEY = "post.hook.restore.velero.io/"
HOUR = 3600.0


def annotated(**annotations: str) -> dict[str, t.Any]:
    keys = {KEY + name.replace("_", "-"): value for name, value in annotations.items()}
    return {
        "metadata": {"namespace": "shop", "name": "db", "annotations": keys},
        "spec": {"containers": [{"name": "c0"}, {"name": "c1"}]},
    }


def exec_hook(
    name: str = "h",
    container: str = "",
    *,
    index: int = 0,
    on_error: t.Any = "",
    wait: float | None = None,
    ready: bool = False,
) -> RestoreExecHook:
    hook = Hook(
        source="spec", name=name, phase="post", argv=("true",), container=container, on_error=on_error, index=index
    )
    return RestoreExecHook(hook=hook, wait_seconds=wait, wait_for_ready=ready)


@pytest.mark.parametrize(
    ("annotations", "argv", "timeout", "wait", "ready", "warnings"),
    [
        pytest.param({"command": "/usr/bin/foo"}, ("/usr/bin/foo",), 30.0, None, False, 0, id="G2-text"),
        pytest.param({"command": '["a","b"]'}, ("a", "b"), 30.0, None, False, 0, id="G2-list"),
        pytest.param(
            {"command": "x", "exec_timeout": "45s", "wait_timeout": "1h"}, ("x",), 45.0, HOUR, False, 0, id="G3"
        ),
        pytest.param({"command": "x", "exec_timeout": "bad"}, ("x",), 30.0, None, False, 1, id="G4-exec"),
        pytest.param({"command": "x", "wait_timeout": "bad"}, ("x",), 30.0, None, False, 1, id="G4-wait"),
        pytest.param({"command": "x", "wait_timeout": "300"}, ("x",), 30.0, None, False, 1, id="no-unit"),
        pytest.param({"command": "x", "wait_for_ready": "true"}, ("x",), 30.0, None, True, 0, id="G5-true"),
        pytest.param({"command": "x", "wait_for_ready": "T"}, ("x",), 30.0, None, True, 0, id="G5-T"),
        pytest.param({"command": "x", "wait_for_ready": "yes"}, ("x",), 30.0, None, False, 1, id="G5-yes"),
        pytest.param({"command": "x", "wait_timeout": "0"}, ("x",), 30.0, None, False, 0, id="H11-zero"),
        pytest.param({"command": "x", "wait_timeout": "-5s"}, ("x",), 30.0, None, False, 0, id="H11-negative"),
    ],
)
def test_annotations(
    annotations: dict[str, str], argv: tuple[str, ...], timeout: float, wait: float | None, ready: bool, warnings: int
) -> None:
    entry, said = parse_restore_exec_hook(annotated(**annotations))
    assert entry is not None
    assert (entry.hook.argv, entry.hook.timeout_seconds) == (argv, timeout)
    assert (entry.wait_seconds, entry.wait_for_ready, len(said)) == (wait, ready, warnings)
    assert (entry.hook.name, entry.hook.source) == ("<from-annotation>", "annotation")


@pytest.mark.parametrize("annotations", [{}, {"command": ""}], ids=["G1-missing", "G1-empty"])
def test_no_command_no_hook(annotations: dict[str, str]) -> None:
    assert parse_restore_exec_hook(annotated(**annotations)) == (None, [])


def test_suffixed_keys_are_not_understood() -> None:
    pod = annotated()
    pod["metadata"]["annotations"] = {KEY + "x.command": "a"}
    assert parse_restore_exec_hook(pod)[0] is None


def test_default_container_is_the_first() -> None:
    """docs/compatibility G6, G8."""
    assert list(group_by_container(annotated(), [exec_hook()])) == ["c0"]


def test_grouping_keeps_the_indices() -> None:
    """docs/compatibility G11."""
    hooks = [exec_hook(container=c, index=i) for c, i in (("c1", 0), ("c2", 1), ("c1", 3), ("c2", 4))]
    grouped = group_by_container(annotated(), hooks)
    assert {name: [h.hook.index for h in entries] for name, entries in grouped.items()} == {"c1": [0, 3], "c2": [1, 4]}


@pytest.mark.parametrize(
    ("waits", "limit"),
    [
        pytest.param([10.0, None], HOUR, id="H10 (ours: a limit where Velero has none)"),
        pytest.param([2 * HOUR, None], 2 * HOUR, id="H10 (ours: not less than what another hook asks for)"),
        pytest.param([None, None], HOUR, id="H11 (ours: a limit where Velero has none)"),
        pytest.param([10.0, 100.0, 50.0], 100.0, id="H12"),
        pytest.param([2 * HOUR], 2 * HOUR, id="H12: what a hook asks for is not cut short"),
    ],
)
def test_wait_limit(waits: list[float | None], limit: float) -> None:
    assert wait_limit([exec_hook(wait=wait) for wait in waits], HOUR) == limit


RULES = parse_restore_hook_rules(
    [
        {
            "name": "first",
            "includedNamespaces": ["shop"],
            "includedResources": ["deployments"],
            "postHooks": [
                {"exec": {"container": "c1", "command": ["a"], "onError": "Fail", "waitTimeout": "5m"}},
                {"exec": {"container": "c2", "command": ["b"], "waitTimeout": 0}},
                {"init": {"initContainers": [{"name": "i", "image": "x", "command": ["y"]}]}},
                {"exec": {"container": "c1", "command": ["c"], "execTimeout": "1m", "waitForReady": True}},
                {"exec": {"command": ["d"]}},
            ],
        },
        {"name": "init-only", "postHooks": [{"init": {"initContainers": []}}]},
        {"name": "elsewhere", "includedNamespaces": ["original"], "postHooks": [{"exec": {"command": ["e"]}}]},
        {"name": "labels", "labelSelector": "app=db", "postHooks": [{"exec": {"command": ["f"]}}]},
    ]
)


def test_annotation_beats_the_rules() -> None:
    """docs/compatibility G7."""
    hooks, _warnings = exec_hooks_of_pod(annotated(command="x"), RULES)
    assert [(hook.hook.name, hook.hook.argv) for hook in hooks] == [("<from-annotation>", ("x",))]


@pytest.mark.parametrize(
    ("namespace", "labels", "found"),
    [
        pytest.param(
            "shop", {}, [("first", i, c) for i, c in ((0, "a"), (1, "b"), (3, "c"), (4, "d"))], id="G9, G11, G13"
        ),
        pytest.param("other", {}, [], id="G10"),
        pytest.param("original", {}, [("elsewhere", 0, "e")], id="G12: the namespace after the mapping"),
        pytest.param("other", {"app": "db"}, [("labels", 0, "f")], id="6.3: labels"),
    ],
)
def test_rules(namespace: str, labels: dict[str, str], found: list[tuple[str, int, str]]) -> None:
    pod = {"metadata": {"namespace": namespace, "name": "db", "labels": labels}, "spec": {"containers": []}}
    hooks, warnings = exec_hooks_of_pod(pod, RULES)
    assert [(hook.hook.name, hook.hook.index, hook.hook.argv[0]) for hook in hooks] == found
    assert ({hook.hook.source for hook in hooks} <= {"spec"}, warnings) == (True, [])


def test_fields_of_a_rule() -> None:
    """docs/compatibility 6.1, 6.3, G8: no container, not waiting for readiness; a wait of zero is none."""
    pod = {"metadata": {"namespace": "shop", "name": "db"}}
    first, second, third, fourth = exec_hooks_of_pod(pod, RULES)[0]
    assert (first.hook.container, first.stops_all, first.wait_seconds) == ("c1", True, 300.0)
    assert (second.wait_seconds, second.stops_all) == (None, False)
    assert (third.wait_for_ready, third.hook.timeout_seconds) == (True, 60.0)
    assert (fourth.hook.container, fourth.wait_for_ready, fourth.hook.timeout_seconds) == ("", False, 30.0)


def with_status(*statuses: dict[str, t.Any], phase: str = "Running") -> dict[str, t.Any]:
    return annotated() | {"status": {"phase": phase, "containerStatuses": list(statuses)}}


def running(name: str, *, ready: bool = False) -> dict[str, t.Any]:
    return {"name": name, "ready": ready, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}


@pytest.mark.parametrize(
    ("status", "wants_ready", "up"),
    [
        pytest.param(running("c0"), [False, True], False, id="H13"),
        pytest.param(running("c0", ready=True), [True], True, id="H14-ready"),
        pytest.param(running("c0"), [False], True, id="H14-not-waited"),
        pytest.param({"name": "c0", "state": {"waiting": {"reason": "x"}}}, [False], False, id="H15-waiting"),
        pytest.param({"name": "c0"}, [False], False, id="H15-no-state"),
        pytest.param({"name": "c1", "state": {"terminated": {}}}, [False], False, id="H15-other"),
    ],
)
def test_container_is_up(status: dict[str, t.Any], wants_ready: list[bool], up: bool) -> None:
    assert is_container_up(with_status(status), "c0", [exec_hook(ready=ready) for ready in wants_ready]) is up


@pytest.mark.parametrize(
    ("policy", "code", "never"),
    [
        pytest.param("Never", 0, True, id="Never"),
        pytest.param("Never", 1, True, id="Never-failed"),
        pytest.param("OnFailure", 0, True, id="OnFailure-ok"),
        pytest.param("OnFailure", 1, False, id="OnFailure-failed"),
        pytest.param("Always", 0, False, id="Always"),
    ],
)
def test_container_that_will_not_come_again(policy: str, code: int, never: bool) -> None:
    """docs/compatibility H15: ours, Velero waits until its limit."""
    ended = {"name": "c0", "state": {"terminated": {"exitCode": code}}}
    pod = with_status(ended, running("c1"))
    pod["spec"]["restartPolicy"] = policy
    assert bool(why_never_up(pod, "c0")) is never
    assert why_never_up(pod, "c1") == ""
    pod["status"]["containerStatuses"] = [ended]
    assert why_never_up(pod, "c0") == "", "H16: the pod is about to end"
