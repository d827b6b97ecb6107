# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KubeExec and KubeExecAll. What a stream does is tried in the tests of ``_kube/exec.py``."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function_table import load_function
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions import commands
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.kube_exec import KubeExec
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.kube_exec_all import KubeExecAll
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import (
    ExecRefused,
    ExecResult,
    ExecStreamLost,
    ExecTimeout,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import NAMESPACE, FunctionLab

COMMAND = ["sh", "-c", "dump"]
ONE = {"namespace": NAMESPACE, "pod": "web-0", "command": COMMAND}
ALL = {"namespace": NAMESPACE, "pods": " web-0 web-1 ", "containers": "app side", "command": COMMAND}


def done(rc: int = 0, stdout: str = "", stderr: str = "", truncated: bool = False) -> ExecResult:
    return ExecResult(
        rc=rc,
        stdout=stdout.encode(),
        stderr=stderr.encode(),
        stdout_truncated=truncated,
        stderr_truncated=False,
        duration_seconds=0.1,
    )


def says(key: str, value: str) -> str:
    return f'###Phase-output###: {{"key":"{key}","value":"{value}"}}\n'


class Containers:
    """What commands in containers answer; ``seen`` has pod and container of each."""

    def __init__(self) -> None:
        self.answer: t.Callable[[str, str], ExecResult] = lambda _pod, _container: done()
        self.seen: list[tuple[str, str]] = []
        self.timeouts: list[float] = []

    def __call__(self, _client: t.Any, *, pod: str, container: str, timeout: float, **_more: t.Any) -> ExecResult:
        self.seen.append((pod, container))
        self.timeouts.append(timeout)
        return self.answer(pod, container)


def always(answer: ExecResult | Exception) -> t.Callable[[str, str], ExecResult]:
    """The same from each container."""

    def give(_pod: str, _container: str) -> ExecResult:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return give


@pytest.fixture
def containers(lab: FunctionLab, monkeypatch: pytest.MonkeyPatch) -> Containers:
    made = Containers()
    monkeypatch.setattr(commands, "exec_command", made)
    lab.node.status = None
    lab.api.add("pods", "web-0", NAMESPACE, spec={"containers": [{"name": "app"}]})
    return made


def run(lab: FunctionLab, arguments: t.Mapping[str, t.Any] | None = None, **more: t.Any) -> t.Any:
    return KubeExec().run(lab.call("KubeExec", ONE if arguments is None else arguments, **more))


def run_all(lab: FunctionLab, arguments: t.Mapping[str, t.Any] | None = None) -> t.Any:
    return KubeExecAll().run(lab.call("KubeExecAll", ALL if arguments is None else arguments))


def test_outputs_are_those_of_stdout(lab: FunctionLab, containers: Containers) -> None:
    containers.answer = lambda _pod, _container: done(stdout="x\n" + says("a", "1"), stderr=says("b", "2"))
    assert run(lab) == {"a": "1"}
    assert containers.seen == [("web-0", "app")]
    assert 0 < containers.timeouts[0] <= 20
    assert "x" in lab.logged


def test_without_outputs_it_gives_none(lab: FunctionLab, containers: Containers) -> None:
    assert run(lab) is None


@pytest.mark.parametrize("name", ["app", "side"])
def test_a_container_by_name(lab: FunctionLab, containers: Containers, name: str) -> None:
    run(lab, {**ONE, "container": name})
    assert containers.seen == [("web-0", name)]


def test_which_of_two_containers(lab: FunctionLab, containers: Containers) -> None:
    lab.api.add("pods", "web-1", NAMESPACE, spec={"containers": [{"name": "app"}, {"name": "side"}]})
    with pytest.raises(BlueprintError, match=r"shop/web-1 has 2 containers \(app, side\)"):
        run(lab, {**ONE, "pod": "web-1"})


def test_no_such_pod(lab: FunctionLab, containers: Containers) -> None:
    with pytest.raises(BlueprintError, match=r'Pod shop/gone cannot be read: .*pods "gone" not found'):
        run(lab, {**ONE, "pod": "gone"})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(
            done(3, "a\n\nb\n", "c\n"),
            "The command in container app of pod shop/web-0 ended with exit code 3. The last of its stdout: a | b "
            "The last of its stderr: c",
            id="exit code",
        ),
        pytest.param(
            done(1, "".join(f"{number}\n" for number in range(12))),
            "The last of its stdout: 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11",
            id="ten lines",
        ),
        pytest.param(
            ExecStreamLost("The stream was lost", stdout=b"half\n"),
            "It may still run there. The last of its stdout: half",
            id="stream cut",
        ),
        pytest.param(ExecTimeout("late"), "before the time of its phase was over; it may still run there.", id="late"),
        pytest.param(ExecRefused("Nothing was started: no right.", status=403), "Nothing was started", id="refused"),
    ],
)
def test_failures(lab: FunctionLab, containers: Containers, answer: t.Any, words: str) -> None:
    containers.answer = always(answer)
    with pytest.raises(BlueprintError) as caught:
        run(lab)
    assert words in caught.value.message


def test_what_it_prints_is_masked(lab: FunctionLab, containers: Containers) -> None:
    containers.answer = lambda _pod, _container: done(1, "hunter22", "hunter22")
    with pytest.raises(BlueprintError) as caught:
        run(lab, mask=lambda text: text.replace("hunter22", "***"))
    assert "hunter22" not in caught.value.message + "".join(lab.logged)


def test_too_much_output_is_said(lab: FunctionLab, containers: Containers) -> None:
    containers.answer = lambda _pod, _container: done(truncated=True)
    run(lab)
    assert "16 MiB" in lab.warnings[0]


def test_all_pods_and_containers(lab: FunctionLab, containers: Containers) -> None:
    containers.answer = lambda pod, container: done(stdout=says(f"{pod[-1]}{container}", "x") + says("last", pod))
    outputs = run_all(lab)
    assert sorted(containers.seen) == [("web-0", "app"), ("web-0", "side"), ("web-1", "app"), ("web-1", "side")]
    assert outputs == {"0app": "x", "0side": "x", "1app": "x", "1side": "x", "last": "web-1"}


def test_no_pods_is_success(lab: FunctionLab, containers: Containers) -> None:
    assert run_all(lab, {**ALL, "pods": " "}) is None
    assert not containers.seen


def test_all_of_them_are_waited_for_and_all_errors_said(lab: FunctionLab, containers: Containers) -> None:
    containers.answer = lambda pod, container: done(1 if container == "side" else 0)
    with pytest.raises(BlueprintError) as caught:
        run_all(lab)
    assert len(containers.seen) == 4
    assert caught.value.message.splitlines() == [
        "The command in container side of pod shop/web-0 ended with exit code 1.",
        "The command in container side of pod shop/web-1 ended with exit code 1.",
    ]


def test_all_cancelled(lab: FunctionLab, containers: Containers) -> None:
    containers.answer = always(Cancelled("The run was cancelled: SIGTERM."))
    with pytest.raises(Cancelled):
        run_all(lab)


def test_plans(lab: FunctionLab, containers: Containers) -> None:
    for name in ("web-0", "web-1"):
        lab.api.add("pods", name, NAMESPACE, spec={"containers": [{"name": "app"}, {"name": "side"}]})
    one, every = {**ONE, "container": "app"}, ALL
    assert KubeExec().plan(lab.call("KubeExec", one)).pods == ("web-0",)
    assert KubeExecAll().plan(lab.call("KubeExecAll", every)).pods == ("web-0", "web-1")
    with pytest.raises(BlueprintError, match="has 2 containers"):
        KubeExec().plan(lab.call("KubeExec", ONE))
    with pytest.raises(BlueprintError, match="Pod shop/gone cannot be read"):
        KubeExecAll().plan(lab.call("KubeExecAll", {**ALL, "pods": "web-0 gone"}))
    lab.api.denied = {("get", "pods")}
    assert KubeExec().plan(lab.call("KubeExec", one)).pods == ("web-0",)
    assert not containers.seen


FREEZE, THAW = ["fsfreeze", "--freeze", "/data"], ["fsfreeze", "--unfreeze", "/data"]


@pytest.mark.parametrize(
    "command", [FREEZE, ["sh", "-c", "fsfreeze -f /data"], ["sh", "-c", "fsfreeze -f $DIR"]], ids=" ".join
)
@pytest.mark.parametrize("function", ["KubeExec", "KubeExecAll"])
def test_a_freeze_that_nobody_guards_is_refused(
    lab: FunctionLab, containers: Containers, function: str, command: list[str]
) -> None:
    """The promise that nothing stays frozen holds for blueprints as well."""
    arguments = {**(ONE if function == "KubeExec" else ALL), "containers": "app", "pods": "web-0", "command": command}
    with pytest.raises(BlueprintError, match="would freeze a file system, and nothing here would guard that"):
        load_function(function).run(lab.call(function, arguments))
    assert not containers.seen


@pytest.mark.parametrize("function", ["KubeTask", "PrepareData", "MultiContainerRun"])
def test_a_freeze_in_a_pod_that_ends_is_refused(lab: FunctionLab, function: str) -> None:
    lab.api.add("persistentvolumeclaims", "data", NAMESPACE)
    arguments = {"namespace": NAMESPACE, "image": "i", "command": FREEZE, "volumes": {"data": "/data"}}
    arguments |= {"backgroundImage": "i", "outputImage": "i", "backgroundCommand": FREEZE, "outputCommand": ["x"]}
    with pytest.raises(BlueprintError, match=f"\\({function}\\).* would freeze a file system in a pod that ends"):
        load_function(function).run(lab.call(function, arguments))
    assert not lab.node.made
