# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application that writes nothing, so that its pods really go: a claim, and a Deployment that mounts it."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

from nginx_app import until

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, read_claim

PATH = "/data"
CLAIM = "idle"


def pod_spec(*, privileged: bool = True) -> Object:
    return {
        "terminationGracePeriodSeconds": 0,
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}}],
        "containers": [
            {
                "name": "fsfreeze",
                "image": "ubuntu:bionic",
                "command": ["/bin/bash", "-c", "sleep infinity"],
                "securityContext": {"privileged": privileged},
                "volumeMounts": [{"mountPath": PATH, "name": "data"}],
            }
        ],
    }


class IdleApp:
    """The application in one namespace, and what is true of its file system."""

    def __init__(self, client: KubeClient, kubectl: t.Callable[..., str], namespace: str, access_mode: str) -> None:
        self.client = client
        self.namespace = namespace
        self._kubectl = kubectl
        labels = {"app": "nginx"}
        claim = {"accessModes": [access_mode], "resources": {"requests": {"storage": "64Mi"}}}
        self._apply(
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": CLAIM}, "spec": claim},
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": CLAIM},
                "spec": {
                    "replicas": 1,
                    "strategy": {"type": "Recreate"},
                    "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": pod_spec()},
                },
            },
        )
        self.await_pod()
        self._may_go_frozen()

    def _may_go_frozen(self) -> None:
        """Where its pod is replaced slowly, the volume leaves the node as it is: the local cluster is not to mind."""
        state = os.environ.get("ARKIVE_TEST_STATE")
        if state:
            claim = self.client.get(f"/api/v1/namespaces/{self.namespace}/persistentvolumeclaims/{CLAIM}")
            volume = self.client.get(f"/api/v1/persistentvolumes/{claim['spec']['volumeName']}")
            with Path(state, "may-go-frozen").open("a") as expected:
                expected.write(f"{volume['spec']['csi']['volumeHandle']}\n")

    def _apply(self, *items: Object) -> None:
        document = {"apiVersion": "v1", "kind": "List", "items": list(items)}
        self._kubectl("-n", self.namespace, "apply", "-f", "-", stdin=json.dumps(document))

    def pods(self) -> list[Object]:
        found = self.client.get(f"/api/v1/namespaces/{self.namespace}/pods", query={"labelSelector": "app=nginx"})
        return list(found["items"])

    def await_pod(self, *, besides: str = "") -> str:
        def ready() -> str:
            names = [
                str(pod["metadata"]["name"])
                for pod in self.pods()
                if any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or [])
            ]
            return names[0] if len(names) == 1 and names[0] != besides else ""

        return str(until(ready, "one pod is ready", seconds=90))

    def replace_pod(self) -> tuple[str, str]:
        """Delete the pod; the names of the one that is gone and of the one that is there now."""
        old = self.await_pod()
        self._kubectl("-n", self.namespace, "delete", "pod", old, "--wait")
        return old, self.await_pod(besides=old)

    def scale(self, replicas: int) -> None:
        self._kubectl("-n", self.namespace, "scale", "deployment", CLAIM, f"--replicas={replicas}")
        until(lambda: len(self.pods()) == replicas, "the pods have come or gone", seconds=60)
        if replicas:
            self.await_pod()

    def lose_the_right_to_thaw(self) -> None:
        """A rollout to pods that may not freeze or thaw."""
        old = self.await_pod()
        patch = {"spec": {"template": {"spec": pod_spec(privileged=False)}}}
        self._kubectl("-n", self.namespace, "patch", "deployment", CLAIM, "-p", json.dumps(patch))
        self.await_pod(besides=old)

    def annotate_pod(self, **hooks: str) -> None:
        words = [f"{phase}.hook.backup.velero.io/{name}={value}" for key, value in hooks.items()
                 for phase, name in [key.split("_")]]  # fmt: skip
        self._kubectl("-n", self.namespace, "annotate", "pod", "-l", "app=nginx", "--overwrite", *words)

    def run(self, *argv: str) -> tuple[int, str]:
        done = exec_command(
            self.client,
            namespace=self.namespace,
            pod=self.await_pod(),
            container="fsfreeze",
            argv=argv,
            timeout=20.0,
        )
        return done.rc, (done.stdout + done.stderr).decode()

    @property
    def is_frozen(self) -> bool:
        """A second freeze is refused; one that is not is ended at once."""
        rc, said = self.run("fsfreeze", "--freeze", PATH)
        if rc:
            assert "busy" in said, said
            return True
        assert self.run("fsfreeze", "--unfreeze", PATH)[0] == 0
        return False

    @property
    def claim_marks(self) -> list[Mark]:
        return list(read_claim(self.client.get(self._path("persistentvolumeclaims", CLAIM))).marks)

    def _path(self, plural: str, name: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/{plural}/{name}"

    def set_mark(self, text: str | None, *, on_pod: bool = False) -> None:
        path = self._path("pods", self.await_pod()) if on_pod else self._path("persistentvolumeclaims", CLAIM)
        self.client.patch(path, {"metadata": {"annotations": {FROZEN_ANNOTATION: text}}})

    def make_marks_old(self) -> None:
        """Let the time of the claim's marks pass at once."""
        entries = [mark.to_json() | {"until": "2020-01-01T00:00:00Z"} for mark in self.claim_marks]
        assert entries
        self.set_mark(json.dumps(entries))

    def helper_pods(self) -> list[Object]:
        selector = {"labelSelector": "app.kubernetes.io/managed-by=arkive.k8s"}
        found = self.client.get("/api/v1/pods", query=selector)
        return [pod for pod in found["items"] if not pod["metadata"].get("deletionTimestamp")]

    def clean(self) -> None:
        """Nothing stays frozen behind a test that failed."""
        try:
            self.scale(0)
            patch = {"spec": {"template": {"spec": pod_spec()}}}
            self._kubectl("-n", self.namespace, "patch", "deployment", CLAIM, "-p", json.dumps(patch))
            self.scale(1)
            self.run("fsfreeze", "--unfreeze", PATH)
        except KubeError:
            return
