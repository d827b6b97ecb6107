# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hooks a pod gets: docs/compatibility B1 to B13, and what a hook takes from its rule."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, hook_status
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import (
    PodHooks,
    ResolvedRule,
    hooks_of_pod,
    resolve_rules,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import HookRuleError, parse_hook_rules

#: As discovery resolves them.
NAMES = {"po": "pods", "pod": "pods", "pods": "pods", "deploy": "deployments.apps", "deployments": "deployments.apps"}
PRE = {"pre.hook.backup.velero.io/command": "/annotated-pre"}
POST = {"post.hook.backup.velero.io/command": "/annotated-post"}


def resolved(*rules: dict[str, t.Any]) -> tuple[ResolvedRule, ...]:
    return resolve_rules(parse_hook_rules(list(rules)), NAMES.get)


def rule(name: str = "r", *, pre: t.Sequence[str] = ("run",), post: t.Sequence[str] = (), **more: t.Any) -> t.Any:
    lists = {
        phase: [{"exec": {"command": [word]}} for word in words] for phase, words in (("pre", pre), ("post", post))
    }
    return {"name": name, **lists, **more}


def pod(*, namespace: str = "shop", labels: dict[str, str] | None = None, **annotations: str) -> dict[str, t.Any]:
    metadata = {"namespace": namespace, "name": "db-0", "labels": labels or {}, "annotations": annotations}
    return {"metadata": metadata, "spec": {"containers": [{"name": "db"}]}}


def commands(found: PodHooks) -> tuple[list[str], list[str]]:
    return [hook.argv[0] for hook in found.pre], [hook.argv[0] for hook in found.post]


APP = {"app": "db"}


@pytest.mark.parametrize(
    ("rules", "given", "runs"),
    [
        pytest.param([rule(included_resources=["deployments"])], pod(), [], id="B1"),
        pytest.param([], pod(), [], id="B2"),
        pytest.param([rule(included_namespaces=["other"])], pod(), [], id="B3"),
        pytest.param(
            [rule(included_namespaces=["shop"], label_selector={"matchLabels": APP})],
            pod(labels={"app": "web"}),
            [],
            id="B4",
        ),
        pytest.param([rule(included_namespaces=["a", "shop"])], pod(), ["run"], id="B5-namespace"),
        pytest.param([rule(excluded_namespaces=["shop"])], pod(), [], id="B5-namespace-excluded"),
        pytest.param([rule(included_resources=["pods"])], pod(), ["run"], id="B5-pods"),
        pytest.param([rule(excluded_resources=["pods"])], pod(), [], id="B5-pods-excluded"),
        pytest.param([rule(label_selector={"matchLabels": APP})], pod(labels=APP), ["run"], id="B5-labels"),
        pytest.param([rule()], pod(namespace="any"), ["run"], id="B6"),
        pytest.param(
            [rule("1", pre=["1a", "1b"]), rule("2", pre=["2a", "2b"])], pod(), ["1a", "1b", "2a", "2b"], id="B7"
        ),
        pytest.param([rule()], pod(**PRE), ["/annotated-pre"], id="B9"),
        pytest.param([rule(included_resources=["po"])], pod(), ["run"], id="B11"),
        pytest.param([rule(included_resources=["*"])], pod(), ["run"], id="B11-star"),
        pytest.param([rule(included_resources=["nobody.knows"])], pod(), [], id="B11-unknown"),
        pytest.param([rule(included_namespaces=["app-*"])], pod(namespace="app-1"), ["run"], id="B13"),
        pytest.param([rule(included_namespaces=["app-*"])], pod(namespace="apps"), [], id="B13-other"),
        pytest.param(
            [rule(label_selector={"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]})],
            pod(labels=APP),
            ["run"],
            id="4.3-expressions",
        ),
    ],
)
def test_selection(rules: list[t.Any], given: dict[str, t.Any], runs: list[str]) -> None:
    assert commands(hooks_of_pod(given, resolved(*rules))) == (runs, [])


@pytest.mark.parametrize(
    ("annotations", "pre", "post"),
    [
        pytest.param({}, ["a", "b"], ["c", "d"], id="B8"),
        pytest.param(PRE, ["/annotated-pre"], ["c", "d"], id="B10"),
        pytest.param(POST, ["a", "b"], ["/annotated-post"], id="4.4-post"),
        pytest.param(PRE | POST, ["/annotated-pre"], ["/annotated-post"], id="B9-both"),
        pytest.param({"hook.backup.velero.io/command": "/old"}, ["/old"], ["c", "d"], id="4.4-legacy"),
        pytest.param(
            {"pre.hook.backup.ark.heptio.com/command": "/ark"}, ["/ark"], ["c", "d"], id="A20-overridden-ark-honoured"
        ),
    ],
)
def test_annotations_win_for_their_phase(annotations: dict[str, str], pre: list[str], post: list[str]) -> None:
    found = hooks_of_pod(pod(**annotations), resolved(rule(pre=["a", "b"], post=["c", "d"])))
    assert commands(found) == (pre, post)


def test_an_invalid_selector_fails_the_backup() -> None:  # docs/compatibility B12
    bad = {"matchExpressions": [{"key": "app", "operator": "Like", "values": ["x"]}]}
    with pytest.raises(HookRuleError) as caught:
        parse_hook_rules([rule(label_selector=bad)])
    assert caught.value.details == {"phase": "Failed"}


def test_what_a_hook_takes_from_its_rule() -> None:
    member = {
        "container": "db", "command": ["[\"a\"]"], "onError": "Continue", "timeout": "90s", "retries": 2,
        "retryBackoff": "3s", "killOnTimeout": True, "freezes": ["/data"],
    }  # fmt: skip
    (resolved_rule,) = resolved({"name": "r", "pre": [{"exec": {"command": ["first"]}}, {"exec": member}]})
    first, second = hooks_of_pod(pod(), [resolved_rule]).pre
    assert (first.index, first.on_error, first.timeout_seconds, first.container) == (0, "", 30.0, "")
    assert second == Hook(
        source="spec",
        name="r",
        phase="pre",
        argv=('["a"]',),  # docs/compatibility 4.3: a list already, nothing in it is parsed
        container="db",
        on_error="Continue",
        timeout_seconds=90.0,
        index=1,
        retries=2,
        retry_backoff_seconds=3.0,
        kill_on_timeout=True,
        freezes=("/data",),
        rule=resolved_rule.rule,
    )


def test_warnings_of_annotations_are_kept() -> None:  # docs/compatibility A13 beside a rule
    annotations = PRE | {"pre.hook.backup.velero.io/timeout": "30"}
    found = hooks_of_pod(pod(**annotations), resolved(rule()))
    assert commands(found) == (["/annotated-pre"], [])
    assert len(found.warnings) == 1


def test_no_hooks_at_all() -> None:  # docs/compatibility F7
    assert hook_status([]) == {}
