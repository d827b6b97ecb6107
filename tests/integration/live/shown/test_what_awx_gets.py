# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of hostile sizes, by the modules as a task runs them: small ones, with the whole beside the records."""

from __future__ import annotations

import gzip
import json
import typing as t
from pathlib import Path

import pytest
from play_runner import PlayRunner

LIMIT = 300_000
PODS = 6
#: Each of them writes 64 KiB to both of its streams, in two hooks.
SCRIPT = "head -c 65536 /dev/zero | tr '\\0' x; head -c 65536 /dev/zero | tr '\\0' y >&2"


@pytest.fixture
def task(tmp_path: Path, kubeconfig: str) -> t.Callable[..., dict[str, t.Any]]:
    """``task(module, check, **options)``: the result, as a callback of AWX has it."""
    runner = PlayRunner(tmp_path, kubeconfig)

    def run(module: str, *, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        asked = {f"arkive.k8s.{module}": options, "register": "done", "ignore_errors": True, "check_mode": check}
        return runner.results([asked], "done")["done"]

    return run


def size(result: dict[str, t.Any]) -> int:
    return len(json.dumps(result))


def pod_named(name: str) -> dict[str, t.Any]:
    annotations = {
        f"{phase}.hook.backup.velero.io/command": json.dumps(["/bin/sh", "-c", SCRIPT]) for phase in ("pre", "post")
    }
    container = {"name": "main", "image": "busybox:1", "command": ["sleep", "86400"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": annotations, "labels": {"app": "talks"}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }


@pytest.mark.node
def test_hooks_that_talk_and_a_plan_that_is_long(
    task: t.Callable[..., dict[str, t.Any]], kubectl: t.Any, namespace: str, tmp_path: Path
) -> None:
    pods = [pod_named(f"p-{number}") for number in range(PODS)]
    maps = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c-{number}"}} for number in range(700)]
    kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps({"kind": "List", "apiVersion": "v1", "items": pods}))
    kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps({"kind": "List", "apiVersion": "v1", "items": maps}))
    kubectl("-n", namespace, "wait", "--for=condition=Ready", "pod", "--all", "--timeout=100s")
    store = tmp_path / "store"
    store.mkdir()
    location = {"path": str(store)}

    made = task("k8s_backup", name="b", included_namespaces=[namespace], storage_location=location)
    assert not made["failed"]
    assert size(made) < LIMIT
    assert made["left_out"] == {"hooks": 2 * PODS}
    assert made["item_counts"]["pods"] == PODS
    key = store / made["result_key"]
    assert key.stat().st_mode & 0o777 == 0o600
    whole = json.loads(gzip.decompress(key.read_bytes()))["hooks"]
    assert [len(hook["stdout"]) for hook in whole] == [65536] * 2 * PODS
    assert made["hooks"][0]["stdout_truncated"] is True

    taken = {"file": "result", "dest": str(tmp_path / "whole.json")}
    found = task("k8s_backup_info", name="b", extract=taken, storage_location=location)
    assert found["extracted"]["size"] > 2 * PODS * 2 * 65536
    assert json.loads((tmp_path / "whole.json").read_text())["hooks"] == whole

    answers = task("k8s_hook_exec", namespace=namespace, label_selector="app=talks", argv=["/bin/sh", "-c", SCRIPT])
    assert (answers["failed"], answers["rc"], len(answers["hooks"])) == (False, None, PODS)
    fails = {"argv": ["/bin/sh", "-c", "echo out; exit 3"], "on_error": "Continue"}
    one = task("k8s_hook_exec", namespace=namespace, pod="p-0", **fails)
    assert (one["failed"], one["rc"], one["stdout"], one["stdout_lines"]) == (False, 3, "out\n", ["out"])

    # A plan of more than 700 objects: in check mode nothing is written where the backups are.
    copy = {"backup": "b", "namespace_mapping": {namespace: f"{namespace}-copy"}, "storage_location": location}
    planned = task("k8s_restore", check=True, result_path=str(tmp_path), **copy)
    assert not planned["failed"]
    assert size(planned) < LIMIT
    assert (planned["result_key"], len(planned["plan"])) == (None, 500)
    plan = json.loads(Path(planned["result_path"]).read_text())["plan"]
    assert len(plan) == sum(planned["plan_counts"].values()) > 700
    assert not (store / "restores").exists()
    assert "create" in planned["plan_table"][-1]
