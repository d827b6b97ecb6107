# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run has made goes, and nothing that another has made under its name."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi import removal as csi_removal
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import find_snapshot_api
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.removal import SnapshotRemoval
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_names import RUN_ANNOTATION
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.csi.snapshot_cluster import SnapshotCluster

SNAPSHOT = ("volumesnapshots", "shop", "s-data")
CONTENT = ("volumesnapshotcontents", "", "content-s-data")
OURS = {RUN_ANNOTATION: "ours"}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> SnapshotCluster:
    for name in ("_DISCARD_SECONDS", "_PAUSE", "NUDGE_SECONDS"):
        monkeypatch.setattr(csi_removal, name, 0.05 if name == "_DISCARD_SECONDS" else 0.0)
    found = SnapshotCluster()
    found.add_snapshot("data", annotations=OURS)
    return found


def taken(*, uid: str = "uid-data", content: str = "") -> TakenSnapshot:
    spec = SnapshotSpec(namespace="shop", claim="data", name="s-data", annotations=OURS)
    return TakenSnapshot(spec=spec, requested=utc_now(), state="failed", name="s-data", uid=uid, content=content)


def discard(api: SnapshotCluster, made: TakenSnapshot) -> list[str]:
    served = find_snapshot_api(Discovery.read(api.client))
    assert served is not None
    left = SnapshotRemoval(api.client, served, with_contents=True).discard([made])
    assert left == [made.left] * bool(made.left)
    return left


def test_what_the_run_has_made(api: SnapshotCluster) -> None:
    assert discard(api, taken()) == []
    assert api.objects == {}


def test_what_was_put_in_its_place(api: SnapshotCluster) -> None:
    """Somebody has removed ours, and taken another of the name: it stays, with its content."""
    before = dict(api.objects)
    assert discard(api, taken(uid="gone", content="content-of-ours")) == []
    assert (api.objects, api.deleted) == (before, [])


@pytest.mark.parametrize("ours", [True, False])
def test_one_of_which_nobody_knows(api: SnapshotCluster, ours: bool) -> None:
    if not ours:
        api.objects[SNAPSHOT]["metadata"]["annotations"] = {RUN_ANNOTATION: "theirs"}
    assert discard(api, taken(uid="")) == []
    assert (SNAPSHOT in api.objects, CONTENT in api.objects) == (not ours, not ours)


def test_one_that_was_never_made(api: SnapshotCluster) -> None:
    api.objects.clear()
    assert discard(api, taken(uid="")) == []


def test_a_content_whose_snapshot_went_while_it_was_retained(api: SnapshotCluster) -> None:
    """Its controllers would leave it alone forever."""
    del api.objects[SNAPSHOT]
    api.objects[CONTENT]["spec"] |= {"deletionPolicy": "Retain", "volumeSnapshotRef": {"uid": "uid-data"}}
    assert discard(api, taken(content="content-s-data")) == []
    assert api.objects == {}
    assert next(body.get("spec") for _name, body in api.patches) == {"deletionPolicy": "Delete"}
    assert any("being-deleted" in str(body) for _name, body in api.patches)


def test_an_api_server_that_is_away(api: SnapshotCluster) -> None:
    gone = KubeError("The API server is gone.")
    api.refuse = lambda verb, _path, _dry: gone if verb == "DELETE" else None
    assert discard(api, taken()) == ["The VolumeSnapshot shop/s-data could not be removed: The API server is gone."]
