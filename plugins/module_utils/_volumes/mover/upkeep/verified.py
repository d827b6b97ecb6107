# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pod found that has read a repository back, by snapshots (docs/compatibility 18.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobEnd
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.told import told, told_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.members import count, member
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.held_snapshots import (
    HeldSnapshot,
    read_snapshots,
)

_LONGEST = 300
_OBJECT = re.compile(r"object (I*[a-z]*[0-9a-f]{32,})")
_KOPIAS = re.compile(r"error processing (.*?): (.*)", re.DOTALL)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """``snapshot``: an id, empty where nobody knows whose it is. ``path``: in it, empty for all of it."""

    snapshot: str
    path: str
    error: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """``objects`` were looked at; ``files`` of ``bytes`` were read, each content once."""

    snapshots: tuple[HeldSnapshot, ...]
    objects: int = 0
    files: int = 0
    bytes: int = 0
    damage: tuple[Damage, ...] = ()


def read_verified(end: JobEnd) -> Verified:
    """Raises ``MoverError``."""
    result = told_object(end, "stats")
    stats = member(result, "stats")
    damage = read_damage(told(end, "damage").decode(errors="replace"))
    if not damage and result.get("errorCount"):
        said = result.get("errorStrings")
        words = [str(each) for each in said] if isinstance(said, list) and said else ["kopia found errors"]
        damage = tuple(Damage(snapshot="", path="", error=_short(each)) for each in words)
    return Verified(
        snapshots=read_snapshots(told(end, "snapshots")),
        objects=count(stats, "processedObjectCount"),
        files=count(stats, "readFileCount"),
        bytes=count(stats, "readBytes"),
        # Kopia reads files side by side, and names them as it finds them.
        damage=tuple(sorted(damage, key=lambda each: (each.snapshot, each.path))),
    )


def read_damage(text: str) -> tuple[Damage, ...]:
    """The lines of the script: errors of kopia, files of bad objects (``bad``), snapshots that cannot be listed."""
    lines = [(word, rest) for word, _blank, rest in (line.partition(" ") for line in text.splitlines())]
    errors = [_Said.of(rest) for word, rest in lines if word == "error"]
    reasons = {said.object_id: said.why for said in errors if said.object_id}
    bad = [_bad(rest, reasons) for word, rest in lines if word == "bad"]
    unread = [_unread(rest) for word, rest in lines if word == "unread"]
    found = {rest.split()[1] for word, rest in lines if word == "bad" and len(rest.split()) > 1}
    # A folder that cannot be read keeps the list of its snapshot from being made.
    loose = [said for said in errors if said.object_id not in found] if not unread else []
    return (*bad, *unread, *(Damage(snapshot="", path=said.path, error=said.why) for said in loose))


class _Said(t.NamedTuple):
    path: str
    object_id: str
    why: str

    @classmethod
    def of(cls, line: str) -> _Said:
        said = _KOPIAS.fullmatch(line)
        path, why = (said[1], said[2]) if said else ("", line)
        objects = _OBJECT.findall(why)
        return cls(one_line(path), objects[-1] if objects else "", _short(why))


def _bad(rest: str, reasons: t.Mapping[str, str]) -> Damage:
    snapshot, object_id, path = [*rest.split(None, 2), "", "", ""][:3]
    error = reasons.get(object_id, "it cannot be read")
    return Damage(snapshot=snapshot, path=one_line(path.removeprefix(f"{snapshot}/")), error=error)


def _unread(rest: str) -> Damage:
    snapshot, _blank, why = rest.partition(" ")
    return Damage(snapshot=snapshot, path="", error=_short(why))


def _short(text: str) -> str:
    words = one_line(text).rstrip(".")
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


__all__ = ("Damage", "Verified", "read_damage", "read_verified")
