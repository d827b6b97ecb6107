# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups for the restore tests: made of what is in the cluster, or of objects that a test writes down."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from restore_lab import NAMESPACES, Backups, Cluster
from snapshot_lab import SnapshotLab

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object

if t.TYPE_CHECKING:
    from conftest import Kubectl


@pytest.fixture
def cluster(client: KubeClient) -> t.Iterator[Cluster]:
    found = Cluster(client)
    yield found
    for name in found.made:
        delete_object(client, t.cast("t.Any", found.discovery.find(NAMESPACES)), name)


@pytest.fixture
def backups(tmp_path: Path, client: KubeClient) -> Backups:
    return Backups(tmp_path / "store", client)


@pytest.fixture
def lab(cluster: Cluster, kubectl: Kubectl) -> t.Iterator[SnapshotLab]:
    made = SnapshotLab(cluster, kubectl)
    yield made
    made.close()
