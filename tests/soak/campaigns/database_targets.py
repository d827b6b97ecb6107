# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers of the campaign of databases: what ends a session of ours there, and how it is seen that none is left."""

from __future__ import annotations

import json
import typing as t

from campaigns.live_support import MariadbApp, MongodbStandin, PostgresApp, RedisApp

App: t.TypeAlias = PostgresApp | RedisApp | MariadbApp | MongodbStandin


class DatabaseTarget:
    """One server. ``modes``: in which it is held. ``late_seconds``: how much later than its lease it may let go."""

    app: App
    modes: tuple[str, ...]
    client: str
    late_seconds = 5.0
    #: Ending the client ends what it holds.
    bound_to_client = True

    def create(self) -> None:
        self.app.create()
        found = json.loads(self.app.kubectl("-n", self.app.namespace, "get", "pod", self.app.name, "-o", "json"))
        found["metadata"] = {key: found["metadata"][key] for key in ("name", "labels")}
        found["spec"].pop("nodeName")
        found.pop("status")
        self._pod = json.dumps(found)

    def delete_pod(self) -> bool:
        """True: what was held there is over."""
        self._kubectl("delete", "pod", self.app.name, "--now")
        return True

    def has_pod(self) -> bool:
        return bool(self._kubectl("get", "pod", self.app.name, "--ignore-not-found", "-o", "name").strip())

    def restore_pod(self) -> None:
        self.app.kubectl("-n", self.app.namespace, "create", "-f", "-", stdin=self._pod)
        self._kubectl("wait", "--for=condition=Ready", f"pod/{self.app.name}", "--timeout=110s")

    def end_session(self) -> bool:
        """As an administrator does. True where one of ours was ended."""
        raise NotImplementedError

    def kill_client(self) -> bool:
        """True where what it held is surely over."""
        killed = self.app.sh(f"pkill -x -c {self.client} || true").strip() not in ("", "0")
        return killed and self.bound_to_client

    def is_free(self) -> bool:
        """Nothing of ours holds it."""
        raise NotImplementedError

    def _kubectl(self, *words: str) -> str:
        found: str = self.app.kubectl("-n", self.app.namespace, *words)
        return found


class PostgresTarget(DatabaseTarget):
    modes, client = ("light", "backup"), "psql"
    _END = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'arkive%'"

    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self.app: PostgresApp = PostgresApp(kubectl, namespace, name="postgres")

    def end_session(self) -> bool:
        return "t" in self.app.sql(self._END)

    def is_free(self) -> bool:
        return self.app.sessions == 0


class RedisTarget(DatabaseTarget):
    modes, client = ("pause",), "redis-cli"

    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self.app: RedisApp = RedisApp(kubectl, namespace, name="redis")

    def end_session(self) -> bool:
        # A write shows that nothing is held any more.
        self.app.sh("redis-cli CLIENT UNPAUSE && redis-cli INCR n")
        return True

    def is_free(self) -> bool:
        self.app.ask("INCR n")  # it waits for the pause
        return True


class ValkeyTarget(RedisTarget):
    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self.app: RedisApp = RedisApp(kubectl, namespace, name="valkey", kind="valkey")


class MariadbTarget(DatabaseTarget):
    modes, client = ("stages", "read_lock"), "mariadb"

    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self.app: MariadbApp = MariadbApp(kubectl, namespace, name="mariadb")

    def end_session(self) -> bool:
        ids = self.app.sql("select id from information_schema.processlist where command = 'Sleep'").split()
        for number in ids:
            self.app.sh(f"mariadb -e 'kill {number}' || true")
        return bool(ids)

    def is_free(self) -> bool:
        return self.app.sessions == 0 and not self.app.is_held


class MongodbTarget(DatabaseTarget):
    """The stand-in."""

    modes, client, late_seconds, bound_to_client = ("lock",), "mongosh", 10.0, False

    def __init__(self, kubectl: t.Any, namespace: str) -> None:
        self.app: MongodbStandin = MongodbStandin(kubectl, namespace, name="mongodb")

    def end_session(self) -> bool:
        was_locked = self.app.locks > 0
        self.app.sh("echo 0 >/run/standin/count")
        return was_locked

    def is_free(self) -> bool:
        return self.app.locks == 0


TARGETS: tuple[t.Callable[[t.Any, str], DatabaseTarget], ...] = (
    PostgresTarget,
    RedisTarget,
    ValkeyTarget,
    MariadbTarget,
    MongodbTarget,
)

__all__ = ("TARGETS", "App", "DatabaseTarget")
