# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An S3 server that loses answers, lies, refuses and goes away, and volumes whose snapshots the backups name."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import typing as t

import boto3
import pytest
from volume_lab import DataApp, Object, Storage

from ansible_collections.arkive.k8s.plugins.module_utils._archive import backup_writer
from ansible_collections.arkive.k8s.plugins.module_utils._archive.commit_point import Patience
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError, CommitUnknown
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_fates import Fate, LosingProxy

pytestmark = pytest.mark.fault

COMMIT = "/velero-backup.json"
CLAIM = "-arkive-claim.json"


class Lab:
    """A bucket, and a proxy before it that a test changes."""

    def __init__(self, s3: t.Any, client: t.Any) -> None:
        self.bucket = f"arkive-test-{secrets.token_hex(6)}"
        self.plain = boto3.client(
            "s3", endpoint_url=s3.endpoint, aws_access_key_id=s3.access_key, aws_secret_access_key=s3.secret_key,
            region_name="us-east-1",
        )  # fmt: skip
        self.plain.create_bucket(Bucket=self.bucket)
        self.proxy = LosingProxy(s3.endpoint, lambda _method, _target: "pass")
        keys = {"access_key": s3.access_key, "secret_key": s3.secret_key}
        # The name of the location is part of what snapshots are found by: it stays the same.
        self.store = open_store(S3Location(bucket=self.bucket, endpoint_url=self.proxy.endpoint, **keys))
        self.client = client

    def back_up(self, app: DataApp, name: str = "b1") -> BackupOutcome:
        spec = BackupSpec.from_options({"included_namespaces": [app.namespace]})
        return run_backup(BackupRequest(name=name, spec=spec), client=self.client, store=self.store)

    def decide(self, rule: t.Callable[[str, str], Fate]) -> None:
        self.proxy.decide = rule

    def heal(self) -> None:
        self.decide(lambda _method, _target: "pass")

    def objects(self) -> list[str]:
        return [found["Key"] for found in self.plain.list_objects_v2(Bucket=self.bucket).get("Contents", ())]

    def stored(self, name: str = "b1") -> Object:
        body = self.plain.get_object(Bucket=self.bucket, Key=f"backups/{name}/velero-backup.json")["Body"].read()
        found: Object = json.loads(body)
        return found

    def expire_claim(self, name: str = "b1") -> None:
        """As when two minutes have gone by."""
        key = f"backups/{name}/{name}{CLAIM}"
        record = json.loads(self.plain.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        record["expires"] = (dt.datetime.now(tz=dt.UTC) - dt.timedelta(seconds=1)).isoformat()
        self.plain.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(record).encode())

    def close(self) -> None:
        self.proxy.close()
        for key in self.objects():
            self.plain.delete_object(Bucket=self.bucket, Key=key)
        self.plain.delete_bucket(Bucket=self.bucket)


@pytest.fixture
def lab(s3: t.Any, client: t.Any) -> t.Iterator[Lab]:
    found = Lab(s3, client)
    yield found
    found.close()


def handle_of(outcome: BackupOutcome) -> str:
    (entry,) = outcome.volumes
    return str(entry["csiSnapshotInfo"]["snapshotHandle"])


def away_from_the_commit_on(lab: Lab, first: Fate) -> None:
    """The PUT of the commit point meets ``first``; from then on nobody answers."""
    gone: list[bool] = []

    def rule(method: str, target: str) -> Fate:
        if gone:
            return "away"
        if method == "PUT" and target.endswith(COMMIT):
            gone.append(True)
            return first
        return "pass"

    lab.decide(rule)


def test_the_answer_to_the_commit_is_lost_and_the_store_stays_away(
    make_app: t.Callable[..., DataApp], lab: Lab, storage: Storage
) -> None:
    app = make_app()
    volumes = app.volume_handles()
    away_from_the_commit_on(lab, "lose")
    with pytest.raises(CommitUnknown) as caught:
        lab.back_up(app)
    details = caught.value.details
    assert details["phase"] == "unknown: may be stored"
    assert "unknown: may be stored" in caught.value.sentence
    assert details["commit_point"]["key"] == "backups/b1/velero-backup.json"
    # It is there, as Completed, and so is what it names.
    assert lab.stored()["metadata"]["uid"] == details["backup"]["metadata"]["uid"]
    (entry,) = details["volumes"]
    assert storage.snapshots(*volumes) == {entry["csiSnapshotInfo"]["snapshotHandle"]}

    lab.heal()
    outcome = lab.back_up(app)
    assert (outcome.phase, outcome.changed) == ("Completed", False)
    assert (outcome.backup or {})["metadata"]["uid"] == details["backup"]["metadata"]["uid"]
    assert handle_of(outcome) == entry["csiSnapshotInfo"]["snapshotHandle"]
    # What the first run had still to do is done: its claim and its objects are gone, the storage's snapshot is not.
    assert app.snapshot_objects() == []
    assert not [key for key in lab.objects() if key.endswith(CLAIM)]
    assert storage.snapshots(*volumes) == {handle_of(outcome)}


def test_the_commit_never_arrives_and_the_store_stays_away(
    make_app: t.Callable[..., DataApp], lab: Lab, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a minute and a half of patience, which the test before this one has, a few seconds are enough here."""
    monkeypatch.setattr(backup_writer, "Patience", lambda: Patience(seconds=10.0, arrival=5.0))
    app = make_app()
    volumes = app.volume_handles()
    away_from_the_commit_on(lab, "away")
    with pytest.raises(CommitUnknown):
        lab.back_up(app)
    lab.heal()
    lab.expire_claim()
    # It is reported as what it is, and the next run makes it anew and takes back what the first had made.
    assert list_backups(lab.store).incomplete == [{"name": "b1", "in_progress": False, "interrupted": True}]
    outcome = lab.back_up(app)
    assert (outcome.phase, outcome.changed) == ("Completed", True)
    assert app.snapshot_objects() == []
    assert storage.snapshots(*volumes) == {handle_of(outcome)}


def test_the_answer_to_the_commit_is_lost_once(make_app: t.Callable[..., DataApp], lab: Lab, storage: Storage) -> None:
    app = make_app()
    volumes = app.volume_handles()
    left = ["lose"]
    lab.decide(lambda method, target: left.pop() if left and method == "PUT" and target.endswith(COMMIT) else "pass")  # type: ignore[arg-type,return-value]
    outcome = lab.back_up(app)
    assert lab.proxy.met
    assert (outcome.phase, outcome.changed) == ("Completed", True)
    assert lab.stored()["metadata"]["uid"] == (outcome.backup or {})["metadata"]["uid"]
    assert storage.snapshots(*volumes) == {handle_of(outcome)}


@pytest.mark.parametrize("file", ["b1.tar.gz", "b1-results.gz", "velero-backup.json"])
def test_a_server_that_drops_a_write_and_says_200(
    make_app: t.Callable[..., DataApp], lab: Lab, storage: Storage, file: str
) -> None:
    app = make_app()
    volumes = app.volume_handles()
    lab.decide(lambda method, target: "drop" if method == "PUT" and target.endswith(f"/{file}") else "pass")
    with pytest.raises(ArchiveError, match=f"backups/b1/{file}") as caught:
        lab.back_up(app)
    assert caught.value.details["phase"] == "Failed"
    assert lab.objects() == []
    assert storage.snapshots(*volumes) == set()


def test_s3_that_refuses_deletes(make_app: t.Callable[..., DataApp], lab: Lab, storage: Storage) -> None:
    """Committed is committed, and its claim holds nobody up."""
    app = make_app()
    # To end an upload in parts is another right.
    lab.decide(
        lambda method, target: (
            "refuse" if target.endswith("?delete") or (method == "DELETE" and "uploadId" not in target) else "pass"
        )
    )
    outcome = lab.back_up(app)
    assert any(fate == "refuse" for fate, _method, _target in lab.proxy.met)
    assert (outcome.phase, outcome.changed, outcome.errors_list) == ("Completed", True, [])
    assert [CLAIM in warning["message"] for warning in outcome.warnings_list] == [True]
    assert lab.stored()["metadata"]["uid"] == (outcome.backup or {})["metadata"]["uid"]
    lab.heal()
    deleted = delete_backup("b1", store=lab.store, providers=make_providers(VolumeContext(connect=lambda: lab.client)))
    assert deleted.changed
    assert lab.objects() == []
    assert storage.snapshots(*app.volume_handles()) == set()


def test_uploads_of_a_killed_run_are_ended_by_a_run_of_another_name(
    make_app: t.Callable[..., DataApp], lab: Lab
) -> None:
    app = make_app()
    claim = {
        "run": "dead", "host": "h", "pid": 1, "started": "2026-01-01T00:00:00Z", "expires": "2026-01-01T00:02:00Z",
        "nonce": "n",
    }  # fmt: skip
    lab.plain.put_object(Bucket=lab.bucket, Key=f"backups/dead/dead{CLAIM}", Body=json.dumps(claim).encode())
    for key in ("backups/dead/dead.tar.gz", "backups/velero/velero.tar.gz", "kopia/shop/pack"):
        lab.plain.create_multipart_upload(Bucket=lab.bucket, Key=key)
    outcome = lab.back_up(app)
    assert outcome.phase == "Completed"
    uploads = sorted(found["Key"] for found in lab.plain.list_multipart_uploads(Bucket=lab.bucket)["Uploads"])
    # Nobody knows whether a Velero server still writes the others.
    assert uploads == ["backups/velero/velero.tar.gz", "kopia/shop/pack"]
    assert not [key for key in lab.objects() if "/dead/" in key]
    said = " ".join(warning["message"] for warning in outcome.warnings_list)
    assert "Backup 'dead' was interrupted" in said
    assert "upload in parts" in said
    for key, found in [(found["Key"], found["UploadId"]) for found in
                       lab.plain.list_multipart_uploads(Bucket=lab.bucket)["Uploads"]]:  # fmt: skip
        lab.plain.abort_multipart_upload(Bucket=lab.bucket, Key=key, UploadId=found)
