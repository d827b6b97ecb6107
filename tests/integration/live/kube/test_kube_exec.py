# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands in containers of a real cluster."""

from __future__ import annotations

import concurrent.futures
import os
import threading
import time
import typing as t

import pytest
from exec_target import Target, once_running

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import (
    ExecError,
    ExecRefused,
    ExecResult,
    ExecStreamLost,
    ExecTimeout,
    exec_command,
)

V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
Run = t.Callable[..., ExecResult]


@pytest.fixture
def run(client: KubeClient, target: Target) -> Run:
    def start(script: str, **options: t.Any) -> ExecResult:
        return exec_command(client, **{**target._asdict(), "argv": ["sh", "-c", script], **options})

    return start


@pytest.mark.parametrize("protocol", [V4, V5])
def test_exit_code_and_both_outputs(run: Run, protocol: str) -> None:
    result = run("printf 'out\\377\\000'; echo err >&2; exit 7", _protocols=(protocol,))
    assert (result.rc, result.stdout, result.stderr) == (7, b"out\xff\x00", b"err\n")
    assert 0 < result.duration_seconds < 10


def test_arguments_arrive_as_they_are(client: KubeClient, target: Target) -> None:
    argv = ["printf", "%s|", "a b", "", "ü", "x&y=z", "$HOME", "new\nline", "%41"]
    result = exec_command(client, **target._asdict(), argv=argv)
    assert result.stdout.decode() == "a b||ü|x&y=z|$HOME|new\nline|%41|"


def test_stdin_of_4_mib_comes_back(run: Run) -> None:
    data = os.urandom(4 << 20)
    result = run("cat; echo end >&2", stdin=data, max_output=8 << 20)
    assert result.stdout == data
    assert result.stderr == b"end\n"


def test_an_empty_stdin_ends(run: Run) -> None:
    assert run("cat; echo end", stdin=b"").stdout == b"end\n"


def test_stdin_that_nobody_reads_does_no_harm(run: Run) -> None:
    """More than fits the buffers on the way may block the API server until the timeout; kubectl hangs the same way."""
    assert run("exit 4", stdin=b"x" * 60000).rc == 4


def test_stdin_needs_v5(run: Run) -> None:
    with pytest.raises(ExecRefused, match="closed with v5"):
        run("cat", stdin=b"x", _protocols=(V4,))


@pytest.mark.parametrize("protocol", [V4, V5])
def test_4_mib_of_output_are_whole(run: Run, protocol: str) -> None:
    result = run("head -c 4194304 /dev/zero; head -c 1000 /dev/zero >&2", max_output=5 << 20, _protocols=(protocol,))
    assert (len(result.stdout), len(result.stderr), result.stdout_truncated) == (4 << 20, 1000, False)


def test_output_beyond_the_limit_is_dropped_and_the_exit_code_kept(run: Run) -> None:
    result = run("head -c 4194304 /dev/zero; echo x >&2; exit 3", max_output=1000)
    assert (len(result.stdout), result.stdout_truncated) == (1000, True)
    assert (result.stderr, result.stderr_truncated, result.rc) == (b"x\n", False, 3)


def test_a_signal_gives_128_and_its_number(run: Run) -> None:
    assert run("kill -9 $$").rc == 137


def test_timeout(run: Run) -> None:
    started = time.monotonic()
    with pytest.raises(ExecTimeout, match="timed out after 3s") as caught:
        run("echo so far; sleep 30", timeout=3.0)
    assert 3.0 <= time.monotonic() - started < 15.0
    assert caught.value.stdout == b"so far\n"


def test_timeout_under_a_flood(run: Run) -> None:
    started = time.monotonic()
    with pytest.raises(ExecTimeout):
        run("timeout 5 cat /dev/zero", timeout=1.0)
    assert time.monotonic() - started < 4.5


def test_cancel(run: Run) -> None:
    cancel = CancelToken()
    timer = threading.Timer(0.5, cancel.cancel, ["SIGTERM"])
    timer.start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        run("sleep 30", cancel=cancel)
    assert time.monotonic() - started < 15.0
    timer.join()


def test_a_long_silence_is_no_loss(run: Run) -> None:
    """The API server answers our pings, although the command says nothing for many of them."""
    assert run("sleep 3; exit 5", timeout=None, _ping_seconds=0.3).rc == 5


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        pytest.param({"container": "nope"}, 400, "container nope is not valid for pod", id="no such container"),
        pytest.param({"pod": "nope"}, 404, 'pods "nope" not found', id="no such pod"),
        pytest.param({"namespace": "arkive-test-none"}, 404, "not found", id="no such namespace"),
        pytest.param({"argv": ["/no/such/program"]}, None, "no such file or directory", id="no such program"),
        pytest.param({"argv": ["/etc"]}, None, "permission denied", id="not a program"),
    ],
)
def test_refused(run: Run, change: dict[str, t.Any], status: int | None, words: str) -> None:
    with pytest.raises(ExecRefused, match=words) as caught:
        run("true", **change)
    assert caught.value.message.startswith("Nothing was started in container ")
    assert not caught.value.may_have_run
    if status is not None:
        assert caught.value.status == status


def test_a_container_that_has_ended(client: KubeClient, namespace: str, start_pod: t.Callable[..., Target]) -> None:
    def ended(pod: dict[str, t.Any] | None) -> bool:
        statuses = (pod or {"status": {}})["status"].get("containerStatuses") or []
        return any("terminated" in entry["state"] for entry in statuses)

    once = start_pod(namespace, "once", command="true", restartPolicy="Never", until=ended)
    with pytest.raises(ExecRefused) as caught:
        exec_command(client, **once._asdict(), argv=["true"])
    assert "container main" in caught.value.message


def test_impersonation_is_honoured(kubeconfig: str, target: Target) -> None:
    nobody = connect(KubeAuth(kubeconfig=kubeconfig, impersonate_user="arkive-test-nobody"))
    with pytest.raises(ExecRefused, match=r'User "arkive-test-nobody" cannot .* resource "pods/exec"') as caught:
        exec_command(nobody, **target._asdict(), argv=["true"])
    assert caught.value.forbidden
    groups = ("arkive-test-group", "system:masters")
    master = connect(KubeAuth(kubeconfig=kubeconfig, impersonate_user="arkive-test-nobody", impersonate_groups=groups))
    assert exec_command(master, **target._asdict(), argv=["true"]).rc == 0


def test_twenty_at_once(client: KubeClient, target: Target) -> None:
    def one(number: int) -> tuple[int, bytes]:
        result = exec_command(client, **target._asdict(), argv=["sh", "-c", f"echo {number}; exit {number}"])
        return result.rc, result.stdout

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert list(pool.map(one, range(20))) == [(n, b"%d\n" % n) for n in range(20)]


def outcome(client: KubeClient, target: Target, script: str) -> tuple[int | type, bytes]:
    """The exit code or the kind of error, and the output that came."""
    try:
        result = exec_command(client, **target._asdict(), argv=["sh", "-c", script], timeout=25.0)
    except ExecError as exc:
        return type(exc), exc.stdout
    return result.rc, result.stdout


def test_the_container_ends_meanwhile(client: KubeClient, namespace: str, start_pod: t.Callable[..., Target]) -> None:
    """The kernel kills what runs in a container when its first process ends. That is never a success."""
    doomed = start_pod(namespace, "doomed", restartPolicy="Never")
    how, stdout = outcome(client, doomed, "echo x; kill 1; sleep 30")
    assert how in {137, ExecStreamLost}
    assert stdout == b"x\n"


def test_the_pod_is_deleted_meanwhile(client: KubeClient, namespace: str, start_pod: t.Callable[..., Target]) -> None:
    doomed = start_pod(namespace, "doomed")
    path = f"/api/v1/namespaces/{namespace}/pods/doomed"
    now = {"gracePeriodSeconds": 0}
    deleter = once_running(client, doomed, "sleep 30", lambda: client.delete(path, body=now))
    how, stdout = outcome(client, doomed, "echo x; sleep 30")
    deleter.join()
    assert how in {137, ExecStreamLost, ExecError}
    assert stdout == b"x\n"


def test_waiting_costs_no_cpu(run: Run) -> None:
    before = time.thread_time()
    run("sleep 3")
    assert time.thread_time() - before < 0.5
