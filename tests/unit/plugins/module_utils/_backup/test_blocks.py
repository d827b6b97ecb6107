# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods make a block. docs/compatibility E-1 to E-7."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.blocks import (
    Block,
    HookedPod,
    build_blocks,
    find_hooks,
)
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import resolve_rules
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import parse_hook_rules


def pod(
    name: str, *claims: str, phase: str = "Running", ready: bool = True, namespace: str = "shop", **annotations: str
) -> dict[str, t.Any]:
    volumes = [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in claims]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": namespace, "name": name, "annotations": annotations, "managedFields": [{}]},
        "spec": {"containers": [{"name": "db"}], "volumes": [{"name": "tmp", "emptyDir": {}}, *volumes]},
        "status": {
            "phase": phase,
            "podIP": "10.0.0.1",
            "conditions": [
                {"type": "Initialized", "status": "True"},
                {"type": "Ready", "status": "True" if ready else "False"},
            ],
        },
    }


def hooked(pods: t.Iterable[dict[str, t.Any]], **rule: t.Any) -> list[HookedPod]:
    entry = {"exec": {"command": ["run"]}}
    rules = resolve_rules(parse_hook_rules([{"name": "r", "pre": [entry], "post": [entry]} | rule]), str)
    return [t.cast("HookedPod", find_hooks(found, rules)) for found in pods]


def names(blocks: list[Block]) -> list[str]:
    """Blocks as text: ``a b`` side by side, ``a > b`` one after the other."""
    return [(" > " if block.sequential else " ").join(entry.key[1] for entry in block.pods) for block in blocks]


def test_what_is_kept_of_a_pod() -> None:
    ephemeral = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}}
    given = pod("a", "data", "data", "wal")
    given["spec"]["volumes"].append(ephemeral)
    (found,) = hooked([given])
    assert set(found.pod) == {"metadata", "spec", "status"}
    assert found.pod["status"] == {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    assert "managedFields" not in found.pod["metadata"]
    assert found.claims == ("data", "wal", "a-scratch") == mounted_claims(given)
    assert (found.key, [hook.argv for hook in found.pre + found.post]) == (("shop", "a"), [("run",), ("run",)])


def test_a_pod_without_hooks() -> None:  # docs/compatibility B2
    assert find_hooks(pod("a"), ()) is None


def test_a_pod_with_a_warning_only() -> None:
    key = "pre.hook.backup.velero.io/"
    found = find_hooks(pod("a", **{key + "command": "x", key + "timeout": "30"}), ())
    assert found is not None
    assert len(found.warnings) == 1


@pytest.mark.parametrize(
    ("pods", "more", "blocks"),
    [
        pytest.param([], {}, [], id="none"),
        pytest.param([pod("b"), pod("a")], {}, ["a", "b"], id="E-3"),
        pytest.param([pod("a", namespace="y"), pod("b", namespace="x")], {}, ["b", "a"], id="E-1"),
        pytest.param([pod("b", "data"), pod("a", "data")], {}, ["a b"], id="E-4"),
        pytest.param(
            [pod("a", "data"), pod("b", "data", "wal"), pod("c", "wal"), pod("d", "own")], {}, ["a b c", "d"], id="3.10"
        ),
        pytest.param([pod("a", "data"), pod("b", "data", namespace="other")], {}, ["b", "a"], id="other-namespace"),
        pytest.param([pod("a", "data", phase="Pending"), pod("b", "data")], {}, ["a", "b"], id="only-running-ones"),
        pytest.param(
            [pod("a"), pod("b"), pod("c")], {"ordered_pods": [("shop", "b"), ("shop", "a")]}, ["b > a", "c"], id="E-5"
        ),
        pytest.param(
            [pod("b"), pod("c")], {"ordered_pods": [("shop", "c"), ("shop", "gone")]}, ["c", "b"], id="E-5-one-is-there"
        ),
        pytest.param(
            [pod("a", "1"), pod("b", "2"), pod("c", "2"), pod("d")],
            {"ordered_claims": [("shop", "2"), ("shop", "1")]},
            ["b > c > a", "d"],
            id="ordered-claims",
        ),
        pytest.param(
            [pod("a", "data"), pod("b"), pod("c", "data")],
            {"ordered_pods": [("shop", "c"), ("shop", "b")]},
            ["c > b > a"],
            id="merged",
        ),
        pytest.param(
            [pod("a", "1"), pod("b", "2"), pod("c", "2")],
            {"ordered_pods": [("shop", "c"), ("shop", "a")], "ordered_claims": [("shop", "1"), ("shop", "2")]},
            ["c > a > b"],
            id="pods-before-claims",
        ),
    ],
)
def test_blocks(pods: list[dict[str, t.Any]], more: dict[str, t.Any], blocks: list[str]) -> None:
    for order in itertools.islice(itertools.permutations(hooked(pods)), 6):
        assert names(build_blocks(order, **more)) == blocks


@pytest.mark.parametrize(
    ("pods", "chosen"),
    [
        pytest.param([pod("b"), pod("a")], "a", id="by-name"),
        pytest.param([pod("a", ready=False), pod("b")], "b", id="ready"),
        pytest.param([pod("a", phase="Pending"), pod("b")], "b", id="running"),
        pytest.param([pod("a", phase="Succeeded"), pod("b", ready=False)], "b", id="none-is-ready"),
        pytest.param([pod("a", phase="Pending"), pod("b", phase="Pending")], "a", id="none-runs"),
    ],
)
def test_run_on_one(pods: list[dict[str, t.Any]], chosen: str) -> None:
    blocks = build_blocks(hooked(pods, run_on="one"))
    entries = [entry for block in blocks for entry in block.pods]
    assert sorted(entry.key[1] for entry in entries) == ["a", "b"]  # the other one is still to be stored
    assert [entry.key[1] for entry in entries if entry.pre and entry.post] == [chosen]
    assert [entry.key[1] for entry in entries if entry.pre or entry.post] == [chosen]


def test_run_on_one_in_each_namespace_and_for_each_rule() -> None:
    entry = {"exec": {"command": ["run"]}}
    rules = resolve_rules(
        parse_hook_rules(
            [
                {"name": "one", "pre": [entry], "runOn": "one"},
                {"name": "only-b", "pre": [entry], "runOn": "one", "labelSelector": "b"},
                {"name": "all", "pre": [entry]},
            ]
        ),
        str,
    )
    pods = [pod("a"), pod("b"), pod("c", namespace="web")]
    pods[1]["metadata"]["labels"] = {"b": ""}
    found = [t.cast("HookedPod", find_hooks(entry, rules)) for entry in pods]
    assert {
        entry.key[1]: [hook.name for hook in entry.pre] for block in build_blocks(found) for entry in block.pods
    } == {"a": ["one", "all"], "b": ["only-b", "all"], "c": ["one", "all"]}


def test_run_on_ordered() -> None:
    pods = [pod("b"), pod("a"), pod("c", "data"), pod("x", namespace="web"), pod("y", namespace="web")]
    assert names(build_blocks(hooked(pods, run_on="ordered"))) == ["a > b > c", "x > y"]


def test_run_on_ordered_takes_the_matched_pods_only() -> None:
    pods = [pod("a"), pod("b"), pod("c")]
    for found in pods[:2]:
        found["metadata"]["labels"] = {"in": "order"}
    entry = {"exec": {"command": ["run"]}}
    rules = resolve_rules(
        parse_hook_rules(
            [
                {"name": "r", "pre": [entry], "run_on": "ordered", "label_selector": "in=order"},
                {"name": "all", "pre": [entry]},
            ]
        ),
        str,
    )
    found_hooks = [t.cast("HookedPod", find_hooks(entry, rules)) for entry in pods]
    assert names(build_blocks(found_hooks)) == ["a > b", "c"]
