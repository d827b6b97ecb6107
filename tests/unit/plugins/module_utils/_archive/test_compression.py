# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps in and out of their compression; zstd where this Python has it, and in any case with a module of its shape."""

from __future__ import annotations

import io
import random
import types
import typing as t
import zlib

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive import compression
from ansible_collections.arkive.k8s.plugins.module_utils._archive.compression import (
    Compression,
    compressed,
    decompressed,
)
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.gunzip import GunzipReader

TEXT = random.Random(2).randbytes(1_500_000) + b"x" * 2_000_000


class _Compressor:
    """What ``compression.zstd`` has, with zlib's format in it."""

    def __init__(self, options: object) -> None:
        self._packer = zlib.compressobj()

    def compress(self, data: bytes) -> bytes:
        return self._packer.compress(data)

    def flush(self) -> bytes:
        return self._packer.flush()


class _Decompressor:
    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj()

    @property
    def eof(self) -> bool:
        return self._unpacker.eof

    @property
    def needs_input(self) -> bool:
        return not self._unpacker.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._unpacker.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._unpacker.decompress(self._unpacker.unconsumed_tail or data, max_length)


STAND_IN = types.SimpleNamespace(
    ZstdCompressor=_Compressor,
    ZstdDecompressor=_Decompressor,
    ZstdError=zlib.error,
    CompressionParameter=types.SimpleNamespace(checksum_flag=1),
)


@pytest.fixture(params=["gzip", "zstd"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Compression:
    if request.param == "zstd" and compression.zstd_module() is None:
        monkeypatch.setattr(compression, "zstd_module", lambda: STAND_IN)
    return t.cast("Compression", request.param)


def packed(text: bytes, form: Compression, piece: int = 100_000) -> bytes:
    return b"".join(compressed((text[at : at + piece] for at in range(0, len(text), piece)), form))


def unpacked(data: bytes, form: Compression, size: int) -> bytes:
    return b"".join(decompressed(io.BytesIO(data), form, what="one.sql", size=size))


@pytest.mark.parametrize("text", [b"", b"x", TEXT, bytes(5_000_000)])
def test_there_and_back(form: Compression, text: bytes) -> None:
    data = packed(text, form)
    assert unpacked(data, form, len(text)) == text
    assert len(data) < max(len(text), 100)


@pytest.mark.parametrize("cut", [1, 10, 5000])
def test_one_that_is_cut_short(form: Compression, cut: int) -> None:
    with pytest.raises(ArchiveError, match=r"is truncated|holds \d+ bytes instead"):
        unpacked(packed(TEXT, form)[:-cut], form, len(TEXT))


def test_one_that_is_damaged(form: Compression) -> None:
    data = bytearray(packed(TEXT, form))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(ArchiveError):
        unpacked(bytes(data), form, len(TEXT))


@pytest.mark.parametrize("size", [len(TEXT) - 1, len(TEXT) + 1, 0])
def test_one_of_another_size(form: Compression, size: int) -> None:
    with pytest.raises(ArchiveError, match="bytes"):
        unpacked(packed(TEXT, form), form, size)


def test_one_that_goes_on(form: Compression) -> None:
    with pytest.raises(ArchiveError):
        unpacked(packed(TEXT, form) + b"more", form, len(TEXT))


def test_what_was_dumped_is_unpacked_however_well_it_was_packed() -> None:
    """The limit that holds for a backup's own files is one for what nobody has recorded the size of."""
    data = packed(bytes(4_000_000), "gzip")
    assert len(GunzipReader(io.BytesIO(data), what="x", free_output=4_000_000).read()) == 4_000_000
    with pytest.raises(ArchiveError, match="packed more densely"):
        GunzipReader(io.BytesIO(data), what="x", free_output=1000).read()


def test_an_error_of_the_dump_comes_before_its_end(form: Compression) -> None:
    def broken() -> t.Iterator[bytes]:
        yield TEXT
        raise ArchiveError("It broke off.")

    with pytest.raises(ArchiveError, match="broke off"):
        list(compressed(broken(), form))


def test_a_python_without_zstd_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "zstd_module", lambda: None)
    assert compression.best_compression() == "gzip"
    with pytest.raises(ArchiveError, match="neither write nor read zstd") as caught:
        list(decompressed(io.BytesIO(b""), "zstd", what="x", size=0))
    assert "backports.zstd" in (caught.value.hint or "")
