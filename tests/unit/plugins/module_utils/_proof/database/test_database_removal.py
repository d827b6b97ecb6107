# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a proof has made goes, also where a class says that its volumes stay; what does not is told."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database import scratch_volumes
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_volumes import ScratchVolumes

SPACE = "arkive-proof-bcdfghjk"
CLAIMS = f"/api/v1/namespaces/{SPACE}/persistentvolumeclaims"
VOLUME = "/api/v1/persistentvolumes/pvc-1"


class Cluster:
    """One claim with its volume. ``stays``: what is not removed; ``refused``: what may not be read."""

    def __init__(self, policy: str, *, stays: t.Collection[str] = (), refused: t.Collection[str] = ()) -> None:
        self.asked: list[str] = []
        self._stays = stays
        self._refused = refused
        self._objects: dict[str, t.Any] = {
            f"{CLAIMS}/data": {"metadata": {"name": "data"}, "spec": {"volumeName": "pvc-1"}},
            VOLUME: {"spec": {"persistentVolumeReclaimPolicy": policy}},
        }

    def with_cancel(self, _cancel: CancelToken) -> Cluster:
        return self

    def get(self, path: str) -> dict[str, t.Any]:
        if path in self._refused:
            raise KubeError("No.", status=403, reason="Forbidden")
        if path == CLAIMS:
            return {"items": [self._objects[f"{CLAIMS}/data"]] if f"{CLAIMS}/data" in self._objects else []}
        if path not in self._objects:
            raise KubeError("Gone.", status=404, reason="NotFound")
        return dict(self._objects[path])

    def patch(self, path: str, body: t.Any) -> None:
        self.asked.append(f"patch {path}")
        self._objects[path]["spec"] |= body["spec"]

    def delete(self, path: str, *, body: t.Any) -> None:
        self.asked.append(f"delete {path}")
        if path == f"{CLAIMS}/data":
            kept = self._objects[VOLUME]["spec"]["persistentVolumeReclaimPolicy"] != "Delete"
            self._objects.pop(path)
            if not (kept or VOLUME in self._stays):
                self._objects.pop(VOLUME)


def remove(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(scratch_volumes, "_GONE_SECONDS", 0.5)
    client = t.cast("t.Any", cluster)
    return ScratchVolumes(client, Discovery([], []), {}).remove_claims(SPACE, "db-0")


def test_volumes_of_a_class_that_keeps_them_go_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster("Retain")
    assert remove(cluster, monkeypatch) == []
    pod = f"/api/v1/namespaces/{SPACE}/pods/db-0"
    assert cluster.asked == [f"patch {VOLUME}", f"delete {pod}", f"delete {CLAIMS}/data"]


def test_a_volume_that_its_driver_does_not_delete_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = remove(Cluster("Delete", stays=[VOLUME]), monkeypatch)
    assert "persistentvolumes/pvc-1" in said


def test_who_may_not_read_volumes_is_told_which_one_may_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = remove(Cluster("Retain", refused=[VOLUME]), monkeypatch)
    assert "Whether pvc-1, a volume of the proof, goes with it is unknown" in said
