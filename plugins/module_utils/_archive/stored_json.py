# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON documents of a storage location: unpacked, parsed and held to their shapes, within limits."""

# Private: not for use outside of this collection.

from __future__ import annotations

import io
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import parse_bounded
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import Shape, find_misfit

#: Of a document's text; the resource list of a million objects is about that large.
MAX_TEXT = 64 << 20


def gunzip(data: bytes, *, what: str, limit: int = MAX_TEXT) -> bytes:
    """The text in ``data``. Raises ``ArchiveError`` when it is damaged, or longer than ``limit`` bytes."""
    from ansible_collections.arkive.k8s.plugins.module_utils._archive.gunzip import GunzipReader

    reader = GunzipReader(io.BytesIO(data), what=what)
    text = reader.read(limit)
    if reader.read(1):
        raise ArchiveError(f"{what} is too large: more than {limit >> 20} MiB.")
    return text


def parse_text(data: bytes, *, what: str) -> t.Any:
    """The document in ``data``, whatever it is. Raises ``ArchiveError`` when it is no JSON."""
    try:
        return parse_bounded(data)
    except ValueError as exc:
        raise ArchiveError(f"{what} is not valid JSON: {exc}.") from exc


def parse_document(data: bytes, shape: Shape, *, what: str) -> t.Any:
    """The same; raises ``ArchiveError`` also when the document has not the types of ``shape``."""
    document = parse_text(data, what=what)
    misfit = find_misfit(document, shape)
    if misfit:
        raise ArchiveError(f"{what} has not the form of its kind: {misfit}.")
    return document


def parse_gzip_document(data: bytes, shape: Shape, *, what: str) -> t.Any:
    """The same for a document that is stored gzip'd, as all but ``velero-backup.json`` are."""
    return parse_document(gunzip(data, what=what), shape, what=what)


__all__ = ("MAX_TEXT", "gunzip", "parse_document", "parse_gzip_document", "parse_text")
