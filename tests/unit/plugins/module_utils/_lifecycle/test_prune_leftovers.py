# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to nobody, found and removed."""

from __future__ import annotations

import datetime as dt
import functools
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_leftovers import FindLeft
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PruneOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import LockRecord, WriteLock
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.left import find_left
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.backup import EbsBackup
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.provider import EbsProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import BackupJob, VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import PruneLab
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.csi.snapshot_cluster import (
    SnapshotCluster,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.ebs.ec2_account import (
    REGION,
    ZONE,
    Ec2Account,
    csi_volume,
    ec2_account,
    tag_list,
    tags_of,
)


@pytest.fixture
def lab(tmp_path: Path) -> PruneLab:
    found = PruneLab(tmp_path)
    found.put("shop-0")
    return found


def age(lab: PruneLab, tmp_path: Path, folder: str, hours: float) -> None:
    """Files are as old as that, by the run's clock."""
    then = lab.now.timestamp() - hours * 3600
    for file in (tmp_path / "location" / folder).rglob("*"):
        os.utime(file, (then, then))


def dead_lock(name: str) -> bytes:
    then = dt.datetime.now(tz=dt.UTC) - dt.timedelta(hours=1)
    return LockRecord.make(name, "elsewhere", 1, then, 120).encode()


def kinds(outcome: PruneOutcome) -> list[tuple[str, str, bool]]:
    return [(each.kind, each.name, each.removed) for each in outcome.leftovers]


def test_records_of_restores_without_a_backup(lab: PruneLab, tmp_path: Path) -> None:
    lab.put_restore("kept", "shop-0")
    lab.put_restore("old", "gone")
    lab.put_restore("young", "gone")
    age(lab, tmp_path, "restores/kept", 99)
    age(lab, tmp_path, "restores/old", 25)
    age(lab, tmp_path, "restores/young", 23)
    before = lab.stored()
    assert kinds(lab.prune()) == [("restore", "old", False)]
    planned = lab.prune(check_mode=True, request={"leftovers": "removed"})
    assert lab.stored() == before
    assert not lab.prune(request={"leftovers": "ignored"}).leftovers
    done = lab.prune(request={"leftovers": "removed"})
    assert planned.leftovers == done.leftovers
    assert kinds(done) == [("restore", "old", True)]
    assert done.changed
    assert {key.split("/")[1] for key in lab.stored() if key.startswith("restores/")} == {"kept", "young"}


def test_claims_of_runs_that_have_ended(lab: PruneLab) -> None:
    lab.store.put("metadata/arkive/schedules/shop.lock", dead_lock("tick"))
    lab.store.put("backups/half/half-arkive-claim.json", dead_lock("make"))
    lab.store.put("backups/half/half.tar.gz", b"x")
    lab.store.put("backups/shop-0/shop-0-arkive-claim.json", dead_lock("make"))
    found = kinds(lab.prune())
    names = ["half", "shop-0", "metadata/arkive/schedules/shop.lock"]
    assert found == [("claim", name, False) for name in names]
    assert kinds(lab.prune(request={"leftovers": "removed"})) == [("claim", name, True) for name in names]
    assert lab.names() == ["shop-0"]
    assert not [key for key in lab.stored() if key.endswith((".lock", "-claim.json"))]


def test_what_was_left_of_taking_over_a_claim(lab: PruneLab) -> None:
    gone = ["metadata/arkive/prune.lock", "metadata/arkive/schedules/gone.lock"]
    tickets = [f"{lock}-takeover-0123456789abcdef.json" for lock in gone]
    for ticket in tickets:
        lab.store.put(ticket, dead_lock("tick"))
    record = "metadata/arkive/schedules/a.lock-takeover-0123456789abcdef.json"
    lab.store.put(record, b"{}")
    live = WriteLock.acquire(lab.store, "metadata/arkive/schedules/live.lock", run_id="live")
    lab.store.put("metadata/arkive/schedules/live.lock-takeover-0123456789abcdef.json", dead_lock("tick"))
    lab.store.put("metadata/arkive/schedules/new.lock-takeover-0123456789abcdef.json", live.record.encode())
    with live:
        assert kinds(lab.prune()) == [("claim", ticket, False) for ticket in tickets]
        assert kinds(lab.prune(request={"leftovers": "removed"})) == [("claim", ticket, True) for ticket in tickets]
        left = [key for key in lab.stored() if "-takeover-" in key]
    assert left == sorted(
        [record, *(f"metadata/arkive/schedules/{name}.lock-takeover-0123456789abcdef.json" for name in ("live", "new"))]
    )


class TestSnapshots:
    @pytest.fixture
    def cluster(self, lab: PruneLab) -> SnapshotCluster:
        cluster = SnapshotCluster()
        for name, backup, location in (
            ("of-dead", "dead", lab.store.location.describe),
            ("of-stored", "shop-0", lab.store.location.describe),
            ("elsewhere", "dead", "s3://another"),
        ):
            cluster.add_snapshot(
                name,
                labels={"velero.io/backup-name": backup, "arkive.k8s/run": "r"},
                annotations={"arkive.k8s/location": location},
                namespace="shop",
            )
        cluster.add_snapshot("of-a-set", namespace="shop")
        return cluster

    def test_those_of_no_backup_are_found_and_removed(self, lab: PruneLab, cluster: SnapshotCluster) -> None:
        strays = functools.partial(find_left, cluster.client)
        assert kinds(lab.prune(request={"find_left": (strays,)})) == [("snapshot", "shop/s-of-dead", False)]
        assert cluster.deleted == []
        done = lab.prune(request={"find_left": (strays,), "leftovers": "removed"})
        assert kinds(done) == [("snapshot", "shop/s-of-dead", True)]
        assert cluster.deleted == ["s-of-dead", "the storage's s-of-dead"]
        assert not lab.prune(request={"find_left": (strays,), "leftovers": "removed"}).leftovers

    def test_a_cluster_that_does_not_answer(self, lab: PruneLab) -> None:
        def fail(_location: str) -> t.NoReturn:
            raise ArkiveError("The API server cannot be reached.")

        (found,) = lab.prune(request={"find_left": (fail,)}).leftovers
        assert found.message.endswith("is unknown: The API server cannot be reached.")


class TestEbsSnapshots:
    """Against moto, which stands in for EC2."""

    @pytest.fixture
    def account(self) -> t.Iterator[Ec2Account]:
        with ec2_account() as found:
            yield found

    def take(self, account: Ec2Account, backup: str, location: str) -> str:
        """As a backup takes it."""
        volume = account.make_volume(tags={"Name": "data"})
        job = BackupJob(name=backup, run_id="r", location=location)
        taking = EbsBackup(account.snapshotter(), job)
        claim = ClaimVolume(claim={"metadata": {"namespace": "shop", "name": "data"}}, volume=csi_volume(volume))
        offer = taking.plan(claim, wanted=True)
        assert offer.plan is not None
        taking.begin({("shop", "data"): offer.plan}, namespaces=["shop"], sweeps=False)
        before = account.snapshots
        taking.take([("shop", "data")], timeout=5.0, too_late="")
        (made,) = account.snapshots - before
        return made

    def strays(self, account: Ec2Account) -> FindLeft:
        place = SnapshotLocation(region=REGION, access_key="key", secret_key="secret")
        return EbsProvider(VolumeContext(connect=lambda: pytest.fail("EC2 alone is asked"), location=place)).find_left

    def test_those_of_no_backup_are_found_and_removed(self, lab: PruneLab, account: Ec2Account) -> None:
        here = lab.store.location.describe
        stray = self.take(account, "dead", here)
        kept = {
            self.take(account, "shop-0", here),
            self.take(account, "dead", "s3://another"),
            account.make_snapshot(tags={"velero.io/backup": "dead"}),
            account.make_snapshot(tags={"velero.io/backup": "dead", "arkive.k8s/location": here}),
            account.make_snapshot(tags={"arkive.k8s/run": "r", "arkive.k8s/location": here}),
            # A copy of the stray, or one that somebody took of a volume which has its tags.
            account.make_snapshot(tags=tags_of(account.snapshot(stray))),
            account.make_snapshot(),
        }
        find = (self.strays(account),)
        assert kinds(lab.prune(request={"find_left": find})) == [("snapshot", stray, False)]
        planned = lab.prune(check_mode=True, request={"find_left": find, "leftovers": "removed"})
        assert account.snapshots == {stray, *kept}
        done = lab.prune(request={"find_left": find, "leftovers": "removed"})
        assert planned.leftovers == done.leftovers
        assert done.leftovers[0].message == f"The EBS snapshot {stray} is of backup 'dead', which is not there."
        assert account.snapshots == kept
        assert not lab.prune(request={"find_left": find, "leftovers": "removed"}).leftovers

    def test_volumes_that_are_made_of_it_do_not_have_its_tags(self, lab: PruneLab, account: Ec2Account) -> None:
        """Nor what is taken of them again."""
        made = self.take(account, "dead", lab.store.location.describe)
        ec2 = account.snapshotter()
        volume = ec2.create_volume(made, "gp3", ZONE)
        assert tags_of(account.volume(volume)) == {"Name": "data", "velero.io/backup": "dead", "velero.io/pv": "pv-1"}
        account.client.create_tags(Resources=[volume], Tags=tag_list({"arkive.k8s/run": "x"}))
        again = ec2.create_snapshot(volume, ZONE, {})
        assert "arkive.k8s/run" not in tags_of(account.snapshot(again))

    def test_one_that_a_run_is_making_is_left_alone(self, lab: PruneLab, account: Ec2Account) -> None:
        """Its lock says that it is a backup."""
        made = self.take(account, "new", lab.store.location.describe)
        lock = WriteLock.acquire(lab.store, "backups/new/new-arkive-claim.json", run_id="other")
        outcome = lab.prune(request={"find_left": (self.strays(account),), "leftovers": "removed"})
        lock.release()
        assert (outcome.leftovers, account.snapshots) == ((), {made})

    def test_a_bucket_that_was_emptied_loses_no_snapshot(self, lab: PruneLab, account: Ec2Account) -> None:
        made = self.take(account, "shop-0", lab.store.location.describe)
        lab.store.delete_many([key for key in lab.stored() if key.startswith("backups/")])
        outcome = lab.prune(request={"find_left": (self.strays(account),), "leftovers": "removed"})
        assert kinds(outcome) == [("snapshot", made, False)]
        assert outcome.leftovers[0].message.endswith("It stays, because no backup at all is there.")
        assert account.snapshots == {made}

    def test_one_provider_that_fails_keeps_no_other_from_looking(self, lab: PruneLab, account: Ec2Account) -> None:
        def fail(_location: str) -> t.NoReturn:
            raise ArkiveError("The API server cannot be reached.")

        stray = self.take(account, "dead", lab.store.location.describe)
        outcome = lab.prune(request={"find_left": (fail, self.strays(account)), "leftovers": "removed"})
        assert kinds(outcome) == [("snapshot", "", False), ("snapshot", stray, True)]

    @pytest.mark.parametrize("location", ["s3://" + "p" * 300, "/srv/b\u00fccher", "s3://backups/a#b"])
    def test_a_place_that_no_tag_can_name(self, account: Ec2Account, location: str) -> None:
        made = self.take(account, "dead", location)
        assert [left.where for left in self.strays(account)(location)] == [made]
        assert self.strays(account)(f"{location}2") == []


def test_half_a_deletion_is_no_leftover(lab: PruneLab) -> None:
    """It is gone on with: the records of its restores go as well."""
    lab.put("shop-1", days=9)
    lab.put_restore("r1", "shop-1")
    lab.store.put("backups/shop-1/shop-1-arkive-deletion.json", b"{}")
    lab.store.delete_many(["backups/shop-1/velero-backup.json"])
    lab.prune(request={"leftovers": "removed"})
    assert lab.names() == ["shop-0"]
    assert not [key for key in lab.stored() if key.startswith("restores/")]
    assert Catalog(lab.store).names() == ["shop-0"]
