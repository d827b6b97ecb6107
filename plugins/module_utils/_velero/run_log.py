# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of a run as Velero writes it: logrus text lines."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Level

if t.TYPE_CHECKING:
    import datetime as dt

#: logrus leaves a value bare when it holds nothing else (the empty one too).
_BARE = re.compile(r"[A-Za-z0-9\-._/@^+]*")
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
_FIXED = frozenset({"time", "level", "msg"})


class ByteSink(t.Protocol):
    """Anything that bytes can be written to."""

    def write(self, data: bytes, /) -> t.Any:
        """Take all of ``data``."""


class RunLog:
    """Writes each line to ``stream`` (``Issues`` has it as its log).

    ``backup`` or ``restore`` (``velero/nginx``) is a field of every line, as in Velero's own logs.
    """

    def __init__(
        self,
        stream: ByteSink,
        *,
        backup: str = "",
        restore: str = "",
        now: t.Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self._stream = stream
        self._now = now
        self._lock = threading.Lock()
        self._common = {key: value for key, value in (("backup", backup), ("restore", restore)) if value}

    def write(self, level: Level, message: str, fields: t.Mapping[str, t.Any]) -> None:
        """One line, from any thread. An error is the field ``error``."""
        line = format_line(rfc3339(self._now()), level, message, {**self._common, **fields})
        with self._lock:
            self._stream.write(line.encode("utf-8", "surrogateescape"))


def format_line(time: str, level: str, message: str, fields: t.Mapping[str, t.Any]) -> str:
    """One line of logrus' text format without a terminal: time, level and msg first, then the fields sorted by name."""
    pairs = [("time", time), ("level", level), ("msg", message)] if message else [("time", time), ("level", level)]
    # A field that has the name of a fixed one is renamed by logrus.
    others = {f"fields.{key}" if key in _FIXED else key: value for key, value in fields.items()}
    pairs.extend((key, _go_value(others[key])) for key in sorted(others))
    return " ".join(f"{key}={_quoted(value)}" for key, value in pairs) + "\n"


def _quoted(value: str) -> str:
    if _BARE.fullmatch(value):
        return value
    if value.isprintable() and '"' not in value and "\\" not in value:
        return f'"{value}"'
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(char: str) -> str:
    """One character as Go's ``strconv.Quote`` writes it."""
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _go_value(value: t.Any) -> str:
    """``fmt.Sprint`` of a field's value: ``[/bin/sh -c ls]`` for a list, ``true``, ``<nil>``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "<nil>"
    if isinstance(value, list | tuple):
        return f"[{' '.join(map(_go_value, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_go_value(value[key])}' for key in sorted(value))}]"
    return str(value)


__all__ = ("RunLog", "format_line")
