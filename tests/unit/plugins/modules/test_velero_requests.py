# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Velero object makes the same request, whether a task has it as its definition or somebody reads it in a cluster."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup import spec_request as backup_requests
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._restore import spec_request as restore_requests
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_manifest import parse_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import POLICY_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import Manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_manifest import parse_restore_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup, k8s_restore

Runner = t.Callable[..., dict[str, t.Any]]

AUTH = {"host": "https://127.0.0.1:1", "api_key": "token"}
POLICY = {"version": "v1", "volumePolicies": []}


def velero_object(kind: str, **spec: t.Any) -> dict[str, t.Any]:
    metadata = {"name": "shop", "namespace": "backups", "labels": {"a": "b"}, "annotations": {"c": "d"}}
    return {"apiVersion": "velero.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


BACKUPS = [
    {},
    {"includedNamespaces": ["shop"], "storageLocation": "cellar", "ttl": "24h", "snapshotVolumes": False},
    {
        "metadata": {"labels": {"e": "f"}},
        "hooks": {"resources": []},
        "resourcePolicy": {"kind": "configmap", "name": "p"},
    },
]
RESTORES = [
    {"backupName": "b"},
    {
        "scheduleName": "nightly",
        "restorePVs": False,
        "namespaceMapping": {"a": "b"},
        "existingResourcePolicy": "update",
    },
    {"backupName": "b", "existingResourcePolicy": "none", "resourceModifier": {"kind": "configmap", "name": "m"}},
]


@pytest.mark.parametrize("spec", BACKUPS)
def test_a_backup(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, spec: dict[str, t.Any]
) -> None:
    """The options' defaults are those of the request."""
    made: list[BackupRequest] = []

    def engine(request: BackupRequest, **_means: t.Any) -> BackupOutcome:
        made.append(request)
        return BackupOutcome()

    monkeypatch.setattr(k8s_backup, "run_backup", engine)
    document = velero_object("Backup", **spec)
    run_module(k8s_backup, definition=document, storage_location={"path": str(tmp_path)}, **AUTH)
    # Where a manifest says nothing, a task writes down the location that it has.
    location = {} if "storageLocation" in spec else {"storage_location": "default"}
    ours = backup_requests.request_of(parse_manifest(document), fields=location)
    # Only a task has options that say how data is moved.
    assert made == [dataclasses.replace(ours, mover=MoverSettings())]


@pytest.mark.parametrize("spec", RESTORES)
def test_a_restore(
    run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, spec: dict[str, t.Any]
) -> None:
    made: list[RestoreRequest] = []

    def engine(request: RestoreRequest, **_means: t.Any) -> t.NoReturn:
        made.append(request)
        raise ArkiveError("Not done.")

    monkeypatch.setattr(k8s_restore, "run_restore", engine)
    document = velero_object("Restore", **spec)
    run_module(k8s_restore, definition=document, storage_location={"path": str(tmp_path)}, **AUTH)
    assert made == [restore_requests.request_of(parse_restore_manifest(document))]


def test_what_is_given_beside_a_backup_wins() -> None:
    manifest = dataclasses.replace(
        parse_manifest(velero_object("Backup", ttl="1h", resourcePolicy={"kind": "configmap", "name": "p"})),
        annotations={"c": "d", POLICY_ANNOTATION: "old"},
    )
    request = backup_requests.request_of(
        manifest, fields={"ttl": "2h"}, name="other", namespace="velero-2", policies=POLICY
    )
    assert (request.name, request.namespace, request.spec.ttl_seconds) == ("other", "velero-2", 7200.0)
    assert (request.spec.resource_policy, request.policy is None) == (None, False)
    assert request.annotations["c"] == "d"
    assert request.annotations[POLICY_ANNOTATION] != "old"
    plain = backup_requests.request_of(manifest)
    assert (plain.name, plain.namespace, plain.labels, plain.annotations) == ("shop", "backups", {"a": "b"}, {"c": "d"})


def test_what_is_given_beside_a_restore_wins() -> None:
    spec = {"backupName": "b", "resourceModifier": {"kind": "configmap", "name": "m"}}
    manifest = parse_restore_manifest(velero_object("Restore", **spec))
    rule = {
        "conditions": {"groupResource": "pods"},
        "patches": [{"operation": "remove", "path": "/metadata/labels/a"}],
    }
    rules = {"version": "v1", "resourceModifierRules": [rule]}
    request = restore_requests.request_of(manifest, fields={"backup_name": "c"}, name="r", modifiers=rules)
    assert (request.name, request.velero_namespace, request.spec.backup_name) == ("r", "backups", "c")
    assert (request.spec.resource_modifier, request.modifiers is None) == (None, False)
    assert request.from_manifest == frozenset()
    assert restore_requests.request_of(manifest).from_manifest == {"backup_name", "resource_modifier"}


def test_defaults_of_velero() -> None:
    assert backup_requests.request_of(Manifest(), name="b").namespace == "velero"
    assert restore_requests.request_of(Manifest(options={"backup_name": "b"})).velero_namespace == "velero"
    with pytest.raises(ValidationError, match=r"The backup has no name\."):
        backup_requests.request_of(Manifest())
