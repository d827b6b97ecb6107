# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each request of a backup to its store fails in each way: what is reported is what is stored.

And what a backup names that is to be seen is there: its files, and its snapshots (moto stands in for EC2).
"""

from __future__ import annotations

import gzip
import json
import typing as t
from pathlib import Path

import botocore.retries.standard
import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive import backup_writer
from ansible_collections.arkive.k8s.plugins.module_utils._archive.commit_point import Patience
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import CommitUnknown
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import UNKNOWN_PHASE, BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._catalog import name_lock
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import BackupApi, back_up
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.faulty_store import (
    FAULTS,
    Fault,
    FaultyStore,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import put_expired
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.ebs.ec2_account import (
    REGION,
    ZONE,
    Ec2Account,
    ec2_account,
)

LOCATION = SnapshotLocation(name="east", region=REGION, access_key="key", secret_key="secret")
COMMIT = "backups/b1/velero-backup.json"
CLAIM = "backups/b1/b1-arkive-claim.json"


@pytest.fixture
def account() -> t.Iterator[Ec2Account]:
    with ec2_account() as found:
        yield found


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for in minutes is waited for in moments."""
    short = Patience(seconds=0.05, arrival=0.02, arrival_answered=0.01, pause=0.01)
    monkeypatch.setattr(backup_writer, "Patience", lambda: short)
    monkeypatch.setattr(name_lock, "_PAUSE", 0.01)
    monkeypatch.setattr(botocore.retries.standard.ExponentialBackoff, "delay_amount", lambda *_given: 0.0)


class Case:
    """One backup of one volume."""

    def __init__(self, api: BackupApi, account: Ec2Account, folder: Path) -> None:
        folder.mkdir()
        self.api = api
        self.account = account
        self.store = FaultyStore(LocalStore(LocalLocation(path=str(folder))))
        self.outcome: BackupOutcome | None = None
        self.error: ArkiveError | None = None
        self.replace_failed = False

    def run(self) -> Case:
        self.outcome = self.error = None
        try:
            request = {"snapshot_location": LOCATION, "replace_failed": self.replace_failed}
            self.outcome = back_up(self.api, self.store, request=request, included_namespaces=["shop"])
        except ArkiveError as exc:
            self.error = exc
        return self

    @property
    def result(self) -> dict[str, t.Any]:
        if self.error is not None:
            return self.error.details
        assert self.outcome is not None
        return self.outcome.to_return(default_on_error="Fail") | {"changed": self.outcome.changed}

    @property
    def visible(self) -> dict[str, t.Any] | None:
        try:
            found: dict[str, t.Any] = json.loads(self.store.true.get(COMMIT))
        except StoreError:
            return None
        return found

    def check(self) -> None:
        """What is reported is what is stored, and what is visible is whole."""
        visible, result = self.visible, self.result
        if visible is not None:
            self._check_whole(visible)
        if self.error is None:
            assert visible is not None
            assert (result["phase"], result["changed"]) == ("Completed", True)
            assert result["backup"]["metadata"]["uid"] == visible["metadata"]["uid"]
        elif isinstance(self.error, CommitUnknown):
            assert result["phase"] == UNKNOWN_PHASE
            assert result["commit_point"]["key"] == COMMIT
            self._check_whole(result["backup"])
        elif "phase" in result:
            assert result["phase"].startswith("Failed")
            assert visible is None
            assert self.account.snapshots == set()

    def _check_whole(self, backup: dict[str, t.Any]) -> None:
        name = backup["metadata"]["name"]
        record = Catalog(t.cast("t.Any", self.store.true)).files(name).read_record()
        assert record is not None
        for file, digest in record.files.items():
            if file != "velero-backup.json":
                assert self.store.true.size(f"backups/{name}/{file}") == digest.size
        records = json.loads(gzip.decompress(self.store.true.get(f"backups/{name}/{name}-volumesnapshots.json.gz")))
        named = {entry["status"]["providerSnapshotID"] for entry in records}
        assert named
        assert named <= self.account.snapshots


@pytest.fixture
def make_case(api: BackupApi, account: Ec2Account, tmp_path: Path) -> t.Callable[[], Case]:
    volume_id = account.make_volume(Size=10)
    api.add("persistentvolumeclaims", "data", "shop", spec={"volumeName": "pv-data"}, status={"phase": "Bound"})
    spec = {"awsElasticBlockStore": {"volumeID": f"aws://{ZONE}/{volume_id}"}}
    api.add("persistentvolumes", "pv-data", spec=spec)
    made: list[Case] = []

    def make() -> Case:
        for snapshot in account.snapshots:
            account.client.delete_snapshot(SnapshotId=snapshot)
        made.append(Case(api, account, tmp_path / str(len(made))))
        return made[-1]

    return make


def is_tried(fault: Fault, number: int, key: str) -> bool:
    """All faults at the commit point; each other request meets one of them, and each fault some of the requests."""
    return key == COMMIT or number % len(FAULTS) == FAULTS.index(fault)


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_told_contradicts_what_is_stored(make_case: t.Callable[[], Case], fault: Fault) -> None:
    plain = make_case().run()
    plain.check()
    requests = plain.store.calls
    assert [key for _name, key in requests].count(COMMIT) >= 3
    for number, (name, key) in enumerate(requests):
        if not is_tried(fault, number, key):
            continue
        case = make_case()
        case.store.fault, case.store.fault_at = fault, number
        case.run()
        assert case.store.met == (name, key)
        case.check()
        # The next run of the name, once the store is well again, ends it: the stored one, or a new one.
        before = case.visible
        case.store.heal()
        if not isinstance(case.error, CommitUnknown) and case.error is not None:
            expire(case)
        if isinstance(case.error, CommitUnknown) and before is None:
            expire(case)
        case.run()
        assert case.error is None, f"{fault} at {name} {key}: {case.error}"
        assert case.result["phase"] == "Completed"
        assert case.visible is not None
        if before is not None:
            assert case.visible["metadata"]["uid"] == before["metadata"]["uid"]
        case._check_whole(case.visible)
        assert len(case.account.snapshots) == 1


def expire(case: Case) -> None:
    """As when two minutes have gone by."""
    if case.store.true.exists(CLAIM):
        record = json.loads(case.store.true.get(CLAIM))
        record["expires"] = "2026-01-01T00:00:00Z"
        case.store.true.put(CLAIM, json.dumps(record).encode())


def number_of(case: Case, name: str, key: str, *, last: bool = False) -> int:
    """The number of a request in a run without faults."""
    numbers = [number for number, call in enumerate(case.run().store.calls) if call == (name, key)]
    return numbers[-1 if last else 0]


def test_the_answer_to_the_commit_is_lost_and_the_store_stays_away(make_case: t.Callable[[], Case]) -> None:
    number = number_of(make_case(), "put_if_absent", COMMIT)
    case = make_case()
    case.store.fault, case.store.fault_at = "lost, away", number
    case.run()
    assert isinstance(case.error, CommitUnknown)
    assert case.error.sentence.startswith("The backup is unknown: may be stored. ")
    assert COMMIT in case.error.sentence
    assert case.result["changed"] is True
    uid = case.result["backup"]["metadata"]["uid"]
    case.store.heal()
    case.run()
    assert (case.result["phase"], case.result["changed"]) == ("Completed", False)
    assert case.result["backup"]["metadata"]["uid"] == uid
    # Nobody is held up by what that run has left.
    assert not case.store.true.exists(CLAIM)


def test_a_claim_that_cannot_be_deleted_hinders_nobody(make_case: t.Callable[[], Case]) -> None:
    number = number_of(make_case(), "delete_many", "", last=True)
    case = make_case()
    case.store.fault, case.store.fault_at = "refused", number
    case.run()
    assert case.error is None
    assert (case.result["phase"], case.result["changed"]) == ("Completed", True)
    (warning,) = case.result["warnings_list"]
    assert warning["message"].startswith(f"The claim {CLAIM} could not be removed: ")


def refuse_deletes(case: Case) -> None:
    """From now on, and for good: a policy without the right, or a retention."""

    def refuse(_keys: t.Iterable[str]) -> None:
        raise StoreError("Cannot delete: the server denies it to these credentials.", failure="denied")

    case.store.true.delete_many = refuse  # type: ignore[method-assign]


def test_a_dead_run_where_nothing_can_be_deleted(make_case: t.Callable[[], Case]) -> None:
    """Its name is not lost: what it has left is written over."""
    case = make_case()
    put_expired(case.store.true, key=CLAIM)
    case.store.true.put("backups/b1/b1.tar.gz", b"half")
    refuse_deletes(case)
    case.run()
    assert case.error is None
    case.check()
    said = " ".join(warning["message"] for warning in case.result["warnings_list"])
    assert "Files of the backup that was interrupted could not be removed, and are written over: " in said
    assert f"The claim {CLAIM} could not be removed" in said
    case.run()
    assert (case.error, case.result["changed"]) == (None, False)


def test_a_failed_backup_that_cannot_be_replaced_stays_whole(make_case: t.Callable[[], Case]) -> None:
    case = make_case().run()
    stored = {**(case.visible or {}), "status": {**(case.visible or {})["status"], "phase": "PartiallyFailed"}}
    case.store.true.put(COMMIT, json.dumps(stored).encode())
    (snapshot,) = case.account.snapshots
    delete_many = case.store.true.delete_many
    refuse_deletes(case)
    case.replace_failed = True
    case.run()
    assert isinstance(case.error, StoreError)
    assert case.result["changed"] is False
    assert case.visible == stored
    assert case.account.snapshots == {snapshot}
    case.store.true.delete_many = delete_many  # type: ignore[method-assign]
    expire(case)
    assert case.run().error is None
    assert (case.result["phase"], case.result["changed"]) == ("Completed", True)
    assert len(case.account.snapshots) == 1
    assert case.account.snapshots != {snapshot}
