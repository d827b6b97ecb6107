# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restore hooks of the spec, replaced pods and missing rights, with real pods and a real PostgreSQL."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command

if t.TYPE_CHECKING:
    from restore_lab import Backups, Cluster

    from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

SLEEP = ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 3600 & wait"]
READY = {"exec": {"command": ["/bin/sh", "-c", "test -e /tmp/ready"]}, "periodSeconds": 1}
NEVER_READY = {"exec": {"command": ["/bin/false"]}, "periodSeconds": 1}
RBAC = "rbac.authorization.k8s.io"
#: The documentation's example, word for word.
PAGE_INIT = [
    {
        "name": "restore-hook-1",
        "includedNamespaces": ["app"],
        "postHooks": [
            {
                "init": {
                    "initContainers": [
                        {
                            "name": "restore-hook-init1",
                            "image": "alpine:latest",
                            "volumeMounts": [{"mountPath": "/restores/pvc1-vm", "name": "pvc1-vm"}],
                            "command": ["/bin/ash", "-c", 'echo -n "FOOBARBAZ" >> /restores/pvc1-vm/foobarbaz'],
                        },
                        {
                            "name": "restore-hook-init2",
                            "image": "alpine:latest",
                            "volumeMounts": [{"mountPath": "/restores/pvc2-vm", "name": "pvc2-vm"}],
                            "command": ["/bin/ash", "-c", 'echo -n "DEADFEED" >> /restores/pvc2-vm/deadfeed'],
                        },
                    ]
                }
            }
        ],
    }
]
PAGE_EXEC = [
    {
        "name": "restore-hook-1",
        "includedNamespaces": ["app"],
        "postHooks": [
            {
                "exec": {
                    "execTimeout": "1m",
                    "waitTimeout": "5m",
                    "onError": "Fail",
                    "container": "postgres",
                    "command": ["/bin/bash", "-c", "while ! pg_isready; do sleep 1; done"],
                }
            },
            {
                "exec": {
                    "container": "postgres",
                    "waitTimeout": "6m",
                    "execTimeout": "1m",
                    "command": ["/bin/bash", "-c", "psql < /backup/backup.sql"],
                }
            },
            {"exec": {"container": "sidecar", "command": ["/bin/bash", "-c", "date > /start"]}},
        ],
    }
]
DUMP = """create table crops (name text primary key, tons integer not null);
copy crops (name, tons) from stdin;
barley\t30
rye\t12
\\.
"""


def container(name: str, **more: t.Any) -> Object:
    return {"name": name, "image": "busybox:1", "command": SLEEP, **more}


def pod(name: str, namespace: str, *containers: Object, **spec: t.Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": list(containers or [container("main")]), **spec},
        "status": {"phase": "Running"},
    }


def rule(name: str, *hooks: Object, **more: t.Any) -> Object:
    return {"name": name, **more, "postHooks": [{"exec": hook} for hook in hooks]}


def shell(script: str, **more: t.Any) -> Object:
    return {"command": ["/bin/sh", "-c", script], "waitTimeout": "90s", **more}


def here(rules: list[Object], namespace: str) -> list[Object]:
    """The documentation's namespace ``app`` is one of ours."""
    return [{**each, "includedNamespaces": [namespace]} for each in rules]


@pytest.fixture
def home(cluster: Cluster) -> str:
    return cluster.new_name()


class Restoring:
    """A restore in a thread, while the test does something to its pods."""

    def __init__(self, backups: Backups, backup: str, **options: t.Any) -> None:
        self._found: list[t.Any] = []
        self._thread = threading.Thread(target=lambda: self._found.append(backups.restore(backup, **options)))
        self._thread.start()

    def end(self) -> t.Any:
        self._thread.join(90)
        assert self._found, "the restore did not end, or it raised"
        return self._found[0]


def test_init_containers_of_the_page(home: str, cluster: Cluster, backups: Backups) -> None:
    """docs/compatibility 6.2, I9: first, in their order, as on the page; the data is there before the application."""
    mounts = [{"name": f"pvc{i}-vm", "mountPath": f"/data{i}"} for i in (1, 2)]
    own = container("own", command=["/bin/sh", "-c", "cat /data1/foobarbaz > /data1/copy"], volumeMounts=mounts)
    body = pod(
        "web",
        home,
        container("main", volumeMounts=mounts),
        initContainers=[own],
        volumes=[{"name": f"pvc{i}-vm", "emptyDir": {}} for i in (1, 2)],
    )
    backups.write("b", [("pods", body)])
    read = rule("read", shell("cat /data1/copy /data2/deadfeed"))
    done = backups.restore("b", hooks=[*here(PAGE_INIT, home), read])
    assert (done.phase, done.errors_list, done.warnings_list) == ("Completed", [], [])
    assert [hook["stdout"] for hook in done.hooks] == ["FOOBARBAZDEADFEED"]
    live = cluster.get("pods", "web", home)
    assert live is not None
    first, second, third = live["spec"]["initContainers"]
    assert third["name"] == "own"
    for found, number, script in ((first, 1, 'echo -n "FOOBARBAZ" >> '), (second, 2, 'echo -n "DEADFEED" >> ')):
        service_account = found["volumeMounts"].pop()
        assert service_account["mountPath"].startswith("/var/run/secrets/")
        path = f"/restores/pvc{number}-vm"
        file = {1: "foobarbaz", 2: "deadfeed"}[number]
        assert found == {
            "command": ["/bin/ash", "-c", f"{script}{path}/{file}"],
            "image": "alpine:latest",
            "imagePullPolicy": "Always",
            "name": f"restore-hook-init{number}",
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "volumeMounts": [{"mountPath": path, "name": f"pvc{number}-vm"}],
        }
    assert done.restore["spec"]["hooks"]["resources"][0]["postHooks"] == PAGE_INIT[0]["postHooks"]
    assert backups.restore("b", hooks=[*here(PAGE_INIT, home), read]).changed is False


def test_page_s_sequence_on_postgresql(home: str, backups: Backups) -> None:
    """``pg_isready``, then ``psql``, nothing of the sidecar's between them; then the dump is in the database."""
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "dump", "namespace": home},
        "data": {"backup.sql": DUMP},
    }
    database = {
        "name": "postgres",
        "image": "postgres:15",
        "env": [{"name": "PGUSER", "value": "postgres"}],
        "volumeMounts": [
            {"name": "dump", "mountPath": "/backup"},
            {"name": "data", "mountPath": "/var/lib/postgresql"},
        ],
    }
    sidecar = container("sidecar", image="debian:bookworm", command=["/bin/bash", "-c", "sleep 3600"])
    volumes = [{"name": "dump", "configMap": {"name": "dump"}}, {"name": "data", "emptyDir": {}}]
    backups.write("b", [("configmaps", config), ("pods", pod("db", home, sidecar, database, volumes=volumes))])
    done = backups.restore("b", hooks=here(PAGE_EXEC, home))
    assert (done.phase, done.errors_list, done.warnings_list) == ("Completed", [], [])
    hooks = {(hook["container"], hook["argv"][-1].split()[0]): hook for hook in done.hooks}
    ready, import_dump = hooks["postgres", "while"], hooks["postgres", "psql"]
    assert (ready["rc"], import_dump["rc"], hooks["sidecar", "date"]["rc"]) == (0, 0, 0)
    assert "accepting connections" in ready["stdout"]
    assert import_dump["stdout"] == "CREATE TABLE\nCOPY 2\n"
    order = [hook["container"] for hook in done.hooks]
    assert order in (["postgres", "postgres", "sidecar"], ["sidecar", "postgres", "postgres"])

    def ask(name: str, *argv: str) -> str:
        return exec_command(backups.client, namespace=home, pod="db", container=name, argv=argv).stdout.decode()

    assert ask("postgres", "psql", "-At", "-c", "select name, tons from crops order by tons") == "rye|12\nbarley|30\n"
    assert ask("sidecar", "cat", "/start").strip()


def test_rules_are_about_the_target_namespace(home: str, cluster: Cluster, backups: Backups) -> None:
    """docs/compatibility G12, I14."""
    copy = cluster.new_name()
    backups.write("b", [("pods", pod("web", home))])
    init = {"initContainers": [{"name": "never", "image": "busybox:1", "command": ["false"]}]}
    rules = [
        rule("original", shell("echo original"), includedNamespaces=[home]),
        rule("target", shell("echo target"), includedNamespaces=[copy]),
        {"name": "init-original", "includedNamespaces": [home], "postHooks": [{"init": init}]},
    ]
    done = backups.restore("b", namespace_mapping={home: copy}, hooks=rules)
    assert [(hook["namespace"], hook["name"], hook["stdout"]) for hook in done.hooks] == [(copy, "target", "target\n")]


def test_wait_timeout_and_a_hook_that_stops_all(home: str, backups: Backups) -> None:
    """docs/compatibility H5, H19: a container that never comes ends within its time, and nothing else is begun."""
    broken = pod("broken", home, container("main", image="arkive.test/no-such-image:9"))
    slow = pod("slow", home, container("main", readinessProbe=NEVER_READY))
    backups.write("b", [("pods", broken), ("pods", slow)])
    rules = [
        rule("broken", shell("true", waitTimeout="3s", onError="Fail"), labelSelector="app=broken"),
        rule("slow", shell("true", waitForReady=True), labelSelector="app=slow"),
    ]
    begun = time.monotonic()
    done = backups.restore("b", hooks=rules)
    assert 3 <= time.monotonic() - begun < 30
    assert done.phase == "PartiallyFailed"
    errors = {hook["pod"]: hook["error"] for hook in done.hooks}
    assert "context deadline exceeded" in errors["broken"]
    assert "context canceled" in errors["slow"]
    assert [error["name"] for error in done.errors_list] == ["broken"]
    assert done.restore["status"]["hookStatus"] == {"hooksAttempted": 2, "hooksFailed": 2}


def test_hook_without_a_limit_of_its_own(home: str, backups: Backups) -> None:
    """docs/compatibility H10, H11, ours: Velero would wait forever."""
    backups.write("b", [("pods", pod("web", home, container("main", image="arkive.test/no-such-image:9")))])
    rules = [rule("r", shell("true", waitTimeout=None))]
    done = backups.restore("b", hooks=rules, hook_wait_limit=2.0)
    assert "did not come up within 2s" in done.warnings_list[0]["message"]
    assert done.phase == "Completed"


def make_deployment(cluster: Cluster, namespace: str, *, name: str = "web") -> None:
    """A real Deployment whose pod is running."""
    labels = {"app": name}
    cluster.client.post("/api/v1/namespaces", {"metadata": {"name": namespace}})
    template = {
        "metadata": {"labels": labels},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container("main", readinessProbe=READY)]},
    }
    body = {
        "metadata": {"name": name},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }
    cluster.client.post(f"/apis/apps/v1/namespaces/{namespace}/deployments", body)
    cluster.wait("deployments", name, namespace, lambda obj: bool(obj and (obj.get("status") or {}).get("replicas")))
    while not [pod for pod in pods_of(cluster, namespace) if pod["status"].get("phase") == "Running"]:
        time.sleep(0.2)


def pods_of(cluster: Cluster, namespace: str) -> list[Object]:
    return list(cluster.client.get(f"/api/v1/namespaces/{namespace}/pods")["items"])


def test_hooks_follow_to_the_pod_that_replaces_a_deleted_one(home: str, cluster: Cluster, backups: Backups) -> None:
    make_deployment(cluster, home)
    backups.write("b", cluster.stored(home))
    cluster.delete("namespaces", home)
    restoring = Restoring(backups, "b", hooks=[rule("r", shell("cat /tmp/ready", waitForReady=True, onError="Fail"))])

    def adopted() -> Object | None:
        found = [each for each in pods_of(cluster, home) if each["metadata"].get("ownerReferences")]
        running = [each for each in found if each["status"].get("phase") == "Running"]
        return running[0] if running else None

    end = time.monotonic() + 60
    while (first := adopted()) is None:
        assert time.monotonic() < end
        time.sleep(0.2)
    old = first["metadata"]["name"]
    cluster.delete("pods", old, home)
    while (second := adopted()) is None or second["metadata"]["name"] == old:
        assert time.monotonic() < end
        time.sleep(0.2)
    new = second["metadata"]["name"]
    exec_command(
        backups.client, namespace=home, pod=new, container="main", argv=["/bin/sh", "-c", "echo new > /tmp/ready"]
    )
    done = restoring.end()
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert [(hook["pod"], hook["stdout"]) for hook in done.hooks] == [(new, "new\n")]
    assert f"the hooks of pod {home}/{old} go to {new}, which replaces it" in backups.lines


def test_resume_runs_only_what_has_no_result(home: str, cluster: Cluster, backups: Backups) -> None:
    """The first hook ran, the second waited when the run was cancelled: only the second runs again."""
    body = pod("web", home, container("first"), container("second", readinessProbe=READY))
    backups.write("b", [("pods", body)])
    rules = [
        rule(
            "r",
            shell("echo x >> /tmp/runs; cat /tmp/runs", container="first"),
            shell("cat /tmp/ready", container="second", waitForReady=True),
        )
    ]
    plain = backups.client.with_cancel(type(backups.client.cancel)())
    restoring = Restoring(backups, "b", client=plain, name="r", hooks=rules)
    cluster.wait("pods", "web", home, lambda obj: obj is not None and obj["status"].get("phase") == "Running")
    waits = ["/bin/sh", "-c", "until cat /tmp/runs; do sleep 0.1; done"]
    exec_command(backups.client, namespace=home, pod="web", container="first", argv=waits, timeout=60.0)
    plain.cancel.cancel("signal 15")
    first = restoring.end()
    assert first.phase == "Failed"
    exec_command(
        backups.client, namespace=home, pod="web", container="second", argv=["/bin/sh", "-c", "echo r > /tmp/ready"]
    )
    second = backups.restore("b", name="r", hooks=rules)
    assert [(hook["container"], hook["stdout"]) for hook in second.hooks] == [("second", "r\n")]
    assert backups.restore("b", name="r", hooks=rules).changed is False


RUNNER = """
import json, sys
from restore_lab import Backups, RestoreRequest, RestoreSpec, run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store

kubeconfig, path, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
request = RestoreRequest(spec=RestoreSpec.from_options(options), name="r")
store = open_store(LocalLocation(path=path))
run_restore(request, client=connect(KubeAuth(kubeconfig=kubeconfig)), store=store)
"""


def test_resume_after_a_kill(home: str, cluster: Cluster, backups: Backups, kubeconfig: str) -> None:
    """Killed while the second hook waited: the first has a result, and is not run again."""
    body = pod("web", home, container("first"), container("second", readinessProbe=READY))
    backups.write("b", [("pods", body)])
    rules = [
        rule("r", shell("echo x >> /tmp/runs", container="first"), shell("true", container="second", waitForReady=True))
    ]
    argv = [kubeconfig, str(backups.path), json.dumps({"backup_name": "b", "hooks": rules})]
    path = os.pathsep.join([*sys.path])
    process = subprocess.Popen([sys.executable, "-c", RUNNER, *argv], env={**os.environ, "PYTHONPATH": path})
    record = backups.path / "restores/r/r-arkive.json.gz"
    end = time.monotonic() + 90
    while not (record.exists() and json.loads(gzip.decompress(record.read_bytes()))["hooks"]):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.1)
    process.kill()
    process.wait()

    def run(name: str, script: str) -> str:
        found = exec_command(
            backups.client, namespace=home, pod="web", container=name, argv=["/bin/sh", "-c", script], timeout=30.0
        )
        return found.stdout.decode()

    run("second", "touch /tmp/ready")
    done = backups.restore("b", name="r", hooks=rules)
    assert [(hook["container"], hook["state"]) for hook in done.hooks] == [("second", "ok")]
    assert run("first", "cat /tmp/runs") == "x\n"
    assert done.phase == "Completed"
    assert backups.restore("b", name="r", hooks=rules).changed is False


@pytest.mark.parametrize("verbs", [["get", "list"], ["get"]], ids=["no watch", "neither watch nor list"])
def test_without_the_right_to_watch(
    home: str, cluster: Cluster, backups: Backups, kubeconfig: str, verbs: list[str]
) -> None:
    """Pods are read again and again then."""
    user = "arkive-test-reader-" + "-".join(verbs)
    limited = connect(KubeAuth(kubeconfig=kubeconfig, impersonate_user=user))
    cluster.client.post("/api/v1/namespaces", {"metadata": {"name": home}})
    path = f"/apis/{RBAC}/v1/namespaces/{home}"
    rules = [
        {"apiGroups": [""], "resources": ["pods", "serviceaccounts"], "verbs": [*verbs, "create"]},
        {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get", "create"]},
    ]
    cluster.client.post(path + "/roles", {"metadata": {"name": "reader"}, "rules": rules})
    subjects = [{"kind": "User", "name": user, "apiGroup": RBAC}]
    role = {"apiGroup": RBAC, "kind": "Role", "name": "reader"}
    cluster.client.post(path + "/rolebindings", {"metadata": {"name": "reader"}, "roleRef": role, "subjects": subjects})
    cluster.wait("serviceaccounts", "default", home, lambda obj: obj is not None)
    backups.write("b", [("pods", pod("web", home))])
    done = backups.restore("b", client=limited, included_namespaces=[home], hooks=[rule("r", shell("echo here"))])
    assert [hook["stdout"] for hook in done.hooks] == ["here\n"]
