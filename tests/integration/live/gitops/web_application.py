# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small application in git: settings, a claim and a Deployment that uses both; its commits, backups and restores."""

from __future__ import annotations

import typing as t
from pathlib import Path

from flux_lab import FluxApplication, FluxLab, found
from play_runner import PlayRunner, Task

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

#: What a backup of the application takes: what is in git, and not what the cluster makes of it.
KINDS = ["configmaps", "persistentvolumeclaims", "deployments"]
LABELS = {"app": "web"}
BACKUP = "before"


class WebApplication:
    """In one namespace, followed by Flux. The greeting and the number of replicas are what a commit changes."""

    def __init__(self, flux: FluxLab, namespace: str, runner: PlayRunner, backups: Path) -> None:
        backups.mkdir()
        self.namespace = namespace
        self.backups = backups
        self.runner = runner
        self._flux = flux
        self.followed: FluxApplication = flux.follow(namespace)

    def first_commit(self) -> None:
        """The application as it is backed up later."""
        self.followed.commit(*self.tree("one"))
        self.followed.await_applied()
        self._flux.kubectl("-n", self.namespace, "rollout", "status", "deployment/web", "--timeout=90s")

    def commit(self, greeting: str, *, extra: bool = False) -> None:
        """Another greeting, applied by Flux."""
        self.followed.commit(*self.tree(greeting, extra=extra))
        self.followed.await_applied()

    def tree(self, greeting: str, *, extra: bool = False) -> list[Object]:
        """The objects as they are in git."""
        mount = {"name": "data", "mountPath": "/data"}
        script = "trap exit TERM; while :; do sleep 1 & wait; done"
        container = {
            "name": "web",
            "image": "busybox:1",
            "command": ["sh", "-c", script],
            "envFrom": [{"configMapRef": {"name": "settings"}}],
            "volumeMounts": [mount],
        }
        pod = {
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        }
        deployment = {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS, "annotations": {"greeting": greeting}}, "spec": pod},
        }
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
        objects: list[Object] = [
            self._object("v1", "ConfigMap", "settings", data={"GREETING": greeting}),
            self._object("v1", "PersistentVolumeClaim", "data", spec=claim),
            self._object("apps/v1", "Deployment", "web", spec=deployment),
        ]
        return [*objects, self._object("v1", "ConfigMap", "extra", data={"only": "then"})] if extra else objects

    def _object(self, version: str, kind: str, name: str, **more: t.Any) -> Object:
        metadata = {"name": name, "namespace": self.namespace, "labels": dict(LABELS)}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}

    @property
    def location(self) -> Object:
        return {"path": str(self.backups)}

    def back_up(self) -> None:
        """Back the application up as it is now."""
        asked = {
            "name": BACKUP,
            "included_namespaces": [self.namespace],
            "included_resources": KINDS,
            "snapshot_volumes": False,
            "storage_location": self.location,
        }
        self.runner.results([{"arkive.k8s.k8s_backup": asked, "register": "backup"}], "backup")

    def restoring(self, **options: t.Any) -> Task:
        """The task that restores the backup over what is there, registered as ``restore``."""
        asked = {
            "backup": BACKUP,
            "existing_resource_policy": "update",
            "storage_location": self.location,
            **options,
        }
        return {"arkive.k8s.k8s_restore": asked, "register": "restore"}

    def restore(self, **options: t.Any) -> Task:
        """Restore the backup; what the module returned."""
        return self.runner.results([self.restoring(**options)], "restore")["restore"]

    def export(self, folder: Path) -> None:
        """Write what the cluster has now into a tree, as somebody does who puts a restored state into git."""
        asked = {
            "from_cluster": True,
            "included_namespaces": [self.namespace],
            "included_resources": KINDS,
            "dest": str(folder),
        }
        self.runner.results([{"arkive.k8s.k8s_backup_export": asked, "register": "export"}], "export")

    def config_map(self, name: str = "settings") -> Object | None:
        return found(self._flux.client, f"/api/v1/namespaces/{self.namespace}/configmaps/{name}")

    def deployment(self) -> Object:
        return self._flux.client.get(f"/apis/apps/v1/namespaces/{self.namespace}/deployments/web")

    def greetings(self) -> tuple[str, str]:
        """As the settings have it, and as the pods are started with."""
        settings, template = self.config_map(), self.deployment()["spec"]["template"]
        return (settings or {}).get("data", {}).get("GREETING", ""), template["metadata"]["annotations"]["greeting"]

    def change_settings(self, **data: str | None) -> None:
        """As somebody does who is neither Flux nor kubectl: ``None`` takes a key away."""
        path = f"/api/v1/namespaces/{self.namespace}/configmaps/settings"
        self._flux.client.patch(path, {"data": data})

    def remove(self) -> None:
        self.followed.remove()


__all__ = ("BACKUP", "KINDS", "WebApplication")
