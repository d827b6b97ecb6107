# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be frozen, for each kind of volume. What is refused is refused before anything runs."""

from __future__ import annotations

import json
import typing as t

import pytest
from nginx_app import until
from processes import Engine

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command

pytestmark = pytest.mark.node

POD = "guarded"
#: A command that leaves a trace, so that it is known whether it ran.
TRACE = "/dev/shm/ran"

REFUSED = [
    pytest.param("/empty", "of kind emptyDir", id="emptyDir"),
    pytest.param("/memory", "of kind emptyDir", id="emptyDir in memory"),
    pytest.param("/host", "of kind hostPath", id="hostPath"),
    pytest.param("/claim-on-hostpath", "of kind hostPath", id="claim on a hostPath volume"),
    pytest.param("/claim-on-local", "of kind local", id="claim on a local volume"),
    pytest.param("/config", "of kind configMap", id="configMap"),
    pytest.param("/usr", "no volume is mounted there", id="no volume"),
    pytest.param("/", "no volume is mounted there", id="root"),
    pytest.param("/etc/hosts", "no volume is mounted there", id="made by the runtime"),
    pytest.param("/link", "of kind emptyDir", id="link in the image to an emptyDir"),
    pytest.param("/data/link", "of kind emptyDir", id="link on the claim to an emptyDir"),
    pytest.param("/data/../empty", "of kind emptyDir", id="dots to an emptyDir"),
    pytest.param("/data/empty-inside", "of kind emptyDir", id="emptyDir mounted below the claim"),
    pytest.param("/data/no-such", "cannot say where the path leads", id="no such directory"),
    pytest.param("data", "the path is not absolute", id="relative"),
]
ALLOWED = [
    pytest.param("/data", "ext4", id="claim"),
    pytest.param("/sub", "ext4", id="subPath of a claim"),
    pytest.param("/to-data", "ext4", id="link in the image to a claim"),
    pytest.param("/xfs", "xfs", id="xfs"),
    pytest.param("/ephemeral", "ext4", id="generic ephemeral volume"),
]


def claim(name: str, storage_class: str | None = None, size: str = "64Mi", **spec: t.Any) -> Object:
    spec |= {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def volume(name: str, namespace: str, claim_name: str, node: str, **source: t.Any) -> Object:
    spec = {
        "capacity": {"storage": "64Mi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "claimRef": {"namespace": namespace, "name": claim_name},
        "nodeAffinity": {
            "required": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
                ]
            }
        },
        **source,
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}


def guarded_pod() -> Object:
    sources: Object = {
        "data": {"persistentVolumeClaim": {"claimName": "data"}},
        "xfs": {"persistentVolumeClaim": {"claimName": "xfs"}},
        "claim-on-hostpath": {"persistentVolumeClaim": {"claimName": "on-hostpath"}},
        "claim-on-local": {"persistentVolumeClaim": {"claimName": "on-local"}},
        "empty": {"emptyDir": {}},
        "memory": {"emptyDir": {"medium": "Memory"}},
        "host": {"hostPath": {"path": "/srv/arkive-test-guard", "type": "DirectoryOrCreate"}},
        "config": {"configMap": {"name": "kube-root-ca.crt"}},
        "ephemeral": {"ephemeral": {"volumeClaimTemplate": {"spec": claim("")["spec"]}}},
    }
    mounts = [
        *({"name": name, "mountPath": f"/{name}"} for name in sources),
        {"name": "data", "mountPath": "/sub", "subPath": "some/where"},
        {"name": "empty", "mountPath": "/data/empty-inside"},
    ]
    tools = {
        "name": "tools",
        "image": "ubuntu:bionic",
        "command": [
            "/bin/sh",
            "-c",
            "ln -s /empty /link; ln -s /data /to-data; ln -sfn /empty /data/link; exec sleep infinity",
        ],
        "securityContext": {"privileged": True},
        "volumeMounts": mounts,
    }
    sleeper = {
        "name": "no-shell",
        "image": "arkive.test/sleeper:1",
        "securityContext": {"privileged": True},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": POD},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [tools, sleeper],
            "volumes": [{"name": name, **source} for name, source in sources.items()],
        },
    }


class Guarded:
    """The pod that has every kind of volume."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self.client = client
        self.namespace = namespace

    def sh(self, script: str) -> str:
        result = exec_command(
            self.client, namespace=self.namespace, pod=POD, container="tools", argv=["/bin/sh", "-c", script]
        )
        assert result.rc == 0, result
        return result.stdout.decode().strip()

    def is_writable(self, path: str) -> bool:
        """Whether a write goes through at once."""
        script = (
            f"exec 2>/dev/null; (: >{path}/beat) >/dev/null & sleep 0.7; kill -0 $! && echo blocked || echo through"
        )
        return self.sh(script) == "through"


@pytest.fixture(scope="module")
def guarded(client: KubeClient, kubectl: t.Callable[..., str], module_namespace: str) -> t.Iterator[Guarded]:
    node = client.get("/api/v1/nodes")["items"][0]["metadata"]
    host = node["labels"]["kubernetes.io/hostname"]
    volumes = [
        volume(
            f"{module_namespace}-hostpath",
            module_namespace,
            "on-hostpath",
            host,
            hostPath={"path": "/srv/arkive-test-guard-pv", "type": "DirectoryOrCreate"},
        ),
        volume(f"{module_namespace}-local", module_namespace, "on-local", host, local={"path": "/srv"}),
    ]
    claims = [
        claim("data"),
        claim("xfs", "loopfile-xfs", "320Mi"),
        claim("on-hostpath", "", volumeName=f"{module_namespace}-hostpath"),
        claim("on-local", "", volumeName=f"{module_namespace}-local"),
    ]
    try:
        objects = {"apiVersion": "v1", "kind": "List", "items": [*volumes, *claims, guarded_pod()]}
        kubectl("-n", module_namespace, "apply", "-f", "-", stdin=json.dumps(objects))
        kubectl("-n", module_namespace, "wait", "--for=condition=Ready", f"pod/{POD}", "--timeout=90s")
        yield Guarded(client, module_namespace)
    finally:
        kubectl("-n", module_namespace, "delete", "pod", POD, "--ignore-not-found", "--wait")
        kubectl("delete", "pv", "--ignore-not-found", "--wait=false", *(entry["metadata"]["name"] for entry in volumes))


def freeze(guarded: Guarded, engine: Engine, path: str, container: str = "tools", **asked: t.Any) -> Object:
    task = {"pod": POD, "label_selector": "", "container": container, **asked}
    return engine.call("freeze", namespace=guarded.namespace, path=path, task=task, policy={"lease_seconds": 4})


@pytest.mark.parametrize(("path", "why"), REFUSED)
def test_refused(
    guarded: Guarded, engine: Engine, path: str, why: str, frozen_lines: t.Callable[[], list[str]]
) -> None:
    before = frozen_lines()
    script = f": >{TRACE}; /sbin/fsfreeze --freeze {path}"
    task = {"pod": POD, "label_selector": "", "container": "tools", "argv": ["/bin/sh", "-c", script]}
    for result in (
        freeze(guarded, engine, path),
        engine.call("hook", namespace=guarded.namespace, task=task),
    ):
        assert result["changed"] is False
        assert len(result["errors"]) == 1
        assert "is refused" in result["errors"][0]
        assert why in result["errors"][0]
        assert (result["hooks"], result["freezes"], result["lease_ids"]) == ([], [], [])
    assert guarded.sh(f"ls {TRACE} 2>/dev/null; ls -d /dev/shm/arkive-* 2>/dev/null; :") == ""
    assert guarded.is_writable("/empty")
    assert guarded.is_writable("/data")
    assert frozen_lines() == before


@pytest.mark.parametrize(("path", "file_system"), ALLOWED)
def test_allowed(guarded: Guarded, engine: Engine, path: str, file_system: str) -> None:
    assert guarded.sh(f"stat -f -c %T {path}").startswith(file_system[:3])
    frozen = freeze(guarded, engine, path)
    assert frozen["errors"] == []
    assert guarded.is_writable(path) is False
    task = {"pod": POD, "label_selector": "", "container": "tools"}
    asked = {"namespace": guarded.namespace, "path": path, "task": task, "lease_id": frozen["lease_ids"][0]}
    thawed = engine.call("thaw", **asked)
    assert thawed["errors"] == []
    assert thawed["freezes"][0]["thawed_by"] == "release"
    assert guarded.is_writable(path)


def test_container_without_a_shell(guarded: Guarded, engine: Engine) -> None:
    result = freeze(guarded, engine, "/data", container="no-shell")
    assert len(result["errors"]) == 1
    assert "cannot be examined before the freeze" in result["errors"][0]
    assert (result["hooks"], result["freezes"]) == ([], [])
    assert guarded.is_writable("/data")


def test_annotations_of_a_backup(
    guarded: Guarded, engine: Engine, location: Object, kubectl: t.Callable[..., str]
) -> None:
    """The other hooks of the pod do not run either, and the pod is left out."""
    hooks = {
        "pre.hook.backup.velero.io/command": json.dumps(
            ["/bin/sh", "-c", f": >{TRACE}; /sbin/fsfreeze --freeze /empty"]
        ),
        "post.hook.backup.velero.io/command": json.dumps(["/bin/sh", "-c", f": >{TRACE}"]),
    }
    words = [f"{name}={value}" for name, value in hooks.items()]
    kubectl("-n", guarded.namespace, "annotate", "pod", POD, *words)
    result = engine.call("backup", name="b", namespace=guarded.namespace, location=location)
    kubectl("-n", guarded.namespace, "annotate", "pod", POD, *(f"{name}-" for name in hooks))
    assert result["phase"] == "PartiallyFailed"
    (hook,) = result["hooks"]
    assert (hook["phase"], hook["state"], hook["rc"]) == ("pre", "failed", None)
    assert "of kind emptyDir, which lies on the node's own disk" in hook["error"]
    assert result["freezes"] == []
    assert "pods" not in result["items"]
    assert guarded.sh(f"ls {TRACE} 2>/dev/null; :") == ""


def test_two_paths_of_one_claim(guarded: Guarded, engine: Engine) -> None:
    """The same file system twice: the second freeze finds it frozen, and the first one holds."""
    first = freeze(guarded, engine, "/data")
    second = freeze(guarded, engine, "/sub")
    assert "already frozen by someone else" in second["errors"][0]
    assert guarded.is_writable("/data") is False
    until(lambda: guarded.is_writable("/data"), "the first one's lease ends", seconds=30)
    task = {"pod": POD, "label_selector": "", "container": "tools"}
    asked = {"namespace": guarded.namespace, "path": "/data", "task": task, "lease_id": first["lease_ids"][0]}
    assert "ran out" in engine.call("thaw", **asked)["errors"][0]
