# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods are quiesced around a snapshot, and how."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_commands import freeze_command, thaw_command
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import recognise
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.pods import (
    QuiescePlan,
    plan_quiescing,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import Quiescing
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import parse_hook_rules
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

PRE, POST = (f"{phase}.hook.backup.velero.io/command" for phase in ("pre", "post"))


def plan(cluster: t.Any, *claims: str, **quiescing: t.Any) -> QuiescePlan:
    return plan_quiescing(cluster.client, "shop", claims or ("data",), Quiescing(**quiescing))


def hooks(found: QuiescePlan) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(pod.key[1], hook.phase, hook.argv) for pod in found.hooked for hook in (*pod.pre, *pod.post)]


def test_the_annotations_of_the_pods_that_mount_the_claims(cluster: t.Any) -> None:
    cluster.add_pod("b", metadata={"annotations": {PRE: "sync", POST: "true"}})
    cluster.add_pod("other", claim="else", metadata={"annotations": {PRE: "sync"}})
    cluster.add_pod("done", metadata={"annotations": {PRE: "sync"}}, status={"phase": "Succeeded"})
    cluster.add_pod("a")
    found = plan(cluster)
    assert hooks(found) == [("b", "pre", ("sync",)), ("b", "post", ("true",))]
    assert [pod["metadata"]["name"] for pod in found.pods] == ["a", "b"]
    assert not found.sequential


RULES = [{"name": "flush", "pre": [{"exec": {"command": ["flush"]}}], "post": [{"exec": {"command": ["go"]}}]}]


def test_rules_and_annotations(cluster: t.Any) -> None:
    """docs/compatibility 4.4: the annotations win, for each phase."""
    cluster.add_pod("a", metadata={"annotations": {PRE: "sync"}})
    rules = parse_hook_rules(RULES)
    assert hooks(plan(cluster, rules=rules)) == [("a", "pre", ("sync",)), ("a", "post", ("go",))]
    assert hooks(plan(cluster, rules=rules, pod_hooks=False)) == [("a", "pre", ("flush",)), ("a", "post", ("go",))]
    assert hooks(plan(cluster, pod_hooks=False)) == []


@pytest.mark.parametrize(
    ("run_on", "pods", "sequential"), [("all", ["a", "b"], False), ("one", ["a"], False), ("ordered", ["a", "b"], True)]
)
def test_where_a_rule_runs(cluster: t.Any, run_on: str, pods: list[str], sequential: bool) -> None:
    cluster.add_pod("b")
    cluster.add_pod("a")
    found = plan(cluster, rules=parse_hook_rules([{**RULES[0], "run_on": run_on}]))
    assert sorted({pod for pod, _phase, _argv in hooks(found)}) == pods
    assert found.sequential == sequential


def test_a_rule_for_other_types_or_pods(cluster: t.Any) -> None:
    cluster.add_pod("a")
    for narrowed in ({"includedResources": ["deployments"]}, {"labelSelector": {"matchLabels": {"app": "x"}}}):
        narrow = plan(cluster, rules=parse_hook_rules([{**RULES[0], **narrowed}]))
        assert hooks(narrow) == []
        assert len(narrow.warnings) == 1
        assert narrow.warnings[0].startswith(f"The hook rule '{RULES[0]['name']}' ")
    assert len(hooks(plan(cluster, rules=parse_hook_rules([{**RULES[0], "includedResources": ["po"]}])))) == 2


def test_a_path_is_frozen_last_and_thawed_first(cluster: t.Any) -> None:
    cluster.add_pod("a", metadata={"annotations": {PRE: "sync", POST: "go"}})
    found = plan(cluster, freeze_paths=("/data",))
    assert [argv for _pod, _phase, argv in hooks(found)] == [
        ("sync",),
        ("fsfreeze", "--freeze", "/data"),
        ("fsfreeze", "--unfreeze", "/data"),
        ("go",),
    ]
    assert [hook.on_error for hook in found.hooked[0].pre] == ["", "Fail"]
    assert found.hooked[0].pre[1].container == "db"


def test_a_path_that_the_pod_freezes_itself(cluster: t.Any) -> None:
    cluster.add_pod("a", metadata={"annotations": {PRE: '["fsfreeze", "-f", "/data"]'}})
    assert hooks(plan(cluster, freeze_paths=("/data",))) == [("a", "pre", ("fsfreeze", "-f", "/data"))]


@pytest.mark.parametrize(
    ("claims", "path", "why"),
    [
        (("data",), "/cache", "no volume is mounted there"),
        (("else",), "/data", "no running pod mounts one of the claims"),
        (("extra",), "/data", "claim data, which is mounted there, is not among those to be snapshotted"),
    ],
)
def test_a_path_that_cannot_be_frozen(cluster: t.Any, claims: tuple[str, ...], path: str, why: str) -> None:
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in ("data", "extra")]
    cluster.add_pod("a", spec={"volumes": volumes})
    with pytest.raises(SnapshotError, match=f"freeze_path {path} cannot be frozen .*{why}"):
        plan(cluster, *claims, freeze_paths=(path,))


def test_a_claim_that_no_path_leads_to(cluster: t.Any) -> None:
    cluster.add_pod("a")
    cluster.add_pod("b", claim="other", spec={"containers": [{"name": "db"}]})
    found = plan(cluster, "data", "other", freeze_paths=("/data",))
    assert [pod for pod, phase, _argv in hooks(found) if phase == "pre"] == ["a"]
    assert found.warnings == ["Not frozen, because no freeze_path leads there: other."]


def test_a_path_that_is_not_absolute() -> None:
    with pytest.raises(ValidationError, match="'data' is not absolute"):
        Quiescing(freeze_paths=("data",))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_guard_understands_the_commands(count: int) -> None:
    paths = [f"/data/{number}" for number in range(count)]
    freeze, thaw = recognise(freeze_command(paths)), recognise(thaw_command(paths))
    assert [command.path for command in freeze.freezes] == paths
    assert not freeze.unclear
    assert {command.path for command in freeze.thaws} < set(paths)  # else it would thaw itself
    assert [command.path for command in thaw.thaws] == paths
    assert (thaw.freezes, thaw.unclear) == ((), False)


@pytest.mark.parametrize(
    ("fails", "rc", "left"), [("none", 0, "a b c"), ("a", 1, ""), ("b", 1, ""), ("c", 1, "")], ids=lambda value: value
)
def test_one_that_fails_leaves_nothing_frozen(tmp_path: Path, fails: str, rc: int, left: str) -> None:
    """The command as a real shell runs it, with a tool that keeps what is frozen as files."""
    tool = tmp_path / "fsfreeze"
    tool.write_text(
        "#!/bin/sh\n"
        f'case $1$2 in --freeze/{fails}) echo "Device or resource busy" >&2; exit 1;;\n'
        f'--freeze*) : >"{tmp_path}/frozen-${{2#/}}";; *) rm "{tmp_path}/frozen-${{2#/}}";; esac\n'
    )
    tool.chmod(0o755)
    argv = freeze_command(["/a", "/b", "/c"])
    done = subprocess.run(argv, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False, capture_output=True, timeout=30)
    assert done.returncode == rc
    assert sorted(file.name.removeprefix("frozen-") for file in tmp_path.glob("frozen-*")) == left.split()
    if not rc:
        subprocess.run(
            thaw_command(["/a", "/b", "/c"]), env={"PATH": f"{tmp_path}:/bin:/usr/bin"}, check=True, timeout=30
        )
        assert list(tmp_path.glob("frozen-*")) == []
