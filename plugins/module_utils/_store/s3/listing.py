# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of S3, page by page, to their very end."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import (
    Answer,
    BadAnswer,
    GuardedClient,
    Pages,
)

#: Each list has some of these, whatever it was asked for.
_OF_A_LIST = ("IsTruncated", "Name", "Prefix", "Contents", "CommonPrefixes", "KeyCount", "MaxKeys")


def list_pages(client: GuardedClient, **request: t.Any) -> t.Iterator[Answer]:
    """The pages of a list. Raises what ``client`` raises, and ``BadAnswer`` for lists that do not come to an end.

    A server that knows only the first version of this request gives no token; it is asked again in its own way.
    """
    page = _check(client.list_objects_v2(**request))
    pages = Pages(page.operation)
    yield page
    while page.get("IsTruncated"):
        token = page.get("NextContinuationToken")
        if token is None:
            yield from _pages_by_marker(client, request, page)
            return
        token = pages.turn(_names(page), token)
        page = _check(client.list_objects_v2(**request, ContinuationToken=token))
        yield page


def _pages_by_marker(client: GuardedClient, request: t.Mapping[str, t.Any], page: Answer) -> t.Iterator[Answer]:
    """The pages after ``page``: the next one begins after the last name of this one."""
    pages = Pages("ListObjects")
    while page.get("IsTruncated"):
        names = _names(page)
        marker = pages.turn(names, page.get("NextMarker") or max(names, default=None))
        page = _check(client.list_objects(**request, Marker=marker))
        yield page


def list_upload_pages(client: GuardedClient, **request: t.Any) -> t.Iterator[Answer]:
    """The pages of a list of uploads in parts. Raises as ``list_pages`` does."""
    page = _within(client.list_multipart_uploads(**request), request)
    pages = Pages(page.operation)
    yield page
    while page.get("IsTruncated"):
        uploads = [f"{found.text('Key')} {found.text('UploadId')}" for found in page.entries("Uploads")]
        key, upload_id = page.get("NextKeyMarker"), page.get("NextUploadIdMarker") or ""
        pages.turn(uploads, f"{key} {upload_id}" if key else None)
        page = _within(client.list_multipart_uploads(**request, KeyMarker=key, UploadIdMarker=upload_id), request)
        yield page


def names_of(page: Answer, prefix: str) -> tuple[list[Answer], list[str]]:
    """Objects and common prefixes of a page. Raises ``BadAnswer`` where they do not begin with ``prefix``.

    Whoever deletes what is listed must not be given what was not asked for.
    """
    # Consoles make empty objects that end with a slash and show them as folders.
    objects = [found for found in page.entries("Contents") if not found.text("Key").endswith("/")]
    prefixes = [found.text("Prefix") for found in page.entries("CommonPrefixes")]
    _require_prefix([*(found.text("Key") for found in objects), *prefixes], prefix)
    return objects, prefixes


def _within(page: Answer, request: t.Mapping[str, t.Any]) -> Answer:
    _require_prefix([found.text("Key") for found in page.entries("Uploads")], request.get("Prefix", ""))
    return page


def _require_prefix(names: t.Iterable[str], prefix: str) -> None:
    for name in names:
        if not name.startswith(prefix):
            raise BadAnswer(f"the server lists {name!r}, which does not begin with {prefix!r} as it was asked to")


def _names(page: Answer) -> list[str]:
    keys = [found.text("Key") for found in page.entries("Contents")]
    return keys + [found.text("Prefix") for found in page.entries("CommonPrefixes")]


def _check(page: Answer) -> Answer:
    if not any(name in page for name in _OF_A_LIST):
        raise BadAnswer(f"the server's answer to {page.operation} is no list")
    return page


__all__ = ("list_pages", "list_upload_pages", "names_of")
