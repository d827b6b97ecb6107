# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pruning buckets that keep what is deleted: with versions, and with object lock."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import secrets
import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PruneOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_run import PruneRequest, prune
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Keeping, Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import tar_gz


@pytest.fixture
def locked_bucket(s3_client: t.Any) -> t.Iterator[str]:
    """One with object lock and without a default retention; whatever is in it is gone afterwards."""
    name = f"arkive-test-{secrets.token_hex(6)}"
    s3_client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    yield name
    for page in s3_client.get_paginator("list_object_versions").paginate(Bucket=name):
        for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            version = {"Bucket": name, "Key": found["Key"], "VersionId": found["VersionId"]}
            if found in page.get("Versions", ()):
                s3_client.put_object_legal_hold(**version, LegalHold={"Status": "OFF"})
            s3_client.delete_object(**version, BypassGovernanceRetention=True)
    s3_client.delete_bucket(Bucket=name)


def put_old(store: Store, name: str, *, days: int) -> None:
    """A backup of a schedule that expired a day after it was made."""
    keys, made = BackupKeys(name), utc_now() - dt.timedelta(days=days)
    backup = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": name, "labels": {"velero.io/schedule-name": "shop"}},
        "status": {
            "phase": "Completed",
            "startTimestamp": rfc3339(made),
            "expiration": rfc3339(made + dt.timedelta(days=1)),
        },
    }
    store.put(keys.tarball, tar_gz())
    store.put(keys.metadata, json.dumps(backup).encode())


def run(store: Store, *, check_mode: bool = False) -> PruneOutcome:
    return prune(PruneRequest(), store, context=RunContext(), check_mode=check_mode)


def states(outcome: PruneOutcome) -> dict[str, str]:
    return {backup.name: backup.state for backup in outcome.backups}


def test_a_bucket_with_versions_hides(s3_client: t.Any, s3_location: S3Location) -> None:
    s3_client.put_bucket_versioning(Bucket=s3_location.bucket, VersioningConfiguration={"Status": "Enabled"})
    store = open_store(s3_location)
    assert store.keeping() == Keeping(versions=True)
    put_old(store, "old", days=9)
    put_old(store, "new", days=0)
    outcome = run(store)
    assert states(outcome) == {"old": "deleted", "new": "kept"}
    assert outcome.to_return()["freed_bytes"] == 0
    assert outcome.backups[1].hidden
    assert "keeps old versions" in outcome.warnings[-1]
    versions = s3_client.list_object_versions(Bucket=s3_location.bucket, Prefix="team/a/backups/old/")
    assert {found["Key"].rpartition("/")[2] for found in versions["Versions"]} >= {"velero-backup.json", "old.tar.gz"}
    for page in s3_client.get_paginator("list_object_versions").paginate(Bucket=s3_location.bucket):
        for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            s3_client.delete_object(Bucket=s3_location.bucket, Key=found["Key"], VersionId=found["VersionId"])


@pytest.mark.parametrize("lock", ["GOVERNANCE", "legal hold"])
def test_what_is_locked_stays_and_is_said(
    s3_client: t.Any, s3_location: S3Location, locked_bucket: str, lock: str
) -> None:
    store = open_store(dataclasses.replace(s3_location, bucket=locked_bucket, object_lock=True))
    assert store.keeping() == Keeping(versions=True, locks=True)
    for name, days in (("locked", 9), ("free", 8), ("new", 0)):
        put_old(store, name, days=days)
    key = {"Bucket": locked_bucket, "Key": "team/a/backups/locked/locked.tar.gz"}
    until = utc_now() + dt.timedelta(hours=1)
    if lock == "legal hold":
        s3_client.put_object_legal_hold(**key, LegalHold={"Status": "ON"})
    else:
        s3_client.put_object_retention(**key, Retention={"Mode": lock, "RetainUntilDate": until})
    before = [info.key for info in store.list().objects]
    planned = run(store, check_mode=True)
    assert [info.key for info in store.list().objects] == before
    outcome = run(store)
    assert states(planned) == states(outcome) == {"free": "deleted", "locked": "kept", "new": "kept"}
    (why,) = outcome.backups[1].verdict.reasons
    assert "it is locked in the storage: locked.tar.gz " in why
    assert (lock == "legal hold") == ("by a legal hold" in why)
    with pytest.raises(ValidationError, match=r"is locked in the storage: locked\.tar\.gz"):
        delete_backup("locked", store=store, providers=())
    assert [info.key for info in store.list("backups/locked/").objects] == [
        key for key in before if key.startswith("backups/locked/")
    ]
    s3_client.put_object_legal_hold(**key, LegalHold={"Status": "OFF"})


def test_a_retention_that_is_over_keeps_nothing(s3_client: t.Any, s3_location: S3Location, locked_bucket: str) -> None:
    s3_client.put_object_lock_configuration(
        Bucket=locked_bucket,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
        },
    )
    store = open_store(dataclasses.replace(s3_location, bucket=locked_bucket, object_lock=True))
    put_old(store, "old", days=9)
    put_old(store, "new", days=0)
    outcome = run(store)
    assert states(outcome) == {"old": "kept", "new": "kept"}
    for file in ("old.tar.gz", "velero-backup.json"):
        s3_client.put_object_retention(
            Bucket=locked_bucket,
            Key=f"team/a/backups/old/{file}",
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": utc_now() + dt.timedelta(seconds=2)},
            BypassGovernanceRetention=True,
        )
    end = time.monotonic() + 30
    while any(store.locked(info.key) for info in store.list("backups/old/").objects):
        assert time.monotonic() < end
        time.sleep(0.2)
    assert states(run(store)) == {"old": "deleted", "new": "kept"}
    assert store.list("backups/old/").objects == []
