# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run has to say: its warnings and errors, and the lines of its log."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import threading
import typing as t

Level: t.TypeAlias = t.Literal["info", "warning", "error"]

#: Takes one line of the log: its level, the message, and fields by name. From any thread.
LogSink: t.TypeAlias = t.Callable[[Level, str, t.Mapping[str, t.Any]], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A warning or an error.

    It is about an object of a ``namespace``, else about one of the cluster if it has a ``resource`` (a group-resource
    such as ``deployments.apps``), else about the run. ``error``: what went wrong with what the message is about;
    ``hint``: the remedy.
    """

    message: str
    error: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    reason: str = ""
    hint: str = ""

    def to_return(self) -> dict[str, str]:
        """The entry of a task's ``warnings_list`` or ``errors_list``."""
        return {
            "resource": self.resource,
            "namespace": self.namespace,
            "name": self.name,
            "message": f"{self.message}: {self.error}" if self.error and self.message else self.message or self.error,
            "reason": self.reason,
            "hint": self.hint,
        }


_MEMBERS = frozenset(field.name for field in dataclasses.fields(Issue)) - {"message"}


def no_log(_level: Level, _message: str, _fields: t.Mapping[str, t.Any]) -> None:
    """The sink for runs that write no log."""


class Issues:
    """Collects from all threads, and hands each issue to the log as it comes.

    The members of an ``Issue`` are keyword arguments; whatever else is given is a field of the log's line.
    """

    def __init__(self, log: LogSink = no_log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._warnings: list[Issue] = []
        self._errors: list[Issue] = []
        self._warned: set[str] = set()

    @classmethod
    def of(cls, *, warnings: t.Iterable[str] = (), errors: t.Iterable[str] = ()) -> Issues:
        """Sentences that say all there is to say."""
        issues = cls()
        issues.add_warnings(warnings)
        issues.add_errors(errors)
        return issues

    def beside(self) -> Issues:
        """A collector with the same log, for what is logged there as well but is no issue of this one."""
        return Issues(self._log)

    def info(self, message: str, **fields: t.Any) -> None:
        """A line of the log, and nothing else."""
        self._log("info", message, _logged(fields))

    def warning(self, message: str, **fields: t.Any) -> None:
        self._add("warning", self._warnings, message, fields)

    def warning_once(self, key: str, message: str, **fields: t.Any) -> None:
        """A warning, unless there was one with the same ``key``, whatever it said."""
        with self._lock:
            known = key in self._warned
            self._warned.add(key)
        if not known:
            self.warning(message, **fields)

    def error(self, message: str, **fields: t.Any) -> Issue:
        return self._add("error", self._errors, message, fields)

    def errors_by(self, cause: str) -> tuple[Issue, ...]:
        """The errors that have ``cause`` as what went wrong."""
        return tuple(issue for issue in self.errors if issue.error == cause)

    def add_warnings(self, messages: t.Iterable[str], **fields: t.Any) -> None:
        """A warning for each of the sentences."""
        for message in messages:
            self.warning(message, **fields)

    def add_errors(self, messages: t.Iterable[str], **fields: t.Any) -> None:
        """An error for each of the sentences."""
        for message in messages:
            self.error(message, **fields)

    def extend(self, *, warnings: t.Iterable[Issue] = (), errors: t.Iterable[Issue] = ()) -> None:
        """Take over what was reported elsewhere; nothing is logged again."""
        with self._lock:
            self._warnings += warnings
            self._errors += errors

    @property
    def warnings(self) -> tuple[Issue, ...]:
        with self._lock:
            return tuple(self._warnings)

    @property
    def errors(self) -> tuple[Issue, ...]:
        with self._lock:
            return tuple(self._errors)

    def _add(self, level: Level, found: list[Issue], message: str, fields: t.Mapping[str, t.Any]) -> Issue:
        issue = Issue(message=message, **{name: str(value) for name, value in fields.items() if name in _MEMBERS})
        with self._lock:
            found.append(issue)
        self._log(level, message, _logged(fields))
        return issue


def _logged(fields: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Members of an issue that say nothing are no fields."""
    return {name: value for name, value in fields.items() if value or name not in _MEMBERS}


def to_return(issues: t.Iterable[Issue]) -> list[dict[str, str]]:
    """The entries of a task's ``warnings_list`` or ``errors_list``."""
    return [issue.to_return() for issue in issues]


__all__ = ("Issue", "Issues", "Level", "LogSink", "no_log", "to_return")
