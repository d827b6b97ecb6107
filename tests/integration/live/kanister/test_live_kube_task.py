# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KubeTask on a real node: outputs, the log, failures, and what becomes of the pod."""

from __future__ import annotations

import threading
import time
import typing as t

import pytest
from phase_lab import IMAGE, PhaseLab, output

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient


def test_outputs_and_log(phases: PhaseLab) -> None:
    script = f"for i in $(seq 500); do echo line $i; done; {output('a', 'one')}; {output('b', 'two')} >&2; echo -n end"
    assert phases.task(script) == {"a": "one", "b": "two"}
    lines = [line for line in phases.log if line.startswith("line ")]
    assert lines == [f"line {number}" for number in range(1, 501)]
    assert "end" in phases.log


def test_without_outputs(phases: PhaseLab) -> None:
    assert phases.task(":") == {}


def test_override_and_marks(phases: PhaseLab) -> None:
    """Of the blueprint: variables and labels, beside the marks of a temporary pod."""
    override = {"containers": [{"name": "container", "env": [{"name": "WORD", "value": "hello"}]}]}
    arguments = {"podOverride": override, "podLabels": {"team": "shop"}}
    seen: list[t.Any] = []

    def look() -> None:
        name = phases.await_running()
        seen.append(phases.client.get(f"/api/v1/namespaces/{phases.namespace}/pods/{name}"))

    thread = threading.Thread(target=look)
    thread.start()
    assert phases.task(f"sleep 2; {output('word', 'X')} | sed s/X/$WORD/", arguments=arguments) == {"word": "hello"}
    thread.join()
    assert seen[0]["metadata"]["labels"].items() >= {"team": "shop", "createdBy": "kanister"}.items()
    assert seen[0]["metadata"]["name"].startswith("kanister-job-")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param("echo a; echo b; exit 3", "ended with exit code 3. The last that it printed: a | b", id="rc"),
        pytest.param("echo '###Phase-output###: nonsense'", "What follows ###Phase-output###", id="bad output"),
    ],
)
def test_failures(phases: PhaseLab, script: str, words: str) -> None:
    with pytest.raises(BlueprintError) as caught:
        phases.task(script)
    assert words in caught.value.message


def test_no_such_program(phases: PhaseLab) -> None:
    with pytest.raises(BlueprintError, match=r"no such file or directory"):
        phases.run("KubeTask", {"image": IMAGE, "command": ["/no/such/program"]})


def test_no_such_image(phases: PhaseLab) -> None:
    began = time.monotonic()
    with pytest.raises(BlueprintError, match=r"does not start: image nowhere/none:1 of container container: .*Pull"):
        phases.run("KubeTask", {"image": "nowhere/none:1", "command": ["x"]}, seconds=120.0)
    assert time.monotonic() - began < 120


def test_a_node_that_is_not_there(phases: PhaseLab) -> None:
    """Nothing says that this will never be, but the time of the phase ends."""
    override = {"nodeSelector": {"arkive.test/none": "x"}}
    with pytest.raises(BlueprintError, match=r"did not start within .* 0/1 nodes are available"):
        phases.task(":", arguments={"podOverride": override}, seconds=8.0)


def test_no_such_service_account(phases: PhaseLab) -> None:
    with pytest.raises(BlueprintError, match=r"ServiceAccount .*/nobody is not there") as caught:
        phases.task(":", arguments={"podOverride": {"serviceAccountName": "nobody"}})
    assert "hook_service_account" in str(caught.value.hint)


def test_time_is_over(phases: PhaseLab) -> None:
    with pytest.raises(BlueprintError, match=r"did not end within the \d+ s .* container container runs. .*: waiting"):
        phases.task("echo waiting; sleep 600", seconds=6.0)


def test_cancelled(phases: PhaseLab) -> None:
    threading.Thread(target=lambda: (phases.await_running(), phases.cancel.cancel("SIGTERM"))).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        phases.task("trap '' TERM; sleep 600")
    assert time.monotonic() - began < 30


def test_evicted(phases: PhaseLab, client: KubeClient) -> None:
    """A drain evicts the pod by the API. A pod that is gone before its end was seen says no more than that."""

    def evict() -> None:
        name = phases.await_running()
        path = f"/api/v1/namespaces/{phases.namespace}/pods/{name}/eviction"
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": phases.namespace},
        }
        client.post(path, body)

    thread = threading.Thread(target=evict)
    thread.start()
    override = {"terminationGracePeriodSeconds": 1}
    with pytest.raises(BlueprintError, match=r"Evict|by an eviction") as caught:
        phases.task("echo begun; sleep 600", arguments={"podOverride": override})
    thread.join()
    assert "pod" in caught.value.message


def test_evicted_by_the_kubelet(phases: PhaseLab) -> None:
    """Pressure that the kubelet answers itself: the pod writes more than its limit of the node's disk."""
    override = {"containers": [{"name": "container", "resources": {"limits": {"ephemeral-storage": "4Mi"}}}]}
    with pytest.raises(BlueprintError, match=r"failed: Evicted: .*ephemeral.*4Mi") as caught:
        phases.task(
            "dd if=/dev/zero of=/file bs=1M count=24; sync; echo full; sleep 600", arguments={"podOverride": override}
        )
    assert "The last that it printed" in caught.value.message


def test_the_node_is_cordoned(phases: PhaseLab) -> None:
    node = phases.client.get("/api/v1/nodes")["items"][0]["metadata"]["name"]
    phases.kubectl("cordon", node)
    try:
        with pytest.raises(BlueprintError, match=r"did not start within 6 s; .*1 node\(s\) were unschedulable"):
            phases.task(":", seconds=6.0)
    finally:
        phases.kubectl("uncordon", node)


def test_the_node_has_no_room(phases: PhaseLab) -> None:
    """Sent to the node past the scheduler: the kubelet itself refuses it."""
    node = phases.client.get("/api/v1/nodes")["items"][0]["metadata"]["name"]
    resources = {"requests": {"cpu": "1000"}}
    override = {"nodeName": node, "containers": [{"name": "container", "resources": resources}]}
    with pytest.raises(BlueprintError, match=r"failed: OutOfcpu: .*cpu"):
        phases.task(":", arguments={"podOverride": override})


def test_deleted_by_somebody(phases: PhaseLab) -> None:
    thread = threading.Thread(
        target=lambda: phases.kubectl("delete", "pod", phases.await_running(), "--grace-period=0", "--force")
    )
    thread.start()
    with pytest.raises(BlueprintError, match="was deleted while it ran, by somebody; in the end: phase"):
        phases.task("sleep 600")
    thread.join()


def test_quota(phases: PhaseLab) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    phases.apply(quota)
    try:
        end = time.monotonic() + 20
        while '"used"' not in phases.kubectl("get", "resourcequota", "none", "-o", "json") and time.monotonic() < end:
            time.sleep(0.2)
        with pytest.raises(BlueprintError, match="exceeded quota: none") as caught:
            phases.task(":")
        assert str(caught.value.hint).startswith("Free some of the quota")
    finally:
        phases.kubectl("delete", "resourcequota", "none")
