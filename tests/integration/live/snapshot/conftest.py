# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications with volumes, what the storage has of them, and what must be true after every test."""

from __future__ import annotations

import json
import secrets
import typing as t
from pathlib import Path

import pytest
from snapshot_runs import SnapshotRuns
from volume_lab import DataApp, Storage, until

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

DRIVER = "loopfile.csi.test"


@pytest.fixture
def storage(state: Path) -> Storage:
    """For tests that are marked ``node`` or ``fault``."""
    return Storage(state)


@pytest.fixture
def make_runs(client: KubeClient, kubectl: t.Any, namespace: str) -> t.Iterator[t.Callable[..., SnapshotRuns]]:
    """``make_runs(workload="StatefulSet")``: an application that runs, and tasks on it. Nothing stays frozen."""
    made: list[DataApp] = []

    def make(**options: t.Any) -> SnapshotRuns:
        app = DataApp(kubectl, namespace, **options)
        app.create()
        made.append(app)
        return SnapshotRuns(client, app)

    yield make
    for app in made:
        app.write("afterwards", "true")
        assert app.files()["afterwards"] == "true"
        until(lambda app=app: not app.marks(), "no mark is left", seconds=20)


@pytest.fixture
def runs(make_runs: t.Callable[..., SnapshotRuns]) -> SnapshotRuns:
    return make_runs()


@pytest.fixture
def make_class(kubectl: t.Any) -> t.Iterator[t.Callable[..., str]]:
    """``make_class(snapshotDelay="8s")``: the name of a VolumeSnapshotClass with these parameters."""
    made: list[str] = []

    def make(policy: str = "Delete", **parameters: str) -> str:
        name = f"arkive-test-{secrets.token_hex(3)}"
        body = {
            "apiVersion": "snapshot.storage.k8s.io/v1",
            "kind": "VolumeSnapshotClass",
            "metadata": {"name": name},
            "driver": DRIVER,
            "deletionPolicy": policy,
            "parameters": parameters,
        }
        kubectl("create", "-f", "-", stdin=json.dumps(body))
        made.append(name)
        return name

    yield make
    if made:
        kubectl("delete", "volumesnapshotclass", *made)
