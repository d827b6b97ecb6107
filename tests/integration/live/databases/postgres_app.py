# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL server with its files in volumes, a writer that numbers its rows, and what comes back of it."""

from __future__ import annotations

import contextlib
import json
import typing as t

from volume_lab import CLASS_ANNOTATION, Object, until

DATA = "/var/lib/postgresql/data"
PGDATA = f"{DATA}/pgdata"
WAL = "/var/lib/postgresql/wal"
SPACE = "/var/lib/postgresql/space"
CONTAINER = "postgres"
#: Each number is in the file of acknowledgements once its commit has been.
_WRITER = (
    "rm -f /tmp/stop /tmp/acks; i=0; while [ ! -e /tmp/stop ]; do i=$((i+1)); "
    'echo "insert into ticks values ($i);"; echo "\\\\echo $i"; done '
    "| psql -U postgres -XAtq -v ON_ERROR_STOP=1 >/tmp/acks 2>/tmp/writer.err"
)


class PostgresApp:
    """One pod, ``db``; with ``wal`` its WAL is on a second volume, with ``space`` a tablespace on a third.

    ``settings``: of the server, as ``name=value``.
    """

    kind = "postgresql"

    def __init__(
        self,
        kubectl: t.Any,
        namespace: str,
        *,
        name: str = "db",
        wal: bool = False,
        space: bool = False,
        settings: t.Sequence[str] = (),
        annotations: t.Mapping[str, str] | None = None,
        environment: t.Mapping[str, str] | None = None,
        snapshot_class: str = "",
    ) -> None:
        self.kubectl = kubectl
        self.namespace = namespace
        self.name = name
        self._paths = {name: DATA} | ({f"{name}-wal": WAL} if wal else {}) | ({f"{name}-space": SPACE} if space else {})
        self.claims = tuple(self._paths)
        self._settings = settings
        self._snapshot_class = snapshot_class
        self._annotations = annotations or {}
        self._environment = environment or {}

    def create(self, sources: t.Sequence[str] = (), *, serves: bool = True) -> None:
        """Make it, its volumes from the snapshots ``sources``, and wait until it serves, if it ``serves``."""
        objects: list[Object] = [self._claim(claim, at, sources) for at, claim in enumerate(self.claims)]
        self._apply(objects)
        self.create_pod(serves=serves)

    def create_pod(self, *, serves: bool = True) -> None:
        """On the volumes that are there."""
        self._apply([self._pod()])
        if not serves:
            return
        self.kubectl("-n", self.namespace, "wait", "--for=condition=Ready", f"pod/{self.name}", "--timeout=110s")
        # The image's initdb does not: a snapshot would have a server's folders without what makes them one.
        self.sh("sync")

    def sh(self, script: str, *, check: bool = True) -> str:
        found: str = self.kubectl("-n", self.namespace, "exec", self.name, "--", "/bin/bash", "-c", script, check=check)
        return found.strip()

    def sql(self, *statements: str, user: str = "postgres") -> str:
        words = " ".join(f'-c "{each}"' for each in statements)
        return self.sh(f"psql -U {user} -XAtq {words}")

    @property
    def sessions(self) -> int:
        """Sessions of ours."""
        return int(self.sql("select count(*) from pg_stat_activity where application_name like 'arkive%'"))

    @property
    def snapshots(self) -> str:
        """VolumeSnapshots of the namespace, by name."""
        found: str = self.kubectl("-n", self.namespace, "get", "volumesnapshots", "-o", "name")
        return found

    def is_frozen(self) -> bool:
        """Its data volume: a write there does not end."""
        script = (
            f"touch {DATA}/probe </dev/null >/dev/null 2>&1 & sleep 0.5; kill -0 $! 2>/dev/null && echo yes || true"
        )
        return self.sh(script) == "yes"

    def log(self) -> str:
        found: str = self.kubectl("-n", self.namespace, "logs", self.name, check=False)
        return found

    @contextlib.contextmanager
    def written_to(self) -> t.Iterator[None]:
        """A writer that commits one row after the other, whose index is in the tablespace, if there is one."""
        self.sql("create table if not exists ticks (id int primary key, at timestamptz default clock_timestamp())")
        if SPACE in self._paths.values():
            self.sh(f"mkdir -p {SPACE}/files && chown postgres:postgres {SPACE}/files")
            self.sql(f"create tablespace space location '{SPACE}/files'", "alter index ticks_pkey set tablespace space")
        self.sql("truncate ticks")
        self.sh(f"setsid /bin/bash -c '{_WRITER}' </dev/null >/dev/null 2>&1 &")
        until(lambda: self.acknowledged() > 100, "rows are committed", seconds=20)
        try:
            yield
        finally:
            # A pod that went has taken it along, and whoever failed within says why.
            self.sh("touch /tmp/stop", check=False)

    def acknowledged(self) -> int:
        """The newest row whose commit is known to the writer."""
        return int(self.sh("tail -n 2 /tmp/acks 2>/dev/null | head -n 1 | grep -E '^[0-9]+$' || echo 0"))

    def rows(self) -> tuple[int, int]:
        """The newest row, and how many there are."""
        newest, count = self.sql("select coalesce(max(id), 0) || ' ' || count(*) from ticks").split()
        return int(newest), int(count)

    def check(self) -> str:
        """What the server's own check of all tables and indexes finds: nothing, when all is well."""
        self.sql("create extension if not exists amcheck")
        return self.sh("pg_amcheck -U postgres --heapallindexed -d postgres 2>&1 || true")

    def _apply(self, objects: list[Object]) -> None:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.kubectl("-n", self.namespace, "create", "-f", "-", stdin=text)

    def _claim(self, name: str, at: int, sources: t.Sequence[str]) -> Object:
        spec: Object = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "loopfile",
            "resources": {"requests": {"storage": "256Mi"}},
        }
        if sources:
            group = "snapshot.storage.k8s.io"
            spec["dataSource"] = {"apiGroup": group, "kind": "VolumeSnapshot", "name": sources[at]}
        annotations = {CLASS_ANNOTATION: self._snapshot_class} if self._snapshot_class else {}
        metadata = {"name": name, "annotations": annotations}
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}

    def _pod(self) -> Object:
        settings = ["max_wal_size=64MB", "min_wal_size=32MB", *self._settings]
        mounts = [{"name": claim, "mountPath": path} for claim, path in self._paths.items()]
        environment = {"PGDATA": PGDATA, **self._environment}
        if WAL in self._paths.values():
            environment["POSTGRES_INITDB_WALDIR"] = f"{WAL}/pg_wal"
        probe = {"exec": {"command": ["pg_isready", "-U", "postgres"]}, "periodSeconds": 1, "timeoutSeconds": 10}
        container = {
            "name": CONTAINER,
            "image": "postgres:15",
            "command": ["/bin/bash", "-c", _START, "start"],
            "args": [word for each in settings for word in ("-c", each)],
            "env": [{"name": name, "value": value} for name, value in environment.items()],
            "volumeMounts": mounts,
            "readinessProbe": probe,
            "securityContext": {"privileged": True},
        }
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.name, "labels": {"app": self.name}, "annotations": dict(self._annotations)},
            "spec": {
                "terminationGracePeriodSeconds": 2,
                "containers": [container],
                "volumes": [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim in self.claims],
            },
        }


#: The image makes no second directory for the WAL: it is moved before the server starts for the first time. What a
#: server that was cut off has left of its process is removed, as another one with that number runs here.
_START = """
set -e
rm -f "$PGDATA/postmaster.pid"
if [ -n "$BACKUP_LABEL" ]; then echo "$BACKUP_LABEL" >"$PGDATA/backup_label"; chown postgres "$PGDATA/backup_label"; fi
if [ -n "$POSTGRES_INITDB_WALDIR" ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA" "$POSTGRES_INITDB_WALDIR"
  chown -R postgres:postgres "$PGDATA" "$POSTGRES_INITDB_WALDIR"
  chmod 700 "$PGDATA"
  setpriv --reuid=postgres --regid=postgres --clear-groups initdb --username=postgres --auth=trust \
    --waldir="$POSTGRES_INITDB_WALDIR" --encoding=UTF8 --locale=C --no-sync
fi
exec docker-entrypoint.sh postgres "$@"
"""

__all__ = ("CONTAINER", "DATA", "PGDATA", "SPACE", "WAL", "PostgresApp")
