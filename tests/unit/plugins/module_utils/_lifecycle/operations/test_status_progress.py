# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a backup has come, while it is at work."""

from __future__ import annotations

import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations import status_progress
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import OperationObjects
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.status_progress import StatusProgress
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import VELERO
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.operations_lab import (
    NAMESPACE,
    OperationsLab,
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_progress, "_PAUSE", 0.01)


def test_the_count_is_in_the_status(tmp_path: Path) -> None:
    lab = OperationsLab(tmp_path)
    told = threading.Event()

    def notice(obj: dict[str, t.Any]) -> list[str]:
        if (obj.get("status") or {}).get("progress") == {"totalItems": 5, "itemsBackedUp": 5}:
            told.set()
        return []

    lab.api.admit = notice
    backup = lab.api.add("backups", "one", NAMESPACE, status={"phase": "InProgress"})
    with StatusProgress(OperationObjects(lab.api.client, VELERO, NAMESPACE), backup, "itemsBackedUp") as progress:
        progress.counted(2)
        progress.counted(3)
        assert told.wait(10)
    assert lab.status("backups", "one")["phase"] == "InProgress"


def test_a_backup_counts_what_it_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    monkeypatch.setattr(StatusProgress, "counted", lambda _self, number: counts.append(number))
    lab = OperationsLab(tmp_path)
    lab.add_location(default=True)
    lab.add("backups", "one", {"includedNamespaces": ["shop"]})
    lab.pass_once()
    assert sum(counts) == lab.status("backups", "one")["progress"]["itemsBackedUp"]


def test_a_count_that_cannot_be_written_disturbs_nobody(tmp_path: Path) -> None:
    lab = OperationsLab(tmp_path)
    asked = threading.Event()

    class Refusing:
        def patch(self, *_given: object, **_means: object) -> None:
            asked.set()
            raise KubeError("It is refused.", status=403)

    with StatusProgress(t.cast("t.Any", Refusing()), lab.api.add("backups", "one", NAMESPACE), "itemsBackedUp") as told:
        told.counted(2)
        assert asked.wait(10)
