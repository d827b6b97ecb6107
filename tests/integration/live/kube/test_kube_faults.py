# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API server stopped, killed and taken down. Local cluster only."""

from __future__ import annotations

import threading
import time
import typing as t

import pytest
from exec_target import Target, once_running

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import (
    ExecError,
    ExecRefused,
    ExecStreamLost,
    ExecTimeout,
    exec_command,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object

pytestmark = pytest.mark.fault

Component = t.Callable[[str, str], None]
API = "kube-apiserver"


def in_background(delay: float, component: Component, action: str) -> threading.Timer:
    timer = threading.Timer(delay, component, [action, API])
    timer.start()
    return timer


def patch_until_answered(client: KubeClient, path: str, patch: dict[str, t.Any]) -> None:
    """A write that a dying server cut off is not repeated by the client, which cannot know its outcome."""
    end = time.monotonic() + 30
    while True:
        try:
            client.patch(path, patch)
        except KubeError as exc:
            if not exc.unreachable or time.monotonic() > end:
                raise
        else:
            return
        time.sleep(0.1)


@pytest.fixture(autouse=True)
def _healthy(client: KubeClient, target: Target) -> None:
    """Wait until commands can be run again after the test before."""
    end = time.monotonic() + 60
    while True:
        try:
            exec_command(client, **target._asdict(), argv=["true"], timeout=5.0)
        except ExecError:
            if time.monotonic() > end:
                raise
        else:
            return
        time.sleep(0.2)


def test_stopped_while_a_command_runs_ends_in_time(client: KubeClient, target: Target, component: Component) -> None:
    stopper = once_running(client, target, "sleep 30", lambda: component("stop", API))
    started = time.monotonic()
    with pytest.raises(ExecTimeout) as caught:
        exec_command(client, **target._asdict(), argv=["sh", "-c", "echo x; sleep 30"], timeout=4.0)
    assert 4.0 <= time.monotonic() - started < 15.0
    assert caught.value.stdout == b"x\n"
    stopper.join()


def test_stopped_while_a_command_runs_is_noticed_without_a_limit(
    client: KubeClient, target: Target, component: Component
) -> None:
    stopper = once_running(client, target, "sleep 30", lambda: component("stop", API))
    started = time.monotonic()
    with pytest.raises(ExecStreamLost, match="has not answered a ping"):
        exec_command(client, **target._asdict(), argv=["sleep", "30"], timeout=None, _ping_seconds=1.0)
    assert time.monotonic() - started < 15.0
    stopper.join()


def test_stopped_before_the_command(client: KubeClient, target: Target, component: Component) -> None:
    component("stop", API)
    started = time.monotonic()
    with pytest.raises(ExecError) as caught:
        exec_command(client, **target._asdict(), argv=["true"], timeout=3.0)
    assert isinstance(caught.value, (ExecRefused, ExecTimeout))
    assert time.monotonic() - started < 15.0


def test_cancel_while_stopped(client: KubeClient, target: Target, component: Component) -> None:
    component("stop", API)
    cancel = CancelToken()
    timer = threading.Timer(0.5, cancel.cancel, ["SIGTERM"])
    timer.start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        exec_command(client, **target._asdict(), argv=["true"], timeout=None, cancel=cancel)
    assert time.monotonic() - started < 15.0
    timer.join()


def test_a_short_stop_is_survived(client: KubeClient, target: Target, component: Component) -> None:
    def stop_for_a_while() -> None:
        component("stop", API)
        time.sleep(2.0)
        component("cont", API)

    stopper = once_running(client, target, "sleep 1", stop_for_a_while)
    result = exec_command(client, **target._asdict(), argv=["sh", "-c", "sleep 1; echo x; exit 3"], timeout=20.0)
    assert (result.rc, result.stdout) == (3, b"x\n")
    stopper.join()


def test_killed_while_a_command_runs(client: KubeClient, target: Target, component: Component) -> None:
    killer = once_running(client, target, "sleep 30", lambda: component("kill", API))
    started = time.monotonic()
    with pytest.raises(ExecStreamLost) as caught:
        exec_command(client, **target._asdict(), argv=["sh", "-c", "echo x; sleep 30"], timeout=25.0)
    assert time.monotonic() - started < 15.0
    assert caught.value.stdout == b"x\n"
    killer.join()


def test_requests_while_stopped_time_out(kubeconfig: str, component: Component) -> None:
    other = connect(KubeAuth(kubeconfig=kubeconfig), timeout=1.0)
    other.version()
    component("stop", API)
    started = time.monotonic()
    with pytest.raises(KubeTimeout, match="did not answer GET /version within 1 s"):
        other.version()
    assert time.monotonic() - started < 15.0


def test_requests_wait_for_an_api_server_that_comes_back(client: KubeClient, component: Component) -> None:
    component("down", API)
    timer = in_background(2.0, component, "up")
    assert client.version()["gitVersion"]
    timer.join()


def test_a_server_that_was_never_reached_is_reported_at_once(kubeconfig: str, component: Component) -> None:
    component("down", API)
    started = time.monotonic()
    with pytest.raises(KubeError) as caught:
        connect(KubeAuth(kubeconfig=kubeconfig)).version()
    assert caught.value.unreachable
    assert time.monotonic() - started < 15.0


def test_exec_waits_for_an_api_server_that_comes_back(client: KubeClient, target: Target, component: Component) -> None:
    component("down", API)
    timer = in_background(2.0, component, "up")
    assert exec_command(client, **target._asdict(), argv=["true"], timeout=25.0).rc == 0
    timer.join()


def test_a_wait_survives_a_restart(client: KubeClient, pods: ApiResource, target: Target, component: Component) -> None:
    path = f"/api/v1/namespaces/{target.namespace}/pods/{target.pod}"
    client.patch(path, {"metadata": {"annotations": {"n": "0"}}})

    def restart_and_change() -> None:
        component("kill", API)
        patch_until_answered(client, path, {"metadata": {"annotations": {"n": "1"}}})

    timer = threading.Timer(0.5, restart_and_change)
    timer.start()
    state = wait_for_object(
        client,
        pods,
        target.pod,
        target.namespace,
        lambda pod: pod is not None and pod["metadata"]["annotations"]["n"] == "1",
        timeout=40.0,
    )
    assert state is not None
    timer.join()
