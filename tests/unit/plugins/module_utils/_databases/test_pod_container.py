# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of a database on one claim, on several, and on nobody knows which."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._databases.cuts import ContainerClaims
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.pod_container import PodContainer

BOTH = {"data": "/data/pg", "wal": "/wal/pg_wal"}


def container(claims: set[str], frozen: t.Collection[str] = ()) -> PodContainer:
    return PodContainer(
        t.cast("t.Any", None),
        ("shop", "db-0", "db"),
        claim_of=lambda path: f"shop{path[: path.index('/', 1)]}",
        claims=ContainerClaims(mounted=frozenset(claims), frozen=frozenset(frozen)),
    )


def test_one_claim_is_cut_at_one_moment() -> None:
    found = container({"shop/data"})
    found.check_places({"data": "/data/pg", "wal": ""})
    assert found.needs_freeze == frozenset()


@pytest.mark.parametrize(
    ("places", "claims", "why"),
    [
        (BOTH, {"shop/data", "shop/wal"}, "Its files are on several claims"),
        ({"data": "/data/pg", "wal": ""}, {"shop/data", "shop/wal"}, "Where wal lies cannot be found out"),
    ],
)
def test_several_claims_are_refused_unless_all_of_them_are_frozen(
    places: dict[str, str], claims: set[str], why: str
) -> None:
    for frozen in (set(), {"shop/data"}):
        with pytest.raises(DatabaseError, match=why):
            container(claims, frozen).check_places(places)
    found = container(claims, claims)
    found.check_places(places)
    assert found.needs_freeze == claims


def test_what_is_not_written_to_the_disk_is_refused_unless_it_is_frozen() -> None:
    with pytest.raises(DatabaseError, match="because its setting fsync is off"):
        container({"shop/data"}).check_places({"data": "/data/pg"}, unwritten="its setting fsync is off")
    container({"shop/data"}, {"shop/data"}).check_places({"data": "/data/pg"}, unwritten="its setting fsync is off")


def test_a_container_without_a_claim_has_nothing_to_snapshot() -> None:
    with pytest.raises(DatabaseError, match="mounts no PersistentVolumeClaim"):
        container(set()).check_places({"data": "", "wal": ""})
