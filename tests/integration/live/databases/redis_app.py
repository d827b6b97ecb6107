# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Redis or Valkey server with its files in a volume, and a writer that counts."""

from __future__ import annotations

import contextlib
import json
import typing as t

from volume_lab import Object, until

#: By kind: the image, and the server in it.
_SERVERS = {"redis": ("redis:7.0", "redis-server"), "valkey": ("valkey/valkey:9", "valkey-server")}
#: One client all the time: each answer is the number that was acknowledged.
_WRITER = "rm -f /tmp/stop /tmp/acks; while [ ! -e /tmp/stop ]; do echo INCR n; done | redis-cli >/tmp/acks 2>&1"


#: A server truncates what is not whole when it starts, so that its files are checked before: by its own program, which
#: is a checker under another name. Each file alone: that of Valkey 9.1 takes the base of its own manifest for commands.
_START = """
: >/tmp/check
for file in /data/dump.rdb /data/appendonlydir/*.rdb /data/appendonlydir/*.aof; do
  [ -e "$file" ] || continue
  kind=${file##*.}
  (exec -a "${0%server}check-$kind" "$0" "$file") >/tmp/said 2>&1 </dev/null || cat /tmp/said >>/tmp/check
done
exec "$0" "$@"
"""


class RedisApp:
    """One pod, ``db``. ``settings``: words of the server's command line.

    ``beside``: those of a server in a second container, at the usual port; then ``settings`` name another one.
    """

    def __init__(
        self,
        kubectl: t.Any,
        namespace: str,
        *,
        kind: str = "redis",
        name: str = "db",
        settings: t.Sequence[str] = ("--appendonly", "yes"),
        environment: t.Mapping[str, str] | None = None,
        beside: t.Sequence[str] = (),
    ) -> None:
        self.kubectl = kubectl
        self.namespace = namespace
        self.kind = kind
        self.name = name
        self.claims: tuple[str, ...] = (name,)
        self._settings = settings
        self._environment = environment or {}
        self._beside = beside

    def check(self) -> str:
        """What the server's own programs found in its files before it started: nothing, when all is well."""
        return self.sh("cat /tmp/check")

    def create(self, source: str = "") -> None:
        """Make it, its volume from the snapshot ``source``, and wait until it serves."""
        spec: Object = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "loopfile",
            "resources": {"requests": {"storage": "64Mi"}},
        }
        if source:
            group = "snapshot.storage.k8s.io"
            spec["dataSource"] = {"apiGroup": group, "kind": "VolumeSnapshot", "name": source}
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": self.name}, "spec": spec}
        self.kubectl("-n", self.namespace, "create", "-f", "-", stdin=json.dumps(claim))
        self.create_pod()

    def create_pod(self) -> None:
        """On the volume that is there."""
        self.kubectl("-n", self.namespace, "create", "-f", "-", stdin=json.dumps(self._pod()))
        self.kubectl("-n", self.namespace, "wait", "--for=condition=Ready", f"pod/{self.name}", "--timeout=110s")

    def sh(self, script: str) -> str:
        found: str = self.kubectl("-n", self.namespace, "exec", self.name, "--", "/bin/bash", "-c", script)
        return found.strip()

    def ask(self, command: str) -> str:
        return self.sh(f"redis-cli {command}")

    def count(self) -> int:
        return int(self.ask("GET n") or 0)

    def info(self, name: str) -> str:
        lines = dict(line.strip().partition(":")[::2] for line in self.ask("INFO everything").splitlines())
        return lines[name]

    @contextlib.contextmanager
    def written_to(self) -> t.Iterator[None]:
        """A writer that counts as fast as it is answered."""
        self.sh(f"setsid /bin/bash -c '{_WRITER}' </dev/null >/dev/null 2>&1 &")
        until(lambda: self.acknowledged() > 100, "it counts", seconds=20)
        try:
            yield
        finally:
            self.sh("touch /tmp/stop")

    def acknowledged(self) -> int:
        return int(self.sh("tail -n 2 /tmp/acks 2>/dev/null | head -n 1 | grep -E '^[0-9]+$' || echo 0"))

    def _pod(self) -> Object:
        image, server = _SERVERS[self.kind]
        probe = {
            "exec": {"command": ["/bin/sh", "-c", "redis-cli PING | grep -E 'PONG|NOAUTH'"]},
            "periodSeconds": 1,
            "timeoutSeconds": 10,
        }
        container = {
            "name": "server",
            "image": image,
            "command": ["/bin/bash", "-c", _START, server],
            "args": ["--dir", "/data", "--protected-mode", "no", *self._settings],
            "env": [{"name": name, "value": value} for name, value in self._environment.items()],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            "readinessProbe": probe,
        }
        containers = [container]
        if self._beside:
            args = ["--dir", "/data", "--protected-mode", "no", *self._beside]
            mounts = [{"name": "other", "mountPath": "/data"}]
            containers.append({**container, "name": "other", "args": args, "volumeMounts": mounts})
            del container["readinessProbe"]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.name, "labels": {"app": self.name}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": containers,
                "volumes": [
                    {"name": "data", "persistentVolumeClaim": {"claimName": self.name}},
                    {"name": "other", "emptyDir": {}},
                ],
            },
        }


__all__ = ("RedisApp",)
