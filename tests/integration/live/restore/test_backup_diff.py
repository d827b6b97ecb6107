# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup beside the cluster it was made of: nothing differs, until somebody changes something."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from callers import Callers

from ansible_collections.arkive.k8s.plugins.module_utils._access.tasks import grants_of
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import RightsScope
from ansible_collections.arkive.k8s.plugins.module_utils._proof.backup_diff import diff_backups
from ansible_collections.arkive.k8s.plugins.module_utils._proof.diff_outcome import DiffOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._proof.live_diff import diff_live
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify import verify_backup
from ansible_collections.arkive.k8s.plugins.module_utils._proof.verify_request import VerifyRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

_TYPES = "configmaps,secrets,services,deployments,serviceaccounts,roles,ingresses"


def application() -> list[dict[str, t.Any]]:
    labels = {"app": "web"}
    container = {"name": "main", "image": "registry.k8s.io/pause:3.10"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}, "data": {"a": "1"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "doomed"}, "data": {"a": "1"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"p": "hidden-one"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "runner"}},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web"},
            "spec": {"selector": labels, "ports": [{"port": 80}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "reader"},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
        },
    ]


def test_drift(client: KubeClient, kubectl: t.Any, namespace: str, callers: Callers, tmp_path: Path) -> None:
    items = {"apiVersion": "v1", "kind": "List", "items": application()}
    kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(items))
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    spec = BackupSpec.from_options({"included_namespaces": [namespace], "snapshot_volumes": False})
    for name in ("one", "two"):
        assert run_backup(BackupRequest(name=name, spec=spec), client=client, store=store).phase == "Completed"
    assert verify_backup(VerifyRequest(name="one"), store=store).problems == ()
    assert diff_backups("one", "two", store=store).drift == []

    def diff(caller: KubeClient) -> DiffOutcome:
        fields = {"backup_name": "one", "existing_resource_policy": "update"}
        request = RestoreRequest(spec=RestoreSpec.from_options(fields), write_records=False, want_diff=True)
        return diff_live(request, client=caller, store=store)

    def drift(caller: KubeClient) -> list[tuple[str, str]]:
        return sorted((f"{each.group_resource} {each.name}", each.state) for each in diff(caller).drift)

    assert drift(client) == []

    kubectl("-n", namespace, "scale", "deployment/web", "--replicas=1", "--current-replicas=0")
    kubectl("-n", namespace, "delete", "configmap", "doomed")
    kubectl("-n", namespace, "create", "configmap", "more", "--from-literal=a=b")
    kubectl("-n", namespace, "patch", "secret", "key", "-p", '{"stringData": {"p": "hidden-two"}}')
    expected = [
        ("configmaps doomed", "missing"),
        ("configmaps more", "extra"),
        ("deployments.apps web", "changed"),
        ("secrets key", "changed"),
    ]
    assert drift(client) == expected
    found = diff(client)
    (web,) = [each for each in found.drift if each.name == "web"]
    assert web.fields == ("spec.replicas",)
    assert "hidden" not in str(found.diffs)

    rules = [
        {"apiGroups": [need.group], "resources": [need.resource], "verbs": [need.verb]}
        for grant in grants_of("diff", RightsScope())
        for need in grant.needs
    ]
    reader = callers.may(*rules, cluster=True)
    before = kubectl("-n", namespace, "get", _TYPES, "-o", "jsonpath={.items[*].metadata.name}")
    assert drift(reader) == sorted([*expected, (f"serviceaccounts {namespace}-1", "extra")])
    assert kubectl("-n", namespace, "get", _TYPES, "-o", "jsonpath={.items[*].metadata.name}") == before
