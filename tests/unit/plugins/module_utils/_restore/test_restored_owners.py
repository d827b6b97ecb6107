# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owners of GitOps tools that are restored themselves, where they are already."""

from __future__ import annotations

import copy
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pause_mark import PAUSED_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.server_owned import carry_over

_KUSTOMIZATIONS = GroupResource("kustomizations", "kustomize.toolkit.fluxcd.io")


def _live(mark: str | None, *, suspend: t.Any) -> Object:
    annotations = {"mine": "1"} if mark is None else {"mine": "1", PAUSED_ANNOTATION: mark}
    return {"metadata": {"name": "shop", "annotations": annotations}, "spec": {"suspend": suspend, "prune": True}}


@pytest.mark.parametrize("old", [None, "of the backup"])
@pytest.mark.parametrize("mark", [None, "of now"])
def test_the_mark_of_a_pause_stays_with_the_pause(mark: str | None, old: str | None) -> None:
    """With ``existing_resource_policy: recreate`` it is deleted and made of this: without a mark nobody resumes it."""
    live, desired = _live(mark, suspend=True), _live(old, suspend=False)
    before = copy.deepcopy(live)
    carry_over(_KUSTOMIZATIONS, live, desired)
    assert desired["spec"] == {"suspend": True, "prune": True}
    assert desired["metadata"]["annotations"].get(PAUSED_ANNOTATION) == mark
    assert desired["metadata"]["annotations"]["mine"] == "1"
    assert live == before
