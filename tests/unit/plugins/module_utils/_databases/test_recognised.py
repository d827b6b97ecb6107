# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is recognised in a pod, and what is left alone: pods as the distributions make them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._databases.recognised import (
    DISTRIBUTIONS,
    MARKS,
    operator_of,
    recognise,
)


def pod(image: str, *, name: str = "db", labels: dict[str, str] | None = None, **container: t.Any) -> dict[str, t.Any]:
    entry = {"name": name, "image": image, "volumeMounts": [{"name": "data", "mountPath": "/data"}], **container}
    return {
        "metadata": {"namespace": "shop", "name": "db-0", "labels": labels or {}},
        "spec": {
            "containers": [entry],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}],
        },
        "status": {"phase": "Running"},
    }


def bitnami(app: str, component: str = "primary") -> dict[str, str]:
    return {
        "app.kubernetes.io/name": app,
        "app.kubernetes.io/instance": "shop",
        "app.kubernetes.io/component": component,
    }


CNPG = {"cnpg.io/cluster": "main", "cnpg.io/podRole": "instance", "cnpg.io/instanceRole": "primary"}
PGO = "postgres-operator.crunchydata.com"
CRUNCHY = {f"{PGO}/cluster": "hippo", f"{PGO}/instance": "hippo-instance1-x", f"{PGO}/role": "master"}
SPILO = {"application": "spilo", "cluster-name": "acid-main", "spilo-role": "master"}
#: What, the kind, the operator.
KNOWN: tuple[tuple[dict[str, t.Any], str, str], ...] = (
    (pod("ghcr.io/cloudnative-pg/postgresql:17.2", name="postgres", labels=CNPG), "postgresql", "CloudNativePG"),
    (
        pod("registry.developers.crunchydata.com/crunchydata/crunchy-postgres:ubi8", name="database", labels=CRUNCHY),
        "postgresql",
        "the Crunchy operator",
    ),
    (pod("ghcr.io/zalando/spilo-17:4.0-p2", name="postgres", labels=SPILO), "postgresql", "the Zalando operator"),
    (
        pod("docker.io/bitnami/postgresql:17.2.0-debian-12-r0", name="postgresql", labels=bitnami("postgresql")),
        "postgresql",
        "",
    ),
    (pod("bitnamilegacy/postgresql:16", name="postgresql", labels=bitnami("postgresql", "read")), "postgresql", ""),
    (pod("docker.io/bitnami/mariadb:11.4", name="mariadb", labels=bitnami("mariadb")), "mariadb", ""),
    (pod("docker.io/bitnami/mysql:8.4", name="mysql", labels=bitnami("mysql")), "mysql", ""),
    (
        pod(
            "docker.io/bitnami/redis:7.4",
            name="redis",
            labels=bitnami("redis", "master"),
            command=["/bin/bash"],
            args=["-c", "/opt/bitnami/scripts/start-scripts/start-master.sh"],
        ),
        "redis",
        "",
    ),
    (pod("docker.io/bitnami/valkey:8.0", name="valkey", labels=bitnami("valkey")), "valkey", ""),
    (pod("docker.io/bitnami/mongodb:8.0", name="mongodb", labels=bitnami("mongodb")), "mongodb", ""),
    (pod("postgres:15"), "postgresql", ""),
    (pod("docker.io/library/postgres:17-alpine@sha256:abc", args=["-c", "fsync=on"]), "postgresql", ""),
    (pod("registry.local:5000/library/postgres:15", args=["postgres", "-c", "x=y"]), "postgresql", ""),
    (pod("postgis/postgis:16-3.4"), "postgresql", ""),
    (pod("mariadb:10.11"), "mariadb", ""),
    (pod("mysql:8.4", args=["--innodb-buffer-pool-size=1G"]), "mysql", ""),
    (pod("mongo:8"), "mongodb", ""),
    (pod("redis:7.0", args=["redis-server", "--appendonly", "yes"]), "redis", ""),
    (pod("valkey/valkey:9", command=["valkey-server", "/etc/valkey.conf"]), "valkey", ""),
    (pod("quay.io/acme/postgres:15", ports=[{"containerPort": 5432}]), "postgresql", ""),
    (pod("quay.io/acme/mysql:8", env=[{"name": "MYSQL_ROOT_PASSWORD_FILE", "value": "/x"}]), "mysql", ""),
    (
        pod("postgres:15", command=["/bin/bash", "-c", 'set -e\nrm -f x\nexec docker-entrypoint.sh postgres "$@"']),
        "postgresql",
        "",
    ),
)


@pytest.mark.parametrize(("given", "kind", "operator"), KNOWN, ids=lambda value: str(value)[:40])
def test_a_distribution_is_known(given: dict[str, t.Any], kind: str, operator: str) -> None:
    found = recognise(given)
    assert found is not None
    container = given["spec"]["containers"][0]["name"]
    assert (found.kind, found.operator, found.why_not, found.container) == (kind, operator, "", container)
    assert operator_of(given) == operator


def test_every_row_has_a_source_and_the_marks_of_its_server() -> None:
    assert all(row.source and row.kind in MARKS and (row.labels or row.image) for row in DISTRIBUTIONS)
    assert len({(row.labels, row.image) for row in DISTRIBUTIONS}) == len(DISTRIBUTIONS)


def _without_claim(found: dict[str, t.Any]) -> dict[str, t.Any]:
    found["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}]
    return found


def _owned_by_job(found: dict[str, t.Any]) -> dict[str, t.Any]:
    found["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "dump"}]
    return found


@pytest.mark.parametrize(
    "given",
    [
        pod("nginx:1.27"),
        pod("quay.io/acme/postgres:15"),
        pod("quay.io/prometheuscommunity/postgres-exporter:v0.15"),
        pod("bitnami/redis-sentinel:7", name="sentinel", labels=bitnami("redis")),
        pod("docker.io/bitnami/mongodb:8", name="mongodb-arbiter", labels=bitnami("mongodb", "arbiter")),
        pod("pgbouncer", name="pgbouncer", labels={"cnpg.io/cluster": "main", "cnpg.io/podRole": "pooler"}),
        _without_claim(pod("postgres:15")),
        _owned_by_job(pod("postgres:15")),
    ],
    ids=["nginx", "alike", "exporter", "sentinel", "arbiter", "pooler", "no claim", "job"],
)
def test_what_is_no_database_with_a_claim_is_not_recognised(given: dict[str, t.Any]) -> None:
    assert recognise(given) is None
    assert parse_databases("auto").passed_by(given) == ""


def _two(first: dict[str, t.Any], second: dict[str, t.Any]) -> dict[str, t.Any]:
    second["spec"]["containers"][0]["name"] = "other"
    first["spec"]["containers"] += second["spec"]["containers"]
    return first


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            pod("postgres:15", command=["/bin/sh", "-c", "pg_dump -U postgres shop >/data/x"]),
            "is not known to start one",
        ),
        (pod("postgres:15", command=["sleep", "infinity"]), "is not known to start one"),
        (pod("redis:7", args=["redis-server", "/etc/x.conf", "--sentinel"]), "is not known to start one"),
        (pod("redis:7", args=["redis-cli", "monitor"]), "is not known to start one"),
        (pod("docker.io/bitnami/mariadb-galera:11", labels=bitnami("mariadb-galera")), "Galera"),
        (pod("docker.io/bitnami/redis-cluster:7", labels=bitnami("redis-cluster")), "Redis Cluster"),
        (_two(pod("postgres:15"), pod("redis:7")), "nothing says which of them"),
    ],
)
def test_what_is_ambiguous_is_told_and_not_held(given: dict[str, t.Any], why: str) -> None:
    choice = parse_databases("auto")
    assert choice.of_pod(given) is None
    assert why in choice.passed_by(given)
    assert parse_databases("declared").passed_by(given) == ""


def test_what_a_pod_says_of_itself_goes_before_what_it_is() -> None:
    given = pod("postgres:15")
    given["metadata"]["annotations"] = {"arkive.k8s/database": "postgresql", "arkive.k8s/database-mode": "backup"}
    found = parse_databases("auto").of_pod(given)
    assert found is not None
    assert (found.mode, found.standby, found.found_by) == ("backup", "", "")


def test_what_is_recognised_prefers_a_standby() -> None:
    found = parse_databases("auto").of_pod(pod("postgres:15"))
    assert found is not None
    assert (found.kind, found.standby, found.max_lag_seconds) == ("postgresql", "prefer", 60.0)
    assert found.found_by == "the image postgres"


def test_a_kind_that_cannot_be_held_yet_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "ansible_collections.arkive.k8s.plugins.module_utils._databases.declared.find_kind"
    monkeypatch.setattr(path, lambda _name: None)
    choice = parse_databases("auto")
    assert choice.of_pod(pod("postgres:15")) is None
    assert "none of the kinds that can be held" in choice.passed_by(pod("postgres:15"))
