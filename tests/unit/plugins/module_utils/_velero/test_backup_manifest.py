# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests of Velero and of Heptio Ark: docs/compatibility 1.4, 4.10 and 9."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_manifest import parse_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import Manifest, find_manifest

# Every field of the spec (docs/compatibility 1.4), none with its default.
SPEC: dict[str, t.Any] = {
    "metadata": {"labels": {"team": "a"}},
    "includedNamespaces": ["shop"],
    "excludedNamespaces": ["shop-test"],
    "includedClusterScopedResources": ["persistentvolumes"],
    "excludedClusterScopedResources": ["storageclasses"],
    "includedNamespaceScopedResources": ["pods"],
    "excludedNamespaceScopedResources": ["secrets"],
    "orLabelSelectors": [{"matchLabels": {"a": "1"}}, {"matchLabels": {"b": "2"}}],
    "snapshotVolumes": True,
    "ttl": "24h0m0s",
    "volumeGroupSnapshotLabelKey": "x/group",
    "hooks": {
        "resources": [
            {
                "name": "db",
                "includedNamespaces": ["shop"],
                "labelSelector": {"matchLabels": {"app": "db"}},
                "pre": [{"exec": {"container": "db", "command": ["a"], "onError": "Continue", "timeout": "1m0s"}}],
            }
        ]
    },
    "storageLocation": "minio",
    "volumeSnapshotLocations": ["aws"],
    "defaultVolumesToRestic": True,
    "defaultVolumesToFsBackup": True,
    "orderedResources": {"pods": "shop/b,shop/a"},
    "csiSnapshotTimeout": "20m0s",
    "itemOperationTimeout": "1h0m0s",
    "resourcePolicy": {"kind": "configmap", "name": "p"},
    "snapshotMoveData": True,
    "datamover": "velero",
    "uploaderConfig": {"parallelFilesUpload": 4},
}
OLD: dict[str, t.Any] = {
    "includedResources": ["pods"],
    "excludedResources": ["secrets"],
    "labelSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
    "includeClusterResources": False,
}


def manifest(spec: t.Any = None, **more: t.Any) -> dict[str, t.Any]:
    return {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": "nginx"},
        **({} if spec is None else {"spec": spec}),
        **more,
    }


def stored(found: Manifest) -> dict[str, t.Any]:
    return BackupSpec.from_options(found.options).to_dict()


def test_every_field_is_stored_as_it_was_read() -> None:
    written = stored(parse_manifest(manifest(SPEC)))
    added = {
        "excludedClusterScopedResources": ["storageclasses", "volumesnapshotcontents.snapshot.storage.k8s.io"],
        "excludedNamespaceScopedResources": ["secrets", "volumesnapshots.snapshot.storage.k8s.io"],
    }
    expected = {name: value for name, value in SPEC.items() if name != "defaultVolumesToRestic"}
    assert written == expected | added


def test_fields_of_the_old_filters() -> None:
    written = stored(parse_manifest(manifest(OLD)))
    assert {name: written[name] for name in OLD if name != "excludedResources"} | {
        "excludedResources": written["excludedResources"][:1]
    } == OLD


@pytest.mark.parametrize(
    "document",
    [
        manifest(),
        manifest({}),
        manifest({"hooks": {}, "metadata": {}, "ttl": None, "includedNamespaces": None}),
        manifest(status={"phase": "Completed"}),
    ],
    ids=["no-spec", "empty-spec", "empty-members", "with-a-status"],
)
def test_what_says_nothing_is_the_defaults(document: dict[str, t.Any]) -> None:
    assert stored(parse_manifest(document)) == BackupSpec().to_dict()


def test_what_was_stored_is_read_again() -> None:
    """As ``kubectl get backup -o yaml`` shows it."""
    spec = BackupSpec.from_options({"included_namespaces": ["shop"], "ttl": "1h"})
    found = parse_manifest(manifest(spec.to_dict(), status={"phase": "Completed"}))
    assert stored(found) == spec.to_dict()
    assert BackupSpec.from_options(found.options).unsupported_fields() == []


def test_metadata() -> None:
    document = manifest(
        metadata={
            "name": "nginx",
            "namespace": "backups",
            "labels": {"team": "a"},
            "annotations": {"why": "x"},
            "uid": "1",
            "creationTimestamp": None,
        }
    )
    assert parse_manifest(document) == Manifest(
        name="nginx", namespace="backups", labels={"team": "a"}, annotations={"why": "x"}
    )


def test_ark() -> None:
    """Ark 0.5: ``hooks`` of a rule are what is called ``pre`` now."""
    [document] = read_yaml(
        """
apiVersion: ark.heptio.com/v1
kind: Backup
metadata:
  name: nginx
  namespace: heptio-ark
  labels: {ark-schedule: nightly, ark.heptio.com/storage-location: default, team: a}
  annotations: {ark.heptio.com/why: x}
  finalizers: [gc.ark.heptio.com]
spec:
  includedNamespaces: [nginx]
  ttl: 24h
  snapshotVolumes: null
  hooks:
    resources:
      - name: freeze
        includedNamespaces: [nginx]
        labelSelector: {matchLabels: {app: nginx}}
        hooks:
          - exec: {container: fsfreeze, command: [/sbin/fsfreeze, --freeze, /var/log/nginx], onError: Fail}
""",
        source="x",
    )
    found = parse_manifest(document)
    assert (found.name, found.namespace) == ("nginx", "")
    assert found.labels == {
        "velero.io/schedule-name": "nightly",
        "velero.io/storage-location": "default",
        "team": "a",
    }
    assert found.annotations == {"velero.io/why": "x"}
    assert stored(found)["hooks"] == {
        "resources": [
            {
                "name": "freeze",
                "includedNamespaces": ["nginx"],
                "labelSelector": {"matchLabels": {"app": "nginx"}},
                "pre": [
                    {
                        "exec": {
                            "container": "fsfreeze",
                            "command": ["/sbin/fsfreeze", "--freeze", "/var/log/nginx"],
                            "onError": "Fail",
                            "timeout": "30s",
                        }
                    }
                ],
            }
        ]
    }


@pytest.mark.parametrize(
    ("document", "message", "hint"),
    [
        pytest.param([], "The manifest is not a mapping|the manifest is not a mapping", "", id="a-list"),
        pytest.param(manifest(kind="Restore"), "kind of the manifest is 'Restore'", "k8s_restore takes it", id="kind"),
        pytest.param(manifest(kind=None), "kind of the manifest is None", "kind: Backup", id="no-kind"),
        pytest.param(manifest(apiVersion="velero.io/v2"), "apiVersion of the manifest is", "velero.io/v1", id="api"),
        pytest.param(manifest(Spec={}), "the manifest has no field 'Spec'", "spec", id="top"),
        pytest.param(manifest(metadata={"nmae": "x"}), "metadata has no field 'nmae'", "Did you mean name", id="meta"),
        pytest.param(manifest(metadata={"name": 5}), "metadata.name is not text: 5", "quotes", id="name"),
        pytest.param(manifest(metadata={"labels": {"a": 1}}), "labels.a is not text: 1", "quotes", id="label"),
        pytest.param(
            manifest({"includeNamespaces": ["a"]}),
            "spec has no field 'includeNamespaces'",
            "Did you mean includedNamespaces",
            id="field",
        ),
        pytest.param(
            manifest({"included_namespaces": ["a"]}),
            "no field 'included_namespaces'",
            "includedNamespaces",
            id="snake-case-in-a-manifest",
        ),
        pytest.param(
            manifest({"includedNamespaces": "a"}), "includedNamespaces is not a list: it is text", "", id="text"
        ),
        pytest.param(
            manifest({"includedNamespaces": [1]}), "includedNamespaces is not text: 1", "quotes", id="numbers"
        ),
        pytest.param(manifest({"ttl": 86400}), "spec.ttl is not a duration: 86400", "72h", id="number-for-a-duration"),
        pytest.param(manifest({"ttl": "30"}), "spec.ttl: '30' is not a duration", "30s", id="no-unit"),
        pytest.param(
            manifest({"csiSnapshotTimeout": 600}), "csiSnapshotTimeout is not a duration", "10m", id="csi-timeout"
        ),
        pytest.param(
            manifest({"includeClusterResources": "true"}),
            "neither true nor false: it is text",
            "",
            id="text-for-a-bool",
        ),
        pytest.param(
            manifest({"labelSelector": {"app": "a"}}), "labelSelector has no field 'app'", "matchLabels", id="selector"
        ),
        pytest.param(
            manifest({"orLabelSelectors": {"matchLabels": {}}}), "orLabelSelectors is not a list", "", id="or-selectors"
        ),
        pytest.param(
            manifest({"labelSelector": {"matchExpressions": {"key": "a"}}}), "matchExpressions is not", "", id="terms"
        ),
        pytest.param(manifest({"hooks": [{"name": "x"}]}), "spec.hooks is not a mapping", "", id="hooks"),
        pytest.param(manifest({"hooks": {"rules": []}}), "spec.hooks has no field 'rules'", "resources", id="rules"),
        pytest.param(manifest({"orderedResources": {"pods": ["a/b"]}}), "pods is not text", "", id="ordered"),
        pytest.param(manifest({"resourcePolicy": {"named": "p"}}), "no field 'named'", "name", id="policy"),
        pytest.param(
            manifest({"uploaderConfig": {"parallelFilesUpload": "4"}}), "is not a number: it is text", "", id="uploader"
        ),
        pytest.param(
            manifest({"metadata": {"annotations": {}}}), "has no field 'annotations'", "labels", id="template"
        ),
    ],
)
def test_what_is_refused(document: t.Any, message: str, hint: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        parse_manifest(document)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("documents", "found"),
    [
        pytest.param([manifest()], manifest(), id="one"),
        pytest.param([{"kind": "ConfigMap"}, manifest()], manifest(), id="beside-others"),
        pytest.param([{"kind": "Restore"}], {"kind": "Restore"}, id="the-kind-is-told-later"),
    ],
)
def test_find(documents: list[t.Any], found: t.Any) -> None:
    assert find_manifest(documents, "Backup", source="the file x.yml") == found


@pytest.mark.parametrize(
    ("documents", "count"), [([], 0), ([manifest(), manifest()], 2), ([{"kind": "ConfigMap"}, {"kind": "Restore"}], 0)]
)
def test_one_backup_there_must_be(documents: list[t.Any], count: int) -> None:
    with pytest.raises(ValidationError, match=f"There are {count} Backups in the file x"):
        find_manifest(documents, "Backup", source="the file x.yml")
