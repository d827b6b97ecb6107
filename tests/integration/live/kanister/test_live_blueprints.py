# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blueprints as the world writes them, run to their ends: with the effect that each is for, and nothing left."""

from __future__ import annotations

import json
import threading
import time

import pytest
from blueprint_lab import BlueprintLab
from phase_lab import IMAGE, PhaseLab, shell

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject

GROUP = "db.arkive.test"


def claim(name: str) -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def workload(kind: str, name: str, container: Object, **more: Object) -> Object:
    labels = {"app": name}
    pod = {"terminationGracePeriodSeconds": 0, "containers": [container], **more.get("pod", {})}
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": {**spec, **more.get("spec", {})}}


def login(name: str) -> Object:
    data = {"username": "postgres", "password": "correct-horse-battery"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def psql(phases: PhaseLab, statement: str) -> str:
    return phases.kubectl("exec", "db-0", "--", "psql", "-U", "postgres", "-tAc", statement).strip()


def test_a_database_takes_no_writes_between_the_hooks(phases: PhaseLab) -> None:
    container = {
        "name": "postgresql",
        "image": "postgres:15",
        "env": [{"name": "POSTGRES_PASSWORD", "value": "correct-horse-battery"}],
        "readinessProbe": {"exec": {"command": ["pg_isready", "-U", "postgres"]}, "periodSeconds": 1},
    }
    phases.apply(login("db-login"), workload("StatefulSet", "db", container, spec={"serviceName": "db"}))
    phases.kubectl("rollout", "status", "statefulset/db", "--timeout=110s")
    psql(phases, "CREATE TABLE orders (n int); INSERT INTO orders VALUES (1), (2), (3)")
    subject = Subject.of(kind="statefulset", name="db", namespace=phases.namespace)
    hooks = BlueprintLab(phases, "database-read-only", subject)
    hooks.run("quiesce")
    assert hooks.artifact("quiesced") == {"before": "off", "rows": "3", "pod": "db-0"}
    with pytest.raises(pytest.fail.Exception, match="read-only transaction"):
        psql(phases, "INSERT INTO orders VALUES (4)")
    hooks.run("release")
    psql(phases, "INSERT INTO orders VALUES (4)")
    assert psql(phases, "SELECT count(*) FROM orders") == "4"
    assert not [line for line in phases.log if "correct-horse" in line]
    phases.kubectl("delete", "statefulset", "db", "--wait=false")


def test_a_volume_is_put_back_with_the_workload_stopped(phases: PhaseLab) -> None:
    container = {
        "name": "main",
        "image": IMAGE,
        "command": shell("[ -f /data/file ] || echo precious >/data/file; sync; exec sleep 86400"),
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "files"}}
    phases.apply(claim("files"), workload("Deployment", "web", container, pod={"volumes": [volume]}))
    phases.kubectl("rollout", "status", "deployment/web", "--timeout=110s")
    subject = Subject.of(kind="deployment", name="web", namespace=phases.namespace)
    blueprint = BlueprintLab(phases, "roll-back", subject)
    blueprint.run("take")
    phases.kubectl("exec", "deployment/web", "--", "sh", "-c", "echo spoiled >/data/file; sync")
    blueprint.run("put-back")
    assert phases.kubectl("exec", "deployment/web", "--", "cat", "/data/file") == "precious\n"
    assert phases.kubectl("get", "volumesnapshots", "-o", "name") == ""
    phases.kubectl("delete", "deployment", "web", "--wait=false")


def definition(plural: str, kind: str) -> Object:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    spec = {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": plural, "kind": kind},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
    }
    metadata = {"name": f"{plural}.{GROUP}"}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": metadata} | {
        "spec": spec
    }


def operate(phases: PhaseLab, stop: threading.Event) -> None:
    """An operator in short: what asks for a backup is soon done."""
    done = json.dumps({"status": {"phase": "Completed", "files": [{"size": 4096}]}})
    while not stop.wait(0.5):
        for name in phases.kubectl("get", f"backups.{GROUP}", "-o", "name").split():
            phases.kubectl("patch", name, "--type", "merge", "-p", done)
            time.sleep(0.5)
            stop.set()


def test_an_operator_is_asked_and_awaited(phases: PhaseLab) -> None:
    definitions = [definition("clusters", "Cluster"), definition("backups", "Backup")]
    phases.apply(*definitions)
    names = [f"crd/{each['metadata']['name']}" for each in definitions]
    phases.kubectl("wait", "--for=condition=Established", *names, "--timeout=60s")
    status = {"conditions": [{"type": "Ready", "status": "True"}]}
    cluster = {"apiVersion": f"{GROUP}/v1", "kind": "Cluster", "metadata": {"name": "main"}}
    phases.apply({**cluster, "spec": {"instances": 3}, "status": status})
    subject = Subject.of(name="main", namespace=phases.namespace, group=GROUP, api_version="v1", resource="clusters")
    blueprint = BlueprintLab(phases, "operator-backup", subject)
    stop = threading.Event()
    operator = threading.Thread(target=operate, args=(phases, stop))
    operator.start()
    try:
        blueprint.run("backup")
    finally:
        stop.set()
        operator.join()
    made = blueprint.artifact("made")
    found = json.loads(phases.kubectl("get", f"backups.{GROUP}", made["name"], "-o", "json"))
    assert found["spec"] == {"cluster": "main", "instances": 3}
    blueprint.run("delete")
    assert phases.kubectl("get", f"backups.{GROUP}", "-o", "name") == ""
    phases.kubectl("delete", *names, "--timeout=60s")


def test_a_dump_is_in_a_claim_and_its_lock_is_given_up(phases: PhaseLab) -> None:
    phases.apply(claim("dumps"), login("shop-login"))
    blueprint = BlueprintLab(phases, "dump-to-claim", Subject.of_namespace(phases.namespace))
    blueprint.run("dump")
    assert blueprint.artifact("dump")["path"] == f"/dumps/{phases.namespace.upper()}.sql"
    assert "configmap/dump-lock" not in phases.kubectl("get", "configmaps", "-o", "name")
    blueprint.run("verify")


def test_a_hook_for_kasten_runs_without_kasten(phases: PhaseLab) -> None:
    """It names Kasten's namespace and account; the task's account stands in, in the namespace that is backed up."""
    rules = [
        {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create", "patch"]},
    ]
    rbac = "rbac.authorization.k8s.io"
    account = {"kind": "ServiceAccount", "name": "hooks", "namespace": phases.namespace}
    phases.apply(
        claim("files"),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "hooks"}},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "hooks"}, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "hooks"},
            "subjects": [account],
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "hooks"},
        },
    )
    subject = Subject.of_namespace(phases.namespace)
    blueprint = BlueprintLab(phases, "claims-by-kubectl", subject, service_account="hooks")
    blueprint.run("note-claims")
    noted = json.loads(phases.kubectl("get", "configmap", "claims", "-o", "json"))["data"]["claims"]
    assert "files loopfile\n" in noted
    assert any("as the cluster has no namespace kasten-io" in said for said in blueprint.warnings)
    assert any("runs as ServiceAccount hooks" in said for said in blueprint.warnings)
