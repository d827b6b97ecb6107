# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The log of a run as Velero writes it: logrus text lines, counted, and condensed into the results file."""

from __future__ import annotations

import re
import threading
import typing as t
from dataclasses import dataclass, field

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import printable

if t.TYPE_CHECKING:
    import datetime as dt

Level: t.TypeAlias = t.Literal["info", "warning", "error"]

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
_RESULT = re.compile(
    r"(?: resource: /(?P<resource>\S*))?(?: name: /(?P<name>\S*))?"
    r"(?: message: /(?P<message>.*?))?(?: error: /(?P<error>.*))?",
    re.DOTALL,
)
_FIXED = frozenset({"time", "level", "msg"})


class ByteSink(t.Protocol):
    """Anything that bytes can be written to."""

    def write(self, data: bytes, /) -> t.Any:
        """Take all of ``data``."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line. ``fields`` hold what was given beside the message, the error under ``error``."""

    level: Level
    message: str
    fields: dict[str, t.Any]


@dataclass(slots=True)
class ResultBuckets:
    """Messages as in a results file: about the run, about cluster-scoped objects, about each namespace's."""

    velero: list[str] = field(default_factory=list)
    cluster: list[str] = field(default_factory=list)
    namespaces: dict[str, list[str]] = field(default_factory=dict)

    def add(self, message: str, *, namespace: str | None = None) -> None:
        """``namespace`` None: the run itself; empty: a cluster-scoped object. Velero prints it as it is."""
        message = printable(message)
        if namespace is None:
            self.velero.append(message)
        elif namespace == "":
            self.cluster.append(message)
        else:
            self.namespaces.setdefault(namespace, []).append(message)

    @property
    def count(self) -> int:
        return len(self.velero) + len(self.cluster) + sum(map(len, self.namespaces.values()))

    def to_dict(self) -> dict[str, t.Any]:
        """The file's form: an empty bucket is left out."""
        buckets = {"velero": self.velero, "cluster": self.cluster, "namespaces": self.namespaces}
        return {name: bucket for name, bucket in buckets.items() if bucket}


class RunLog:
    """Writes each line to ``stream`` (None keeps only the counts), safe from several threads.

    ``backup`` or ``restore`` (``velero/nginx``) is a field of every line, as in Velero's own logs. A line at error
    level makes a backup PartiallyFailed: the numbers here are its ``status.errors`` and ``status.warnings``.
    """

    def __init__(
        self,
        stream: ByteSink | None,
        *,
        backup: str = "",
        restore: str = "",
        now: t.Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self._stream = stream
        self._now = now
        self._common = {key: value for key, value in (("backup", backup), ("restore", restore)) if value}
        self._lock = threading.Lock()
        #: Warnings and errors only: a long run has many other lines.
        self.entries: list[LogEntry] = []

    def info(self, message: str, *, error: str = "", **fields: t.Any) -> None:
        self._log("info", message, error, fields)

    def warning(self, message: str, *, error: str = "", **fields: t.Any) -> None:
        self._log("warning", message, error, fields)

    def error(self, message: str, *, error: str = "", **fields: t.Any) -> None:
        self._log("error", message, error, fields)

    @property
    def warnings(self) -> int:
        return self._count("warning")

    @property
    def errors(self) -> int:
        return self._count("error")

    def results(self) -> dict[str, t.Any]:
        """The content of ``<n>-results.gz``: ``{"errors": {...}, "warnings": {...}}``."""
        buckets = {"error": ResultBuckets(), "warning": ResultBuckets()}
        with self._lock:
            for entry in self.entries:
                buckets[entry.level].add(result_text(entry), namespace=entry.fields.get("namespace"))
        return {"errors": buckets["error"].to_dict(), "warnings": buckets["warning"].to_dict()}

    def _count(self, level: Level) -> int:
        with self._lock:
            return sum(entry.level == level for entry in self.entries)

    def _log(self, level: Level, message: str, error: str, fields: dict[str, t.Any]) -> None:
        data = {**self._common, **fields}
        if error:
            data["error"] = error
        with self._lock:
            if level != "info":
                self.entries.append(LogEntry(level, message, data))
            if self._stream is not None:
                line = format_line(rfc3339(self._now()), level, message, data)
                self._stream.write(line.encode("utf-8", "surrogateescape"))


def format_line(time: str, level: str, message: str, fields: t.Mapping[str, t.Any]) -> str:
    """One line of logrus' text format without a terminal: time, level and msg first, then the fields sorted by name."""
    pairs = [("time", time), ("level", level), ("msg", message)] if message else [("time", time), ("level", level)]
    # A field that has the name of a fixed one is renamed by logrus.
    others = {f"fields.{key}" if key in _FIXED else key: value for key, value in fields.items()}
    pairs.extend((key, _go_value(others[key])) for key in sorted(others))
    return " ".join(f"{key}={_quoted(value)}" for key, value in pairs) + "\n"


def result_text(entry: LogEntry) -> str:
    """How Velero condenses a log line for the results file; the blank in front is Velero's too."""
    parts = [f" {key}: /{entry.fields[key]}" for key in ("resource", "name") if key in entry.fields]
    if entry.message:
        parts.append(f" message: /{entry.message}")
    if "error" in entry.fields:
        parts.append(f" error: /{entry.fields['error']}")
    return "".join(parts)


def parse_result_text(text: str) -> dict[str, str]:
    """The members of ``result_text`` again (resource, name, message, error); other words are a message."""
    found = _RESULT.fullmatch(text)
    if found is None or not any(found.groups()):
        return {"message": text.strip()}
    return {name: value.strip() for name, value in found.groupdict().items() if value}


def _quoted(value: str) -> str:
    return value if _BARE.fullmatch(value) else f'"{"".join(map(_escaped, value))}"'


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


__all__ = ("Level", "LogEntry", "ResultBuckets", "RunLog", "format_line", "parse_result_text", "result_text")
