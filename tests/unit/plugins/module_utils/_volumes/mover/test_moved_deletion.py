# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which namespace the pods are that take what was moved out of a repository."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover import deletion
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.deletion import MovedDeletion
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings, Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.mover_cluster import (
    NAMESPACE,
    MoverCluster,
    ended,
)

HANDLE = "a" * 32


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MoverCluster:
    """``shop`` is its only namespace."""
    found = MoverCluster(tmp_path, lambda _job: ended(f"arkive-mover done forget 0\nforgot {HANDLE}\n"))
    monkeypatch.setattr(deletion, "make_mover", lambda *_given, **_more: found.mover())
    return found


def deleted(cluster: MoverCluster, *, volumes: str, namespace: str) -> list[str]:
    """Why what was moved out of ``volumes`` stays. ``namespace``: the option."""
    moving = Moving(settings=MoverSettings(namespace=namespace), store=cluster.store)
    context = VolumeContext(connect=lambda: cluster.api.client, moving=moving)
    snapshot = RecordedSnapshot(kind="repository", handle=HANDLE, volume="v", namespace=volumes, uploader="kopia")
    return list(MovedDeletion(context).delete([snapshot]).values())


@pytest.mark.parametrize(
    ("volumes", "namespace", "where"),
    [("shop", "", "shop"), ("gone", "shop", "shop"), ("shop", "other", "other")],
)
def test_it_is_that_of_the_volumes_or_the_one_that_is_named(
    cluster: MoverCluster, volumes: str, namespace: str, where: str
) -> None:
    cluster.api.add("namespaces", "other")
    assert deleted(cluster, volumes=volumes, namespace=namespace) == []
    assert [job["metadata"]["namespace"] for job in cluster.made] == [where]


@pytest.mark.parametrize(("volumes", "namespace"), [("gone", ""), ("shop", "gone")])
def test_one_that_is_no_more_is_named_with_the_remedy(cluster: MoverCluster, volumes: str, namespace: str) -> None:
    """No pod can be made there, and a backup would never go."""
    [why] = deleted(cluster, volumes=volumes, namespace=namespace)
    assert why.startswith("Namespace gone is no more,")
    assert why.endswith("Name another one as mover.namespace.")
    assert cluster.made == []


def test_who_may_not_look_whether_it_is_there_tries(cluster: MoverCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(client: KubeClient, resource: t.Any, *words: t.Any) -> t.Any:
        raise KubeError("no", status=403)

    monkeypatch.setattr(deletion, "get_object", refused)
    assert deleted(cluster, volumes=NAMESPACE, namespace="") == []
