# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the servers of one database is held: by what they say of themselves, not by labels.

A primary is passed over only where a standby that follows it, and it alone, is held in its place.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.declaration import DatabaseDeclaration
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import RoleRule, ServerRole

_SEVERAL = "may have its files on several claims, which on a standby no order of snapshots makes whole"
_TORN = (
    "the claims of this one are cut at different moments, so that a copy of it may have wrong data that nobody "
    "notices: do not restore it from them."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One pod whose database is to be held or not. ``found`` None: it does not answer, ``error`` says why.

    ``group``: the same for pods that somebody runs together, by their labels or their owner. ``several``: its container
    mounts several claims, which are not frozen together.
    """

    namespace: str
    pod: str
    declared: DatabaseDeclaration
    found: ServerRole | None = None
    error: str = ""
    group: str = ""
    several: bool = False

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.pod}"

    @property
    def is_standby(self) -> bool:
        return self.found is not None and self.found.role == "standby"


def choose(members: t.Sequence[Member]) -> list[DatabaseDeclaration]:
    """The declaration of each member, in their order: as it is held, passed over with a reason, or refused."""
    groups: dict[tuple[str, str, str, str], list[int]] = {}
    silent: list[int] = []
    for at, member in enumerate(members):
        if member.found is None:
            silent.append(at)
        else:
            declared = member.declared
            key = (member.namespace, declared.kind, declared.standby, member.found.lineage)
            groups.setdefault(key, []).append(at)
    chosen: dict[int, DatabaseDeclaration] = {}
    for numbers in groups.values():
        verdicts = _choose_of_one([members[at] for at in numbers])
        chosen |= dict(zip(numbers, verdicts, strict=True))
    known = [(members[at], verdict) for at, verdict in chosen.items()]
    chosen |= {at: _choose_silent(members[at], known) for at in silent}
    return [chosen[at] for at in range(len(members))]


def _choose_silent(member: Member, others: t.Sequence[tuple[Member, DatabaseDeclaration]]) -> DatabaseDeclaration:
    """A server that does not answer is done without where another one of its group is held."""
    declared = member.declared
    for other, verdict in others:
        same = (other.namespace, other.declared.kind, other.declared.standby) == (
            member.namespace,
            declared.kind,
            declared.standby,
        )
        if same and member.group and other.group == member.group and verdict.expected:
            text = (
                f"It does not answer ({member.error.rstrip('.')}). Pod {other.where} is held in its place; "
                f"{_TORN if member.several else 'the volumes of this one are cut as they are.'}"
            )
            return dataclasses.replace(declared, passed_over=text, torn=member.several)
    return _refused(member, f"Whether it is a primary or a standby cannot be asked: {member.error}")


def _choose_of_one(members: t.Sequence[Member]) -> list[DatabaseDeclaration]:
    """Of the servers of one database."""
    wanted = members[0].declared.standby
    primaries = [member for member in members if not member.is_standby]
    standbys = [member for member in members if member.is_standby]
    if wanted == "never":
        if not primaries:
            return [_refused(member, "It is a standby, and its primary is not among the pods.") for member in members]
        return [_held(member) if member in primaries else _passed(member, primaries[0], "") for member in members]
    reasons = {member.where: _too_far(member, primaries) for member in standbys}
    if wanted == "prefer":
        # That of a primary is cut in an order that is right; of a standby there is none.
        reasons |= {member.where: _SEVERAL for member in standbys if member.several and not reasons[member.where]}
    fit = sorted((member for member in standbys if not reasons[member.where]), key=_order)
    if fit:
        return [_beside_standby(member, fit[0], reasons.get(member.where, ""), primaries) for member in members]
    told = "; ".join(f"pod {where} {why}" for where, why in reasons.items()) or "there is none"
    if wanted == "require":
        why = f"It is to be a standby that is held (standby: require), and none can be: {told}."
        return [_refused(member, why) for member in members]
    if not primaries:
        why = f"No standby can be held: {told}. The primary is not among the pods."
        return [_refused(member, why) for member in members]
    return [
        _held(member) if member in primaries else _passed(member, primaries[0], reasons[member.where])
        for member in members
    ]


def _beside_standby(member: Member, best: Member, reason: str, primaries: t.Sequence[Member]) -> DatabaseDeclaration:
    if member is best:
        return _held(member)
    if member in primaries and member.declared.standby == "prefer" and (len(primaries) > 1 or member.several):
        # Which of them the standby follows, nobody knows; and several claims are no copy of one moment.
        return _held(member)
    if member in primaries and len(primaries) > 1:
        names = " and ".join(other.where for other in primaries)
        return _refused(member, f"Pods {names} both say that they are the primary of one database.")
    return _passed(member, best, reason)


def _too_far(member: Member, primaries: t.Sequence[Member]) -> str:
    """Why the data of a standby are too old; empty where it had all that its primary had when it was asked."""
    found = member.found
    if found is None:
        return "does not answer"
    primary = primaries[0].found if len(primaries) == 1 else None
    if primary is not None and found.position and found.position >= primary.position > 0:
        return ""
    return RoleRule(max_lag_seconds=member.declared.max_lag_seconds).too_far(found)


def _order(member: Member) -> tuple[int, float, int, str]:
    found = member.found
    missed = found.missed if found is not None else 0
    lag = found.lag_seconds if found is not None and found.lag_seconds is not None else float("inf")
    return missed, lag, -(found.position if found is not None else 0), member.pod


def _held(member: Member) -> DatabaseDeclaration:
    return dataclasses.replace(member.declared, expected=member.found.role if member.found is not None else "")


def _passed(member: Member, other: Member, reason: str) -> DatabaseDeclaration:
    role = member.found.role if member.found is not None else ""
    of_other = other.found.role if other.found is not None else ""
    because = f", and {reason}" if reason else ""
    volumes = _TORN if member.several else "the volumes of this one are cut as they are."
    text = f"It is a {role}{because}. The {of_other} in pod {other.where} is held in its place; {volumes}"
    return dataclasses.replace(member.declared, passed_over=text, torn=member.several)


def _refused(member: Member, why: str) -> DatabaseDeclaration:
    return dataclasses.replace(member.declared, refusal=why)


__all__ = ("Member", "choose")
