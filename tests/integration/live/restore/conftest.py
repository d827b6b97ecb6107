# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups for the restore tests: made of what is in the cluster, or of objects that a test writes down."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from restore_lab import NAMESPACES, Backups, Cluster
from snapshot_lab import CLAIM_OF, SnapshotLab

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object

if t.TYPE_CHECKING:
    from cluster_access import Kubectl

#: The kind of the application that ``archived`` is.
STATEFUL = "statefulset"


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


@pytest.fixture(scope="module")
def archived(client: KubeClient, kubectl: Kubectl) -> t.Iterator[tuple[str, t.Any, list[Object]]]:
    """A stateful application that is gone, with a snapshot of its volume."""
    lab = SnapshotLab(Cluster(client), kubectl)
    namespace = lab.application(STATEFUL)
    objects, info = lab.stored(namespace, CLAIM_OF[STATEFUL])
    lab.lose(namespace)
    yield namespace, objects, info
    lab.close()


@pytest.fixture
def lost(archived: tuple[str, t.Any, list[Object]], cluster: Cluster, backups: Backups, kubectl: Kubectl) -> str:
    """A namespace, made and empty, of an application that backup ``shop`` holds."""
    before, objects, info = archived
    namespace = cluster.new_name()
    moved = json.loads(json.dumps([[str(key[0]), obj] for key, obj in objects.items()]).replace(before, namespace))
    backups.write("shop", moved, spec={}, volume_info=json.loads(json.dumps(info).replace(before, namespace)))
    kubectl("create", "namespace", namespace)
    return namespace
