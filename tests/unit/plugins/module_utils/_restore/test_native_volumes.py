# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole restores of volumes with native snapshots: an API server in memory, and moto for EC2."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs import restore as native_volumes
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.restore import EbsRestore
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.native_records import (
    NativeSnapshot,
    snapshot_record,
    volume_info_entry,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    plan,
    restore,
    write_backup,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.ebs.ec2_account import (
    REGION,
    ZONE,
    Ec2Account,
    csi_volume,
    ec2_account,
    tags_of,
)

LOCATION = SnapshotLocation(region=REGION, access_key="key", secret_key="secret")
EBS = EbsSnapshotter(LOCATION)
OLD = "vol-00000000000000001"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Ec2Account]:
    monkeypatch.setattr(native_volumes, "_POLL_SECONDS", 0.0)
    with ec2_account() as found:
        yield found


def stored_volume(policy: str = "Delete") -> Object:
    reference = {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data", "uid": "old"}
    volume = csi_volume(OLD, "pv1", claimRef=reference, persistentVolumeReclaimPolicy=policy)
    volume["metadata"]["annotations"] = {"pv.kubernetes.io/bound-by-controller": "yes"}
    return volume


def stored_claim() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "shop"},
        "spec": {"volumeName": "pv1"},
    }


def put_backup(
    store: t.Any, snapshot_id: str, *, policy: str = "Delete", records: bool = True, **snapshot: t.Any
) -> NativeSnapshot:
    """A backup of one claim whose volume has a native snapshot; without ``records`` only volumeinfo has it."""
    found = NativeSnapshot(
        volume="pv1",
        snapshot_id=snapshot_id,
        volume_id=OLD,
        **{"volume_type": "gp3", "zone": ZONE, **snapshot},
    )
    volume = stored_volume(policy)
    write_backup(store, "b", ("persistentvolumes", volume), ("persistentvolumeclaims", stored_claim()))
    if records:
        store.put("backups/b/b-volumesnapshots.json.gz", gzip_json([snapshot_record(found, backup_name="b")]))
    info = volume_info_entry(found, volume=volume, claim=("shop", "data"))
    store.put("backups/b/b-volumeinfo.json.gz", gzip_json([info]))
    return found


def volume_of(api: RestoreApi, name: str = "pv1") -> Object:
    return api.objects["persistentvolumes", "", name]


def claim_of(api: RestoreApi, namespace: str = "shop") -> Object:
    return api.objects["persistentvolumeclaims", namespace, "data"]


def decided(outcome: RestoreOutcome) -> tuple[str, str, str]:
    (entry,) = outcome.volumes
    return entry["method"], entry["snapshot"], entry["state"]


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
@pytest.mark.parametrize("records", [True, False], ids=["volumesnapshots", "volumeinfo alone"])
def test_a_volume_comes_back_from_its_snapshot(
    api: RestoreApi, store: t.Any, account: Ec2Account, policy: str, *, records: bool
) -> None:
    """docs/compatibility 5.8.1, 10.3: absent -> restore, whatever the reclaim policy."""
    snapshot_id = account.make_snapshot(tags={"team": "shop"})
    put_backup(store, snapshot_id, policy=policy, records=records)
    before = account.volumes
    outcome = restore(api, store, snapshot_location=LOCATION)
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    (made,) = account.volumes - before
    assert EBS.volume_id(volume_of(api)) == made
    volume = account.volume(made)
    assert (volume["SnapshotId"], volume["AvailabilityZone"], volume["VolumeType"]) == (snapshot_id, ZONE, "gp3")
    assert tags_of(volume) == {"team": "shop"}
    assert volume_of(api)["spec"]["claimRef"].keys() == {"kind", "namespace", "name"}
    assert "annotations" not in volume_of(api)["metadata"] or not volume_of(api)["metadata"]["annotations"]
    assert claim_of(api)["spec"]["volumeName"] == "pv1"
    assert decided(outcome) == ("NativeSnapshot", snapshot_id, "created")


def test_type_and_iops(api: RestoreApi, store: t.Any, account: Ec2Account) -> None:
    """docs/compatibility 8.2."""
    put_backup(store, account.make_snapshot(VolumeType="io1", Iops=300), volume_type="io1", iops=300)
    restore(api, store, snapshot_location=LOCATION)
    made = account.volume(EBS.volume_id(volume_of(api)))
    assert (made["VolumeType"], made["Iops"]) == ("io1", 300)


def test_check_mode_makes_nothing(api: RestoreApi, store: t.Any, account: Ec2Account) -> None:
    snapshot_id = account.make_snapshot()
    put_backup(store, snapshot_id)
    before = account.volumes
    outcome = plan(api, store, snapshot_location=LOCATION)
    assert decided(outcome) == ("NativeSnapshot", snapshot_id, "planned")
    assert account.volumes == before
    assert api.names("persistentvolumes") == []


def test_again_is_unchanged(api: RestoreApi, store: t.Any, account: Ec2Account) -> None:
    """Another volume is behind the object by then, and it is the right one."""
    put_backup(store, account.make_snapshot())
    restore(api, store, name="r", snapshot_location=LOCATION)
    claim_of(api)["status"] = {"phase": "Bound"}
    before = account.volumes
    again = restore(api, store, name="another", snapshot_location=LOCATION)
    assert (again.changed, again.errors_list) == (False, [])
    (warning,) = again.warnings_list
    assert "shop/data is kept: its data is not rolled back" in warning["message"]
    assert account.volumes == before


@pytest.mark.parametrize(
    ("location", "snapshot", "message"),
    [
        pytest.param(
            None, {}, "in the native snapshot {id}, and no snapshot_location is given", id="10.2: no location"
        ),
        pytest.param(
            SnapshotLocation(name="other"),
            {"location": "aws"},
            "{id} of the snapshot location 'aws', and snapshot_location is 'other'",
            id="another location",
        ),
        pytest.param(LOCATION, {"phase": "Failed"}, "the snapshot of its volume failed", id="10.2: record Failed"),
    ],
)
def test_data_that_cannot_be_had(
    api: RestoreApi,
    store: t.Any,
    account: Ec2Account,
    location: SnapshotLocation | None,
    snapshot: Object,
    message: str,
) -> None:
    """The claim is refused by name, or comes back empty where that was said to be fine."""
    snapshot_id = account.make_snapshot()
    put_backup(store, snapshot_id, **snapshot)
    before = account.volumes
    with pytest.raises(RestoreError) as caught:
        restore(api, store, snapshot_location=location)
    assert message.format(id=snapshot_id) in caught.value.message
    assert api.names("persistentvolumeclaims", "shop") == []
    outcome = restore(api, store, snapshot_location=location, on_missing_volume_data="warn")
    assert message.format(id=snapshot_id) in outcome.warnings_list[0]["message"]
    assert "volumeName" not in claim_of(api)["spec"]
    assert api.names("persistentvolumes") == []
    assert account.volumes == before


def test_restore_pvs_false(api: RestoreApi, store: t.Any, account: Ec2Account) -> None:
    """docs/compatibility 5.8.1: the volume is restored without touching its snapshot."""
    put_backup(store, account.make_snapshot())
    before = account.volumes
    restore(api, store, snapshot_location=LOCATION, restore_pvs=False)
    assert EBS.volume_id(volume_of(api)) == OLD
    assert account.volumes == before


def test_a_volume_without_a_snapshot_passes_unchanged(api: RestoreApi, store: t.Any, account: Ec2Account) -> None:
    """docs/compatibility 5.8.1."""
    volume = stored_volume("Retain")
    write_backup(store, "b", ("persistentvolumes", volume), ("persistentvolumeclaims", stored_claim()))
    before = account.volumes
    outcome = restore(api, store, snapshot_location=LOCATION)
    assert EBS.volume_id(volume_of(api)) == OLD
    assert decided(outcome) == ("kept", "", "created")
    assert account.volumes == before


def live_volume(api: RestoreApi, *, phase: str = "Bound", policy: str = "Delete", **metadata: t.Any) -> Object:
    volume = csi_volume(
        OLD, "pv1", claimRef={"namespace": "shop", "name": "data"}, persistentVolumeReclaimPolicy=policy
    )
    volume["metadata"] |= metadata
    volume["status"] = {"phase": phase}
    return api.add("persistentvolumes", **{"name": "pv1", **{k: v for k, v in volume.items() if k != "kind"}})


def live_claim(api: RestoreApi, **metadata: t.Any) -> None:
    api.add(
        "persistentvolumeclaims",
        "data",
        "shop",
        metadata=metadata,
        spec={"volumeName": "pv1"},
        status={"phase": "Bound"},
    )


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_a_healthy_volume_is_not_restored(api: RestoreApi, store: t.Any, account: Ec2Account, policy: str) -> None:
    """docs/compatibility 10.3: PV wait cases, healthy; exists x snapshot x reclaim policy."""
    live_volume(api, policy=policy)
    live_claim(api)
    put_backup(store, account.make_snapshot(), policy=policy)
    before = account.volumes
    outcome = restore(api, store, snapshot_location=LOCATION)
    assert (outcome.errors_list, account.volumes) == ([], before)
    assert EBS.volume_id(volume_of(api)) == OLD
    assert decided(outcome)[0] == "kept"


def released(api: RestoreApi) -> None:
    live_volume(api, phase="Released")


def volume_deleting(api: RestoreApi) -> None:
    live_volume(api, deletionTimestamp="2026-06-01T00:00:00Z")
    live_claim(api)


def claim_deleting(api: RestoreApi) -> None:
    live_volume(api)
    live_claim(api, deletionTimestamp="2026-06-01T00:00:00Z")


def claim_missing(api: RestoreApi) -> None:
    live_volume(api)


LEAVING = [
    pytest.param(released, "it is released", id="10.3: Released"),
    pytest.param(volume_deleting, "it is being deleted", id="5.8.1: deleting"),
    pytest.param(claim_deleting, "its claim shop/data is being deleted", id="10.3: PVC deleting"),
    pytest.param(claim_missing, "its claim shop/data is gone", id="10.3: PVC missing"),
]


@pytest.mark.parametrize(("prepare", "why"), LEAVING)
def test_a_volume_that_does_not_go(
    api: RestoreApi, store: t.Any, account: Ec2Account, prepare: t.Callable[[RestoreApi], None], why: str
) -> None:
    """docs/compatibility 10.3: PV wait cases, timeout error. No volume is made for it."""
    prepare(api)
    put_backup(store, account.make_snapshot())
    before = account.volumes
    outcome = restore(
        api, store, snapshot_location=LOCATION, terminating_timeout=0.0, included_resources=["persistentvolumes"]
    )
    assert outcome.phase == "PartiallyFailed"
    assert f"The old PersistentVolume pv1 is still there after 0 s: {why}." in outcome.errors_list[0]["message"]
    assert account.volumes == before
    assert EBS.volume_id(volume_of(api)) == OLD


@pytest.mark.parametrize(("prepare", "why"), LEAVING)
def test_a_volume_that_goes(
    api: RestoreApi, store: t.Any, account: Ec2Account, prepare: t.Callable[[RestoreApi], None], why: str
) -> None:
    """docs/compatibility 5.8.1: once it is gone the snapshot is restored."""
    prepare(api)
    snapshot_id = account.make_snapshot()
    put_backup(store, snapshot_id)
    planned = plan(api, store, snapshot_location=LOCATION, included_resources=["persistentvolumes"])
    (item,) = (item for item in planned.plan_items if item["resource"] == "persistentvolumes")
    assert item["intent"] == "create"
    assert item["reason"].startswith(f"{why}; the restore waits until it is gone and makes it anew")
    looks = 0

    def gone_after_some_looks(verb: str, path: str, _dry_run: bool) -> KubeError | None:
        nonlocal looks
        if verb == "GET" and path.endswith("/persistentvolumes/pv1"):
            looks += 1
            if looks == 3:
                del api.objects["persistentvolumes", "", "pv1"]
        return None

    api.refuse = gone_after_some_looks
    outcome = restore(
        api, store, snapshot_location=LOCATION, terminating_timeout=60.0, included_resources=["persistentvolumes"]
    )
    assert outcome.errors_list == []
    assert account.volume(EBS.volume_id(volume_of(api)))["SnapshotId"] == snapshot_id


@pytest.mark.parametrize(
    ("mapped", "live", "renamed"),
    [
        pytest.param(True, True, True, id="5.8.1: mapped, and the volume is there"),
        pytest.param(True, False, False, id="5.8.1: mapped, and it is not"),
        pytest.param(False, False, False, id="5.8.1: not mapped"),
    ],
)
def test_renamed_volumes(
    api: RestoreApi, store: t.Any, account: Ec2Account, *, mapped: bool, live: bool, renamed: bool
) -> None:
    """docs/compatibility 5.8.1, 10.3: rename."""
    if live:
        live_volume(api)
        live_claim(api)
    snapshot_id = account.make_snapshot()
    put_backup(store, snapshot_id)
    before = account.volumes
    mapping = {"shop": "shop2"} if mapped else {}
    planned = [
        plan(api, store, name=name, snapshot_location=LOCATION, namespace_mapping=mapping).digest for name in ("r", "q")
    ]
    objects = [digest.objects for digest in planned if digest is not None]
    assert objects[0] == objects[1], "a name that is made of the restore's is no other plan"
    outcome = restore(api, store, snapshot_location=LOCATION, namespace_mapping=mapping)
    assert outcome.errors_list == []
    (made,) = account.volumes - before
    target = "shop2" if mapped else "shop"
    name = claim_of(api, target)["spec"]["volumeName"]
    assert name.startswith("velero-clone-") is renamed
    volume = volume_of(api, name)
    assert EBS.volume_id(volume) == made
    assert volume["spec"]["claimRef"]["namespace"] == target
    annotations = volume["metadata"].get("annotations") or {}
    assert annotations.get("velero.io/original-pv-name") == ("pv1" if renamed else None)
    if live:
        assert EBS.volume_id(volume_of(api)) == OLD
    (entry,) = outcome.volumes
    assert (entry["namespace"], entry["volume"], entry["method"]) == (target, name, "NativeSnapshot")


def test_no_orphan_when_the_object_is_refused(api: RestoreApi, store: t.Any, account: Ec2Account) -> None:
    """The new volume is removed again, and the claim says that it has no data."""
    put_backup(store, account.make_snapshot())
    before = account.volumes

    def quota(verb: str, path: str, dry_run: bool) -> KubeError | None:
        wanted = verb == "POST" and path.endswith("/persistentvolumes") and not dry_run
        return KubeError("quota exceeded", status=403, reason="Forbidden") if wanted else None

    api.refuse = quota
    outcome = restore(api, store, snapshot_location=LOCATION)
    assert outcome.phase == "PartiallyFailed"
    assert "quota exceeded" in outcome.errors_list[0]["message"]
    assert account.volumes == before
    assert decided(outcome)[2] == "failed"


def test_a_lost_answer_makes_no_second_volume(api: RestoreApi, store: t.Any, account: Ec2Account) -> None:
    put_backup(store, account.make_snapshot())
    before = account.volumes
    lost = [KubeError("no answer", status=None)]
    assert lost[0].unreachable
    api.lose = lambda _verb, path: lost.pop() if path.endswith("/persistentvolumes") and lost else None
    outcome = restore(api, store, snapshot_location=LOCATION)
    assert (lost, outcome.errors_list) == ([], [])
    (made,) = account.volumes - before
    assert EBS.volume_id(volume_of(api)) == made


def test_a_snapshot_that_is_gone(api: RestoreApi, store: t.Any, account: Ec2Account) -> None:
    put_backup(store, "snap-0123")
    before = account.volumes
    outcome = restore(api, store, snapshot_location=LOCATION)
    assert "The snapshot snap-0123 does not exist" in outcome.errors_list[0]["message"]
    assert account.volumes == before
    assert api.names("persistentvolumes") == []


def test_a_volume_that_fails(
    api: RestoreApi, store: t.Any, account: Ec2Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the right to use a key, EC2 takes the request and then gives up."""
    put_backup(store, account.make_snapshot())
    before = account.volumes
    look = EbsSnapshotter._describe_volume
    monkeypatch.setattr(EbsSnapshotter, "_describe_volume", lambda *words: {**look(*words), "State": "error"})
    outcome = restore(api, store, snapshot_location=LOCATION)
    assert "could not be made: its state is error" in outcome.errors_list[0]["message"]
    assert account.volumes == before


def test_one_that_cannot_be_removed_again_is_named(
    api: RestoreApi, store: t.Any, account: Ec2Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_backup(store, account.make_snapshot())
    before = account.volumes
    look = EbsSnapshotter._describe_volume
    monkeypatch.setattr(EbsSnapshotter, "_describe_volume", lambda *words: {**look(*words), "State": "error"})
    monkeypatch.setattr(EbsSnapshotter, "delete_volume", refuse_deletion)
    outcome = restore(api, store, snapshot_location=LOCATION)
    (made,) = account.volumes - before
    assert f"The volume {made} was made for it: Cannot delete it: denied." in outcome.errors_list[0]["message"]


def refuse_deletion(_snapshotter: EbsSnapshotter, _volume_id: str) -> None:
    raise SnapshotError("Cannot delete it: denied.")


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [
        pytest.param({"status": {"phase": "Active"}}, "", id="10.3: healthy"),
        pytest.param(
            {"status": {"phase": "Terminating"}}, "its namespace app is being deleted", id="10.3: ns terminating"
        ),
        pytest.param(
            {"metadata": {"deletionTimestamp": "2026-06-01T00:00:00Z"}},
            "its namespace app is being deleted",
            id="10.3: ns deleted",
        ),
        pytest.param(None, "its namespace app is gone", id="5.8.1: ns missing"),
    ],
)
def test_the_namespace_of_a_live_volume(api: RestoreApi, namespace: Object | None, expected: str) -> None:
    if namespace is not None:
        api.add("namespaces", "app", **namespace)
    api.add("persistentvolumeclaims", "data", "app", status={"phase": "Bound"})
    volumes = EbsRestore({}, None, client=api.client, discovery=api.discovery())
    live = csi_volume(OLD, claimRef={"namespace": "app", "name": "data"})
    assert volumes.why_leaving(live) == expected


def test_what_may_not_be_read_is_taken_to_be_there(api: RestoreApi) -> None:
    volumes = EbsRestore({}, None, client=api.client, discovery=api.discovery())
    api.refuse = lambda _verb, _path, _dry_run: KubeError("no", status=403, reason="Forbidden")
    assert volumes.why_leaving(csi_volume(OLD, claimRef={"namespace": "app", "name": "data"})) == ""


def test_a_live_volume_without_a_claim_is_healthy(api: RestoreApi) -> None:
    volumes = EbsRestore({}, None, client=api.client, discovery=api.discovery())
    assert volumes.why_leaving(csi_volume(OLD)) == ""
