# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blueprints that freeze: nothing stays frozen, and what was not protected is said."""

from __future__ import annotations

import dataclasses
import re
import time
import typing as t

import pytest
from phase_lab import PhaseLab, shell, sleeping_pod

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.freezes import BlueprintFreezes, as_hook
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function_table import load_function
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import plan_hook

FREEZE, THAW = ["fsfreeze", "--freeze", "/data"], ["fsfreeze", "--unfreeze", "/data"]


@pytest.fixture(scope="module")
def pod(client: t.Any, kubectl: t.Callable[..., str], module_namespace: str) -> str:
    phases = PhaseLab(client, kubectl, module_namespace)
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    made = sleeping_pod("db")
    made["spec"]["containers"][0] |= {
        "securityContext": {"privileged": True},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    made["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    phases.apply(
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": wanted}, made
    )
    phases.kubectl("wait", "--for=condition=Ready", "pod", "db", "--timeout=110s")
    return "db"


@pytest.fixture
def freezes(phases: PhaseLab) -> t.Iterator[BlueprintFreezes]:
    made = BlueprintFreezes(phases.call("KubeExec", {}).run, FreezePolicy(lease_seconds=20.0))
    yield made
    made.release_left()


def run(phases: PhaseLab, freezes: BlueprintFreezes, pod: str, command: list[str]) -> t.Any:
    call = phases.call("KubeExec", {"namespace": phases.namespace, "pod": pod, "command": command})
    return load_function("KubeExec").run(
        dataclasses.replace(call, context=dataclasses.replace(call.context, freezes=freezes))
    )


def is_frozen(phases: PhaseLab) -> bool:
    """A thaw finds something: then it is thawed now."""
    script = "fsfreeze --unfreeze /data 2>/dev/null && echo frozen || echo thawed"
    return phases.kubectl("exec", "db", "--", "sh", "-c", script).strip() == "frozen"


def marks(phases: PhaseLab, pod: str) -> bool:
    found = phases.client.get(f"/api/v1/namespaces/{phases.namespace}/pods/{pod}")
    return FROZEN_ANNOTATION in (found["metadata"].get("annotations") or {})


def test_frozen_by_one_phase_and_thawed_by_another(phases: PhaseLab, freezes: BlueprintFreezes, pod: str) -> None:
    run(phases, freezes, pod, FREEZE)
    assert freezes.holds
    assert marks(phases, pod)
    assert "would be frozen for as long as its snapshot takes only" in phases.warnings[0]
    run(phases, freezes, pod, THAW)
    assert not freezes.holds
    assert [(record.thawed_by, record.consistent) for record in freezes.records] == [("post hook", True)]
    assert not marks(phases, pod)
    assert not is_frozen(phases)


def test_the_timer_was_faster(phases: PhaseLab, pod: str) -> None:
    """The time of a freeze is bounded: its timer is not renewed beyond freeze_max."""
    run_of = phases.call("KubeExec", {}).run
    freezes = BlueprintFreezes(run_of, FreezePolicy(lease_seconds=2.0, freeze_max_seconds=1.0))
    run(phases, freezes, pod, FREEZE)
    phases.kubectl("exec", "db", "--", "touch", "/data/probe")  # it waits for the timer
    with pytest.raises(BlueprintError, match=r"ran out after \d+ s, .* what was done after \S+Z was not protected"):
        run(phases, freezes, pod, THAW)
    assert not is_frozen(phases)


def test_what_no_phase_thaws_is_thawed_at_the_end(phases: PhaseLab, freezes: BlueprintFreezes, pod: str) -> None:
    run(phases, freezes, pod, shell("fsfreeze --freeze /data"))
    assert freezes.release_left() == []
    assert "was thawed by no phase of it" in phases.warnings[-1]
    assert [record.thawed_by for record in freezes.records] == ["release"]
    assert not is_frozen(phases)


@pytest.mark.parametrize("seconds", [0.2, 2.5], ids=["while its proof is there", "when its proof is gone"])
def test_thawed_by_another_run(phases: PhaseLab, freezes: BlueprintFreezes, pod: str, seconds: float) -> None:
    """The run that has frozen hears of it at its end, and does not call its window consistent."""
    run(phases, freezes, pod, FREEZE)
    other = BlueprintFreezes(phases.call("KubeExec", {}).run, FreezePolicy())
    run(phases, other, pod, THAW)
    assert [record.thawed_by for record in other.records] == ["post hook"]
    time.sleep(seconds)
    (error,) = freezes.release_left()
    assert [(record.thawed_by, record.consistent) for record in freezes.records] == [("someone else", False)]
    assert re.search("thawed by another run|another run thawed it", error)
    assert not marks(phases, pod)
    assert not is_frozen(phases)


def test_check_mode_knows_who_holds_it(phases: PhaseLab, freezes: BlueprintFreezes, pod: str) -> None:
    """In the words of a run that meets it, whether a phase or a hook of the pod would freeze."""
    run(phases, freezes, pod, FREEZE)
    call = phases.call("KubeExec", {"namespace": phases.namespace, "pod": pod, "command": FREEZE})
    words = r"/data in container main of pod .* is already frozen by someone else; it is left alone: run \w+ holds it"
    with pytest.raises(BlueprintError, match=words):
        load_function("KubeExec").plan(call)
    found = phases.client.get(f"/api/v1/namespaces/{phases.namespace}/pods/{pod}")
    hook = as_hook("freeze", "pre", "main", FREEZE, 30.0)
    assert re.match(words, plan_hook(found, hook, client=phases.client, policy=FreezePolicy())["refused"])
    with pytest.raises(BlueprintError, match=words):
        run(phases, BlueprintFreezes(ClusterRun(client=phases.client, run_id="other"), FreezePolicy()), pod, FREEZE)
    run(phases, freezes, pod, THAW)
    load_function("KubeExec").plan(call)
    assert not is_frozen(phases)


def test_a_path_on_the_node_is_refused(phases: PhaseLab, freezes: BlueprintFreezes, pod: str) -> None:
    with pytest.raises(BlueprintError, match=r"The freeze of /tmp in container main of pod .* is refused"):
        run(phases, freezes, pod, ["fsfreeze", "--freeze", "/tmp"])
    assert not freezes.holds


def test_cancelled_while_it_freezes(phases: PhaseLab, freezes: BlueprintFreezes, pod: str) -> None:
    phases.cancel.cancel("SIGTERM")
    with pytest.raises(Cancelled):
        run(phases, freezes, pod, FREEZE)
    assert not freezes.holds
    assert not is_frozen(phases)
