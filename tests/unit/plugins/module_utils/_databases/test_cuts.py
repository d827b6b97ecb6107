# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which order the claims of a database are cut, and when there is none that is right."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._databases.cuts import ContainerClaims, VolumeCuts
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError

RANKS = {"data": 0, "ts": 1, "fast": 1, "wal": 2}


def waves(places: dict[str, str], *, ranked: bool = True, frozen: t.Collection[str] = (), **cuts: t.Any) -> t.Any:
    claims = frozenset(places.values())
    found = VolumeCuts(taken=cuts.pop("taken", claims), **cuts)
    known = {name: claim for name, claim in places.items() if claim}
    judged = ContainerClaims(mounted=claims, frozen=frozenset(frozen), cuts=found)
    return judged.waves(known, ranks=RANKS if ranked else None)


@pytest.mark.parametrize(
    ("places", "groups", "order"),
    [
        pytest.param({"data": "d", "wal": "d"}, {}, [("d",)], id="one claim"),
        pytest.param({"data": "d", "wal": "w"}, {}, [("d",), ("w",)], id="the WAL after the data"),
        pytest.param(
            {"data": "d", "ts": "t", "fast": "f", "wal": "w"},
            {},
            [("d",), ("f", "t"), ("w",)],
            id="tablespaces between",
        ),
        pytest.param({"data": "d", "ts": "d", "wal": "w"}, {}, [("d",), ("w",)], id="a tablespace beside the data"),
        pytest.param({"data": "d", "ts": "w", "wal": "w"}, {}, [("d",), ("w",)], id="a tablespace beside the WAL"),
        pytest.param({"data": "d", "wal": "w"}, {"d": "g", "w": "g"}, [("d", "w")], id="one group"),
        pytest.param(
            {"data": "d", "ts": "t", "wal": "w"}, {"d": "g", "t": "g"}, [("d", "t"), ("w",)], id="a group of the first"
        ),
        pytest.param(
            {"data": "d", "ts": "t", "wal": "w"}, {"t": "g", "w": "g"}, [("d",), ("t", "w")], id="a group of the last"
        ),
    ],
)
def test_the_order(places: dict[str, str], groups: dict[str, str], order: list[tuple[str, ...]]) -> None:
    assert list(waves(places, groups=groups)) == order


@pytest.mark.parametrize(
    ("places", "more", "why"),
    [
        pytest.param({"data": "d", "ts": "t", "wal": "d"}, {}, "but without t: snapshots of them", id="WAL with data"),
        pytest.param(
            {"data": "d", "ts": "t", "wal": "w"}, {"groups": {"d": "g", "w": "g"}}, "but without t", id="group of both"
        ),
        pytest.param({"data": "d", "wal": "w"}, {"ranked": False}, "on several claims (d, w)", id="no order here"),
        pytest.param({"data": "d", "wal": "w"}, {"taken": None}, "on several claims (d, w)", id="cut by others"),
        pytest.param({"data": "d", "wal": "w"}, {"frozen": ["d"]}, "of which only d is frozen", id="half frozen"),
        pytest.param(
            {"data": "d", "wal": "w"}, {"taken": frozenset("d")}, "No snapshot is taken of w, where wal lies", id="half"
        ),
        pytest.param(
            {"data": "d", "wal": "w"},
            {"taken": frozenset("d"), "frozen": ["d", "w"]},
            "No snapshot is taken of w",
            id="half, and frozen",
        ),
    ],
)
def test_any_other_order_is_refused(places: dict[str, str], more: dict[str, t.Any], why: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        waves(places, **more)
    assert why in caught.value.sentence


def test_what_is_frozen_is_cut_at_one_moment() -> None:
    assert waves({"data": "d", "wal": "w"}, frozen=["d", "w"], ranked=False) == (("d", "w"),)


def test_claims_of_which_none_is_snapshotted_are_nobodys_concern() -> None:
    assert waves({"data": "d", "wal": "w"}, taken=frozenset("x")) == (("d",), ("w",))
