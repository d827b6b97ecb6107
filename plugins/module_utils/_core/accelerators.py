# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsing JSON and making gzip members: faster where ``orjson`` and ``isal`` are installed, the same without them.

``ARKIVE_ACCELERATORS=none`` in the environment keeps to the standard library.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import json
import math
import os
import typing as t
import zlib
from dataclasses import dataclass

ENVIRONMENT = "ARKIVE_ACCELERATORS"

_GZIP = 16 + zlib.MAX_WBITS
#: Every object is in an archive twice in a row: the first level finds that as well as the last one, in a third of
#: the time.
_ZLIB_LEVEL = 1
_ISAL_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Accelerators:
    """``names`` of the libraries that are used. Both functions are thread-safe.

    ``parse_json`` raises ``ValueError`` for what is no JSON document in UTF-8, numbers that are none (NaN, 1e999) among
    it. Integers beyond 64 bits may come as floats, as they do in Go; half a surrogate pair comes as U+FFFD, as in Go.
    """

    names: tuple[str, ...]
    parse_json: t.Callable[[bytes], t.Any]
    gzip_member: t.Callable[[bytes], bytes]


def parse_json(data: bytes) -> t.Any:
    """The document in ``data`` (UTF-8). Raises ``ValueError``."""
    return chosen().parse_json(data)


def gzip_member(data: bytes) -> bytes:
    """``data`` as one whole gzip member, without a name or a time."""
    return chosen().gzip_member(data)


def names() -> tuple[str, ...]:
    """The optional libraries in use."""
    return chosen().names


@functools.cache
def chosen() -> Accelerators:
    """What the environment asks for, found once in the life of the process."""
    return STANDARD if os.environ.get(ENVIRONMENT) == "none" else installed()


def installed() -> Accelerators:
    """The standard library, with what is installed in place of its parts."""
    parse, member = _orjson_parser(), _isal_compressor()
    found = [name for name, part in (("orjson", parse), ("isal", member)) if part is not None]
    return Accelerators(tuple(found), parse or _parse_plain, member or _member_plain)


def _parse_plain(data: bytes) -> t.Any:
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        return _without_halves(value) if b"\\ud" in data or b"\\uD" in data else value
    except RecursionError as exc:
        raise ValueError("it is nested too deeply") from exc


def _refuse_constant(text: str) -> t.NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _without_halves(value: t.Any) -> t.Any:
    """Python keeps half a surrogate pair, and no encoder takes it afterwards."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(member) for key, member in value.items()}
    return [_without_halves(member) for member in value] if isinstance(value, list) else value


def _member_plain(data: bytes) -> bytes:
    packer = zlib.compressobj(_ZLIB_LEVEL, wbits=_GZIP)
    return packer.compress(data) + packer.flush()


def _orjson_parser() -> t.Callable[[bytes], t.Any] | None:
    try:
        import orjson
    except ImportError:
        return None
    loads: t.Callable[[bytes], t.Any] = orjson.loads

    def parse(data: bytes) -> t.Any:
        try:
            return loads(data)
        except ValueError:
            # orjson is strict: half a surrogate pair and NaN are left to the standard library.
            return _parse_plain(data)

    return parse


def _isal_compressor() -> t.Callable[[bytes], bytes] | None:
    try:
        from isal import isal_zlib
    except ImportError:
        return None

    def member(data: bytes) -> bytes:
        packer = isal_zlib.compressobj(_ISAL_LEVEL, wbits=_GZIP)
        made: bytes = packer.compress(data) + packer.flush()
        return made

    return member


STANDARD = Accelerators((), _parse_plain, _member_plain)

__all__ = ("ENVIRONMENT", "STANDARD", "Accelerators", "chosen", "gzip_member", "installed", "names", "parse_json")
