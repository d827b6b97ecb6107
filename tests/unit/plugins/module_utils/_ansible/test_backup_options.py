# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests of a task, and the request that they and the options make."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.backup_options import BACKUP, backup_request
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.manifest_options import manifest_documents
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import SELECTION
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import NO_DATABASES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings

DEFAULTS: dict[str, t.Any] = {
    **dict.fromkeys((*SELECTION.options, *BACKUP.options)),
    **{name: option["default"] for name, option in BACKUP.options.items() if "default" in option},
    "name": None,
    "storage_location": {"name": "default"},
    "freeze_lease": "60s",
    "freeze_max": "5m",
    "require_lease": False,
    "allow_shared_freeze": False,
    "hook_on_error_default": "Fail",
    "replace_failed": False,
    "no_log_output": False,
    "workers": 8,
}
MANIFEST: dict[str, t.Any] = {
    "apiVersion": "velero.io/v1",
    "kind": "Backup",
    "metadata": {"name": "from-manifest", "namespace": "backups", "labels": {"a": "1"}, "annotations": {"b": "2"}},
    "spec": {
        "includedNamespaces": ["shop"],
        "ttl": "24h",
        "storageLocation": "minio",
        "metadata": {"labels": {"team": "x"}},
        "resourcePolicy": {"kind": "configmap", "name": "rules"},
    },
}


def request(**params: t.Any) -> BackupRequest:
    return backup_request({**DEFAULTS, **params})


def test_nothing_but_a_name() -> None:
    assert request(name="nginx") == BackupRequest(name="nginx", spec=BackupSpec(), mover=MoverSettings())


def test_databases() -> None:
    found = request(name="x", databases=[{"label_selector": "app=db", "kind": "postgresql"}]).databases
    assert [entry.declaration.kind for entry in found.selected] == ["postgresql"]
    assert request(name="x", databases="none").databases == NO_DATABASES
    with pytest.raises(ValidationError, match="The kinds are"):
        request(name="x", databases=[{"label_selector": "app=db", "kind": "oracle"}])


def test_a_definition() -> None:
    found = request(definition=MANIFEST)
    assert (found.name, found.namespace) == ("from-manifest", "backups")
    assert (found.labels, found.annotations) == ({"a": "1"}, {"b": "2"})
    assert found.spec == BackupSpec(
        included_namespaces=("shop",),
        ttl_seconds=86400.0,
        storage_location="minio",
        labels={"team": "x"},
        resource_policy={"kind": "configmap", "name": "rules"},
    )


@pytest.mark.parametrize(
    ("params", "fields"),
    [
        pytest.param({"ttl": "1h"}, {"ttl_seconds": 3600.0}, id="ttl"),
        pytest.param({"included_namespaces": ["web"]}, {"included_namespaces": ("web",)}, id="list"),
        pytest.param({"included_namespaces": []}, {"included_namespaces": ()}, id="empty-list"),
        pytest.param({"labels": {"team": "y"}}, {"labels": {"team": "y"}}, id="labels"),
        pytest.param({"storage_location": {"name": "s3"}}, {"storage_location": "s3"}, id="location"),
        pytest.param({"include_cluster_resources": False}, {"include_cluster_resources": False}, id="false"),
        pytest.param(
            {"resource_policy": {"kind": "configmap", "name": "y"}},
            {"resource_policy": {"kind": "configmap", "name": "y"}},
            id="policy",
        ),
        pytest.param({"resource_policies": {"version": "v1"}}, {"resource_policy": None}, id="inline-policy"),
    ],
)
def test_options_win_over_the_manifest(params: dict[str, t.Any], fields: dict[str, t.Any]) -> None:
    found = request(definition=MANIFEST, **params)
    assert {name: getattr(found.spec, name) for name in fields} == fields
    assert found.namespace == "backups"


def test_name_and_namespace_win_over_the_manifest() -> None:
    found = request(definition=MANIFEST, name="other", velero_namespace="velero")
    assert (found.name, found.namespace) == ("other", "velero")


def test_every_option_of_the_spec_reaches_it() -> None:
    exec_hook = {"command": ["id"]}
    found = request(
        name="x",
        included_cluster_scoped_resources=["a"],
        excluded_cluster_scoped_resources=["b"],
        included_namespace_scoped_resources=["c"],
        excluded_namespace_scoped_resources=["d"],
        or_label_selectors=[{"match_labels": {"a": "1"}, "match_expressions": None}],
        ordered_resources={"pods": ["shop/a"]},
        hooks=[{"name": "h", "included_namespaces": ["shop"], "pre": [{"exec": {**exec_hook, "on_error": "Fail"}}]}],
        backup_hooks={"on_success": [{"namespace": "ops", "pod": "p", **exec_hook}]},
        resource_policies="version: v1\nvolumePolicies: [{conditions: {}, action: {type: skip}}]",
        volume_snapshot_locations=["aws"],
        volume_group_snapshot_label_key="g",
        csi_snapshot_timeout="1m",
        item_operation_timeout="2m",
        snapshot_volumes=True,
        snapshot_location={"name": "east", "region": "us-east-1"},
        snapshot_move_data=True,
        datamover="velero",
        default_volumes_to_fs_backup=True,
        default_volumes_to_restic=True,
        uploader_config={"parallel_files_upload": 3},
        all_api_versions=True,
        skip_forbidden=True,
        ignore_unsupported=True,
        workers=3,
    )
    written = found.spec.to_dict()
    assert written["orLabelSelectors"] == [{"matchLabels": {"a": "1"}}]
    assert written["hooks"]["resources"][0]["pre"][0]["exec"]["onError"] == "Fail"
    assert written["orderedResources"] == {"pods": "shop/a"}
    assert written["uploaderConfig"] == {"parallelFilesUpload": 3}
    assert (written["csiSnapshotTimeout"], written["itemOperationTimeout"]) == ("1m0s", "2m0s")
    assert [hook.pod for hook in found.backup_hooks.on_success] == ["p"]
    assert found.policy is not None
    assert found.policy.volume_action() is not None
    assert (found.all_api_versions, found.skip_forbidden, found.ignore_unsupported) == (True, True, True)
    # The data of snapshots is moved, by Velero's own mover, and files are copied.
    assert found.unsupported() == []
    assert (found.moves, found.copies) == (True, True)
    assert (written["snapshotMoveData"], written["defaultVolumesToFsBackup"]) == (True, True)
    assert written["snapshotVolumes"] is True
    assert found.snapshot_location is not None
    assert (found.snapshot_location.name, found.snapshot_location.region) == ("east", "us-east-1")
    assert found.workers == 3


def test_how_data_is_moved() -> None:
    found = request(
        name="x",
        repository_password="word",
        mover={
            "image": "registry.example/kopia@sha256:1",
            "image_pull_secrets": ["pull"],
            "concurrency": 5,
            "bandwidth": "50M",
            "node_selector": {"zone": 1},
            "tolerations": [{"operator": "Exists"}],
            "pod_start_timeout": "90s",
            "keep_failed": True,
            "ephemeral_containers": True,
            "priority_class": None,
        },
    )
    assert found.repository_password == "word"
    assert found.mover == MoverSettings(
        image="registry.example/kopia@sha256:1",
        image_pull_secrets=("pull",),
        concurrency=5,
        bandwidth=50_000_000,
        node_selector={"zone": "1"},
        tolerations=({"operator": "Exists"},),
        pod_start_timeout=90.0,
        keep_failed=True,
        ephemeral_containers=True,
    )
    assert not found.moves


@pytest.mark.parametrize(
    ("mover", "words"),
    [
        ({"concurrency": 0}, "mover.concurrency is 0"),
        ({"per_node": -1}, "mover.per_node is -1"),
        ({"bandwidth": "0"}, "mover.bandwidth is '0'"),
        ({"bandwidth": "fast"}, "mover.bandwidth is 'fast'"),
        ({"pod_start_timeout": "0s"}, "mover.pod_start_timeout is 0s"),
        ({"pod_start_timeout": "soon"}, "mover.pod_start_timeout"),
    ],
)
def test_what_a_mover_cannot_be(mover: dict[str, t.Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        request(name="x", mover=mover)
    assert caught.value.details["phase"] == "FailedValidation"


@pytest.mark.parametrize(
    "document",
    [
        "version: v1\nvolumePolicies: []",
        "# ours\nvolumePolicies: []\nversion: v1",
        {"volumePolicies": [], "version": "v1"},
    ],
)
def test_a_policy_of_the_task_is_an_annotation(document: t.Any) -> None:
    """One that a stored manifest brings along is that of another backup."""
    annotation = {"arkive.k8s/resource-policies": '{"version":"v1","volumePolicies":[]}'}
    assert request(name="x", resource_policies=document).annotations == annotation
    manifest = {**MANIFEST, "metadata": {"name": "y", "annotations": {**annotation, "b": "2"}}}
    assert request(definition=manifest).annotations == {"b": "2"}


@pytest.mark.parametrize("suffix", ["yml", "json"])
def test_a_file(tmp_path: pathlib.Path, suffix: str) -> None:
    path = tmp_path / f"backup.{suffix}"
    path.write_text(json.dumps(MANIFEST))
    assert request(src=str(path)) == request(definition=MANIFEST)


def test_a_file_with_other_documents(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "all.yml"
    path.write_text(f"---\nkind: ConfigMap\n---\n{json.dumps(MANIFEST)}\n")
    assert request(src=str(path)).name == "from-manifest"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "cannot be read: No such file", id="no-file"),
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"---\n---\n", "is empty", id="empty-documents"),
        pytest.param(b"\xff\xfe\x00", "is not text in UTF-8", id="binary"),
        pytest.param(b"a: [", "is not valid YAML", id="no-yaml"),
        pytest.param(b"just text", "is not a mapping", id="a-text"),
        pytest.param(b"kind: Backup\nkind: Backup", "the key 'kind' is written twice", id="duplicate-key"),
        pytest.param(b"kind: Backup\n---\nkind: Backup", "There are 2 Backups", id="two-backups"),
        pytest.param(b"kind: Restore", "is 'Restore'", id="kind"),
    ],
)
def test_files_that_are_refused(tmp_path: pathlib.Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "backup.yml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValidationError, match=message) as caught:
        request(src=str(path))
    assert str(path) in caught.value.sentence
    assert caught.value.details["phase"] == "FailedValidation"


def test_no_manifest() -> None:
    assert manifest_documents({"definition": None, "src": None}) == ([], "")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param({"definition": {**MANIFEST, "metadata": {}}}, "The backup has no name", id="no-name"),
        pytest.param({"name": "x", "labels": {"a": True}}, "labels.a is not text: True", id="label"),
        pytest.param({"name": "x", "hooks": "id"}, "hooks is not a list", id="hooks"),
        pytest.param({"name": "x", "hooks": {"rules": []}}, "has no member 'rules'", id="hook-rules"),
        pytest.param({"name": "x", "backup_hooks": {"before": []}}, "has no member 'before'", id="backup-hooks"),
        pytest.param({"name": "x", "resource_policies": {}}, "version of resource_policies is None", id="policy"),
        pytest.param({"name": "x", "ordered_resources": {"pods": 1}}, "has no list of names", id="ordered"),
        pytest.param({"name": "x", "csi_snapshot_timeout": "5"}, "csi_snapshot_timeout: '5'", id="duration"),
    ],
)
def test_what_is_refused(params: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        request(**params)
    assert caught.value.details["phase"] == "FailedValidation"


def test_the_phase_that_an_error_names_is_kept() -> None:  # docs/compatibility B12
    rule = {"name": "h", "labelSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}
    with pytest.raises(ValidationError) as caught:
        request(name="x", hooks=[rule])
    assert caught.value.details["phase"] == "Failed"


def test_what_is_not_in_the_spec_is_told_by_digests() -> None:
    """By it a second task knows that the stored backup was made otherwise; no password is to be guessed from it."""
    hooks = {"pre": [{"namespace": "shop", "pod": "db-0", "command": ["sync"]}]}
    databases = [{"selector": "app=db", "kind": "mysql", "credentials": {"user": "a", "password": "b"}}]
    assert request(name="b").beside == {}
    found = request(name="b", backup_hooks=hooks, databases=databases).beside
    assert sorted(found) == ["backup_hooks", "databases"]
    assert all(len(digest) == 16 for digest in found.values())
    assert request(name="b", backup_hooks=hooks).beside["backup_hooks"] == found["backup_hooks"]
    other = [{**databases[0], "credentials": {"user": "a", "password": "c"}}]
    assert request(name="b", databases=other).beside["databases"] == found["databases"]
    assert (
        request(name="b", databases=[{**databases[0], "kind": "postgresql"}]).beside["databases"] != found["databases"]
    )
    assert request(name="b", databases="auto").beside["databases"] != found["databases"]
