# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pod of a proof has nothing of the original that acts by itself; its network lets nothing out."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.network import policy_body
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_namespace import (
    is_of_proof,
    namespace_body,
    proof_labels,
)
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_pod import WORK, copied, pod_body
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.subject import ClaimSnapshot, Subject

TOKEN = {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
POD: dict[str, t.Any] = {
    "metadata": {
        "name": "db-0",
        "namespace": "shop",
        "labels": {"app": "db"},
        "ownerReferences": [{"kind": "StatefulSet"}],
    },
    "spec": {
        "hostNetwork": True,
        "hostPID": True,
        "serviceAccountName": "admin",
        "priorityClassName": "high",
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "db"}],
        "imagePullSecrets": [{"name": "registry"}],
        "securityContext": {"fsGroup": 999, "sysctls": [{"name": "a", "value": "b"}]},
        "initContainers": [{"name": "init"}],
        "containers": [
            {"name": "metrics", "image": "m"},
            {
                "name": "db",
                "image": "postgres:15",
                "command": ["patroni"],
                "args": ["-c", "archive_mode=on"],
                "ports": [{"containerPort": 5432}],
                "lifecycle": {"postStart": {"exec": {"command": ["register"]}}},
                "livenessProbe": {"exec": {"command": ["true"]}},
                "envFrom": [{"secretRef": {"name": "wal-g"}}],
                "env": [
                    {"name": "PGDATA", "value": "/data/pg"},
                    {"name": "AWS_SECRET", "valueFrom": {"secretKeyRef": {"name": "wal-g", "key": "k"}}},
                    {"name": "TDE", "valueFrom": {"secretKeyRef": {"name": "tde", "key": "k"}}},
                    {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "k"}}},
                    {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                ],
                "securityContext": {"privileged": True, "runAsUser": 999, "capabilities": {"add": ["SYS_ADMIN"]}},
                "resources": {"limits": {"memory": "1Gi"}, "claims": [{"name": "gpu"}]},
                "volumeMounts": [
                    {"name": "data", "mountPath": "/data"},
                    {"name": "dumps", "mountPath": "/dumps"},
                    {"name": "host", "mountPath": "/host"},
                    {"name": "nfs", "mountPath": "/nfs"},
                    {"name": "keys", "mountPath": "/keys"},
                    {"name": "config", "mountPath": "/config"},
                    {"name": "cache", "mountPath": "/cache"},
                    {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"},
                ],
            },
        ],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}},
            {"name": "dumps", "persistentVolumeClaim": {"claimName": "dumps"}},
            {"name": "host", "hostPath": {"path": "/"}},
            {"name": "nfs", "nfs": {"server": "files.example.com", "path": "/"}},
            {"name": "keys", "secret": {"secretName": "tde"}},
            {"name": "config", "configMap": {"name": "settings"}},
            {"name": "cache", "emptyDir": {"sizeLimit": "1Gi"}},
            TOKEN,
        ],
    },
}
CLAIM = {"metadata": {"name": "data-db-0"}, "spec": {}}


def subject() -> Subject:
    return Subject(
        source="backup 'b'",
        pod=POD,
        container=POD["spec"]["containers"][1],
        kind="postgresql",
        snapshots=(ClaimSnapshot(claim=CLAIM, driver="d", handle="h"),),
        lacking={"dumps": "it has none"},
        quiesce={},
        find=lambda _kind, _name: None,
    )


def made(**options: t.Any) -> tuple[dict[str, t.Any], tuple[str, ...]]:
    pod = pod_body(subject(), ProofRequest(name="b", **options), "arkive-proof-x")
    return pod.body, pod.replaced


def test_only_what_the_server_needs_of_the_original() -> None:
    pod, _replaced = made()
    spec, (container,) = pod["spec"], pod["spec"]["containers"]
    assert pod["metadata"] == {"name": "db-0", "namespace": "arkive-proof-x", "labels": proof_labels("arkive-proof-x")}
    assert set(spec) == {
        "activeDeadlineSeconds",
        "automountServiceAccountToken",
        "containers",
        "enableServiceLinks",
        "imagePullSecrets",
        "nodeSelector",
        "restartPolicy",
        "securityContext",
        "serviceAccountName",
        "terminationGracePeriodSeconds",
        "tolerations",
        "volumes",
    }
    assert (spec["automountServiceAccountToken"], spec["serviceAccountName"]) == (False, "default")
    assert set(container) == {"name", "image", "command", "env", "volumeMounts", "securityContext", "resources"}
    assert container["command"][:3] == ["/bin/sh", "-c", 'exec sleep "$1"']
    assert container["securityContext"] == {"runAsUser": 999}
    assert spec["securityContext"] == {"fsGroup": 999}
    assert container["resources"] == {"limits": {"memory": "1Gi"}}


def test_secrets_only_where_they_are_named() -> None:
    pod, replaced = made()
    assert [each["name"] for each in pod["spec"]["containers"][0]["env"]] == ["PGDATA", "POD"]
    kinds = {each["name"]: next(key for key in each if key != "name") for each in pod["spec"]["volumes"]}
    assert kinds == {
        "data": "persistentVolumeClaim",
        "dumps": "emptyDir",
        "host": "emptyDir",
        "nfs": "emptyDir",
        "keys": "emptyDir",
        "config": "emptyDir",
        "cache": "emptyDir",
        "arkive-proof": "emptyDir",
    }
    assert len(replaced) == 5
    assert "An empty directory stands in for claim dumps (it has none)." in replaced
    assert WORK in [mount["mountPath"] for mount in pod["spec"]["containers"][0]["volumeMounts"]]

    assert made(secrets=("wal-g",))[0]["spec"]["containers"][0]["envFrom"] == [{"secretRef": {"name": "wal-g"}}]
    pod, replaced = made(secrets=("tde",), config_maps=("settings",))
    assert "envFrom" not in pod["spec"]["containers"][0]
    assert [each["name"] for each in pod["spec"]["containers"][0]["env"]] == ["PGDATA", "TDE", "MODE", "POD"]
    kinds = {each["name"]: next(key for key in each if key != "name") for each in pod["spec"]["volumes"]}
    assert (kinds["keys"], kinds["config"], len(replaced)) == ("secret", "configMap", 3)


def test_nothing_comes_in_and_only_questions_for_names_go_out() -> None:
    spec = policy_body("arkive-proof-x")["spec"]
    assert (spec["podSelector"], spec["policyTypes"], "ingress" in spec) == ({}, ["Ingress", "Egress"], False)
    (egress,) = spec["egress"]
    assert {each["port"] for each in egress["ports"]} == {53, 5353}
    assert egress["to"][0]["namespaceSelector"]["matchExpressions"][0]["values"] == ["kube-system", "openshift-dns"]


def test_a_copied_secret_belongs_to_nobody_else() -> None:
    stored = {
        "kind": "Secret",
        "type": "Opaque",
        "data": {"k": "dg=="},
        "metadata": {"name": "tde", "namespace": "shop", "annotations": {"a": "b"}, "ownerReferences": [{}]},
    }
    assert copied(stored, "arkive-proof-x") == {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "data": {"k": "dg=="},
        "metadata": {"name": "tde", "namespace": "arkive-proof-x", "labels": proof_labels("arkive-proof-x")},
    }


@pytest.mark.parametrize(
    ("name", "change", "ours"),
    [
        ("arkive-proof-bcdfghjk", {}, True),
        ("shop", {}, False),
        ("arkive-proof-bcdfghjk", {"arkive.k8s/database-proof": "another"}, False),
        ("arkive-proof-bcdfghjk", {"app.kubernetes.io/managed-by": "Helm"}, False),
    ],
)
def test_only_what_a_proof_has_made_is_ever_removed(name: str, change: dict[str, str], ours: bool) -> None:
    body = namespace_body(name, source="backup 'b'", run_id="r", expires=utc_now())
    body["metadata"]["labels"] |= change
    assert is_of_proof(body) is ours
