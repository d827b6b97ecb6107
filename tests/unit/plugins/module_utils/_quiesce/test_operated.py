# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods of an operator: a session is harmless, a freeze that the operator would take for a dead server is refused."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.operated import check_operated, operator_notes

CNPG = {"cnpg.io/cluster": "main", "cnpg.io/podRole": "instance"}


def pod(labels: t.Mapping[str, str], probe: t.Mapping[str, t.Any] | None = None) -> dict[str, t.Any]:
    container = {"name": "postgres", "image": "x", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    return {
        "metadata": {
            "namespace": "shop",
            "name": "main-1",
            "labels": dict(labels),
            "annotations": {"arkive.k8s/database": "postgresql"},
        },
        "spec": {
            "containers": [container | ({"livenessProbe": dict(probe)} if probe else {})],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "main-1"}}],
        },
        "status": {"phase": "Running"},
    }


@pytest.mark.parametrize(
    ("labels", "probe", "longest", "frozen", "why"),
    [
        (CNPG, None, 300.0, {"shop/main-1"}, "CloudNativePG takes a server that does not answer for 30 s for dead"),
        (CNPG, {"periodSeconds": 5, "failureThreshold": 2}, 20.0, {"shop/main-1"}, "does not answer for 10 s for dead"),
        (CNPG, {"periodSeconds": 60}, 300.0, {"shop/main-1"}, "does not answer for 30 s for dead"),
        (CNPG, None, 30.0, {"shop/main-1"}, ""),
        (CNPG, None, 300.0, set(), ""),
        ({}, {"periodSeconds": 1}, 300.0, {"shop/main-1"}, ""),
    ],
)
def test_a_freeze_that_the_operator_would_not_wait_for(
    labels: dict[str, str], probe: dict[str, t.Any] | None, longest: float, frozen: set[str], why: str
) -> None:
    given = pod(labels, probe)
    declared = parse_databases("declared").of_pod(given)
    assert declared is not None
    policy = FreezePolicy(lease_seconds=5.0, freeze_max_seconds=longest)
    if not why:
        check_operated(given, declared, policy, frozen)
        return
    with pytest.raises(DatabaseError, match=why) as caught:
        check_operated(given, declared, policy, frozen)
    assert "Set freeze_max below" in caught.value.sentence


def test_what_is_done_with_a_pod_of_an_operator_is_said() -> None:
    declared = parse_databases("declared").of_pod(pod(CNPG))
    assert declared is not None
    assert declared.operator == "CloudNativePG"
    assert "none of the operator's objects is changed" in operator_notes(declared)[0]
