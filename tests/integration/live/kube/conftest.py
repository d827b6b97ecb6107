# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods to run commands in."""

from __future__ import annotations

import typing as t

import pytest
from exec_target import Target

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object

IMAGE = "busybox:1"
ON_TERM = "trap 'exit 0' TERM; while :; do sleep 0.2; done"


@pytest.fixture(scope="session")
def discovery(client: KubeClient) -> Discovery:
    return Discovery.read(client)


@pytest.fixture(scope="session")
def pods(discovery: Discovery) -> ApiResource:
    found = discovery.resolve("pods")
    assert found is not None
    return found


def is_ready(pod: dict[str, t.Any] | None) -> bool:
    conditions = ((pod or {}).get("status") or {}).get("conditions") or []
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


@pytest.fixture(scope="session")
def start_pod(client: KubeClient, pods: ApiResource) -> t.Callable[..., Target]:
    """Start a pod whose first container is ``main``, wait until it is ready."""

    def start(namespace: str, name: str, *, command: str = ON_TERM, **spec: t.Any) -> Target:
        more = spec.pop("more_containers", [])
        until = spec.pop("until", is_ready)
        main = {"name": "main", "image": IMAGE, "command": ["sh", "-c", command]}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {"terminationGracePeriodSeconds": 1, "containers": [main, *more], **spec},
        }
        create_object(client, pods, pod, namespace=namespace)
        wait_for_object(client, pods, name, namespace, until, timeout=90.0)
        return Target(namespace, name, "main")

    return start


@pytest.fixture(scope="module")
def target(module_namespace: str, start_pod: t.Callable[..., Target]) -> Target:
    """A running pod for all tests of a file."""
    return start_pod(module_namespace, "target")
