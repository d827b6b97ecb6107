# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of pods and claims that every room relies on (Kubernetes 1.34: pod lifecycle, ephemeral volumes)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import bound_volume, is_bound
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import (
    claim_of_volume,
    claims_in_use,
    ephemeral_claims,
    is_finished,
    is_running,
    mounted_claims,
)

VOLUMES = [
    {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}},
    {"name": "again", "persistentVolumeClaim": {"claimName": "data-db-0"}},
    {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}},
    {"name": "token", "projected": {}},
]


def pod_of(phase: str) -> dict[str, t.Any]:
    return {"metadata": {"name": "db-0"}, "spec": {"volumes": VOLUMES}, "status": {"phase": phase}}


def test_the_claim_of_each_volume() -> None:
    assert [claim_of_volume("db-0", volume) for volume in VOLUMES] == ["data-db-0", "data-db-0", "db-0-scratch", ""]


def test_the_claims_of_a_pod() -> None:
    assert mounted_claims(pod_of("Running")) == ("data-db-0", "db-0-scratch")
    assert ephemeral_claims(pod_of("Running")) == ("db-0-scratch",)
    assert mounted_claims({"metadata": {"name": "a"}}) == ()


@pytest.mark.parametrize(
    ("phase", "running", "finished"),
    [
        ("Pending", False, False),
        ("Running", True, False),
        ("Succeeded", False, True),
        ("Failed", False, True),
        ("Unknown", False, False),
    ],
)
def test_phases(phase: str, running: bool, finished: bool) -> None:
    pod = pod_of(phase)
    assert (is_running(pod), is_finished(pod), bool(claims_in_use(pod))) == (running, finished, not finished)


@pytest.mark.parametrize(
    ("claim", "bound", "volume"),
    [
        pytest.param({"spec": {"volumeName": "pv"}, "status": {"phase": "Bound"}}, True, "pv", id="bound"),
        pytest.param({"spec": {"volumeName": "pv"}, "status": {"phase": "Lost"}}, False, "", id="lost"),
        pytest.param({"spec": {"volumeName": "pv"}}, False, "", id="not bound yet"),
        pytest.param({"spec": {}, "status": {"phase": "Bound"}}, True, "", id="no volume"),
        pytest.param({}, False, "", id="nothing"),
    ],
)
def test_the_volume_of_a_claim(claim: dict[str, t.Any], bound: bool, volume: str) -> None:
    assert (is_bound(claim), bound_volume(claim)) == (bound, volume)
