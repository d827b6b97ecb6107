# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which database a pod holds, by what the common distributions leave on it. A table: nobody is asked.

It says only who is a candidate, and in which container. What the server is, the server says.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claim_of_volume, pod_identity


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DistributionRow:
    """``labels``: all of them, ``*`` for any value. ``image``: of the repository, without registry and tag.

    ``container``: its name, where the distribution fixes it. ``alike``: the image may be somebody else's of the same
    name, so that a port or a variable of the server has to say so too. ``operator``: who starts, stops and moves the
    pods. ``not_held``: why what fits is left alone, a clause. ``source``: where this is said.
    """

    name: str
    kind: str
    source: str
    labels: tuple[tuple[str, str], ...] = ()
    image: str = ""
    container: str = ""
    alike: bool = False
    operator: str = ""
    not_held: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """``why_not``: why it is not held, a sentence without the pod; then it holds nothing."""

    kind: str = ""
    container: str = ""
    distribution: str = ""
    operator: str = ""
    why_not: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class ServerMarks:
    """By which the server of a kind is told from its clients, which have the same image."""

    programs: tuple[str, ...]
    port: int
    variables: tuple[str, ...]


_NAME = "app.kubernetes.io/name"
_PGO = "postgres-operator.crunchydata.com"
_CNPG_DOCS = "cloudnative-pg/cloudnative-pg docs/src/labels_annotations.md"
_PGO_NAMES = "CrunchyData/postgres-operator internal/naming/labels.go, names.go"
_SPILO = "zalando/postgres-operator pkg/cluster/k8sres.go, pkg/util/config/config.go"
_BITNAMI = "bitnami/charts bitnami/{0}/templates"
_LIBRARY = "docker-library/docs {0}/README.md"
_GALERA = "a Galera cluster is held node by node by its own tools, and a lock stops writes in all of it"
_CLUSTERED = "no moment is the same one in all shards of a Redis Cluster"


def _bitnami(app: str, kind: str, *, image: str = "", container: str = "", not_held: str = "") -> DistributionRow:
    return DistributionRow(
        name=f"Bitnami {app}",
        kind=kind,
        labels=((_NAME, app),),
        image=rf"(?:.*/)?bitnami[a-z]*/{image or app}",
        container="" if not_held else container or app,
        not_held=not_held,
        source=_BITNAMI.format(app),
    )


def _official(image: str, kind: str) -> DistributionRow:
    return DistributionRow(
        name=f"the image {image}", kind=kind, image=rf"(?:library/)?{image}", source=_LIBRARY.format(image)
    )


def _like(image: str, kind: str) -> DistributionRow:
    return DistributionRow(
        name=f"an image named {image.rpartition('/')[2]}",
        kind=kind,
        image=rf"(?:.*/)?{image}",
        alike=True,
        source=_LIBRARY.format(image),
    )


def _derived(image: str, kind: str, source: str) -> DistributionRow:
    return DistributionRow(name=f"the image {image}", kind=kind, image=rf"(?:.*/)?{image}", source=source)


#: The first row that fits a container is taken: operators before charts, charts before images.
DISTRIBUTIONS = (
    DistributionRow(
        name="CloudNativePG",
        kind="postgresql",
        labels=(("cnpg.io/cluster", "*"), ("cnpg.io/podRole", "instance")),
        container="postgres",
        operator="CloudNativePG",
        source=_CNPG_DOCS,
    ),
    DistributionRow(
        name="Crunchy Postgres for Kubernetes",
        kind="postgresql",
        labels=((f"{_PGO}/cluster", "*"), (f"{_PGO}/instance", "*")),
        container="database",
        operator="the Crunchy operator",
        source=_PGO_NAMES,
    ),
    DistributionRow(
        name="the Zalando operator",
        kind="postgresql",
        labels=(("application", "spilo"), ("cluster-name", "*")),
        container="postgres",
        operator="the Zalando operator",
        source=_SPILO,
    ),
    _bitnami("postgresql", "postgresql"),
    _bitnami("postgresql-ha", "postgresql", image="postgresql-repmgr", container="postgresql"),
    _bitnami("mariadb", "mariadb"),
    _bitnami("mariadb-galera", "mariadb", not_held=_GALERA),
    _bitnami("mysql", "mysql"),
    _bitnami("redis", "redis"),
    _bitnami("redis-cluster", "redis", not_held=_CLUSTERED),
    _bitnami("valkey", "valkey"),
    _bitnami("valkey-cluster", "valkey", not_held=_CLUSTERED),
    _bitnami("mongodb", "mongodb"),
    _bitnami("mongodb-sharded", "mongodb", not_held="the shards of a MongoDB cluster are cut by its own tools"),
    _official("postgres", "postgresql"),
    _official("mariadb", "mariadb"),
    _official("mysql", "mysql"),
    _official("redis", "redis"),
    _official("mongo", "mongodb"),
    _derived("valkey/valkey", "valkey", "valkey-io/valkey-container README.md"),
    _derived("postgis/postgis", "postgresql", "postgis/docker-postgis README.md"),
    _derived("pgvector/pgvector", "postgresql", "pgvector/pgvector Dockerfile"),
    _derived("timescale/timescaledb", "postgresql", "timescale/timescaledb-docker Dockerfile"),
    _derived("mysql/mysql-server", "mysql", "mysql/mysql-docker README.md"),
    *(
        _like(image, kind)
        for image, kind in (
            ("postgres", "postgresql"),
            ("postgresql", "postgresql"),
            ("mariadb", "mariadb"),
            ("mysql", "mysql"),
            ("redis", "redis"),
            ("valkey", "valkey"),
            ("mongo", "mongodb"),
            ("mongodb", "mongodb"),
        )
    ),
)

_REDIS_MARKS = ServerMarks(
    ("redis-server", "valkey-server"), 6379, ("REDIS_PASSWORD", "REDIS_PASSWORD_FILE", "VALKEY_PASSWORD")
)
_MYSQL_VARIABLES = tuple(
    f"{family}_{name}{end}"
    for family in ("MARIADB", "MYSQL")
    for name in ("ROOT_PASSWORD", "DATABASE", "USER")
    for end in ("", "_FILE")
)
_MYSQL_MARKS = ServerMarks(("mariadbd", "mysqld", "mysqld_safe", "mariadbd-safe"), 3306, _MYSQL_VARIABLES)
MARKS: t.Mapping[str, ServerMarks] = {
    "postgresql": ServerMarks(("postgres",), 5432, ("POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "PGDATA")),
    "redis": _REDIS_MARKS,
    "valkey": _REDIS_MARKS,
    "mariadb": _MYSQL_MARKS,
    "mysql": _MYSQL_MARKS,
    "mongodb": ServerMarks(("mongod",), 27017, ("MONGO_INITDB_ROOT_USERNAME", "MONGODB_ROOT_PASSWORD")),
}

_ENTRY = ("docker-entrypoint.sh", "docker-entrypoint", "entrypoint.sh", "run.sh")
_FINISHING_OWNERS = ("Job", "CronJob")


def recognise(pod: ObjectView) -> Recognised | None:
    """The database of ``pod``; None where it has none that the table knows, or keeps nothing on a claim."""
    if any(owner.get("kind") in _FINISHING_OWNERS for owner in _metadata(pod).get("ownerReferences") or ()):
        return None
    found = [
        (row, container)
        for container in (pod.get("spec") or {}).get("containers") or ()
        if _mounts_a_claim(pod, container)
        for row in [_row_of(pod, container)]
        if row is not None
    ]
    if not found:
        return None
    if len(found) > 1:
        names = " and ".join(f"{row.kind} in {readable(container['name'])}" for row, container in found)
        return Recognised(why_not=f"It has {names}, and nothing says which of them is to be held.")
    row, container = found[0]
    name = str(container["name"])
    if row.not_held:
        return Recognised(kind=row.kind, container=name, distribution=row.name, why_not=f"It is not: {row.not_held}.")
    if not row.container and not _starts_a_server(container, MARKS[row.kind]):
        return Recognised(
            kind=row.kind,
            container=name,
            distribution=row.name,
            why_not=f"Container {readable(name)} has the image of a {row.kind} server, and a command that is not known "
            "to start one.",
        )
    return Recognised(kind=row.kind, container=name, distribution=row.name, operator=row.operator)


def operator_of(pod: ObjectView) -> str:
    """The operator that owns the pod; empty where the table knows none."""
    return next((row.operator for row in DISTRIBUTIONS if row.operator and _has_labels(pod, row)), "")


def _row_of(pod: ObjectView, container: ObjectView) -> DistributionRow | None:
    for row in DISTRIBUTIONS:
        if not _has_labels(pod, row):
            continue
        if row.container and container.get("name") != row.container:
            continue
        if row.image and not re.fullmatch(row.image, _repository(str(container.get("image") or ""))):
            continue
        if row.alike and not _has_marks(container, MARKS[row.kind]):
            continue
        return row
    return None


def _has_labels(pod: ObjectView, row: DistributionRow) -> bool:
    labels = _metadata(pod).get("labels") or {}
    return all(labels.get(name) not in (None, "") and value in ("*", labels[name]) for name, value in row.labels)


def _has_marks(container: ObjectView, marks: ServerMarks) -> bool:
    ports = {port.get("containerPort") for port in container.get("ports") or ()}
    variables = {entry.get("name") for entry in container.get("env") or ()}
    return marks.port in ports or not variables.isdisjoint(marks.variables)


def _starts_a_server(container: ObjectView, marks: ServerMarks) -> bool:
    """Whether its command is that of the image, or one that plainly runs the server."""
    command, args = ([str(word) for word in container.get(name) or ()] for name in ("command", "args"))
    if "--sentinel" in args or "--sentinel" in command:
        return False
    if not command and (not args or args[0].startswith("-")):
        return True
    programs = "|".join(re.escape(name) for name in (*marks.programs, *_ENTRY))
    # Where a shell looks for a command: a word elsewhere may be the name of a user.
    at_start = re.compile(rf"(?:^|[;&|(\n]|\bexec\s|\bgosu\s+\S+\s)\s*(?:[\w./-]*/)?(?:{programs})(?:\s|$)")
    if command:
        first = command[0].rpartition("/")[2]
        inner = command[1:] + args if first in ("sh", "bash", "ash", "dash", "tini", "dumb-init") else command[:1]
        return any(at_start.search(word) for word in inner)
    return bool(at_start.search(args[0]))


def _mounts_a_claim(pod: ObjectView, container: ObjectView) -> bool:
    name = pod_identity(pod)[1]
    volumes = (pod.get("spec") or {}).get("volumes") or ()
    claims = {volume.get("name") for volume in volumes if claim_of_volume(name, volume)}
    return any(mount.get("name") in claims for mount in container.get("volumeMounts") or ())


def _repository(image: str) -> str:
    """Without the registry, the tag and the digest."""
    path = image.partition("@")[0]
    head, slash, tail = path.rpartition("/")
    path = f"{head}{slash}{tail.partition(':')[0]}"
    first, slash, rest = path.partition("/")
    return rest if slash and ("." in first or ":" in first or first == "localhost") else path


def _metadata(pod: ObjectView) -> t.Mapping[str, t.Any]:
    found: t.Mapping[str, t.Any] = pod.get("metadata") or {}
    return found


__all__ = ("DISTRIBUTIONS", "MARKS", "DistributionRow", "Recognised", "operator_of", "recognise")
