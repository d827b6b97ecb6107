# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Node ports that are taken: the plan sees them, and says how to be rid of them."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import types_named
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    plan,
    restore,
    write_backup,
)


def service(
    name: str, *ports: int, namespace: str = "new", protocol: str = "TCP", health: int = 0
) -> tuple[str, Object]:
    spec: Object = {
        "type": "NodePort",
        "ports": [{"port": port, "nodePort": port, "protocol": protocol} for port in ports],
    }
    if health:
        spec["healthCheckNodePort"] = health
    return "services", {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


@pytest.fixture
def api(api: RestoreApi) -> RestoreApi:
    """A Service has two ports."""
    api.types += types_named("services")
    there = service("there", 30080, health=31000)[1]
    api.add("services", "there", "shop", spec=there["spec"])
    return api


@pytest.mark.parametrize(
    ("stored", "conflicts"),
    [
        ([service("a", 30081)], {}),
        ([service("a", 30080)], {"a": "node port 30080 is taken by services shop/there"}),
        ([service("a", 30080, protocol="UDP")], {}),
        ([service("a", 30001, health=31000)], {"a": "node port 31000 is taken by services shop/there"}),
        ([service("a", 30001, 30080)], {"a": "node port 30080 is taken by services shop/there"}),
        (
            [service("a", 31000, 30001, 30080)],
            {"a": "node port 31000 is taken by services shop/there, node port 30080 is taken by services shop/there"},
        ),
        (
            [service("a", 30001), service("b", 30001)],
            {"b": "node port 30001 is taken by services new/a"},
        ),
        ([service("there", 30080, health=31000, namespace="shop")], {}),
    ],
)
def test_the_plan_sees_ports_that_are_taken(
    api: RestoreApi, store: t.Any, stored: list[tuple[str, Object]], conflicts: dict[str, str]
) -> None:
    write_backup(store, "b", *stored)
    outcome = plan(api, store, preserve_node_ports=True)
    found = {item["name"]: item for item in outcome.plan_items if item["action"] == "conflict"}
    assert {name: item["reason"] for name, item in found.items()} == conflicts
    assert all("Leave preserve_node_ports out" in item["hint"] for item in found.values())


def test_the_hint_names_the_ports_that_are_taken_and_no_others(api: RestoreApi, store: t.Any) -> None:
    """A patch that removes what is not there is an error of the object."""
    resource, wanted = service("a", 30001, 30080, health=31000)
    chosen = {"spec": wanted["spec"]}
    wanted["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(chosen)}
    write_backup(store, "b", (resource, wanted))
    (item,) = (item for item in plan(api, store).plan_items if item["action"] == "conflict")
    assert (
        "patches: [{operation: remove, path: /spec/ports/1/nodePort}, "
        "{operation: remove, path: /spec/healthCheckNodePort}]." in item["hint"]
    )


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"preserve_node_ports": True}, "Leave preserve_node_ports out, so that the Service gets another one."),
        ({}, "patches: [{operation: remove, path: /spec/ports/2/nodePort}]."),
    ],
)
def test_the_run_says_how_to_be_rid_of_it(api: RestoreApi, store: t.Any, options: Object, hint: str) -> None:
    def refuse(verb: str, path: str, dry_run: bool) -> KubeError | None:
        if verb == "POST" and path.endswith("/services"):
            return KubeError(
                "spec.ports[2].nodePort: Invalid value: 30080: provided port is already allocated", status=422
            )
        return None

    api.refuse = refuse
    write_backup(store, "b", service("a", 30080))
    (error,) = restore(api, store, **options).errors_list
    assert hint in error["hint"]
