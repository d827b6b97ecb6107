# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Quotas on VolumeSnapshots are known before anything is frozen, in check mode too (Kubernetes 1.34, ResourceQuota)."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import SnapshotRequest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi import admission
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi import backup as csi_backup
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.backup import CsiBackup
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import BackupJob, Key
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import SNAPSHOT_TYPES, ApiType
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.csi.snapshot_cluster import DRIVER

COUNT = "count/volumesnapshots.snapshot.storage.k8s.io"
#: What the API server says of one more than there may be.
REFUSED = f"exceeded quota: few, requested: {COUNT}=1, used: {COUNT}=2, limited: {COUNT}=2"


class QuotaCluster(MemoryApi):
    """One that has snapshots and quotas. ``refusal``: of each VolumeSnapshot, tried or made."""

    def __init__(self) -> None:
        super().__init__([*SNAPSHOT_TYPES, ApiType(plural="resourcequotas", kind="ResourceQuota")])
        self.refusal = ""
        self.hides_quotas = False
        self.tried: list[bool] = []
        self.refuse = self._refuse
        self.add("volumesnapshotclasses", "fast", driver=DRIVER, deletionPolicy="Delete")

    def add_quota(self, name: str, hard: int | None, used: int = 0, *, of: str = COUNT) -> None:
        status = {} if hard is None else {"hard": {of: str(hard)}, "used": {of: str(used)}}
        spec = {"hard": {of: "0" if hard is None else str(hard)}}
        self.add("resourcequotas", name, "shop", spec=spec, status=status)

    def _refuse(self, verb: str, path: str, dry_run: bool) -> KubeError | None:
        if self.hides_quotas and path.endswith("/resourcequotas"):
            return KubeError("resourcequotas is forbidden", status=403, reason="Forbidden")
        if verb != "POST" or not path.endswith("/volumesnapshots"):
            return None
        self.tried.append(dry_run)
        return KubeError(self.refusal, status=403, reason="Forbidden") if self.refusal else None


@pytest.fixture
def api() -> QuotaCluster:
    return QuotaCluster()


def plans(*names: str, namespace: str = "shop") -> dict[Key, PlannedSnapshot]:
    found = {}
    for name in names:
        claim = {"metadata": {"name": name, "namespace": namespace}}
        spec = SnapshotSpec(namespace=namespace, claim=name, driver=DRIVER, class_name="fast")
        found[namespace, name] = PlannedSnapshot(claim=ClaimVolume(claim=claim, volume=None), spec=spec)
    return found


def begin(api: QuotaCluster, wanted: t.Mapping[Key, PlannedSnapshot], *, check_mode: bool) -> None:
    job = BackupJob(name="b", run_id="r", location="l")
    backup = CsiBackup(api.client, job, Discovery.read(api.client), cancel=CancelToken())
    try:
        if check_mode:
            assert backup.foresee(wanted) == []
        else:
            assert backup.begin(wanted, namespaces=["shop"], sweeps=True) == []
    finally:
        backup.close()


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("quotas", "refusal", "said"),
    [
        pytest.param([], "", "", id="no quota"),
        pytest.param([("q", 3, 0)], "", "", id="room for all"),
        pytest.param([("q", 5, 2)], "", "", id="room for all beside others"),
        pytest.param([("q", 2, 0)], "", f"exceeded quota: q, requested: {COUNT}=3, used: 0, limited: 2", id="for some"),
        pytest.param([("big", 9, 0), ("q", 5, 3)], "", "exceeded quota: q, ", id="one of several"),
        pytest.param([("q", None, 0)], "", "limited: 0", id="one that the cluster has not counted yet"),
        pytest.param([], REFUSED, REFUSED, id="for none, and quotas are not told"),
        pytest.param([], 'admission webhook "w" denied the request', "", id="another refusal is of its volume"),
        pytest.param([], 'admission webhook "w" does not support dry run', "", id="nobody knows"),
    ],
)
def test_all_of_them_fit_or_nothing_is_begun(
    api: QuotaCluster, quotas: list[tuple[str, int | None, int]], refusal: str, said: str, check_mode: bool
) -> None:
    for name, hard, used in quotas:
        api.add_quota(name, hard, used)
    api.refusal = refusal
    wanted = plans("a", "b", "c")
    if not said:
        begin(api, wanted, check_mode=check_mode)
    else:
        with pytest.raises(SnapshotError, match="in namespace shop cannot be snapshotted, and nothing") as caught:
            begin(api, wanted, check_mode=check_mode)
        assert said in caught.value.message
        assert caught.value.hint == "Free some of the quota or raise it: the snapshots, 3 there, are all there at once."
    assert api.tried == [True], "one is tried, by a dry run"
    assert api.names("volumesnapshots", "shop") == []


@pytest.mark.parametrize("of", ["persistentvolumeclaims", "count/volumesnapshots.example.com"])
def test_quotas_of_other_things(api: QuotaCluster, of: str) -> None:
    api.add_quota("q", 0, of=of)
    begin(api, plans("a"), check_mode=True)


def test_who_may_not_read_quotas_sees_what_a_dry_run_says(api: QuotaCluster) -> None:
    api.add_quota("q", 1)
    api.hides_quotas = True
    begin(api, plans("a", "b"), check_mode=True)
    api.refusal = REFUSED
    with pytest.raises(SnapshotError, match="exceeded quota: few"):
        begin(api, plans("a", "b"), check_mode=True)


def test_each_namespace_has_its_own(api: QuotaCluster) -> None:
    api.add_quota("q", 2)
    begin(api, plans("a", "b") | plans("c", namespace="bank"), check_mode=True)
    assert api.tried == [True, True]


def test_a_backup_without_snapshots_asks_nobody(api: QuotaCluster) -> None:
    begin(api, {}, check_mode=True)
    begin(api, {}, check_mode=False)
    assert api.tried == []


def leave(api: QuotaCluster, *names: str, location: str = "l") -> None:
    """What a dead run of the same backup has left."""
    for name in names:
        labels = {"velero.io/backup-name": "b", "arkive.k8s/run": "dead"}
        metadata = {"labels": labels, "annotations": {"arkive.k8s/location": location}}
        source = {"persistentVolumeClaimName": name}
        api.add("volumesnapshots", name, "shop", metadata=metadata, spec={"source": source})


def test_a_quota_learns_a_moment_later_that_what_a_dead_run_left_is_gone(
    api: QuotaCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "_LOOK_SECONDS", 0.01)
    api.add_quota("q", 3, 2)
    leave(api, "a", "b")
    looks = []

    def refuse(verb: str, path: str, dry_run: bool) -> KubeError | None:
        looks.append(path.endswith("/resourcequotas"))
        if sum(looks) == 3:
            api.add_quota("q", 3, 0)
        return None

    api.refuse = refuse
    begin(api, plans("a", "b", "c"), check_mode=False)
    assert (sum(looks), api.names("volumesnapshots", "shop")) == (3, [])


def test_one_that_never_has_room_is_told_after_a_while(api: QuotaCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(csi_backup, "_QUOTA_SECONDS", 0.05)
    api.add_quota("q", 3, 2)
    leave(api, "a", "b")
    with pytest.raises(SnapshotError, match="exceeded quota: q"):
        begin(api, plans("a", "b", "c"), check_mode=False)


@pytest.mark.parametrize(
    ("hard", "location", "fits"), [(3, "l", True), (2, "l", False), (3, "another", False)], ids=str
)
@pytest.mark.parametrize("refusal", ["", REFUSED], ids=["some fit", "none fits"])
def test_check_mode_counts_what_the_run_removes_before(
    api: QuotaCluster, hard: int, location: str, fits: bool, refusal: str
) -> None:
    api.add_quota("q", hard, 2)
    api.refusal = refusal
    leave(api, "a", "b", location=location)
    if fits:
        begin(api, plans("a", "b", "c"), check_mode=True)
    else:
        with pytest.raises(SnapshotError, match="exceeded quota"):
            begin(api, plans("a", "b", "c"), check_mode=True)
    assert api.names("volumesnapshots", "shop") == ["a", "b"]


def test_a_set_is_planned_only_where_there_is_room(api: QuotaCluster) -> None:
    api.add_quota("q", 1)
    claims = [plan.claim for plan in plans("a", "b").values()]
    volume = {"spec": {"csi": {"driver": DRIVER, "volumeHandle": "v"}}}
    claims = [ClaimVolume(claim=claim.claim, volume=volume) for claim in claims]
    provider = CsiSet(api.client, SnapshotRequest(namespace="shop", name="s"), cancel=CancelToken())
    with pytest.raises(SnapshotError, match="exceeded quota: q"):
        provider.plan(claims)
    assert len(provider.plan(claims[:1])) == 1
    assert api.names("volumesnapshots", "shop") == []
