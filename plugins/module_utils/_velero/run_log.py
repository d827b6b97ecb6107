# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The log of a run in Velero's text format, and what its warnings and errors add up to (Velero 1.18)."""

from __future__ import annotations

import dataclasses
import re
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now

Level: t.TypeAlias = t.Literal["info", "warning", "error"]
#: logrus writes a value bare when it is made of these only.
_BARE = re.compile(r"[A-Za-z0-9\-._/@^+]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class ByteSink(t.Protocol):
    """Anything that bytes can be written to."""

    def write(self, data: bytes, /) -> t.Any: ...


@dataclasses.dataclass(frozen=True, slots=True)
class LogEntry:
    """One warning or error. ``fields`` are the log's: resource, name, namespace and others."""

    level: Level
    message: str
    error: str
    fields: t.Mapping[str, str]

    def to_result(self) -> str:
        """As a line of the results file: only the segments that the entry has."""
        parts = (
            (" resource: /", self.fields.get("resource", "")),
            (" name: /", self.fields.get("name", "")),
            (" message: /", self.message),
            (" error: /", self.error),
        )
        return "".join(label + value for label, value in parts if value)

    def to_issue(self) -> dict[str, t.Any]:
        """As an entry of ``warnings_list`` and ``errors_list``."""
        return {
            "resource": self.fields.get("resource", ""),
            "namespace": self.fields.get("namespace", ""),
            "name": self.fields.get("name", ""),
            "message": f"{self.message}: {self.error}" if self.error else self.message,
            "reason": self.fields.get("reason", ""),
            "hint": self.fields.get("hint", ""),
        }


class RunLog:
    """Thread-safe. Lines go to ``stream`` (uncompressed); warnings and errors are kept as well.

    ``run_fields`` are on every line: ``backup="velero/nightly"`` or ``restore=...``.
    """

    def __init__(self, stream: ByteSink | None, **run_fields: str) -> None:
        self._stream = stream
        self._run_fields = run_fields
        self._lock = threading.Lock()
        self.entries: list[LogEntry] = []

    def info(self, message: str, *, error: str = "", **fields: str) -> None:
        self._write("info", message, error, fields)

    def warning(self, message: str, *, error: str = "", **fields: str) -> None:
        self._write("warning", message, error, fields)

    def error(self, message: str, *, error: str = "", **fields: str) -> None:
        self._write("error", message, error, fields)

    @property
    def warnings(self) -> int:
        """Lines at that level: ``status.warnings``."""
        return self._count("warning")

    @property
    def errors(self) -> int:
        """Lines at that level: ``status.errors``. Any of them makes a backup PartiallyFailed."""
        return self._count("error")

    def results(self) -> dict[str, t.Any]:
        """``{"errors": R, "warnings": R}`` with ``R = {"velero": [], "cluster": [], "namespaces": {}}``, empty members out."""
        return {"errors": self._bucket("error"), "warnings": self._bucket("warning")}

    def issues(self, level: Level) -> list[dict[str, t.Any]]:
        """The entries of one level, for a task's result."""
        with self._lock:
            return [entry.to_issue() for entry in self.entries if entry.level == level]

    def _count(self, level: Level) -> int:
        with self._lock:
            return sum(entry.level == level for entry in self.entries)

    def _bucket(self, level: Level) -> dict[str, t.Any]:
        general: list[str] = []
        namespaces: dict[str, list[str]] = {}
        with self._lock:
            for entry in self.entries:
                if entry.level == level:
                    namespace = entry.fields.get("namespace", "")
                    (namespaces.setdefault(namespace, []) if namespace else general).append(entry.to_result())
        bucket: dict[str, t.Any] = {"velero": general} if general else {}
        return bucket | ({"namespaces": namespaces} if namespaces else {})

    def _write(self, level: Level, message: str, error: str, fields: dict[str, str]) -> None:
        with self._lock:
            if level != "info":
                self.entries.append(LogEntry(level, message, error, fields))
            if self._stream is None:
                return
            rest = {**self._run_fields, **fields} | ({"error": error} if error else {})
            pairs = [f'time="{rfc3339(utc_now())}"', f"level={level}", f"msg={_quote(message)}"]
            pairs += [f"{key}={_quote(str(rest[key]))}" for key in sorted(rest)]
            self._stream.write((" ".join(pairs) + "\n").encode("utf-8", "replace"))


def _quote(value: str) -> str:
    """As logrus: quoted when anything but letters, digits and ``-._/@^+`` is in it, or nothing at all."""
    if _BARE.fullmatch(value):
        return value
    return '"' + "".join(_ESCAPES.get(char, char) for char in value) + '"' if value else ""


__all__ = ("LogEntry", "RunLog")
