# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import spelling_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_object import (
    build_restore,
    build_status,
    check_backup_phase,
    default_restore_name,
    final_phase,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec, validate_restore_name

NOW = dt.datetime(2026, 6, 1, 2, 0, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        pytest.param({"included_resources": ["nodes"]}, "nodes are non-restorable resources", id="non-restorable"),
        pytest.param({"included_resources": ["*", "pods"]}, "'*' only", id="star-with-others"),
        pytest.param({"excluded_namespaces": ["*"]}, "excludes list cannot contain '*'", id="star-excluded"),
        pytest.param(
            {"included_namespaces": ["a"], "excluded_namespaces": ["a"]}, "in the includes list: a", id="both"
        ),
        pytest.param(
            {"label_selector": "a=b", "or_label_selectors": ["c=d"]}, "only one can be specified", id="selectors"
        ),
        pytest.param({"existing_resource_policy": "delete"}, "invalid existing_resource_policy: delete", id="policy"),
        pytest.param({"namespace_mapping": {"a": "B_c"}}, "'B_c' in the namespace mapping", id="mapping"),
        pytest.param({"backup_name": ""}, "Either a backup or schedule must be specified", id="no-backup"),
        pytest.param({"schedule_name": "s"}, "but not both", id="backup and schedule"),
        pytest.param({"included_namespaces": ["a|b"]}, "Invalid namespace pattern 'a|b'", id="namespace pattern"),
        pytest.param({"included_namespaces": ["[a"]}, "its brackets do not match", id="namespace brackets"),
        pytest.param({"resource_modifier": {"kind": "secret", "name": "x"}}, "the kind configmap", id="modifier kind"),
        pytest.param({"resource_modifier": {"kind": "configmap"}}, "and a name", id="modifier without a name"),
        pytest.param(
            {"restore_status": {"included_resources": ["*", "pods"]}}, "included/excluded status lists", id="status"
        ),
    ],
)
def test_validation(options: dict[str, t.Any], error: str) -> None:
    """docs/compatibility 5.2."""
    spec = RestoreSpec.from_options({"backup_name": "b", **options})
    with pytest.raises(ValidationError) as caught:
        spec.validate()
    assert error in caught.value.message
    assert caught.value.details["validation_errors"]


def test_unknown_option() -> None:
    with pytest.raises(ValidationError, match="no field 'restorePVs'"):
        RestoreSpec.from_options({"backup_name": "b", "restorePVs": True})


def test_every_field_is_stored() -> None:
    """docs/compatibility 5.1."""
    rule = {"name": "r", "postHooks": [{"exec": {"command": ["true"]}}]}
    spec = RestoreSpec.from_options(
        {
            "schedule_name": "nightly",
            "restore_pvs": False,
            "restore_status": {"included_resources": ["pods"], "excluded_resources": ["jobs"]},
            "existing_resource_policy": "recreate",
            "preserve_node_ports": True,
            "item_operation_timeout": "90m",
            "resource_modifier": {"kind": "configmap", "name": "mods"},
            "uploader_config": {"parallelFilesDownload": 2},
            "hooks": [rule],
        }
    )
    spec.validate()
    stored = spec.to_dict()
    assert "backupName" not in stored
    assert stored["hooks"]["resources"][0]["name"] == "r"
    assert {name: stored[name] for name in stored if name not in ("hooks", "excludedResources")} == {
        "scheduleName": "nightly",
        "includedNamespaces": ["*"],
        "restorePVs": False,
        "restoreStatus": {"includedResources": ["pods"], "excludedResources": ["jobs"]},
        "existingResourcePolicy": "recreate",
        "preserveNodePorts": True,
        "itemOperationTimeout": "1h30m0s",
        "resourceModifier": {"kind": "configmap", "name": "mods"},
        "uploaderConfig": {"parallelFilesDownload": 2},
    }


@pytest.mark.parametrize(
    ("option", "kind", "accepted"),
    [
        ({}, "pods", True),
        ({"included_resources": ["pods"]}, "jobs.batch", False),
        ({"excluded_resources": ["pods"]}, "pods", False),
    ],
)
def test_status_filter(option: dict[str, t.Any], kind: str, accepted: bool) -> None:
    """docs/compatibility 5.11: an empty filter takes all, none takes nothing."""
    status = RestoreSpec.from_options({"backup_name": "b", "restore_status": option}).restore_status
    assert status is not None
    assert status.accepts(kind) is accepted
    assert RestoreSpec.from_options({"backup_name": "b"}).restore_status is None


@pytest.mark.parametrize(
    ("given", "seconds"), [(None, 14400.0), ("0s", 14400.0), (0.0, 14400.0), ("5m", 300.0), (7.0, 7.0)]
)
def test_item_operation_timeout(given: t.Any, seconds: float) -> None:
    spec = RestoreSpec.from_options({"backup_name": "b", "item_operation_timeout": given})
    assert spec.item_operation_timeout == seconds


def test_to_dict_defaults() -> None:
    assert RestoreSpec.from_options({"backup_name": "b"}).to_dict() == {
        "backupName": "b",
        "includedNamespaces": ["*"],
        "excludedResources": [
            "nodes", "events", "events.events.k8s.io", "backups.velero.io", "restores.velero.io",
            "resticrepositories.velero.io",
            "csinodes.storage.k8s.io", "volumeattachments.storage.k8s.io", "backuprepositories.velero.io",
        ],
        "itemOperationTimeout": "4h0m0s",
        "hooks": {},
    }  # fmt: skip


def test_to_dict_keeps_false_and_selectors() -> None:
    spec = RestoreSpec.from_options(
        {
            "backup_name": "b",
            "include_cluster_resources": False,
            "label_selector": {"matchLabels": {"app": "web"}},
            "namespace_mapping": {"a": "b"},
            "existing_resource_policy": "update",
        }
    ).to_dict()
    assert spec["includeClusterResources"] is False
    assert spec["labelSelector"] == {"matchLabels": {"app": "web"}}
    assert spec["namespaceMapping"] == {"a": "b"}
    assert spec["existingResourcePolicy"] == "update"


@pytest.mark.parametrize("name", ["", "Upper", "-a", "a_b", "x" * 221])
def test_bad_restore_names(name: str) -> None:
    with pytest.raises(ValidationError):
        validate_restore_name(name)


@pytest.mark.parametrize("phase", ["InProgress", "Deleting", "Finalizing", "WaitingForPluginOperations", "", "New"])
def test_backups_that_are_not_settled(phase: str) -> None:
    """docs/compatibility 12."""
    with pytest.raises(ValidationError, match="cannot be restored"):
        check_backup_phase({"metadata": {"name": "b"}, "status": {"phase": phase}})


@pytest.mark.parametrize("phase", ["Completed", "PartiallyFailed", "Failed"])
def test_backups_that_are_settled(phase: str) -> None:
    """docs/compatibility 13.1: Velero restores these."""
    check_backup_phase({"metadata": {"name": "b"}, "status": {"phase": phase}})


def test_default_name() -> None:
    assert default_restore_name("shop", NOW) == "shop-20260601020005"
    # Velero's own backups have up to 253.
    longest = default_restore_name("x" * 204 + "." + "x" * 48, NOW)
    assert longest == "x" * 204 + "-20260601020005"
    validate_restore_name(longest)


def test_restore_object() -> None:
    restore = build_restore("r", RestoreSpec(backup_name="b"), namespace="velero", created=NOW, uid="u")
    assert (restore["apiVersion"], restore["kind"], restore["status"]) == ("velero.io/v1", "Restore", {"phase": "New"})
    assert restore["metadata"] == {
        "name": "r",
        "namespace": "velero",
        "uid": "u",
        "creationTimestamp": "2026-06-01T02:00:05Z",
    }


def test_status() -> None:
    assert build_status(phase="PartiallyFailed", started=NOW, completed=NOW, errors=1, items=3) == {
        "phase": "PartiallyFailed",
        "startTimestamp": "2026-06-01T02:00:05Z",
        "completionTimestamp": "2026-06-01T02:00:05Z",
        "errors": 1,
        "progress": {"totalItems": 3, "itemsRestored": 3},
        "hookStatus": {},
    }


@pytest.mark.parametrize(
    ("errors", "fatal", "phase"), [(0, False, "Completed"), (2, False, "PartiallyFailed"), (0, True, "Failed")]
)
def test_final_phase(errors: int, fatal: bool, phase: str) -> None:
    """docs/compatibility 5.13."""
    assert final_phase(errors=errors, fatal=fatal) == phase


@pytest.mark.parametrize(
    ("from_manifest", "words"),
    [
        ((), "label_selector as well as or_label_selectors"),
        (("label_selector", "or_label_selectors"), "labelSelector as well as orLabelSelectors"),
        (("label_selector",), "labelSelector as well as or_label_selectors"),
    ],
    ids=["options", "manifest", "both"],
)
def test_fields_have_the_names_that_the_user_has_written(from_manifest: tuple[str, ...], words: str) -> None:
    options = {"label_selector": "a", "or_label_selectors": ["b"]}
    with pytest.raises(ValidationError, match=words):
        RestoreSpec.from_options({"backup_name": "b", **options}).validate(spelling_of(from_manifest))
    with pytest.raises(ValidationError, match=words):
        BackupSpec.from_options(options).validate("b", spelling_of(from_manifest))
