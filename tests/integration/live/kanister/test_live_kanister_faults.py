# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults, each made for real: streams cut, the API server gone for a while, the run killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest
from phase_lab import PhaseLab, output, shell, sleeping_pod

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_objects import sweep_pods

if t.TYPE_CHECKING:
    from conftest import CutLine

RUNNER = Path(__file__).with_name("task_runner.py")
#: A line each 50 ms, for five seconds or so.
TALKS = f"i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo line $i; sleep 0.05; done; {output('end', 'reached')}"
LINES = [f"line {number}" for number in range(1, 101)]


def test_the_log_is_cut_again_and_again(phases: PhaseLab, line: CutLine) -> None:
    """Each line comes once, and the outputs come."""
    over = threading.Event()

    def cut() -> None:
        phases.await_running()
        while not over.wait(0.7):
            line.proxy.cut(stay=False)

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        assert phases.task(TALKS, client=line.client) == {"end": "reached"}
    finally:
        over.set()
        thread.join()
    assert phases.log == LINES


def test_the_line_is_dead_for_a_while(phases: PhaseLab, line: CutLine) -> None:
    def cut() -> None:
        phases.await_running()
        line.proxy.cut()
        time.sleep(8.0)
        line.proxy.mend()

    thread = threading.Thread(target=cut)
    thread.start()
    assert phases.task(TALKS, client=line.client) == {"end": "reached"}
    thread.join()
    assert phases.log == LINES


def test_the_stream_of_a_command_is_cut(phases: PhaseLab, line: CutLine) -> None:
    phases.apply(sleeping_pod("one"))
    phases.kubectl("wait", "--for=condition=Ready", "pod", "one", "--timeout=110s")

    def cut() -> None:
        phases.await_process("one", "sleep 60")
        line.proxy.cut(stay=False)

    thread = threading.Thread(target=cut)
    thread.start()
    arguments = {"namespace": phases.namespace, "pod": "one", "command": shell("echo begun; sleep 60")}
    began = time.monotonic()
    with pytest.raises(BlueprintError, match=r"may still run.* The last of its stdout: begun"):
        phases.run("KubeExec", arguments, client=line.client)
    assert time.monotonic() - began < 20
    thread.join()


@pytest.mark.fault
def test_the_api_server_restarts(phases: PhaseLab, component: t.Callable[[str, str], None]) -> None:
    def kill() -> None:
        phases.await_running()
        component("kill", "kube-apiserver")

    thread = threading.Thread(target=kill)
    thread.start()
    assert phases.task(TALKS, seconds=120.0) == {"end": "reached"}
    thread.join()
    assert phases.log == LINES


def test_killed_and_swept_by_the_next_run(phases: PhaseLab, kubeconfig: str) -> None:
    argv = [sys.executable, str(RUNNER), kubeconfig, phases.namespace, "sleep 600"]
    process = subprocess.Popen(argv)
    try:
        name = phases.await_running()
        assert sweep_pods(phases.client, [phases.namespace]) == ([], [])
    finally:
        process.kill()
        process.wait()
    assert phases.temporary_pods() == [name]
    assert sweep_pods(phases.client, [phases.namespace]) == ([f"{phases.namespace}/{name}"], [])
