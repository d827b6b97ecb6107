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
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_volumes import ScratchVolumes

SPACE = "arkive-proof-bcdfghjk"
CLAIMS = f"/api/v1/namespaces/{SPACE}/persistentvolumeclaims"
VOLUME = "/api/v1/persistentvolumes/pvc-1"


ASKED = {"volume.kubernetes.io/storage-provisioner": "hostpath.csi.k8s.io"}


class Cluster:
    """One claim with its volume. ``stays``: what is not removed; ``refused``: what may not be done, paths.

    ``made``: when the volume was; the claim was at noon. ``asked``: whether a driver was asked for a volume;
    ``provisioned``: whether one has made it.
    """

    def __init__(
        self,
        policy: str,
        *,
        stays: t.Collection[str] = (),
        refused: t.Collection[str] = (),
        made: str = "2026-06-01T12:00:00Z",
        asked: bool = True,
        provisioned: bool = True,
    ) -> None:
        self.asked: list[str] = []
        self._stays = stays
        self._refused = refused
        self._objects: dict[str, t.Any] = {
            f"{CLAIMS}/data": {
                "metadata": {
                    "name": "data",
                    "uid": "c-1",
                    "creationTimestamp": "2026-06-01T12:00:00Z",
                    "annotations": ASKED if asked else {},
                },
                "spec": {"volumeName": "pvc-1"},
            },
            VOLUME: {
                "metadata": {
                    "name": "pvc-1",
                    "creationTimestamp": made,
                    "annotations": {"pv.kubernetes.io/provisioned-by": "hostpath.csi.k8s.io"} if provisioned else {},
                },
                "spec": {"persistentVolumeReclaimPolicy": policy, "claimRef": {"uid": "c-1"}},
            },
        }

    def with_cancel(self, _cancel: CancelToken) -> Cluster:
        return self

    def get(self, path: str, *, query: t.Any = None) -> dict[str, t.Any]:
        assert query is None
        self._check(f"get {path}")
        if path == CLAIMS:
            return {"items": [self._objects[f"{CLAIMS}/data"]] if f"{CLAIMS}/data" in self._objects else []}
        if path not in self._objects:
            raise KubeError("Gone.", status=404, reason="NotFound")
        return dict(self._objects[path])

    def _check(self, request: str) -> None:
        if request in self._refused:
            raise KubeError("No.", status=403, reason="Forbidden")

    def patch(self, path: str, body: t.Any) -> None:
        self._check(f"patch {path}")
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
    return ScratchVolumes(client, Discovery([], []), {}).remove_claims(SPACE, ["db-0"])


def test_volumes_of_a_class_that_keeps_them_go_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster("Retain")
    assert remove(cluster, monkeypatch) == []
    pod = f"/api/v1/namespaces/{SPACE}/pods/db-0"
    assert cluster.asked == [f"patch {VOLUME}", f"delete {pod}", f"delete {CLAIMS}/data"]


def test_a_volume_that_its_driver_does_not_delete_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = remove(Cluster("Delete", stays=[VOLUME]), monkeypatch)
    assert "persistentvolumes/pvc-1" in said


def test_who_may_not_read_volumes_is_told_which_one_may_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = remove(Cluster("Retain", refused=[f"get {VOLUME}", f"patch {VOLUME}"]), monkeypatch)
    assert "Whether pvc-1, a volume of the proof, goes with it is unknown" in said


#: Of the storage class, and free: the cluster binds it, whatever the claim is to be made from.
BEFORE = "2026-06-01T11:59:59Z"


@pytest.mark.parametrize(
    "cluster",
    [
        Cluster("Retain", made=BEFORE),
        Cluster("Delete", made=BEFORE),
        # Of the same second.
        Cluster("Delete", asked=False),
        Cluster("Delete", provisioned=False),
    ],
)
def test_a_volume_that_was_there_before_stays(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = remove(cluster, monkeypatch)
    assert "The volume pvc-1, which was not made for claim data of the proof, was kept" in said
    assert cluster.get(VOLUME)["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert f"delete {CLAIMS}/data" in cluster.asked


@pytest.mark.parametrize(
    "cluster",
    [
        Cluster("Delete", made=BEFORE, refused=[f"patch {VOLUME}"]),
        # Nobody was asked for a volume, and it cannot be read: it may be anybody's.
        Cluster("Delete", made=BEFORE, refused=[f"get {VOLUME}", f"patch {VOLUME}"], asked=False),
    ],
)
def test_where_it_cannot_be_kept_nothing_is_removed(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProofError, match="pvc-1, which was not made for it, would go with it"):
        remove(cluster, monkeypatch)
    assert cluster.asked == []


def test_nothing_is_started_on_a_volume_that_was_there_before() -> None:
    made, other = (t.cast("t.Any", each) for each in (Cluster("Delete"), Cluster("Delete", made=BEFORE)))
    ScratchVolumes(made, Discovery([], []), {}).check_made(SPACE)
    with pytest.raises(ProofError, match="gave claim data of the proof the volume pvc-1"):
        ScratchVolumes(other, Discovery([], []), {}).check_made(SPACE)
