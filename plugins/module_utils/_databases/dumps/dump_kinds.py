# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that can be dumped: a row for each. What a kind does is imported when it is asked for."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kind import DumpKind


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DumpRow:
    """``of_one``: one database of a server can be dumped alone."""

    name: str
    title: str
    load: t.Callable[[], DumpKind]
    of_one: bool = True


def _postgresql() -> DumpKind:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.postgresql_dump import PostgresqlDump

    return PostgresqlDump()


def _mysql() -> DumpKind:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.mysql_dump import MysqlDump

    return MysqlDump()


def _mongodb() -> DumpKind:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.mongodb_dump import MongodbDump

    return MongodbDump()


def _redis() -> DumpKind:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.redis_dump import RedisDump

    return RedisDump()


DUMP_KINDS = (
    DumpRow(name="postgresql", title="PostgreSQL", load=_postgresql),
    DumpRow(name="mariadb", title="MariaDB", load=_mysql),
    DumpRow(name="mysql", title="MySQL", load=_mysql),
    DumpRow(name="mongodb", title="MongoDB", load=_mongodb),
    DumpRow(name="redis", title="Redis", load=_redis, of_one=False),
    DumpRow(name="valkey", title="Valkey", load=_redis, of_one=False),
)


def dump_kind_names() -> list[str]:
    return [row.name for row in DUMP_KINDS]


def find_dump_kind(name: str) -> DumpRow:
    """Raises ``ValidationError`` for a kind that there is not."""
    found = next((row for row in DUMP_KINDS if row.name == name), None)
    if found is None:
        raise ValidationError(
            f"The database '{name}' is of no kind that can be dumped.",
            hint=f"The kinds are {', '.join(dump_kind_names())}.",
        )
    return found


__all__ = ("DUMP_KINDS", "DumpRow", "dump_kind_names", "find_dump_kind")
