# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers in comments are rows of the case tables."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import (
    BackupHooks,
    HookRuleError,
    parse_backup_hooks_option,
    parse_hook_rules,
)

RUN = {"exec": {"command": ["a", "b"]}}
IN_NS = {"namespace": "apps", "command": ["a"]}


def stored(value: t.Any) -> list[dict[str, t.Any]]:
    return [rule.to_dict() for rule in parse_hook_rules(value)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, []),
        ([], []),
        ({"resources": None}, []),
        ([{"name": "r"}], [{"name": "r"}]),
        ([{"name": ""}], [{"name": ""}]),  # docs/compatibility C7: fails when it runs
        (
            {"resources": [{"name": "r", "pre": [RUN], "post": [RUN]}]},
            [
                {
                    "name": "r",
                    "pre": [{"exec": {"command": ["a", "b"], "timeout": "30s"}}],
                    "post": [{"exec": {"command": ["a", "b"], "timeout": "30s"}}],
                }
            ],
        ),
        # Ark's list is the pre hooks, where there are no others.
        (
            [{"name": "r", "hooks": [RUN]}],
            [{"name": "r", "pre": [{"exec": {"command": ["a", "b"], "timeout": "30s"}}]}],
        ),
        (
            [{"name": "r", "hooks": [RUN], "pre": [{"exec": {"command": ["new"]}}]}],
            [{"name": "r", "pre": [{"exec": {"command": ["new"], "timeout": "30s"}}]}],
        ),
        # docs/compatibility 4.3: entries without exec are ignored.
        ([{"name": "r", "pre": [{}, {"exec": None}]}], [{"name": "r"}]),
        (
            [
                {
                    "name": "r",
                    "includedNamespaces": ["app-*"],
                    "excludedNamespaces": ["app-x"],
                    "includedResources": ["po"],
                    "excludedResources": ["jobs"],
                    "labelSelector": {"matchLabels": {"app": "db"}},
                }
            ],
            [
                {
                    "name": "r",
                    "includedNamespaces": ["app-*"],
                    "excludedNamespaces": ["app-x"],
                    "includedResources": ["po"],
                    "excludedResources": ["jobs"],
                    "labelSelector": {"matchLabels": {"app": "db"}},
                }
            ],
        ),
        (
            [
                {
                    "name": "r",
                    "included_namespaces": ["a"],
                    "excludedNamespaces": None,
                    "label_selector": {"match_expressions": [{"key": "x", "operator": "Exists"}]},
                }
            ],
            [
                {
                    "name": "r",
                    "includedNamespaces": ["a"],
                    "labelSelector": {"matchExpressions": [{"key": "x", "operator": "Exists"}]},
                }
            ],
        ),
        ([{"name": "r", "labelSelector": "app=db"}], [{"name": "r", "labelSelector": {"matchLabels": {"app": "db"}}}]),
        # What Velero does not know is not written.
        (
            [
                {
                    "name": "r",
                    "runOn": "one",
                    "pre": [
                        {
                            "exec": {
                                "container": "db",
                                "command": ["[1]"],
                                "onError": "Continue",
                                "timeout": "1m30s",
                                "retries": 2,
                                "killOnTimeout": True,
                                "freezes": ["/data"],
                            }
                        }
                    ],
                }
            ],
            [
                {
                    "name": "r",
                    "pre": [
                        {
                            "exec": {
                                "container": "db",
                                "command": ["[1]"],
                                "onError": "Continue",
                                "timeout": "1m30s",
                            }
                        }
                    ],
                }
            ],
        ),
    ],
)
def test_what_velero_stores(given: t.Any, expected: list[dict[str, t.Any]]) -> None:
    assert stored(given) == expected


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    # docs/compatibility A12, A14, A15
    [(None, 30.0), ("", 30.0), ("0", 30.0), ("0s", 30.0), (0, 30.0), ("5m3s", 303.0), ("-1s", None)],
)
def test_timeout(timeout: t.Any, seconds: float | None) -> None:
    (rule,) = parse_hook_rules([{"name": "r", "pre": [{"exec": {"command": ["a"], "timeout": timeout}}]}])
    assert rule.pre[0].timeout_seconds == seconds
    assert rule.pre[0].to_dict()["exec"]["timeout"] == {30.0: "30s", 303.0: "5m3s", None: "-1s"}[seconds]


def test_members_of_ours() -> None:
    member = {
        "command": ["a"],
        "retries": 3,
        "retry_backoff": "500ms",
        "kill_on_timeout": True,
        "freezes": ["/data", "/wal"],
    }
    (rule,) = parse_hook_rules([{"name": "r", "run_on": "ordered", "post": [{"exec": member}]}])
    (hook,) = rule.post
    assert rule.run_on == "ordered"
    assert (hook.retries, hook.retry_backoff_seconds, hook.kill_on_timeout) == (3, 0.5, True)
    assert hook.freezes == ("/data", "/wal")


def test_the_order_of_rules_and_entries_is_kept() -> None:
    rules = parse_hook_rules(
        [{"name": name, "pre": [{"exec": {"command": [f"{name}{at}"]}} for at in "ab"]} for name in ("2", "1")]
    )
    assert [hook.command[0] for rule in rules for hook in rule.pre] == ["2a", "2b", "1a", "1b"]  # docs/compatibility B7


def command(**more: t.Any) -> t.Any:
    return [{"name": "r", "pre": [{"exec": {"command": ["a"]} | more}]}]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("r", "hooks is not a list"),
        ({"rules": []}, "hooks has no member 'rules'"),
        (["r"], "hooks[0] is not a mapping"),
        ([{}], "hooks[0] has no name"),
        ([{"name": 1}], "is not text: 1."),
        ([{"name": "r", "included_namespaces": "a"}], "hooks[0] (r): included_namespaces is not a list: it is text."),
        ([{"name": "r", "includedNamespaces": [True]}], "is not text: True."),
        ([{"name": "r", "includedNamespaces": [], "included_namespaces": []}], "included_namespaces is written twice"),
        ([{"name": "r", "run_on": "any"}], "run_on is 'any'"),
        ([{"name": "r", "on_error": "Fail"}], "hooks[0] has no member 'on_error'"),
        ([{"name": "r", "pre": RUN}], "pre is not a list"),
        ([{"name": "r", "pre": [{"command": ["a"]}]}], "hooks[0] (r): pre[0] has no member 'command'"),
        ([{"name": "r", "pre": [{"exec": ["a"]}]}], "pre[0].exec is not a mapping"),
        ([{"name": "r", "pre": [{"exec": {}}]}], "pre[0].exec has no command"),
        (command(command=[]), "has no command"),
        (command(command="a b"), "command is not a list: it is text"),
        (command(command=["sleep", 5]), "is not text: 5."),
        (command(on_error="fail"), "on_error is 'fail'"),
        (command(timeout="30"), "'30' is not a duration"),
        (command(timeout="5 m"), "'5 m' is not a duration"),
        (command(retries=-1), "retries is -1"),
        (command(retries=True), "retries is True"),
        (command(retry_backoff="-1s"), "retry_backoff is negative"),
        (command(retryBackoff="soon"), "'soon' is not a duration"),
        (command(kill_on_timeout="yes"), "kill_on_timeout is 'yes'"),
        (command(freezes=["data"]), "freezes names 'data'"),
        (command(shell="a"), "has no member 'shell'"),
    ],
)
def test_refused(given: t.Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_hook_rules(given)
    assert message in caught.value.message
    assert not isinstance(caught.value, HookRuleError)


@pytest.mark.parametrize(
    "selector",
    [
        {"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]},  # docs/compatibility B12
        {"matchExpressions": [{"key": "a", "operator": "In"}]},
        {"labels": {"a": "b"}},
        "app ~ db",
    ],
)
def test_an_invalid_selector_fails_the_backup(selector: t.Any) -> None:
    with pytest.raises(HookRuleError) as caught:
        parse_hook_rules([{"name": "r", "labelSelector": selector}])
    assert caught.value.details == {"phase": "Failed"}
    assert caught.value.message.startswith("hooks[0] (r): the label selector is invalid: ")


def test_backup_hooks() -> None:
    hooks = parse_backup_hooks_option(
        {
            "pre": [IN_NS | {"pod": "db-0", "container": "db", "onError": "Continue", "retries": 1}],
            "post": None,
            "on_success": [IN_NS | {"label_selector": "app=db", "name": "tell"}],
            "onFailure": [IN_NS | {"labelSelector": {"matchLabels": {"app": "db"}}, "timeout": "5s"}],
        }
    )
    (pre,), (good,), (bad,) = hooks.pre, hooks.on_success, hooks.on_failure
    assert hooks.post == ()
    assert (pre.name, pre.namespace, pre.pod, pre.container, pre.on_error, pre.retries) == (
        "pre[0]", "apps", "db-0", "db", "Continue", 1,
    )  # fmt: skip
    assert (good.name, good.pod) == ("tell", "")
    assert good.label_selector is not None
    assert good.label_selector.to_text() == "app in (db)"
    assert (bad.name, bad.timeout_seconds) == ("on_failure[0]", 5.0)
    assert hooks
    assert not parse_backup_hooks_option(None)
    assert parse_backup_hooks_option({}) == BackupHooks()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "backup_hooks is not a mapping"),
        ({"before": []}, "backup_hooks has no member 'before'"),
        ({"on_success": [], "onSuccess": []}, "on_success is written twice"),
        ({"pre": IN_NS}, "backup_hooks.pre is not a list"),
        ({"pre": [{"pod": "p", "command": ["a"]}]}, "backup_hooks.pre[0] has no namespace"),
        ({"pre": [IN_NS]}, "needs either pod or label_selector"),
        ({"pre": [IN_NS | {"pod": "p", "label_selector": "a"}]}, "needs either pod or label_selector"),
        ({"post": [IN_NS | {"pod": "p", "command": "x"}]}, "backup_hooks.post[0]: command is not a list"),
        ({"post": [IN_NS | {"pod": "p", "freezes": ["/data"]}]}, "must not freeze anything"),
        ({"pre": [IN_NS | {"pod": 7}]}, "pod: a value is not text: 7."),
    ],
)
def test_backup_hooks_refused(given: t.Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_backup_hooks_option(given)
    assert message in caught.value.message
