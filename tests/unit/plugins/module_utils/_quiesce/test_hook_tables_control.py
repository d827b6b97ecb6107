# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/compatibility D1 to D10, E-1 to E-7, F1 to F8: what a failure does, the order, what is counted.

Rows that our decisions override say so: a hook that does not say what a failure does means Fail.
"""

from __future__ import annotations

import collections
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookPolicy, OnError, hook_status
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import hooks_of_pod, resolve_rules
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import parse_hook_rules

pytestmark = pytest.mark.usefixtures("clock")

Rules = list[dict[str, t.Any]]


def entry(command: str, **more: t.Any) -> dict[str, t.Any]:
    return {"exec": {"command": command.split()} | more}


def annotations(phase: str, command: str, **more: str) -> dict[str, str]:
    values = {"command": command} | {key.replace("_", "-"): value for key, value in more.items()}
    return {f"{phase}.hook.backup.velero.io/{key}": value for key, value in values.items()}


class Backup:
    """One block after the other; a command whose name begins with ``bad`` ends with 1."""

    def __init__(self, cluster: t.Any, *, rules: Rules | None = None, default_on_error: OnError = "Fail") -> None:
        self.cluster = cluster
        self.rules = resolve_rules(parse_hook_rules(rules or []), str)
        self.default_on_error: OnError = default_on_error
        self.issues = Issues()
        self.ran: list[str] = []
        self.stored: list[str] = []
        self.results: list[t.Any] = []
        cluster.answers["hook"] = _Answers(self)

    def pod(self, name: str, **given: t.Any) -> QuiescedPod:
        made = self.cluster.add_pod(name, **given)
        found = hooks_of_pod(made, self.rules)
        for warning in found.warnings:
            self.issues.warning(warning)
        preflight = Preflight(self.cluster.client, ApiObjectReader(self.cluster.client), policy=FreezePolicy())
        pre = [preflight.examine(made, hook) for hook in found.pre]
        return QuiescedPod(pod=made, pre=pre, post=list(found.post), release_owed=not pre)

    def block(self, *pods: QuiescedPod, sequential: bool = False) -> CriticalSection:
        settings = SectionSettings(
            run=ClusterRun(client=self.cluster.client, run_id="run1", issues=self.issues),
            policy=FreezePolicy(),
            hooks=HookPolicy(default_on_error=self.default_on_error),
            workers=1,
        )
        section = CriticalSection(pods, settings, sequential=sequential)
        with section:
            for pod in pods:
                if pod.stored:
                    self.stored.append(pod.pod["metadata"]["name"])
                    self.ran.append(f"store {pod.pod['metadata']['name']}")
        self.results += section.results
        return section

    @property
    def status(self) -> dict[str, int]:
        return hook_status(self.results)


class _Answers(collections.UserList[t.Any]):
    """Never empty: what a command answers is in its name."""

    def __init__(self, backup: Backup) -> None:
        super().__init__([None])
        self._backup = backup

    def pop(self, _at: int = -1) -> t.Any:
        def answer(call: t.Any) -> t.Any:
            self._backup.ran.append(f"{call.pod}:{call.argv[0]}")
            return self._backup.cluster.done(int(call.argv[0].startswith("bad")))

        return answer


def attempted(count: int, failed: int = 0) -> dict[str, int]:
    return {"hooksAttempted": count} | ({"hooksFailed": failed} if failed else {})


@pytest.mark.parametrize(
    ("on_error", "default", "stored", "errors"),
    [
        pytest.param("Fail", "Fail", False, 2, id="D1-D9-F4"),
        pytest.param("Continue", "Fail", True, 1, id="D2"),
        pytest.param("", "Fail", False, 2, id="D3-overridden-unset-is-Fail"),
        pytest.param("", "Continue", True, 1, id="D3-as-the-binary"),
        pytest.param("foo", "Fail", False, 2, id="A11-counts-as-unset"),
    ],
)
def test_an_annotated_pre_hook_fails(
    cluster: t.Any, on_error: str, default: OnError, stored: bool, errors: int
) -> None:
    backup = Backup(cluster, default_on_error=default)
    given = annotations("pre", "bad", on_error=on_error) | annotations("post", "after")
    backup.block(backup.pod("a", metadata={"annotations": given}))
    assert backup.ran == ["a:bad", *(["store a", "a:after"] if stored else [])]
    assert len(backup.issues.errors) == errors
    assert backup.status == attempted(2 if stored else 1, 1)


D4 = [
    {"name": "rule1", "pre": [entry("bad-1a", onError="Continue"), entry("1b")]},
    {"name": "rule2", "pre": [entry("bad-2", onError="Fail")]},
    {"name": "rule3", "pre": [entry("3")], "post": [entry("after")]},
]


def test_spec_hooks_after_a_fail_are_attempted_and_not_failed(cluster: t.Any) -> None:  # docs/compatibility D4
    backup = Backup(cluster, rules=D4)
    section = backup.block(backup.pod("a"))
    # 1b went well, so the pod is released all the same.
    assert backup.ran == ["a:bad-1a", "a:1b", "a:bad-2", "a:after"]
    assert backup.stored == []
    pre = section.results[:4]
    assert hook_status(pre) == attempted(4, 2)
    assert [(result.hook.argv[0], result.state, result.attempts) for result in pre] == [
        ("bad-1a", "failed", 1),
        ("1b", "ok", 1),
        ("bad-2", "failed", 1),
        ("3", "skipped", 0),
    ]
    assert pre[3].error == "not run, because an earlier hook of the pod failed with on-error Fail"
    assert backup.issues.errors[-1].error == "command terminated with exit code 1"


@pytest.mark.parametrize(
    ("default", "ran", "status"),
    [
        pytest.param("Fail", ["a:bad-1"], attempted(2, 1), id="unset-is-Fail"),
        pytest.param("Continue", ["a:bad-1", "a:2", "store a", "a:after"], attempted(3, 1), id="as-the-binary"),
    ],
)
def test_a_spec_hook_that_does_not_say(
    cluster: t.Any, default: OnError, ran: list[str], status: dict[str, int]
) -> None:  # docs/compatibility D3 for spec hooks
    rules = [{"name": "r", "pre": [entry("bad-1"), entry("2")], "post": [entry("after")]}]
    backup = Backup(cluster, rules=rules, default_on_error=default)
    backup.block(backup.pod("a"))
    assert (backup.ran, backup.status) == (ran, status)


def test_one_pod_fails_and_the_other_is_stored(cluster: t.Any) -> None:  # docs/compatibility D6, F5
    backup = Backup(cluster, rules=[{"name": "r", "pre": [entry("one"), entry("two")]}])
    first = backup.pod("a", metadata={"annotations": annotations("pre", "bad", on_error="Fail")})
    backup.block(first, backup.pod("b", claim="other"))
    assert backup.ran == ["a:bad", "b:one", "b:two", "store b"]
    assert backup.status == attempted(3, 1)


@pytest.mark.parametrize(
    ("on_error", "ran", "errors", "states"),
    [
        pytest.param("Fail", ["store a", "a:bad"], 2, ["failed", "skipped"], id="D7"),
        pytest.param("Continue", ["store a", "a:bad", "a:last"], 1, ["failed", "ok"], id="4.6-continue"),
    ],
)
def test_a_post_hook_fails(cluster: t.Any, on_error: str, ran: list[str], errors: int, states: list[str]) -> None:
    rules = [{"name": "r", "post": [entry("bad", onError=on_error), entry("last")]}]
    backup = Backup(cluster, rules=rules)
    backup.block(backup.pod("a"))
    assert (backup.ran, backup.stored, len(backup.issues.errors)) == (ran, ["a"], errors)
    assert [result.state for result in backup.results] == states
    assert backup.status == attempted(2, 1)


def test_only_an_invalid_timeout(cluster: t.Any) -> None:  # docs/compatibility D10
    backup = Backup(cluster)
    backup.block(backup.pod("a", metadata={"annotations": annotations("pre", "one", timeout="30")}))
    assert (len(backup.issues.warnings), backup.issues.errors, backup.stored) == (1, (), ["a"])
    assert backup.cluster.calls[-1].timeout == 30.0


def test_one_pre_hook_for_each_pod(cluster: t.Any) -> None:  # docs/compatibility E-1, E-3
    backup = Backup(cluster, rules=[{"name": "r", "pre": [entry("one")], "post": [entry("two")]}])
    for name in ("a", "b"):
        backup.block(backup.pod(name, claim=name))
    assert backup.ran == ["a:one", "store a", "a:two", "b:one", "store b", "b:two"]  # docs/compatibility E-2 for each


@pytest.mark.parametrize("sequential", [False, True])
def test_the_order_in_one_block(cluster: t.Any, sequential: bool) -> None:  # docs/compatibility E-4, E-5
    backup = Backup(cluster, rules=[{"name": "r", "pre": [entry("one")], "post": [entry("two")]}])
    backup.block(backup.pod("b"), backup.pod("a"), sequential=sequential)
    assert backup.ran == ["b:one", "a:one", "store b", "store a", "b:two", "a:two"]


@pytest.mark.parametrize(
    ("rules", "given", "status"),
    [
        pytest.param([{"name": "r", "pre": [entry("one")]}], {}, attempted(1), id="F1-pre-only"),
        pytest.param([{"name": "r", "pre": [entry("1")], "post": [entry("2")]}], {}, attempted(2), id="F1"),
        pytest.param(
            [{"name": name, "pre": [entry("1", container="db"), entry("2", container="db")]} for name in ("x", "y")],
            {},
            attempted(4),
            id="F2",
        ),
        pytest.param([{"name": "r", "pre": [entry("1")]}], annotations("pre", "one"), attempted(1), id="F3"),
        pytest.param(
            [{"name": "same", "pre": [entry(word, container="db")]} for word in ("1", "bad")],
            {},
            attempted(1),  # the first result counts
            id="F6",
        ),
        pytest.param([], {}, {}, id="F7"),
        pytest.param(
            [{"name": "", "pre": [entry("1", onError="Continue")]}], {}, attempted(1, 1), id="C7-hookName-is-required"
        ),
    ],
)
def test_hook_status(cluster: t.Any, rules: Rules, given: dict[str, str], status: dict[str, int]) -> None:
    backup = Backup(cluster, rules=rules)
    backup.block(backup.pod("a", metadata={"annotations": given}))
    assert backup.status == status


def test_finished_pods_are_attempted_and_not_failed(cluster: t.Any) -> None:  # docs/compatibility C12
    backup = Backup(cluster, rules=[{"name": "r", "pre": [entry("bad")], "post": [entry("bad")]}])
    backup.block(backup.pod("a", status={"phase": "Succeeded"}))
    assert (backup.ran, backup.status) == (["store a"], attempted(2))


def test_a_shared_rule_is_not_changed_by_a_pod(cluster: t.Any) -> None:  # docs/compatibility C2
    backup = Backup(cluster, rules=[{"name": "r", "pre": [entry("one")]}])
    other = {"containers": [{"name": "web"}], "volumes": []}
    backup.block(backup.pod("a", spec=other), backup.pod("b"))
    assert [call.container for call in cluster.calls if call.kind == "hook"] == ["web", "db"]
