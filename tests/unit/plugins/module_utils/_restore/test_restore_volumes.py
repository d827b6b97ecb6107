# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import (
    VolumeDecisions,
    VolumeTerms,
)

CLAIM: Object = {"metadata": {"name": "data"}, "spec": {"volumeName": "pv1"}}


def volume(policy: str = "Delete", *, claim: str = "shop/data", phase: str = "Bound") -> Object:
    namespace, _slash, name = claim.partition("/")
    spec: Object = {"persistentVolumeReclaimPolicy": policy}
    if claim:
        spec["claimRef"] = {"namespace": namespace, "name": name}
    return {"metadata": {"name": "pv1"}, "spec": spec, "status": {"phase": phase}}


class Stored:
    def __init__(self, pv: Object | None) -> None:
        self.pv = pv

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> Object | None:
        return self.pv if name == "pv1" else None


def decide(
    *,
    stored: Object | None,
    live: Object | None = None,
    info: Object | None = None,
    snapshot_volumes: bool | None = None,
    mapping: dict[str, str] | None = None,
    restores_volumes: bool = True,
    claim: Object | None = None,
) -> tuple[bool, str, bool]:
    decisions = VolumeDecisions(
        archive=Stored(stored),
        volume_info=[{"pvName": "pv1", **info}] if info else [],
        live={"pv1": live} if live else {},
        terms=VolumeTerms(
            snapshot_volumes=snapshot_volumes, namespace_mapping=mapping or {}, restores_volumes=restores_volumes
        ),
    )
    found = decisions.for_claim(claim or CLAIM, source_namespace="shop")
    return found.keeps_volume, found.missing, found.on_purpose


@pytest.mark.parametrize(
    ("options", "keeps", "missing", "on_purpose"),
    [
        pytest.param({"stored": volume()}, False, "holds no data", False, id="none+Delete"),
        pytest.param({"stored": volume("Retain")}, True, "", False, id="none+Retain"),
        pytest.param(
            {"stored": volume(), "snapshot_volumes": False}, False, "snapshotVolumes: false", True, id="on purpose"
        ),
        pytest.param(
            {"stored": volume(), "info": {"skipped": True, "skippedReason": "any: policy;"}},
            False,
            "left its data out (any: policy)",
            True,
            id="skipped by a policy",
        ),
        *(
            pytest.param(
                {"stored": volume(), "info": {"skipped": True, "skippedReason": reason}},
                False,
                f"left its data out ({reason.rstrip(';')})",
                on_purpose,
                id=reason,
            )
            for reason, on_purpose in (
                ("any: skipped due to the resource policy;", True),  # ours
                ("any: the resource policy leaves it to plugins;", True),
                ("any: snapshotVolumes is false;", True),
                ("any: pre hook failed;", False),
                ("csiSnapshot: the cluster does not serve VolumeSnapshots;", False),
                (
                    "csiSnapshot: the volume is not of a CSI driver;volumeSnapshot: no snapshot location is for it;",
                    False,
                ),
                # From here on as Velero 1.18 writes them.
                ("any: skipped due to resource policy ;podvolume: opted out due to annotation in pod p;", True),
                ("volumeSnapshot: not satisfy the criteria for VolumePolicy or the legacy snapshot way;", True),
                ("volumeSnapshot: matched action is 'skip' in chosen resource policies;", True),
                ("any: item has label velero.io/exclude-from-backup=true;", True),
                ("podvolume: opted out due to annotation in pod p;", False),
                ("volumeSnapshot: no applicable volumesnapshotter found;", False),
            )
        ),
        *(
            pytest.param(
                {"stored": volume("Retain"), "info": {"backupMethod": method}, "snapshot_volumes": False},
                False,
                f"saved as {method}",
                False,
                id=method,
            )
            for method in ("PodVolumeBackup", "CSISnapshot", "NativeSnapshot")
        ),
        pytest.param({"stored": None}, False, "neither in the cluster nor restored", False, id="volume nowhere"),
        pytest.param(
            {"stored": volume("Retain"), "restores_volumes": False}, False, "neither", False, id="volumes filtered out"
        ),
        pytest.param(
            {"stored": None, "live": volume("Retain", phase="Released")}, True, "", False, id="live, retained"
        ),
        pytest.param(
            {"stored": None, "live": volume("Delete", phase="Released")},
            False,
            "about to be deleted",
            False,
            id="live, doomed",
        ),
        pytest.param(
            {"stored": None, "live": volume("Delete", claim="", phase="Available")}, True, "", False, id="live, free"
        ),
        pytest.param(
            {"stored": volume("Retain"), "live": volume("Retain"), "mapping": {"shop": "shop2"}},
            False,
            "belongs to claim shop/data",
            False,
            id="mapped while the original lives",
        ),
        pytest.param(
            {"stored": volume(), "claim": {"metadata": {"name": "d"}, "spec": {}}}, True, "", False, id="unbound"
        ),
    ],
)
def test_claims(options: dict[str, t.Any], keeps: bool, missing: str, on_purpose: bool) -> None:
    """docs/compatibility 5.8, 14.13."""
    found = decide(**options)
    assert (found[0], found[2]) == (keeps, on_purpose)
    assert missing in found[1]
    assert bool(found[1]) is bool(missing)


@pytest.mark.parametrize("method", ["PodVolumeBackup", "CSISnapshot"])
def test_records_that_name_the_claim(method: str) -> None:
    """docs/compatibility 5.8: without volumeinfo, by the claim that the stored volume names; the first one counts."""
    claim = {"pvcNamespace": "shop", "pvcName": "data"}
    decisions = VolumeDecisions(
        archive=Stored(volume("Retain")),
        volume_info=[{**claim, "backupMethod": method}, {**claim, "backupMethod": "later"}],
        live={},
    )
    found = decisions.for_claim(CLAIM, source_namespace="shop")
    assert (found.keeps_volume, found.on_purpose) == (False, False)
    assert f"saved as {method}," in found.missing
    assert f"saved as {method}" in decisions.why_not_restored(volume("Retain"))
    assert decisions.why_not_restored(volume("Retain", claim="other/data") | {"metadata": {"name": "pv2"}}) == ""
