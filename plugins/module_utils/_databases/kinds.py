# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that can be held: a row for each. What a kind does is imported when it is asked for."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import DatabaseKind


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KindRow:
    """``name``: as it is declared. ``title``: in sentences."""

    name: str
    title: str
    modes: tuple[str, ...]
    load: t.Callable[[], DatabaseKind]


def _postgresql() -> DatabaseKind:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql import Postgresql

    return Postgresql()


def _mariadb() -> DatabaseKind:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.mariadb import Mariadb

    return Mariadb()


def _mongodb() -> DatabaseKind:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.mongodb import Mongodb

    return Mongodb()


def _mysql() -> DatabaseKind:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.mysql import Mysql

    return Mysql()


def _redis() -> DatabaseKind:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.redis import Redis

    return Redis()


#: The mode that freezes the file systems of all claims of its container: kinds that have it are held while they are.
FREEZE_MODE = "freeze"
_REDIS_MODES = ("auto", "pause", "bgsave")
KINDS = (
    KindRow(name="postgresql", title="PostgreSQL", modes=("auto", "light", "backup", FREEZE_MODE), load=_postgresql),
    KindRow(name="mariadb", title="MariaDB", modes=("auto", "stages", "read_lock"), load=_mariadb),
    KindRow(name="mysql", title="MySQL", modes=("auto", "instance", "read_lock"), load=_mysql),
    KindRow(name="mongodb", title="MongoDB", modes=("auto", "journal", "lock"), load=_mongodb),
    KindRow(name="redis", title="Redis", modes=_REDIS_MODES, load=_redis),
    KindRow(name="valkey", title="Valkey", modes=_REDIS_MODES, load=_redis),
)


def find_kind(name: str) -> KindRow | None:
    """The row of this name; None where there is none."""
    return next((row for row in KINDS if row.name == name), None)


def kind_names() -> tuple[str, ...]:
    """In the order of the table."""
    return tuple(row.name for row in KINDS)


__all__ = ("FREEZE_MODE", "KINDS", "KindRow", "find_kind", "kind_names")
