# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers of the campaign of databases: what ends a session of ours there, and how it is seen what is held."""

from __future__ import annotations

import json
import time
import typing as t

from campaigns.light_kubectl import LightKubectl
from campaigns.live_support import MariadbApp, MongodbStandin, PostgresApp, RedisApp, host_pids

App: t.TypeAlias = PostgresApp | RedisApp | MariadbApp | MongodbStandin

#: A writer that goes on whatever becomes of its client, slow enough to leave the machine to others. Its client's parent
#: is a shell, by which it is told from ours.
_WRITER = "setsid /bin/bash -c 'while :; do while echo \"{0}\"; do sleep 0.05; done | {1}; sleep 0.2; done'"
_BESIDE = " </dev/null >/dev/null 2>&1 &"
#: NAME SIGNAL. The clients of that name that were started from outside, which have no parent in there.
_SIGNAL_CLIENT = (
    "for p in $(pgrep -x {0}); do set -- $(sed 's/.*) //' /proc/$p/stat) && "
    '[ "$2" = 0 ] && kill -{1} $p && echo $p; done; true'
)
_WRITES_SECONDS = 60.0


class DatabaseTarget:
    """One server, which is written to all the time.

    ``modes``: in which it is held. ``late_seconds``: how much later than its lease it may let go.
    """

    app: App
    modes: tuple[str, ...]
    #: By which container of the pod.
    container = "server"
    client: str
    late_seconds = 5.0
    #: Ending the client ends what it holds.
    bound_to_client = True
    #: A new pod is needed, as the kubelet lets one that has died several times wait.
    spoiled = False

    def create(self) -> None:
        self.app.create()
        found = self._pod()
        found["metadata"] = {key: found["metadata"][key] for key in ("name", "labels")}
        found["spec"].pop("nodeName")
        found.pop("status")
        self._manifest = json.dumps(found)
        self.prepare()
        self.write()

    def prepare(self) -> None:
        """Whatever the writer needs."""

    def write(self) -> None:
        """Start the writer."""
        raise NotImplementedError

    def count(self) -> int:
        """How much was written. A lock does not hold it up."""
        raise NotImplementedError

    def witness(self, mode: str) -> str:
        """What stays as it is for as long as it is held in ``mode``. Empty: nobody answers."""
        raise NotImplementedError

    def lapses(self, mode: str) -> bool:
        """Something is kept for us in the server, which ends it when we are silent, and which others can end."""
        return True

    def delete_pod(self) -> None:
        self._kubectl("delete", "pod", self.app.name, "--now")

    def mend(self) -> None:
        """A pod that serves and is written to."""
        there = self._has_pod()
        if there and not self.spoiled:
            return
        self.delete_pod() if there else None
        self.spoiled = False
        self.app.kubectl("-n", self.app.namespace, "create", "-f", "-", stdin=self._manifest)
        self._kubectl("wait", "--for=condition=Ready", f"pod/{self.app.name}", "--timeout=110s")
        self.write()

    def is_written(self) -> bool:
        """Without waiting for long."""
        before = self._counted()
        time.sleep(0.3)
        return before is not None and (self._counted() or 0) > before

    def require_written(self) -> None:
        end = time.monotonic() + _WRITES_SECONDS
        while not self.is_written():
            if time.monotonic() > end:
                raise RuntimeError(f"Nobody writes to {self.app.kind} any more.")

    def held_too_long(self, lease: float) -> str:
        """A lease from now on nothing of ours is left. Empty: that is so."""
        end = time.monotonic() + lease + self.late_seconds
        while True:
            there = self._has_pod()
            # With a pod, or a server, all that was held there is gone.
            if not there or self.spoiled or self.is_free():
                return ""
            if time.monotonic() > end:
                return "it was held for longer than its lease"
            time.sleep(0.2)

    def end_session(self) -> bool:
        """As an administrator does. True where one of ours was ended."""
        raise NotImplementedError

    def signal_client(self, name: str) -> bool:
        """True where there was one, and what it held is over when it is."""
        found: str = self.app.sh(_SIGNAL_CLIENT.format(self.client, name))
        return bool(found.strip()) and (self.bound_to_client or name == "STOP")

    def server_pids(self) -> list[int]:
        """Of this machine: what serves our session."""
        return self._host_pids(1)

    def is_free(self) -> bool:
        """Nothing of ours holds it."""
        return self.is_written()

    def _counted(self) -> int | None:
        try:
            return self.count()
        except (RuntimeError, ValueError):  # the server starts
            return None

    def _host_pids(self, *inner: int) -> list[int]:
        return [pid for pid, number in host_pids(self._pod(), self.container).items() if number in inner]

    def _has_pod(self) -> bool:
        kubectl: LightKubectl = self.app.kubectl
        return kubectl.exists(self.app.namespace, self.app.name)

    def _pod(self) -> dict[str, t.Any]:
        found: dict[str, t.Any] = json.loads(self._kubectl("get", "pod", self.app.name, "-o", "json"))
        return found

    def _kubectl(self, *words: str) -> str:
        found: str = self.app.kubectl("-n", self.app.namespace, *words)
        return found


class PostgresTarget(DatabaseTarget):
    """Nothing waits for it: held is the session, with what the server keeps for it."""

    modes, client, container = ("light", "backup"), "psql", "postgres"
    _OURS = "from pg_stat_activity where application_name like 'arkive%'"

    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self.app: PostgresApp = PostgresApp(kubectl, namespace, name="postgres")

    def prepare(self) -> None:
        self.app.sql("create table written (id bigserial)")

    def write(self) -> None:
        psql = "psql -U postgres -XAtq -v ON_ERROR_STOP=1"
        self.app.sh(_WRITER.format("insert into written default values;", psql) + _BESIDE)

    def count(self) -> int:
        return int(self.app.sql("select last_value from written_id_seq"))

    def witness(self, mode: str) -> str:
        return self.app.sql(f"select string_agg(pid || ' ' || backend_start, ',') {self._OURS}")

    def end_session(self) -> bool:
        return "t" in self.app.sql(f"select pg_terminate_backend(pid) {self._OURS}")

    def server_pids(self) -> list[int]:
        return self._host_pids(*map(int, self.app.sql(f"select pid {self._OURS}").split()))

    def is_free(self) -> bool:
        try:
            return self.app.sessions == 0
        except RuntimeError:
            return False


class RedisTarget(DatabaseTarget):
    modes, client = ("pause", "bgsave"), "redis-cli"

    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self.app: RedisApp = RedisApp(kubectl, namespace, name="redis")

    def write(self) -> None:
        self.app.sh(_WRITER.format("INCR n", "redis-cli") + _BESIDE)

    def count(self) -> int:
        return self.app.count()

    def witness(self, mode: str) -> str:
        run = self.app.info("run_id")
        return f"{run} {self.count()}" if mode == "pause" else run

    def lapses(self, mode: str) -> bool:
        """A dump that is done stays done."""
        return mode == "pause"

    def end_session(self) -> bool:
        was_paused = not self.is_written()
        self.app.sh("redis-cli CLIENT UNPAUSE")
        return was_paused and self.is_written()


class ValkeyTarget(RedisTarget):
    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self.app: RedisApp = RedisApp(kubectl, namespace, name="valkey", kind="valkey")


class MariadbTarget(DatabaseTarget):
    modes, client, container = ("stages", "read_lock"), "mariadb", "mariadb"

    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self.app: MariadbApp = MariadbApp(kubectl, namespace, name="mariadb")

    def prepare(self) -> None:
        self.app.sql(
            "create table probe.written (id bigint auto_increment primary key)",
            "create user writer@localhost",
            "grant insert on probe.* to writer@localhost",
        )

    def write(self) -> None:
        self.app.sh(
            _WRITER.format("insert into probe.written values (null);", "mariadb -u writer -n --unbuffered") + _BESIDE
        )

    def count(self) -> int:
        return int(self.app.sql("select coalesce(max(id), 0) from probe.written"))

    def witness(self, mode: str) -> str:
        return str(self.count())

    def end_session(self) -> bool:
        ours = "select id from information_schema.processlist where command = 'Sleep' and user = 'root'"
        ids = self.app.sql(ours).split()
        for number in ids:
            self.app.sh(f"mariadb -e 'kill {number}' || true")
        return bool(ids)


class MongodbTarget(DatabaseTarget):
    """The stand-in."""

    modes, client, late_seconds, bound_to_client = ("lock",), "mongosh", 10.0, False

    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self.app: MongodbStandin = MongodbStandin(kubectl, namespace, name="mongodb")

    def write(self) -> None:
        """It does by itself."""

    def count(self) -> int:
        return self.app.rows()[1]

    def witness(self, mode: str) -> str:
        return str(self.count())

    def end_session(self) -> bool:
        was_locked = self.app.locks > 0
        self.app.sh("echo 0 >/run/standin/count")
        return was_locked

    def signal_client(self, name: str) -> bool:
        """Ours is the older one: the other one is that of the process that unlocks it."""
        which = "-o" if name in ("STOP", "CONT") else ""
        found = self.app.sh(f"pkill -{name} {which} -c -x {self.client} || true")
        return found.strip() not in ("", "0") and name == "STOP"

    def is_free(self) -> bool:
        try:
            return self.app.locks == 0 and self.is_written()
        except (RuntimeError, ValueError):
            return False


TARGETS: dict[str, t.Callable[[t.Any, str], DatabaseTarget]] = {
    "postgresql": PostgresTarget,
    "redis": RedisTarget,
    "valkey": ValkeyTarget,
    "mariadb": MariadbTarget,
    "mongodb": MongodbTarget,
}

__all__ = ("TARGETS", "App", "DatabaseTarget")
