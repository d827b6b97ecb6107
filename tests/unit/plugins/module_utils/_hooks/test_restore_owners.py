# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who replaces a pod."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_owners import (
    PodOwner,
    find_replacement,
    owner_of,
)


def reference(kind: str, name: str, *, controller: bool = True) -> dict[str, t.Any]:
    return {"kind": kind, "name": name, "controller": controller}


@pytest.mark.parametrize(
    ("references", "labels", "owner"),
    [
        pytest.param([], {}, None, id="none"),
        pytest.param([reference("Node", "n", controller=False)], {}, None, id="not the controller"),
        pytest.param([reference("StatefulSet", "db")], {}, PodOwner("StatefulSet", "db"), id="StatefulSet"),
        pytest.param(
            [reference("ReplicaSet", "web-5d4")],
            {"pod-template-hash": "5d4"},
            PodOwner("Deployment", "web"),
            id="a Deployment's ReplicaSet",
        ),
        pytest.param(
            [reference("ReplicaSet", "web-5d4")], {}, PodOwner("ReplicaSet", "web-5d4"), id="a ReplicaSet of its own"
        ),
        pytest.param(
            [reference("ReplicaSet", "web")],
            {"pod-template-hash": "5d4"},
            PodOwner("ReplicaSet", "web"),
            id="a ReplicaSet of another name",
        ),
    ],
)
def test_owner(references: list[dict[str, t.Any]], labels: dict[str, str], owner: PodOwner | None) -> None:
    assert owner_of({"metadata": {"ownerReferences": references, "labels": labels}}) == owner


def test_restored_pods_replace_nobody() -> None:
    """They have come from the backup, and their hooks are their own."""
    metadata: dict[str, t.Any] = {"name": "db-1", "ownerReferences": [reference("StatefulSet", "db")]}
    pod = {"metadata": metadata | {"labels": {"velero.io/restore-name": "r"}}}
    assert find_replacement([pod], PodOwner("StatefulSet", "db"), since="", taken=()) is None
    assert find_replacement([{"metadata": metadata}], PodOwner("StatefulSet", "db"), since="", taken=()) is not None
