# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of a Restore's ``spec.hooks``. Numbers are rows of the case tables."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_hook_rules import (
    RestoreHookRuleError,
    parse_restore_hook_rules,
)

FILL = {"name": "fill", "image": "alpine:latest", "command": ["/bin/ash", "-c", "date"]}
#: The documentation's example of init containers.
PAGE_INIT = {
    "resources": [
        {
            "name": "restore-hook-1",
            "includedNamespaces": ["app"],
            "postHooks": [
                {
                    "init": {
                        "initContainers": [
                            {
                                "name": "restore-hook-init1",
                                "image": "alpine:latest",
                                "volumeMounts": [{"mountPath": "/restores/pvc1-vm", "name": "pvc1-vm"}],
                                "command": ["/bin/ash", "-c", 'echo -n "FOOBARBAZ" >> /restores/pvc1-vm/foobarbaz'],
                            }
                        ]
                    }
                }
            ],
        }
    ]
}
#: The documentation's example of commands.
PAGE_EXEC = {
    "resources": [
        {
            "name": "restore-hook-1",
            "includedNamespaces": ["app"],
            "postHooks": [
                {
                    "exec": {
                        "execTimeout": "1m",
                        "waitTimeout": "5m",
                        "onError": "Fail",
                        "container": "postgres",
                        "command": ["/bin/bash", "-c", "while ! pg_isready; do sleep 1; done"],
                    }
                },
                {
                    "exec": {
                        "container": "postgres",
                        "waitTimeout": "6m",
                        "execTimeout": "1m",
                        "command": ["/bin/bash", "-c", "psql < /backup/backup.sql"],
                    }
                },
                {"exec": {"container": "sidecar", "command": ["/bin/bash", "-c", "date > /start"]}},
            ],
        }
    ]
}


def run(**more: t.Any) -> list[dict[str, t.Any]]:
    return [{"name": "r", "postHooks": [{"exec": {"command": ["a"], **more}}]}]


def init(*containers: t.Any, **more: t.Any) -> list[dict[str, t.Any]]:
    return [{"name": "r", "postHooks": [{"init": {"initContainers": list(containers), **more}}]}]


def test_example_of_init_containers_is_kept_as_it_is() -> None:
    """docs/compatibility 6.3, the page."""
    assert [rule.to_dict() for rule in parse_restore_hook_rules(PAGE_INIT)] == PAGE_INIT["resources"]


def test_example_of_commands() -> None:
    """docs/compatibility 6.3, the page: three commands in their order, with their own times."""
    (rule,) = parse_restore_hook_rules(PAGE_EXEC)
    hooks = [hook.exec for hook in rule.post_hooks if hook.exec]
    assert [(h.container, h.on_error, h.exec_timeout_seconds, h.wait_timeout_seconds) for h in hooks] == [
        ("postgres", "Fail", 60.0, 300.0),
        ("postgres", "", 60.0, 360.0),
        ("sidecar", "", 30.0, None),
    ]
    assert parse_restore_hook_rules([rule.to_dict()]) == (rule,)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        pytest.param(None, [], id="I16-none"),
        pytest.param([], [], id="I16-empty"),
        pytest.param({"resources": None}, [], id="I16-null"),
        pytest.param([{"name": "r"}], [{"name": "r"}], id="a rule without hooks"),
        pytest.param(
            [{"name": "r", "post_hooks": [{"exec": None}, {}]}],
            [{"name": "r", "postHooks": [{}, {}]}],
            id="G11: an empty entry keeps its place",
        ),
        pytest.param(
            [
                {
                    "name": "r",
                    "included_namespaces": ["a"],
                    "excluded_namespaces": ["b"],
                    "included_resources": ["deployments"],
                    "excluded_resources": ["pods"],
                    "label_selector": {"match_labels": {"app": "web"}},
                    "post_hooks": [
                        {"exec": {"command": ["a"], "on_error": "Fail", "exec_timeout": 0, "wait_timeout": "1m"}},
                        {"exec": {"command": ["b"], "exec_timeout": "-1s", "wait_for_ready": True}},
                        {"init": {"init_containers": [FILL], "timeout": "5m"}},
                    ],
                }
            ],
            [
                {
                    "name": "r",
                    "includedNamespaces": ["a"],
                    "excludedNamespaces": ["b"],
                    "includedResources": ["deployments"],
                    "excludedResources": ["pods"],
                    "labelSelector": {"matchLabels": {"app": "web"}},
                    "postHooks": [
                        {"exec": {"command": ["a"], "onError": "Fail", "execTimeout": "30s", "waitTimeout": "1m0s"}},
                        {"exec": {"command": ["b"], "execTimeout": "-1s", "waitForReady": True}},
                        {"init": {"initContainers": [FILL], "timeout": "5m0s"}},
                    ],
                }
            ],
            id="6.3 in snake_case; 6.1: exec timeout 0 is 30s",
        ),
    ],
)
def test_rules_as_velero_stores_them(given: t.Any, stored: list[dict[str, t.Any]]) -> None:
    assert [rule.to_dict() for rule in parse_restore_hook_rules(given)] == stored


@pytest.mark.parametrize(
    ("rule", "namespace", "labels", "applies"),
    [
        pytest.param({}, "a", {}, True, id="no filter"),
        pytest.param({"includedNamespaces": ["a"]}, "a", {}, True, id="included"),
        pytest.param({"includedNamespaces": ["a"]}, "b", {}, False, id="G10, I13, I14: another namespace"),
        pytest.param({"includedNamespaces": ["*"]}, "b", {}, True, id="star"),
        pytest.param({"excludedNamespaces": ["b"]}, "b", {}, False, id="excluded"),
        pytest.param({"includedResources": ["deployments"]}, "a", {}, True, id="G13: resources have no effect"),
        pytest.param({"excludedResources": ["pods"]}, "a", {}, True, id="6.3: resources have no effect"),
        pytest.param({"labelSelector": {"matchLabels": {"x": "1"}}}, "a", {"x": "1"}, True, id="labels"),
        pytest.param({"labelSelector": {"matchLabels": {"x": "1"}}}, "a", {"x": "2"}, False, id="I13: other labels"),
        pytest.param({"labelSelector": "x in (1,2)"}, "a", {"x": "2"}, True, id="selector as text"),
    ],
)
def test_which_pods(rule: dict[str, t.Any], namespace: str, labels: dict[str, str], applies: bool) -> None:
    (parsed,) = parse_restore_hook_rules([{"name": "r", **rule}])
    assert parsed.applies_to(namespace, labels) is applies


@pytest.mark.parametrize(
    "left_out",
    [
        pytest.param("command", id="I15"),
        pytest.param("image", id="5.2-image"),
        pytest.param("name", id="5.2-name"),
    ],
)
@pytest.mark.parametrize("empty", [False, True])
def test_incomplete_init_container(left_out: str, empty: bool) -> None:
    """docs/compatibility I15, 5.2."""
    container = {key: value for key, value in FILL.items() if key != left_out} | ({left_out: ""} if empty else {})
    with pytest.raises(RestoreHookRuleError, match="doesn't have Command, Name or Image field") as found:
        parse_restore_hook_rules(init(FILL, container))
    assert found.value.details["phase"] == "FailedValidation"
    assert left_out in (found.value.hint or "")


def test_invalid_selector() -> None:
    """docs/compatibility 5.2."""
    rule = {"name": "r", "labelSelector": {"matchExpressions": [{"key": "a", "operator": "Is", "values": ["b"]}]}}
    with pytest.raises(RestoreHookRuleError, match="label selector is invalid") as found:
        parse_restore_hook_rules([rule])
    assert found.value.details["phase"] == "FailedValidation"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"rules": []}, "no field 'rules'", id="unknown"),
        pytest.param("x", "not a list", id="text"),
        pytest.param(["x"], "not a mapping", id="a rule that is text"),
        pytest.param([{}], "has no name", id="no name"),
        pytest.param([{"name": 1}], "not text", id="a name that is a number"),
        pytest.param([{"name": "r", "pre": []}], "no field 'pre'", id="a backup's rule"),
        pytest.param([{"name": "r", "postHooks": [], "post_hooks": []}], "two spellings", id="both spellings"),
        pytest.param([{"name": "r", "postHooks": [{"run": {}}]}], "no field 'run'", id="unknown kind"),
        pytest.param([{"name": "r", "postHooks": [{"exec": {}}]}], "has no command", id="no command"),
        pytest.param(run(command="a b"), "not a list", id="a command that is text"),
        pytest.param(run(command=["sleep", 1]), "not text", id="a number in a command"),
        pytest.param(run(onError="Stop"), "onError is 'Stop'", id="on-error"),
        pytest.param(run(timeout="1m"), "no field 'timeout'", id="the backup's timeout"),
        pytest.param(run(execTimeout="300"), "not a duration", id="no unit"),
        pytest.param(run(waitTimeout="long"), "not a duration", id="malformed"),
        pytest.param(run(waitForReady="yes"), "neither true nor false", id="bool as text"),
        pytest.param(init("x"), "not a mapping", id="a container that is text"),
        pytest.param(init(FILL | {"command": "date"}), "not a list", id="a container's command that is text"),
        pytest.param(init(FILL, image="x"), "no field 'image'", id="a container without its list"),
    ],
)
def test_refused(given: t.Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        parse_restore_hook_rules(given)
