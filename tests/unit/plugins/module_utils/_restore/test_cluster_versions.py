# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No version that a cluster of 1.16 to 1.33 could have stored an object in is without an answer in 1.34."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.gone import GONE
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.table import BY_KIND
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.cluster_versions import (
    MINORS,
    TARGET,
    TYPES,
)

#: Types that no restore makes.
_NEVER_RESTORED = {"events.events.k8s.io"}
_BY_RESOURCE = {one.group_resource: one for one in TYPES}


def served_by_target(*, everything: bool) -> set[tuple[str, str]]:
    return {(one.api_version(version), one.kind) for one in TYPES for version in one.at(TARGET, everything=everything)}


@pytest.mark.parametrize("everything", [False, True], ids=["as it comes", "all switched on"])
@pytest.mark.parametrize("minor", MINORS)
def test_each_version_is_served_or_moves_or_is_gone(minor: int, everything: bool) -> None:
    """Types that are still on trial may be missing where nobody has switched them on: that is said."""
    served, on_trial = served_by_target(everything=False), served_by_target(everything=True)
    lost = []
    for one in TYPES:
        for version in one.at(minor, everything=everything):
            key = (one.api_version(version), one.kind)
            move = BY_KIND.get(key)
            moves = move is not None and any((target, one.kind) in on_trial for target in move.targets)
            if not (key in served or moves or key in GONE or key in on_trial or one.group_resource in _NEVER_RESTORED):
                lost.append(key)
    assert lost == []


@pytest.mark.parametrize("minor", MINORS)
def test_what_comes_by_default_needs_nothing_switched_on(minor: int) -> None:
    served = served_by_target(everything=False)
    for one in TYPES:
        for version in one.at(minor):
            key = (one.api_version(version), one.kind)
            move = BY_KIND.get(key)
            moves = move is not None and any((target, one.kind) in served for target in move.targets)
            assert key in served or moves or key in GONE or one.group_resource in _NEVER_RESTORED, key


@pytest.mark.parametrize(
    ("minor", "preferred"),
    [
        (16, "cronjobs.batch v1beta1, horizontalpodautoscalers.autoscaling v1, ingresses.extensions v1beta1, "
             "ingresses.networking.k8s.io v1beta1, csidrivers.storage.k8s.io v1beta1, csinodes.storage.k8s.io v1beta1"),
        (19, "ingresses.extensions v1beta1, ingresses.networking.k8s.io v1, ingressclasses.networking.k8s.io v1, "
             "cronjobs.batch v1beta1, endpointslices.discovery.k8s.io v1beta1, runtimeclasses.node.k8s.io v1beta1"),
        (21, "cronjobs.batch v1, poddisruptionbudgets.policy v1, podsecuritypolicies.policy v1beta1, "
             "flowschemas.flowcontrol.apiserver.k8s.io v1beta1, csistoragecapacities.storage.k8s.io v1beta1"),
        (22, "horizontalpodautoscalers.autoscaling v1, customresourcedefinitions.apiextensions.k8s.io v1"),
        (23, "horizontalpodautoscalers.autoscaling v2, flowschemas.flowcontrol.apiserver.k8s.io v1beta2"),
        (26, "flowschemas.flowcontrol.apiserver.k8s.io v1beta3, csistoragecapacities.storage.k8s.io v1"),
        (29, "flowschemas.flowcontrol.apiserver.k8s.io v1"),
        (33, "ipaddresses.networking.k8s.io v1, servicecidrs.networking.k8s.io v1"),
    ],
)  # fmt: skip
def test_what_servers_of_that_time_preferred(minor: int, preferred: str) -> None:
    """Rows that were looked up one by one in the tables that are named in cluster_versions.py."""
    for row in preferred.split(", "):
        name, _blank, version = row.partition(" ")
        assert _BY_RESOURCE[name].at(minor)[0] == version, name


def test_what_went_is_not_there_any_more() -> None:
    assert _BY_RESOURCE["ingresses.extensions"].at(22) == []
    assert _BY_RESOURCE["podsecuritypolicies.policy"].at(25) == []
    assert _BY_RESOURCE["deployments.extensions"].at(16) == []
    assert _BY_RESOURCE["deployments.extensions"].at(16, everything=True) == ["v1beta1"]
