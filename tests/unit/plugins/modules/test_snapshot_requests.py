# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of ``k8s_snapshot`` and ``k8s_snapshot_info``, as the engines take them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
    Workload,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi import listing as csi_listing
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi import sets as csi_sets
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs import listing as ebs_listing
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import FoundSnapshots, SnapshotQuery
from ansible_collections.arkive.k8s.plugins.modules import k8s_snapshot, k8s_snapshot_info

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"

AUTH = {"host": "https://127.0.0.1:1", "api_key": "token"}
SET = {"name": "s", "namespace": "shop", **AUTH}


class Calls(list[tuple[str, t.Any]]):
    """The engines that were called, by name, with what they were asked; ``outcome`` is what they answer."""

    outcome = SnapshotOutcome(changed=True, before=["old"], after=["new"])


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()

    def stand_in(name: str) -> None:
        def engine(request: t.Any, **means: t.Any) -> SnapshotOutcome:
            calls.append((name, request))
            calls.append(("provider", type(means["provider"]).__name__))
            return calls.outcome

        monkeypatch.setattr(k8s_snapshot, name, engine)

    for name in ("take_snapshots", "remove_snapshots"):
        stand_in(name)
    csi = type("CsiSet", (), {"__init__": lambda *given, **more: None})
    monkeypatch.setattr(csi_sets, "CsiSet", csi)
    return calls


def test_defaults(run_module: Runner, called: Calls) -> None:
    result = run_module(k8s_snapshot, claims=["data"], **SET)
    (engine, request), provider = called
    assert (engine, provider) == ("take_snapshots", ("provider", "CsiSet"))
    assert request == SnapshotRequest(
        name="s", namespace="shop", choice=ClaimChoice(claims=("data",)), run_id=request.run_id
    )
    assert (result["changed"], result["failed"], result["freeze_window_seconds"]) == (True, False, 0.0)
    assert "diff" not in result


def test_everything(run_module: Runner, called: Calls) -> None:
    run_module(
        k8s_snapshot,
        or_label_selectors=[{"matchLabels": {"a": "b"}}, {"match_expressions": [{"key": "c", "operator": "Exists"}]}],
        hooks=[{"name": "one", "pre": [{"exec": {"command": ["sync"]}}]}],
        run_pod_hooks=False,
        hook_on_error_default="Continue",
        freeze_path=["/data", "/data"],
        container="db",
        snapshot_class="fast",
        group_label="velero.io/volume-group",
        csi_snapshot_timeout="1m",
        wait=False,
        retain=True,
        labels={"team": "shop"},
        workers=3,
        freeze_lease="10s",
        freeze_max="20s",
        no_log_output=True,
        **SET,
    )
    request: SnapshotRequest = called[0][1]
    quiescing: Quiescing = request.quiescing
    assert [selector.to_text() for selector in request.choice.selectors] == ["a in (b)", "c"]
    assert [rule.name for rule in quiescing.rules] == ["one"]
    assert (quiescing.pod_hooks, quiescing.on_error, quiescing.freeze_paths) == (False, "Continue", ("/data",))
    assert (quiescing.container, quiescing.policy.lease_seconds, quiescing.policy.freeze_max_seconds) == ("db", 10, 20)
    assert (request.snapshot_class, request.group_label, request.retain) == ("fast", "velero.io/volume-group", True)
    assert (request.take_seconds, request.ready_seconds, request.workers) == (60, None, 3)
    assert (request.labels, request.log_output) == ({"team": "shop"}, False)


def test_a_workload(run_module: Runner, called: Calls) -> None:
    run_module(k8s_snapshot, workload={"kind": "StatefulSet", "name": "db"}, **SET)
    assert called[0][1].choice == ClaimChoice(workload=Workload("StatefulSet", "db"))


def test_absent(run_module: Runner, called: Calls) -> None:
    result = run_module(k8s_snapshot, state="absent", diff=True, **SET)
    assert called[0][0] == "remove_snapshots"
    assert ('"old"' in result["diff"]["before"], '"new"' in result["diff"]["after"]) == (True, True)


def test_ec2(run_module: Runner, called: Calls) -> None:
    run_module(
        k8s_snapshot,
        claims=["data"],
        provider="aws_ebs",
        snapshot_location={"region": "eu-central-1", "access_key": "key", "secret_key": "secret"},
        **SET,
    )
    assert called[1] == ("provider", "EbsSet")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "any of the following are missing: claims, label_selector, or_label_selectors, workload"),
        ({"claims": ["a"], "workload": {"kind": "Deployment", "name": "x"}}, "mutually exclusive"),
        ({"claims": ["a"], "container": "db"}, "freeze_path"),
        ({"claims": ["a"], "freeze_path": ["data"]}, "'data' is not absolute"),
        ({"claims": ["a"], "provider": "aws_ebs", "snapshot_class": "fast"}, "snapshot_class is for CSI snapshots"),
        ({"claims": ["a"], "provider": "aws_ebs", "retain": True}, "retain is for CSI snapshots"),
        ({"claims": ["a"], "wait_timeout": "soon"}, "wait_timeout"),
        ({"claims": ["a"], "csi_snapshot_timeout": "0s"}, "csi_snapshot_timeout is 0s"),
        ({"claims": ["a"], "hooks": [{"pre": []}]}, "has no name"),
        ({"claims": ["a"], "labels": {"a": 1}}, "labels.a is not text"),
        ({"claims": ["a"], "freeze_max": "1s"}, "freeze_max"),
    ],
)
def test_wrong_input(run_module: Runner, called: Calls, options: dict[str, t.Any], said: str) -> None:
    result = run_module(k8s_snapshot, **options, **SET)
    assert result["failed"]
    assert said in result["msg"]
    assert called == []


def test_errors_and_hooks(run_module: Runner, called: Calls) -> None:
    hook = Hook(source="task", name="k8s_snapshot", phase="pre", argv=("sync",))
    failed = HookResult.not_run(hook, ("shop", "db-0"), "failed", "no")
    called.outcome = SnapshotOutcome(hooks=[failed], issues=Issues.of(errors=["It went wrong."], warnings=["Look."]))
    result = run_module(k8s_snapshot, claims=["data"], no_log_output=True, **SET)
    assert (result["failed"], result["msg"]) == (True, "The snapshot set shop/s was not taken as asked. It went wrong.")
    assert [entry["message"] for entry in result["warnings_list"]] == ["Look."]
    assert result["hooks"][0]["state"] == "failed"
    assert "stdout" not in result["hooks"][0]


@pytest.mark.parametrize(
    ("provider", "engine", "region"),
    [
        ({}, "list_snapshots", ""),
        ({"provider": "csi"}, "list_snapshots", ""),
        ({"provider": "aws_ebs", "snapshot_location": {"region": "x"}}, "list_ebs_snapshots", "x"),
        ({"provider": "aws_ebs"}, "list_ebs_snapshots", ""),
    ],
)
def test_info(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, provider: dict[str, t.Any], engine: str, region: str
) -> None:
    asked: list[tuple[SnapshotQuery, str]] = []

    def stand_in(query: SnapshotQuery, **means: t.Any) -> FoundSnapshots:
        asked.append((query, (means["ebs"].location.region or "") if "ebs" in means else ""))
        return FoundSnapshots(snapshots=[{"name": "s-data"}], warnings=["No handles."])

    monkeypatch.setattr(ebs_listing if "ebs" in engine else csi_listing, engine, stand_in)
    options = {"namespace": "shop", "name": "s", "claims": ["data"], "label_selector": "team=shop"}
    result = run_module(k8s_snapshot_info, **options, **provider, **AUTH)
    query = SnapshotQuery(namespace="shop", name="s", claims=("data",), label_selector="team in (shop)")
    assert asked == [(query, region)]
    assert (result["changed"], result["snapshots"]) == (False, [{"name": "s-data"}])
    assert [entry["message"] for entry in result["warnings_list"]] == ["No handles."]


def test_info_with_wrong_labels(run_module: Runner) -> None:
    result = run_module(k8s_snapshot_info, label_selector="team is shop", **AUTH)
    assert "'team is shop' is not a term of a label selector" in result["msg"]
