# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A MariaDB server with its files in a volume, a writer that numbers its rows, and what comes back of it."""

from __future__ import annotations

import contextlib
import json
import typing as t

from volume_lab import Object, until

DATA = "/var/lib/mysql"
CONTAINER = "mariadb"
#: By table: the engine. Each number goes to all of them, one after the other.
TABLES = {"ticks": "InnoDB", "ticks_myisam": "MyISAM", "ticks_aria": "Aria transactional=0"}
#: Each number is in the file of acknowledgements once all of its inserts have been answered.
_WRITER = (
    "rm -f /tmp/stop /tmp/acks; i=0; while [ ! -e /tmp/stop ]; do i=$((i+1)); "
    + 'echo "'
    + " ".join(f"insert into app.{table} (id, v) values ($i, rand());" for table in TABLES)
    + ' select $i;"; done | mariadb -NB -n --unbuffered >/tmp/acks 2>/tmp/writer.err'
)


class MariadbApp:
    """One pod, ``db``. ``settings``: words of the server's command line. ``far``: a volume that is no claim."""

    kind = "mariadb"

    def __init__(
        self,
        kubectl: t.Any,
        namespace: str,
        *,
        name: str = "db",
        settings: t.Sequence[str] = (),
        annotations: t.Mapping[str, str] | None = None,
        environment: t.Mapping[str, str] | None = None,
        far: bool = False,
    ) -> None:
        self.kubectl = kubectl
        self.namespace = namespace
        self.name = name
        self.claims: tuple[str, ...] = (name,)
        self._settings = settings
        self._annotations = annotations or {}
        self._environment = environment or {}
        self._far = far

    def create(self, source: str = "") -> None:
        """Make it, its volume from the snapshot ``source``, and wait until it serves."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [self._claim(source), self._pod()]})
        self.kubectl("-n", self.namespace, "create", "-f", "-", stdin=text)
        self.kubectl("-n", self.namespace, "wait", "--for=condition=Ready", f"pod/{self.name}", "--timeout=110s")
        if not source:
            self.sql("create database probe", "create table probe.p (i int)")

    def sh(self, script: str, *, check: bool = True) -> str:
        found: str = self.kubectl("-n", self.namespace, "exec", self.name, "--", "/bin/bash", "-c", script, check=check)
        return found.strip()

    def sql(self, *statements: str, user: str = "root") -> str:
        return self.sh(f'mariadb -u {user} -NB -e "{"; ".join(statements)}"')

    @property
    def is_held(self) -> bool:
        """A write has to wait. One that does not go through shows it."""
        found = self.sh("mariadb -e 'set lock_wait_timeout = 1; insert into probe.p values (1)' 2>&1 || true")
        return "Lock wait timeout" in found

    @property
    def sessions(self) -> int:
        """Those that wait for a statement: ours, where nobody else is connected."""
        return int(self.sql("select count(*) from information_schema.processlist where command = 'Sleep'"))

    @contextlib.contextmanager
    def written_to(self) -> t.Iterator[None]:
        """A writer that commits one row after the other, to a table of each engine."""
        self.sql("create database if not exists app")
        for table, engine in TABLES.items():
            self.sql(f"create or replace table app.{table} (id int primary key, v double, key (v)) engine={engine}")
        self.sh(f"setsid /bin/bash -c '{_WRITER}' </dev/null >/dev/null 2>&1 &")
        until(lambda: self.acknowledged() > 100, "rows are committed", seconds=20)
        try:
            yield
        finally:
            self.sh("touch /tmp/stop")

    def acknowledged(self) -> int:
        """The newest row whose commits are known to the writer."""
        return int(self.sh("tail -n 2 /tmp/acks 2>/dev/null | head -n 1 | grep -E '^[0-9]+$' || echo 0"))

    def counts(self) -> dict[str, tuple[int, int]]:
        """The newest row of each table, and how many there are, as of one moment while nothing is written."""
        found = self.sql(*(f"select '{table}', coalesce(max(id), 0), count(*) from app.{table}" for table in TABLES))
        rows = (line.split() for line in found.splitlines())
        return {table: (int(newest), int(count)) for table, newest, count in rows}

    def check(self) -> str:
        """What the server's own check of all tables finds: nothing, when all is well. Warnings are findings."""
        lines = self.sh("mariadb-check --all-databases --check --extended 2>&1 || true").splitlines()
        return "\n".join(line for line in lines if not line.endswith(" OK"))

    def _claim(self, source: str) -> Object:
        spec: Object = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "loopfile",
            "resources": {"requests": {"storage": "256Mi"}},
        }
        if source:
            group = "snapshot.storage.k8s.io"
            spec["dataSource"] = {"apiGroup": group, "kind": "VolumeSnapshot", "name": source}
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": self.name}, "spec": spec}

    def _pod(self) -> Object:
        settings = ["--ignore-db-dir=lost+found", "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=32M"]
        probe = {
            "exec": {"command": ["/bin/sh", "-c", "mariadb -e 'select 1' 2>&1 | grep -E '^1|1045'"]},
            "periodSeconds": 1,
            "timeoutSeconds": 10,
        }
        container: Object = {
            "name": CONTAINER,
            "image": "mariadb:10.11",
            "args": ["mariadbd", *settings, *self._settings],
            "env": [{"name": name, "value": value} for name, value in self._environment.items()],
            "volumeMounts": [{"name": "data", "mountPath": DATA}],
            "readinessProbe": probe,
            "securityContext": {"privileged": True},
        }
        volumes: list[Object] = [{"name": "data", "persistentVolumeClaim": {"claimName": self.name}}]
        if self._far:
            container["volumeMounts"].append({"name": "far", "mountPath": "/far"})
            container["lifecycle"] = {"postStart": {"exec": {"command": ["install", "-d", "-o", "mysql", "/far/d"]}}}
            volumes.append({"name": "far", "emptyDir": {}})
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.name, "labels": {"app": self.name}, "annotations": dict(self._annotations)},
            "spec": {
                "terminationGracePeriodSeconds": 2,
                "containers": [container],
                "volumes": volumes,
            },
        }


__all__ = ("CONTAINER", "DATA", "TABLES", "MariadbApp")
