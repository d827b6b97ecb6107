# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A listing against what was written, and the commit point after it was attempted."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_check import check_stored
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError, StoreFailure
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Listing, ObjectInfo, StoredObject

A, B, C = "a" * 32, "b" * 32, "c" * 32
NOW = dt.datetime.now(tz=dt.UTC)


class Listed:
    """A store that answers so; ``sizes`` is what a HEAD says of keys that are not as the listing has them."""

    location = S3Location(bucket="b")

    def __init__(self, *found: tuple[str, int, str], sizes: dict[str, int] | None = None) -> None:
        self._found = [ObjectInfo(key, size, NOW, etag) for key, size, etag in found]
        self._sizes = sizes or {}
        self.failure: StoreFailure | None = None

    def list(self, _prefix: str) -> Listing:
        if self.failure:
            raise StoreError("Cannot list.", failure=self.failure)
        return Listing(self._found)

    def size(self, key: str) -> int:
        if key not in self._sizes:
            raise StoreError("It is not there.", failure="not_found")
        return self._sizes[key]


def look(store: Listed, *written: tuple[str, int, str]) -> list[str]:
    return check_stored(
        t.cast("t.Any", store), "d/", [StoredObject(key, size, "", etag) for key, size, etag in written]
    )


@pytest.mark.parametrize(
    ("found", "written"),
    [
        pytest.param([("x", 3, A), ("other", 9, C)], [("x", 3, A)], id="as written"),
        pytest.param([("x", 3, "")], [("x", 3, "")], id="a directory has no ETags"),
        pytest.param([("x", 3, C), ("y", 3, C)], [("x", 3, A), ("y", 3, B)], id="SSE-KMS: ETags of something else"),
        pytest.param([("x", 3, A), ("y", 9, f"{C}-2")], [("x", 3, A), ("y", 9, f"{B}-3")], id="other number of parts"),
        pytest.param([("x", 3, A), ("y", 9, "opaque")], [("x", 3, A), ("y", 9, f"{B}-3")], id="opaque ETag of parts"),
    ],
)
def test_as_it_was_written(found: list[tuple[str, int, str]], written: list[tuple[str, int, str]]) -> None:
    assert look(Listed(*found), *written) == []


@pytest.mark.parametrize(
    ("found", "written", "said"),
    [
        pytest.param([], [("x", 3, A)], "x has no object instead of 3 bytes", id="dropped"),
        pytest.param([("y", 3, B)], [("x", 3, A), ("y", 3, B)], "x has no object", id="one dropped"),
        pytest.param([("x", 3, A), ("y", 3, C)], [("x", 3, A), ("y", 3, B)], f"y has the ETag {C}", id="ETag"),
        pytest.param(
            [("x", 3, A), ("y", 9, f"{C}-2")],
            [("x", 3, A), ("y", 9, f"{B}-2")],
            f"y has the ETag {C}-2 instead",
            id="ETag of parts",
        ),
    ],
)  # fmt: skip
def test_another_than_was_written(
    found: list[tuple[str, int, str]], written: list[tuple[str, int, str]], said: str
) -> None:
    with pytest.raises(ArchiveError, match=said):
        look(Listed(*found), *written)


def test_a_truncated_object_is_told_by_its_sizes() -> None:
    with pytest.raises(ArchiveError, match="x has 2 bytes instead of 3 bytes"):
        look(Listed(("x", 2, ""), sizes={"x": 2}), ("x", 3, ""))


def test_a_listing_that_lags_behind_is_not_believed() -> None:
    assert look(Listed(sizes={"x": 3}), ("x", 3, "")) == []


def test_who_may_not_list_is_told_so() -> None:
    store = Listed()
    store.failure = "denied"
    (said,) = look(store, ("x", 3, ""))
    assert said.startswith("Whether all files of the backup are stored whole could not be checked")
    store.failure = "unreachable"
    with pytest.raises(StoreError):
        look(store, ("x", 3, ""))
