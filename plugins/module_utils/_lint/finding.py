# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a hook: the rules by name, and one finding."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

Severity: t.TypeAlias = t.Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """One kind of mistake. ``title``: what it is, for reports that list the rules themselves."""

    name: str
    severity: Severity
    title: str


_TABLE = (
    Rule("lock-ends-with-command", "error", "A lock that is gone as soon as the command that took it has ended"),
    Rule("lock-without-lease", "error", "A lock that outlives the run, and that nothing but its unlock ends"),
    Rule("removed-function", "error", "A function that the server does not have any more"),
    Rule("save-not-awaited", "warning", "A save that goes on in the background when the command has ended"),
    Rule("freeze-without-thaw", "error", "A file system that is frozen and that no post hook thaws"),
    Rule("thaw-without-freeze", "warning", "A thaw of a file system that no pre hook freezes"),
    Rule("freeze-unclear", "error", "A freeze whose path cannot be read from the command"),
    Rule("freeze-off-volume", "error", "A freeze of something that is no disk of the pod's own"),
    Rule("no-such-container", "error", "A container that the pod does not have"),
    Rule("no-such-program", "error", "A program that the container does not have"),
    Rule("needs-shell", "error", "A command that only a shell understands, without one"),
    Rule("bad-duration", "error", "A duration that cannot be read, such as one without a unit"),
    Rule("bad-value", "warning", "A value that is not one of those that are known, and counts as none"),
    Rule("unknown-annotation", "warning", "An annotation that looks like one of a hook's, and is none"),
    Rule("hook-without-command", "warning", "Annotations of a hook that has no command, and does not run"),
    Rule("annotation-off-pod", "error", "Annotations of a hook on a workload in the place of its pods"),
    Rule("password-in-command", "error", "A password in the arguments of a command"),
    Rule("no-volume", "warning", "A hook of a pod whose volumes take no part in a backup"),
    Rule("rule-off-pods", "warning", "A rule of a Backup that fits no pod, or is for no pods"),
    Rule("unreadable", "error", "A file or an object that cannot be read"),
    Rule("not-looked-at", "note", "What could not be looked at"),
)
RULES: t.Mapping[str, Rule] = {rule.name: rule for rule in _TABLE}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands. ``file`` empty: in the cluster. ``line``: the first one of the object, from 1 on.

    ``key``: the annotation, or the place in the spec of a Backup.
    """

    file: str = ""
    line: int = 0
    kind: str = ""
    namespace: str = ""
    name: str = ""
    container: str = ""
    key: str = ""

    @property
    def of_object(self) -> str:
        """``Pod shop/db-0``."""
        return f"{self.kind} {'/'.join(filter(None, (self.namespace, self.name)))}".strip()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake: ``message`` says what happens, ``hint`` what to write instead."""

    rule: str
    place: Place
    message: str
    hint: str = ""
    severity: Severity = "error"

    @classmethod
    def of(cls, rule: str, place: Place, message: str, *, hint: str = "", severity: Severity | None = None) -> Finding:
        """With the severity of its rule, unless another is given."""
        return cls(rule=rule, place=place, message=message, hint=hint, severity=severity or RULES[rule].severity)

    def to_return(self) -> dict[str, t.Any]:
        """The entry of a task's ``findings``."""
        place = dataclasses.asdict(self.place)
        return {
            "rule": self.rule,
            "severity": self.severity,
            **place,
            "line": self.place.line or None,
            "message": self.message,
            "hint": self.hint,
        }


def ordered(findings: t.Iterable[Finding]) -> list[Finding]:
    """Each once, errors first, then by their place."""
    distinct = dict.fromkeys(findings)
    return sorted(
        distinct,
        key=lambda each: (SEVERITIES.index(each.severity), dataclasses.astuple(each.place), each.rule, each.message),
    )


__all__ = ("RULES", "SEVERITIES", "Finding", "Place", "Rule", "Severity", "ordered")
