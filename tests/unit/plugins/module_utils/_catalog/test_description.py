# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups and restores in words, with the sections of ``velero backup describe --details`` (Velero 1.18)."""

from __future__ import annotations

import random
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_text import describe_backup_lines
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restore_text import describe_restore_lines
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.text_lines import aligned, selector, shown, took

BACKUP: dict[str, t.Any] = {
    "name": "shop-1",
    "phase": "PartiallyFailed",
    "started": "2026-06-01T02:00:00Z",
    "completed": "2026-06-01T02:00:09Z",
    "expiration": "2026-07-01T02:00:00Z",
    "warnings": 1,
    "errors": 2,
    "size": 48213,
    "problems": ["Its file shop-1-logs.gz is missing."],
    "backup": {
        "metadata": {"namespace": "velero", "labels": {"b": "2", "a": "1"}},
        "spec": {
            "includedNamespaces": ["shop", "web-*"],
            "includedResources": [],
            "labelSelector": {
                "matchLabels": {"app": "web"},
                "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["x", "y"]}],
            },
            "storageLocation": "default",
            "ttl": "720h0m0s",
            "csiSnapshotTimeout": "10m0s",
            "itemOperationTimeout": "4h0m0s",
            "hooks": {
                "resources": [
                    {
                        "name": "dump",
                        "includedNamespaces": ["shop"],
                        "labelSelector": {"matchLabels": {"app": "db"}},
                        "pre": [{"exec": {"container": "pg", "command": ["/bin/sh", "-c", "x"], "onError": "Fail"}}],
                    }
                ]
            },
        },
        "status": {
            "formatVersion": "1.1.0",
            "progress": {"totalItems": 42, "itemsBackedUp": 41},
            "hookStatus": {"hooksAttempted": 2, "hooksFailed": 1},
        },
    },
    "results": {
        "errors": {"velero": ["it broke"], "namespaces": {"shop": ["pod web-0: no", "pod web-1: no"]}},
        "warnings": {"cluster": ["careful"]},
    },
    "resource_list": {"v1/Pod": ["shop/web-0"], "apps/v1/Deployment": ["shop/web"]},
    "volumes": [
        {
            "pvcNamespace": "shop",
            "pvcName": "data",
            "csiSnapshotInfo": {"snapshotHandle": "snap-1", "driver": "ebs", "vscName": "vsc-1", "size": 1024},
            "result": "succeeded",
        },
        {"pvcNamespace": "shop", "pvcName": "old", "nativeSnapshotInfo": {"snapshotHandle": "snap-2", "volumeAZ": "a"}},
        {"pvcNamespace": "shop", "pvcName": "cache", "skipped": True, "skippedReason": "it is an emptyDir"},
        {"pvbInfo": {"podNamespace": "shop", "podName": "web", "volumeName": "tmp", "snapshotHandle": "672e"}},
    ],
    "hooks": [
        {
            "namespace": "shop",
            "pod": "db-0",
            "container": "pg",
            "phase": "pre",
            "argv": ["/bin/sh", "-c", "x"],
            "state": "failed",
            "rc": 3,
            "duration_seconds": 0.5,
            "error": "it ended with 3",
        }
    ],
    "freezes": [{"namespace": "shop", "pod": "db-0", "path": "/data", "seconds": 0.35, "thawed_by": "post hook"}],
}
BACKUP_TEXT = """\
Name:         shop-1
Namespace:    velero
Labels:       a=1
              b=2
Annotations:  <none>

Phase:         PartiallyFailed
Size (bytes):  48213

Problems:
  Its file shop-1-logs.gz is missing.

Errors:
  Velero: it broke
  Namespaces:
    shop: pod web-0: no
    shop: pod web-1: no

Warnings:
  Cluster: careful

Namespaces:
  Included:  shop, web-*
  Excluded:  <none>

Resources:
  Included:        *
  Excluded:        <none>
  Cluster-scoped:  auto

Label selector:     app=web,tier notin (x,y)
Or label selector:  <none>

Storage Location:      default
Snapshot Volumes:      auto
Snapshot Locations:    <none>
Snapshot Move Data:    auto
TTL:                   720h0m0s
CSISnapshotTimeout:    10m0s
ItemOperationTimeout:  4h0m0s

Hooks:
  Resources:
    dump:
      Namespaces:      shop
      Resources:       *
      Label selector:  app=db
      Pre Exec Hook:
        Container:  pg
        Command:    /bin/sh -c x
        On Error:   Fail
        Timeout:    <none>

Backup Format Version:        1.1.0
Started:                      2026-06-01T02:00:00Z
Completed:                    2026-06-01T02:00:09Z (took 9 s)
Expiration:                   2026-07-01T02:00:00Z
Total items to be backed up:  42
Items backed up:              41

Resource List:
  apps/v1/Deployment:
    - shop/web
  v1/Pod:
    - shop/web-0

Backup Volumes:
  Velero-Native Snapshots:
    shop/old:
      Snapshot ID:        snap-2
      Availability Zone:  a
  CSI Snapshots:
    shop/data:
      Snapshot Content Name:  vsc-1
      Storage Snapshot ID:    snap-1
      Snapshot Size (bytes):  1024
      CSI Driver:             ebs
      Result:                 succeeded
  Pod Volume Backups:
    shop/web/tmp:
      Pod:          web
      Volume:       tmp
      Snapshot ID:  672e
  Skipped:
    shop/cache: it is an emptyDir

HooksAttempted:  2
HooksFailed:     1
Hooks that ran:
  pre  shop/db-0 (pg): /bin/sh -c x: failed (3), 0.50 s: it ended with 3
Freezes:
  shop/db-0 /data: 0.35 s, thawed by post hook"""

RESTORE: dict[str, t.Any] = {
    "name": "again",
    "backup": "shop-1",
    "phase": "Failed",
    "started": "2026-06-01T02:00:00Z",
    "completed": None,
    "warnings": 0,
    "errors": 0,
    "problems": [],
    "restore": {
        "metadata": {"namespace": "velero"},
        "spec": {
            "backupName": "shop-1",
            "includedNamespaces": ["*"],
            "excludedResources": ["nodes", "events"],
            "includeClusterResources": False,
            "namespaceMapping": {"shop": "shop-copy"},
            "existingResourcePolicy": "update",
            "itemOperationTimeout": "4h0m0s",
            "preserveNodePorts": True,
        },
        "status": {"failureReason": "the network was lost", "progress": {"totalItems": 2, "itemsRestored": 1}},
    },
    "results": {},
    "items": {"pods": {"create": 2}},
    "volumes": [
        {
            "pvcNamespace": "shop",
            "pvcName": "data",
            "pvName": "pvc-1",
            "restoreMethod": "CSISnapshot",
            "csiSnapshotInfo": {"snapshotHandle": "snap-1"},
        },
        {
            "restoreMethod": "PodVolumeRestore",
            "pvrInfo": {"snapshotHandle": "672e", "podNamespace": "copy", "podName": "web", "volumeName": "tmp"},
        },
    ],
    "hooks": [{"namespace": "shop", "restored_pod": "web-0", "argv": ["id"], "state": "ok"}],
    "resource_list": {"v1/Pod": ["shop-copy/web-0(created)"]},
}
RESTORE_TEXT = """\
Name:         again
Namespace:    velero
Labels:       <none>
Annotations:  <none>

Phase:                       Failed (the network was lost)
Total items to be restored:  2
Items restored:              1

Started:    2026-06-01T02:00:00Z
Completed:  <not completed>

Errors:  <none>

Warnings:  <none>

Backup:    shop-1
Schedule:  <none>

Namespaces:
  Included:  all namespaces found in the backup
  Excluded:  <none>

Resources:
  Included:        *
  Excluded:        nodes, events
  Cluster-scoped:  excluded

Namespace mappings:  shop=shop-copy
Label selector:      <none>
Or label selector:   <none>

Restore PVs:                 auto
Existing Resource Policy:    update
ItemOperationTimeout:        4h0m0s
Preserve Service NodePorts:  true
Hooks:                       <none>

Restored Volumes:
  shop/data: CSISnapshot from snap-1, volume pvc-1
  copy/web/tmp: PodVolumeRestore from 672e

Objects by action:
  pods:  create=2

HooksAttempted:  0
HooksFailed:     0
Hooks that ran:
  exec shop/web-0: id: ok

Resource List:
  v1/Pod:
    - shop-copy/web-0(created)"""


def test_a_backup() -> None:
    assert "\n".join(describe_backup_lines(BACKUP)) == BACKUP_TEXT


def test_a_restore() -> None:
    assert "\n".join(describe_restore_lines(RESTORE)) == RESTORE_TEXT


def test_a_backup_that_cannot_be_read() -> None:
    lines = describe_backup_lines({"name": "x", "phase": "", "backup": {}, "problems": ["It is not valid JSON."]})
    assert lines[:2] == ["Name:         x", "Namespace:    <none>"]
    assert "Problems:" in lines
    assert "Phase:         <unknown>" in lines


def test_a_restore_of_a_server() -> None:
    lines = describe_restore_lines({"name": "v", "backup": "b", "restore": {}, "errors": 0, "results": {"errors": {}}})
    assert "Backup:    b" in lines
    assert not any("Namespace mappings" in line for line in lines)


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ({"includedClusterScopedResources": ["crds"]}, "  Included Cluster-scoped:    crds"),
        ({"excludedNamespaceScopedResources": ["pods"]}, "  Excluded Namespace-scoped:  pods"),
        ({"includeClusterResources": True}, "  Cluster-scoped:  included"),
        ({"orLabelSelectors": [{"matchLabels": {"a": "b"}}, {}]}, "Or label selector:  a=b or <none>"),
        ({"ttl": None}, "TTL:                   <never>"),
        ({"snapshotVolumes": False}, "Snapshot Volumes:      false"),
    ],
)
def test_fields_of_a_backup(spec: dict[str, t.Any], line: str) -> None:
    assert line in describe_backup_lines({"name": "x", "backup": {"spec": spec}})


@pytest.mark.parametrize(
    ("volume", "lines"),
    [
        (
            {"pvName": "pv", "pvbInfo": {"podName": "p", "uploaderType": "kopia"}},
            ["    pv:", "      Pod:            p"],
        ),
        (
            {
                "pvcNamespace": "n",
                "pvcName": "c",
                "snapshotDataMoved": True,
                "snapshotDataMovementInfo": {"phase": "ok"},
            },
            ["    n/c:", "      Result:  ok"],
        ),
    ],
)
def test_volumes_of_a_backup(volume: dict[str, t.Any], lines: list[str]) -> None:
    found = describe_backup_lines({"name": "x", "backup": {}, "volumes": [volume]})
    assert set(lines) <= set(found)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "<none>"),
        ([], "<none>"),
        (False, "false"),
        (0, "0"),
        ("a\nb\x1b[2J", "a b\\x1b[2J"),
        (["a", None], "a, <none>"),
        ({"a": {"b": 1}}, "a=b=1"),
        ("x" * 9000, "x" * 2000 + "..."),
    ],
)
def test_values(value: t.Any, text: str) -> None:
    assert shown(value) == text


def test_small_parts() -> None:
    assert aligned([("A", "1\n2"), ("Long", "")]) == ["A:     1", "       2", "Long:"]
    assert selector(
        {"matchExpressions": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "DoesNotExist"}]}
    ) == ("a,!b")
    assert took("x", None) == "<not completed>"


def test_long_lists_are_cut() -> None:
    names = [f"shop/c-{number}" for number in range(50_000)]
    lines = describe_backup_lines({"name": "x", "backup": {}, "resource_list": {"v1/ConfigMap": names}})
    assert len(lines) < 1100
    assert any("and 49001 more lines" in line for line in lines)


@pytest.mark.parametrize("describe", [describe_backup_lines, describe_restore_lines])
def test_whatever_a_stored_file_holds(describe: t.Callable[[t.Any], list[str]]) -> None:
    """Each line is one, and nothing raises."""
    for seed in range(300):
        source = random.Random(seed)
        sound = BACKUP if describe is describe_backup_lines else RESTORE
        lines = describe({name: _spoilt(source, value, 0.15) for name, value in sound.items()})
        assert all(isinstance(line, str) and line.isprintable() for line in lines)


def _spoilt(source: random.Random, value: t.Any, chance: float) -> t.Any:
    if source.random() < chance:
        return source.choice([None, 7, -0.5, "x\n\u202e", [], {}, [None], {"a": [1]}, True, "2026-13-45"])
    if isinstance(value, dict):
        return {name: _spoilt(source, entry, chance) for name, entry in value.items()}
    if isinstance(value, list):
        return [_spoilt(source, entry, chance) for entry in value]
    return value
