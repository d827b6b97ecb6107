# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The refusal of a restore whose claims would lose their data, and which of their reasons it has."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import (
    lost_claims_error,
    with_told_reasons,
)

EMPTY, OTHER_EMPTY = "its new volume would be empty: no data", "its new volume would be empty: of another driver"
QUOTA, CLASS = "the quota is exceeded", "its class is not there"


def lost(*reasons: str, kept: str = "") -> list[PlanItem]:
    return [
        PlanItem(number=number, group_resource=CLAIMS, name=f"c{number}", namespace="shop", reason=reason, kept=kept)
        for number, reason in enumerate(reasons)
    ]


@pytest.mark.parametrize(
    ("items", "told"),
    [
        pytest.param(lost(EMPTY), ["c0"], id="without data"),
        pytest.param(lost(QUOTA), ["c0"], id="refused"),
        pytest.param(lost(EMPTY, QUOTA), ["c0", "c1"], id="one of each"),
        pytest.param(lost(QUOTA, QUOTA, QUOTA), ["c0", "c1", "c2"], id="the same of several"),
        pytest.param(lost(QUOTA, CLASS), ["c0"], id="another reason is an error beside it"),
        pytest.param(lost(EMPTY, OTHER_EMPTY, CLASS), ["c0", "c2"], id="another reason of one without data"),
        pytest.param(lost(QUOTA, kept="it has other data"), ["c0"], id="and what is to be known of the claim"),
        pytest.param(lost(EMPTY, kept="it has other data"), [], id="which is not said where there is no data"),
    ],
)
def test_the_reasons_that_the_refusal_has(items: list[PlanItem], told: list[str]) -> None:
    message = lost_claims_error(items, "b").message
    assert [item.name for item in with_told_reasons(items)] == told
    assert [item.name for item in items if item.why in message] == told
