# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in a real cluster as a tree of files: the same twice, and what is applied from it is exported as it was."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.export import (
    TreeOutcome,
    TreeRequest,
    export_tree,
)
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.live_source import open_live
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_place import TREE_BACKUP, TreePlace
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_source import open_tree
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import plan_restore, run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

_LABELS = {"app": "web"}
_OBJECTS: list[dict[str, t.Any]] = [
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "1e3", "b": "x\ny\n"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": "tree-canary"}},
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {
            "type": "NodePort",
            "selector": _LABELS,
            "ports": [{"name": "a", "port": 80, "nodePort": 30987}, {"name": "b", "port": 81}],
        },
    },
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "deny"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    },
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "annotations": {"pre.hook.backup.velero.io/command": "[\"false\"]"}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": _LABELS},
            "template": {
                "metadata": {
                    "labels": _LABELS,
                    "annotations": {"pre.hook.backup.velero.io/command": "[\"/bin/sh\", \"-c\", \"touch /tmp/ran\"]"},
                },
                "spec": {
                    "terminationGracePeriodSeconds": 1,
                    "containers": [{"name": "web", "image": "busybox:1", "command": ["/bin/sleep", "1000"]}],
                    "volumes": [{"name": "a", "emptyDir": {}}],
                },
            },
        },
    },
]  # fmt: skip


def _export(client: KubeClient, namespace: str, dest: Path) -> TreeOutcome:
    spec = BackupSpec.from_options({"included_namespaces": [namespace], "snapshot_volumes": False})
    with open_live(spec, client=client) as (backup, warnings):
        return export_tree(backup, TreeRequest(dest=str(dest)), warnings=warnings)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_namespace_there_and_back(
    client: KubeClient, kubectl: t.Callable[..., str], module_namespace: str, tmp_path: Path
) -> None:
    here = ("-n", module_namespace)
    for each in _OBJECTS:
        kubectl(*here, "apply", "-f", "-", stdin=json.dumps(each))
    kubectl(*here, "wait", "deployment/web", "--for=condition=Available", "--timeout=120s")
    tree = tmp_path / "tree"
    first = _export(client, module_namespace, tree)
    files = _files(tree)
    assert first.written
    assert not _export(client, module_namespace, tree).changed
    kinds = {path.split("/")[-2] for path in files if path.endswith(".yaml")}
    assert kinds == {"ConfigMap", "Deployment", "NetworkPolicy", "Namespace", "Service"}
    assert not [path for path, data in files.items() if b"canary" in data or b"dHJlZS1jYW5hcnk" in data]
    # No hook was run.
    assert "ran" not in kubectl(*here, "exec", "deployment/web", "--", "ls", "/tmp")

    gone = "deployment,service,networkpolicy,configmap"
    kubectl(*here, "delete", gone, "--all", "--wait=true")
    kubectl(*here, "apply", "-R", "-f", str(tree / "namespaces"))
    kubectl(*here, "wait", "deployment/web", "--for=condition=Available", "--timeout=120s")
    assert _manifests(client, module_namespace, tmp_path / "applied") == _yaml(files)

    kubectl(*here, "delete", gone, "--all", "--wait=true")
    with open_tree(TreePlace(path=str(tree)), client=client) as source:
        spec = RestoreSpec.from_options({"backup_name": TREE_BACKUP, "preserve_node_ports": True})
        request = RestoreRequest(spec=spec, write_records=False, wait_timeout=120.0)
        planned = plan_restore(request, client=client, store=source.store)
        done = run_restore(request, client=client, store=source.store)
    assert (done.phase, planned.summary["create"]) == ("Completed", done.states["created"])
    assert _manifests(client, module_namespace, tmp_path / "restored") == _yaml(files)


def _manifests(client: KubeClient, namespace: str, dest: Path) -> dict[str, bytes]:
    _export(client, namespace, dest)
    return _yaml(_files(dest))


def _yaml(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if path.endswith(".yaml")}
