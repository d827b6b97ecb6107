# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod with a lock like that of MongoDB, of which no server is to be had here: counted, not bound to a session."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from volume_lab import Object

_PROGRAMS = Path(__file__).with_name("standin")


class MongodbStandin:
    """One pod, ``db``, whose server writes numbered rows all the time."""

    kind = "mongodb"

    def __init__(self, kubectl: t.Any, namespace: str, *, name: str = "db") -> None:
        self.kubectl = kubectl
        self.namespace = namespace
        self.name = name
        self.claims: tuple[str, ...] = (name,)

    def create(self, source: str = "") -> None:
        """Make it, its volume from the snapshot ``source``, and wait until it writes."""
        spec: Object = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "loopfile",
            "resources": {"requests": {"storage": "64Mi"}},
        }
        if source:
            group = "snapshot.storage.k8s.io"
            spec["dataSource"] = {"apiGroup": group, "kind": "VolumeSnapshot", "name": source}
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": self.name}, "spec": spec}
        programs = {path.stem: path.read_text(encoding="utf-8") for path in _PROGRAMS.glob("*.sh")}
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": self.name}, "data": programs}
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [claim, config, self._pod()]})
        self.kubectl("-n", self.namespace, "create", "-f", "-", stdin=text)
        self.kubectl("-n", self.namespace, "wait", "--for=condition=Ready", f"pod/{self.name}", "--timeout=110s")

    def sh(self, script: str) -> str:
        found: str = self.kubectl("-n", self.namespace, "exec", self.name, "--", "/bin/bash", "-c", script)
        return found.strip()

    @property
    def locks(self) -> int:
        """How often it is locked."""
        return int(self.sh("cat /run/standin/count"))

    @property
    def leases(self) -> str:
        """What is left of them in the container."""
        return self.sh("ls /dev/shm; pgrep -f '[a]rkive-timer /dev/shm' || true")

    def rows(self) -> tuple[int, int]:
        """The newest one, and how many there are."""
        newest, count = self.sh("tail -n 1 /data/db/rows; wc -l </data/db/rows").split()
        return int(newest), int(count)

    def _pod(self) -> Object:
        mounts: list[Object] = [{"name": "data", "mountPath": "/data/db"}]
        mounts += [
            {"name": "programs", "mountPath": f"/usr/local/bin/{name}", "subPath": name}
            for name in ("mongod", "mongosh")
        ]
        container = {
            "name": "server",
            "image": "debian:bookworm",
            "command": ["mongod"],
            "volumeMounts": mounts,
            "readinessProbe": {
                "exec": {"command": ["test", "-s", "/data/db/rows"]},
                "periodSeconds": 1,
                "timeoutSeconds": 10,
            },
        }
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.name, "labels": {"app": self.name}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [container],
                "volumes": [
                    {"name": "data", "persistentVolumeClaim": {"claimName": self.name}},
                    {"name": "programs", "configMap": {"name": self.name, "defaultMode": 0o755}},
                ],
            },
        }


__all__ = ("MongodbStandin",)
