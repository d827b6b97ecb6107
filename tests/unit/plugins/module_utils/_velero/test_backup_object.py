# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import typing as t
import uuid

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import BackupTally, build_backup
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

STARTED = dt.datetime(2026, 6, 1, 2, 0, 0, tzinfo=dt.UTC)
COMPLETED = STARTED + dt.timedelta(seconds=42)
VERSION = {"gitVersion": "v1.34.1", "major": "1", "minor": "34", "platform": "linux/amd64"}


def tally(**more: t.Any) -> BackupTally:
    given: dict[str, t.Any] = {"warnings": 0, "errors": 0, "items": 7, "hook_status": {}} | more
    return BackupTally(**given)


def build(counted: BackupTally | None = None, version: t.Any = None, **options: t.Any) -> dict[str, t.Any]:
    return build_backup(
        "nginx",
        BackupSpec.from_options(options),
        started=STARTED,
        completed=COMPLETED,
        tally=counted or tally(),
        cluster_version=VERSION if version is None else version,
    )


def test_the_whole_object() -> None:
    backup = build()
    uid = backup["metadata"].pop("uid")
    assert uuid.UUID(uid).version == 4
    assert backup == {
        "kind": "Backup",
        "apiVersion": "velero.io/v1",
        "metadata": {
            "name": "nginx",
            "namespace": "velero",
            "creationTimestamp": "2026-06-01T02:00:00Z",
            "labels": {"velero.io/storage-location": "default"},
            "annotations": {
                "velero.io/resource-timeout": "10m0s",
                "velero.io/source-cluster-k8s-gitversion": "v1.34.1",
                "velero.io/source-cluster-k8s-major-version": "1",
                "velero.io/source-cluster-k8s-minor-version": "34",
            },
        },
        "spec": BackupSpec().to_dict(),
        "status": {
            "version": 1,
            "formatVersion": "1.1.0",
            "expiration": "2026-07-01T02:00:00Z",
            "phase": "Completed",
            "startTimestamp": "2026-06-01T02:00:00Z",
            "completionTimestamp": "2026-06-01T02:00:42Z",
            "progress": {"totalItems": 7, "itemsBackedUp": 7},
            "hookStatus": {},
        },
    }


def test_two_backups_have_two_uids() -> None:
    assert build()["metadata"]["uid"] != build()["metadata"]["uid"]


@pytest.mark.parametrize(
    ("counted", "status"),
    [  # docs/compatibility D9, D10
        pytest.param({}, {"phase": "Completed"}, id="clean"),
        pytest.param({"warnings": 1}, {"phase": "Completed", "warnings": 1}, id="D10-warnings-change-nothing"),
        pytest.param({"errors": 2}, {"phase": "PartiallyFailed", "errors": 2}, id="D9-errors"),
        pytest.param(
            {"hook_status": {"hooksAttempted": 2, "hooksFailed": 1}},
            {"hookStatus": {"hooksAttempted": 2, "hooksFailed": 1}},
            id="hooks",
        ),
        pytest.param({"items": 0}, {"progress": {}}, id="nothing-stored"),
    ],
)
def test_status(counted: dict[str, t.Any], status: dict[str, t.Any]) -> None:
    built = build(tally(**counted))["status"]
    assert status.items() <= built.items()
    # Integers are left out at 0 (Go's omitempty).
    assert [name for name in ("warnings", "errors") if built.get(name, 1) == 0] == []


@pytest.mark.parametrize(
    ("ttl", "expiration"),
    [("1h", "2026-06-01T03:00:00Z"), ("0", "2026-07-01T02:00:00Z"), ("never", None)],
)
def test_expiration(ttl: str, expiration: str | None) -> None:
    assert build(ttl=ttl)["status"].get("expiration") == expiration


def test_a_long_location_name_is_a_valid_label() -> None:
    label = build(storage_location="l" * 64)["metadata"]["labels"]["velero.io/storage-location"]
    assert len(label) == 63


def test_an_unknown_cluster_version_is_left_out() -> None:
    assert build(version={})["metadata"]["annotations"] == {"velero.io/resource-timeout": "10m0s"}


def build_with(*, spec_labels: t.Any = None, **metadata: t.Any) -> dict[str, t.Any]:
    found: dict[str, t.Any] = build_backup(
        "nginx",
        BackupSpec.from_options({"labels": spec_labels}),
        started=STARTED,
        completed=COMPLETED,
        tally=tally(),
        cluster_version={},
        **metadata,
    )["metadata"]
    return found


def test_metadata_of_the_user() -> None:
    metadata = build_with(
        spec_labels={"team": "b", "tier": "1"},
        namespace="backups",
        labels={"team": "a", "env": "prod"},
        annotations={"why": "upgrade"},
    )
    assert metadata["namespace"] == "backups"
    assert metadata["labels"] == {
        "team": "b",
        "tier": "1",
        "env": "prod",
        "velero.io/storage-location": "default",
    }
    assert metadata["annotations"] == {"why": "upgrade", "velero.io/resource-timeout": "10m0s"}


def test_what_a_server_sets_is_never_the_users() -> None:
    metadata = build_with(
        spec_labels={"velero.io/storage-location": "elsewhere"},
        labels={"velero.io/storage-location": "elsewhere"},
        annotations={"velero.io/resource-timeout": "1s", "velero.io/source-cluster-k8s-gitversion": "v0.1"},
    )
    assert metadata["labels"] == {"velero.io/storage-location": "default"}
    assert metadata["annotations"] == {"velero.io/resource-timeout": "10m0s"}
