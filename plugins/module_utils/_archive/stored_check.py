# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a store did what it said: a server may drop or truncate a write, or a delete, and answer 200."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import some_of
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ObjectInfo, Store, StoredObject

_SHOWN = 3
_UNTRUSTED = "Nothing can be trusted that this storage is given: look into the server and what is before it."
_OF_PARTS = re.compile("[0-9a-f]{32}-[0-9]+")
#: Failures that say that this caller may not look, not that something is wrong.
_MAY_NOT_LOOK = frozenset({"denied"})


def check_stored(store: Store, directory: str, written: t.Sequence[StoredObject]) -> list[str]:
    """Compare one listing of ``directory`` with what was ``written`` there.

    Raises ``ArchiveError`` that names each object which is missing or is another one. Returns a sentence where nobody
    may look.
    """
    try:
        listed = {info.key: info for info in store.list(directory).objects}
    except StoreError as exc:
        if exc.failure not in _MAY_NOT_LOOK:
            raise
        return [f"Whether all files of the backup are stored whole could not be checked: {exc.message}"]
    by_digest = _makes_etags_of_digests(written, listed)
    wrong = [why for one in written if (why := _wrong(store, one, listed.get(one.key), by_digest=by_digest))]
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise ArchiveError(
            f"{store.location.describe} does not hold what it said that it had stored: {'; '.join(wrong[:_SHOWN])}"
            f"{more}.",
            hint=_UNTRUSTED,
        )
    return []


def delete_checked(store: Store, folder: str, keys: t.Sequence[str]) -> None:
    """Delete ``keys``, which lie in ``folder``, and look whether they are gone.

    Raises ``StoreError`` where one is not.
    """
    if not keys:
        return
    store.delete_many(keys)
    doomed = set(keys)
    listed = [info.key for info in store.list(folder).objects if info.key in doomed]
    # A few servers go on listing for a while what is gone.
    left = [key for key in listed if _size(store, key) is not None]
    if left:
        raise StoreError(
            f"{store.location.describe} said that it had deleted what is still there: {some_of(left, most=_SHOWN)}.",
            hint=_UNTRUSTED,
            details={"not_deleted": dict.fromkeys(left, "it is still there")},
        )


def _makes_etags_of_digests(written: t.Sequence[StoredObject], listed: t.Mapping[str, ObjectInfo]) -> bool:
    """Encryption with KMS, and some servers, make ETags of something else: believe in them if one is as it should."""
    return any(one.etag and one.key in listed and listed[one.key].etag == one.etag for one in written)


def _wrong(store: Store, one: StoredObject, found: ObjectInfo | None, *, by_digest: bool) -> str:
    if found is None or found.size != one.size:
        # A few servers list what they hold a little later.
        size = _size(store, one.key)
        if size != one.size:
            return f"{one.key} has {'no object' if size is None else f'{size} bytes'} instead of {one.size} bytes"
        return ""
    if by_digest and one.etag and found.etag != one.etag and _is_comparable(one.etag, found.etag):
        return f"{one.key} has the ETag {found.etag} instead of {one.etag}"
    return ""


def _is_comparable(expected: str, found: str) -> bool:
    """Uploads in parts: servers that follow the usual rule name the number of parts too."""
    return "-" not in expected or (
        _OF_PARTS.fullmatch(found) is not None and found.partition("-")[2] == expected.partition("-")[2]
    )


def _size(store: Store, key: str) -> int | None:
    try:
        return store.size(key)
    except StoreError as exc:
        if exc.not_found:
            return None
        raise


__all__ = ("check_stored", "delete_checked")
