# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import find_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_manifest import parse_restore_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

WHOLE: Object = {
    "backupName": "b",
    "includedNamespaces": ["a"],
    "excludedNamespaces": ["b"],
    "includedResources": ["pods"],
    "excludedResources": ["secrets"],
    "namespaceMapping": {"a": "c"},
    "labelSelector": {"matchLabels": {"app": "web"}},
    "restorePVs": False,
    "restoreStatus": {"includedResources": ["jobs"]},
    "preserveNodePorts": True,
    "includeClusterResources": True,
    "hooks": {"resources": [{"name": "r", "postHooks": [{"exec": {"command": ["true"]}}]}]},
    "existingResourcePolicy": "update",
    "itemOperationTimeout": "1h",
    "resourceModifier": {"kind": "configmap", "name": "mods"},
    "uploaderConfig": {"writeSparseFiles": True, "parallelFilesDownload": 4},
}


def manifest(spec: Object | None = None, **more: t.Any) -> Object:
    return {
        "apiVersion": "velero.io/v1",
        "kind": "Restore",
        "metadata": {"name": "r", "namespace": "velero"},
        "spec": spec or {},
        **more,
    }


def test_every_field() -> None:
    """docs/compatibility 5.1: what is read is what is stored again."""
    found = parse_restore_manifest(manifest(WHOLE, status={"phase": "Completed"}))
    assert (found.name, found.namespace) == ("r", "velero")
    spec = RestoreSpec.from_options(found.options)
    spec.validate()
    stored = spec.to_dict()
    hooks = stored.pop("hooks")
    assert [rule["name"] for rule in hooks["resources"]] == ["r"]
    wanted = {name: value for name, value in WHOLE.items() if name != "hooks"}
    assert stored.pop("excludedResources")[0] == "secrets"
    assert stored == {
        **{name: value for name, value in wanted.items() if name != "excludedResources"},
        "itemOperationTimeout": "1h0m0s",
    }


def test_schedule_and_or_selectors() -> None:
    spec = {"scheduleName": "nightly", "orLabelSelectors": [{"matchLabels": {"a": "b"}}]}
    found = RestoreSpec.from_options(parse_restore_manifest(manifest(spec)).options).to_dict()
    assert {name: found[name] for name in spec} == spec


def test_restore_of_ark() -> None:
    document = manifest({"backupName": "b"}, apiVersion="ark.heptio.com/v1")
    document["metadata"] = {"name": "r", "namespace": "heptio-ark", "labels": {"ark.heptio.com/x": "y"}}
    found = parse_restore_manifest(document)
    assert (found.namespace, found.labels, found.options) == ("", {"velero.io/x": "y"}, {"backup_name": "b"})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(manifest(kind="Backup"), "must be 'Restore'", id="kind"),
        pytest.param(manifest(apiVersion="v1"), "The apiVersion of the manifest is 'v1'", id="apiVersion"),
        pytest.param(manifest({"backup": "b"}), "has no field 'backup'", id="unknown field"),
        pytest.param(manifest({"restorePVs": "no"}), "neither true nor false", id="text for a bool"),
        pytest.param(manifest({"includedNamespaces": "a"}), "is not a list", id="text for a list"),
        pytest.param(manifest({"namespaceMapping": {"a": 1}}), "is not text", id="number for a name"),
        pytest.param(manifest({"itemOperationTimeout": 5}), "is not a duration", id="number for a duration"),
        pytest.param(manifest({"restoreStatus": {"included": []}}), "has no field 'included'", id="status"),
        pytest.param(manifest({"uploaderConfig": {"parallelFilesDownload": "4"}}), "is not a number", id="uploader"),
        pytest.param([], "is not a mapping", id="list"),
    ],
)
def test_manifests_that_are_refused(document: t.Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_restore_manifest(document)
    assert message in caught.value.message


def test_one_among_several() -> None:
    others = [{"kind": "Backup"}, manifest(), {"kind": "ConfigMap"}]
    assert find_manifest(others, "Restore", source="x") == manifest()
    with pytest.raises(ValidationError, match="There are 2 Restores in x"):
        find_manifest([*others, manifest()], "Restore", source="x")
