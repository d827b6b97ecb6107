# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that can be proven: a row for each. What a kind does is imported when it is asked for."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.server_proof import ProofOrder, ServerProof


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProofRow:
    """``name``: as the kind is declared. ``title``: in sentences. ``tools``: what is run, for people to read."""

    name: str
    title: str
    tools: tuple[str, ...]
    make: t.Callable[[ProofOrder], ServerProof]


def _postgresql(order: ProofOrder) -> ServerProof:
    from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.postgresql_proof import PostgresqlProof

    return PostgresqlProof(order)


def _redis(order: ProofOrder) -> ServerProof:
    from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.redis_proof import RedisProof

    return RedisProof(order)


def _mariadb(order: ProofOrder) -> ServerProof:
    from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.mariadb_proof import MariadbProof

    return MariadbProof(order)


_REDIS_TOOLS = ("redis-check-aof", "redis-check-rdb")
_MARIADB_TOOLS = ("mariadb-check --all-databases", "innochecksum")
PROOFS = (
    ProofRow(
        name="postgresql",
        title="PostgreSQL",
        tools=("pg_amcheck --heapallindexed", "pg_dumpall", "pg_checksums --check"),
        make=_postgresql,
    ),
    ProofRow(name="redis", title="Redis", tools=_REDIS_TOOLS, make=_redis),
    ProofRow(name="valkey", title="Valkey", tools=_REDIS_TOOLS, make=_redis),
    ProofRow(name="mariadb", title="MariaDB", tools=_MARIADB_TOOLS, make=_mariadb),
    ProofRow(name="mysql", title="MySQL", tools=_MARIADB_TOOLS, make=_mariadb),
)


def find_proof(name: str) -> ProofRow:
    """The row of this name. Raises ``ProofError`` where there is none."""
    for row in PROOFS:
        if row.name == name:
            return row
    names = ", ".join(row.name for row in PROOFS)
    raise ProofError(f"A database of the kind '{name}' cannot be proven.", hint=f"The kinds are {names}.")


__all__ = ("PROOFS", "ProofRow", "find_proof")
