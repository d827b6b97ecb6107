# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MariaDB and Redis say who is primary and who lags, as PostgreSQL does in its own file."""

from __future__ import annotations

import typing as t

from mariadb_app import MariadbApp
from redis_app import RedisApp
from role_runs import by_pod, entry, take
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient


class RunningPair(t.NamedTuple):
    """``standby`` follows ``primary``."""

    primary: t.Any
    standby: t.Any

    @property
    def namespace(self) -> str:
        return str(self.primary.namespace)

    @property
    def claims(self) -> tuple[str, ...]:
        return (*self.primary.claims, *self.standby.claims)


def address(kubectl: t.Any, namespace: str, pod: str) -> str:
    return str(kubectl("-n", namespace, "get", "pod", pod, "-o", "jsonpath={.status.podIP}").strip())


def test_a_replica_of_mariadb_is_held_in_the_place_of_its_primary(
    client: KubeClient, kubectl: t.Any, namespace: str
) -> None:
    settings = [("--server-id=1", "--log-bin"), ("--server-id=2",)]
    apps = [
        MariadbApp(kubectl, namespace, name=name, settings=each)
        for name, each in zip(("primary", "standby"), settings, strict=True)
    ]
    for app in apps:
        app.create()
    pair = RunningPair(*apps)
    pair.primary.sql("grant replication slave on *.* to repl@'%' identified by 'repl'")
    file, at, *_more = pair.primary.sql("show master status").split()
    pair.standby.sql(
        f"change master to master_host='{address(kubectl, namespace, 'primary')}', master_user='repl', "
        f"master_password='repl', master_log_file='{file}', master_log_pos={at}",
        "start slave",
    )
    until(lambda: "Yes\tYes" in pair.standby.sql("show slave status"), "it replicates", seconds=30)

    outcome = take(client, pair, "one", entry("mariadb", standby="prefer", mode="auto"))
    assert outcome.errors == []
    assert by_pod(outcome)["standby"]["consistent"] is True
    assert "is held in its place" in by_pod(outcome)["primary"]["passed_over"]

    pair.standby.sql("stop slave sql_thread")
    outcome = take(client, pair, "two", entry("mariadb", standby="prefer", mode="auto"))
    assert outcome.errors == []
    assert by_pod(outcome)["primary"]["consistent"] is True
    assert "its SQL thread does not run" in by_pod(outcome)["standby"]["passed_over"]


def test_a_replica_of_redis_is_held_in_the_place_of_its_primary(
    client: KubeClient, kubectl: t.Any, namespace: str
) -> None:
    primary = RedisApp(kubectl, namespace, name="primary")
    primary.create()
    host = address(kubectl, namespace, "primary")
    standby = RedisApp(
        kubectl, namespace, name="standby", settings=("--appendonly", "yes", "--replicaof", host, "6379")
    )
    standby.create()
    until(lambda: standby.info("master_link_status") == "up", "it replicates", seconds=30)
    pair = RunningPair(primary, standby)
    outcome = take(client, pair, "one", entry("redis", standby="prefer"))
    assert outcome.errors == []
    assert (by_pod(outcome)["standby"]["consistent"], by_pod(outcome)["standby"]["mode"]) == (True, "bgsave")
    assert "is held in its place" in by_pod(outcome)["primary"]["passed_over"]

    standby.ask("REPLICAOF NO ONE")
    # It is a database of its own by now, and nobody follows the other one.
    outcome = take(client, pair, "two", entry("redis", standby="require"))
    assert outcome.snapshots == []
    assert any("standby: require" in text for text in outcome.errors)
