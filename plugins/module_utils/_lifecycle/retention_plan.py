# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backups stay and which go, and why: a verdict for each. Nothing is asked and nothing is changed.

A backup goes when its time to live is over and no rule keeps it. The backups of a schedule are a series; those that no
schedule has made go by their time to live alone, unless the rules are to be for them too.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prunable import Prunable
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_rules import (
    Made,
    Reasons,
    RetentionRules,
    kept_by_rules,
    newest_first,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import TERMINAL_PHASES

Ttl: t.TypeAlias = t.Literal["honored", "ignored"]
OnDemand: t.TypeAlias = t.Literal["ttl", "rules"]
#: The rules of each series, by its name.
RulesOf: t.TypeAlias = "t.Mapping[str, RetentionRules]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What shall stay. ``schedules``: empty for all, and for backups of none. ``failed_ttl``: seconds.

    ``min_good``: so many of the newest Completed backups of a series stay whatever is said; with ``min_good_verified``
    those that were verified are taken first, the others where there are not so many. ``on_demand``: whether
    backups of no schedule are a series too. ``apply_changes``: what older rules kept may go at once.
    """

    rules: RetentionRules = dataclasses.field(default_factory=RetentionRules)
    ttl: Ttl = "honored"
    min_good: int = 1
    min_good_verified: bool = False
    failed_ttl: float | None = None
    schedules: tuple[str, ...] = ()
    on_demand: OnDemand = "ttl"
    allow_empty_group: bool = False
    apply_changes: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """``reasons``: why it stays, or why it goes; phrases."""

    backup: Prunable
    goes: bool
    reasons: tuple[str, ...]

    @property
    def by_ttl(self) -> bool:
        """Whether it stays because of nothing but its time to live."""
        expires = self.backup.expires
        return not self.goes and expires is not None and self.reasons == (_expiring(expires),)

    def stays(self, *reasons: str) -> Verdict:
        """The same, but it stays."""
        return Verdict(self.backup, False, reasons)


@dataclasses.dataclass(frozen=True, slots=True)
class RetentionPlan:
    """``verdicts``: by name. ``refused``: the series that would be empty. ``rules``: of each series that was seen."""

    verdicts: tuple[Verdict, ...]
    refused: tuple[str, ...] = ()
    rules: RulesOf = dataclasses.field(default_factory=dict)


def plan_retention(
    backups: t.Iterable[Prunable], retention: Retention, now: dt.datetime, *, before: RulesOf | None = None
) -> RetentionPlan:
    """``before``: the rules by which each series was pruned last; of one that is missing nobody knows."""
    verdicts: list[Verdict] = []
    refused: list[str] = []
    rules: dict[str, RetentionRules] = {}
    for group, members in _groups(backups, retention).items():
        if group is None:
            verdicts += [_alone(backup, retention, now) for backup in members]
            continue
        series = _Series(members, retention, now, (before or {}).get(group))
        found, is_refused = series.judge()
        verdicts += found
        refused += [group] if is_refused else []
        rules[group] = retention.rules
    verdicts.sort(key=lambda verdict: verdict.backup.name)
    return RetentionPlan(tuple(verdicts), tuple(refused), rules)


def _groups(backups: t.Iterable[Prunable], retention: Retention) -> dict[str | None, list[Prunable]]:
    """Under None those that are no series."""
    wanted = {label_value(name) for name in retention.schedules}
    found: dict[str | None, list[Prunable]] = {}
    for backup in backups:
        # What nobody can read may be of any schedule.
        if wanted and label_value(backup.schedule) not in wanted and not backup.deleting:
            continue
        is_series = bool(backup.schedule) or (retention.on_demand == "rules" and backup.made is not None)
        found.setdefault(backup.schedule if is_series else None, []).append(backup)
    return found


def _alone(backup: Prunable, retention: Retention, now: dt.datetime) -> Verdict:
    """One that is no member of a series: only its time to live counts."""
    settled = _settled(backup)
    if settled is None and backup.phase.startswith("Failed") and retention.failed_ttl is not None:
        return _failed(backup, retention.failed_ttl, now)
    return settled or _by_ttl(backup, now)


def _settled(backup: Prunable) -> Verdict | None:
    """What no rule is asked about; None where one is."""
    if backup.flat:
        return Verdict(backup, False, ("it is one of Ark 0.9 or older at the root, where nothing is ever changed",))
    if backup.hold is not None:
        return Verdict(backup, False, (backup.hold.text,))
    if backup.deleting:
        return Verdict(backup, True, ("its deletion was begun, and is gone on with",))
    if backup.problem:
        return Verdict(backup, False, (f"nobody can say what it is: {backup.problem}",))
    if backup.phase not in TERMINAL_PHASES:
        return Verdict(backup, False, (f"it is not finished: its phase is {backup.phase or 'New'}",))
    return None


def _by_ttl(backup: Prunable, now: dt.datetime) -> Verdict:
    if backup.expires is None:
        return Verdict(backup, False, ("it has no time to live",))
    if backup.expires <= now:
        return Verdict(backup, True, (f"it expired at {rfc3339(backup.expires)}",))
    return Verdict(backup, False, (_expiring(backup.expires),))


def _expiring(moment: dt.datetime) -> str:
    return f"it expires at {rfc3339(moment)}"


def _failed(backup: Prunable, seconds: float, now: dt.datetime) -> Verdict:
    limit = format_duration(seconds)
    if backup.made is None or now - backup.made <= dt.timedelta(seconds=seconds):
        return Verdict(backup, False, (f"it is {backup.phase}, and younger than {limit} (failed_ttl)",))
    return Verdict(backup, True, (f"it is {backup.phase}, and older than {limit} (failed_ttl)",))


class _Series:
    """The backups of one schedule."""

    def __init__(
        self, members: t.Sequence[Prunable], retention: Retention, now: dt.datetime, before: RetentionRules | None
    ) -> None:
        self._members = members
        self._retention = retention
        self._now = now
        self._before = before
        self._counted = [
            Made(member.name, member.made, member.is_good)
            for member in members
            if member.made is not None and not member.phase.startswith("Failed") and not member.deleting
        ]

    def judge(self) -> tuple[list[Verdict], bool]:
        """The verdicts, and whether the series would have been empty."""
        kept = kept_by_rules(self._counted, self._retention.rules, self._now)
        verdicts = [self._judge(member, kept) for member in self._members]
        verdicts = self._with_old_rules(self._with_good_ones(verdicts))
        whole = [verdict for verdict in verdicts if not verdict.backup.deleting]
        is_empty = bool(whole) and all(verdict.goes for verdict in whole)
        if not is_empty or self._retention.allow_empty_group:
            return verdicts, False
        why = "no backup of its schedule would be left (allow_empty_group)"
        return [verdict if verdict.backup.deleting else verdict.stays(why) for verdict in verdicts], True

    def _judge(self, member: Prunable, kept: Reasons) -> Verdict:
        settled = _settled(member)
        if settled is not None:
            return settled
        if member.phase.startswith("Failed"):
            return self._judge_failed(member)
        ttl = _by_ttl(member, self._now)
        if self._retention.ttl == "honored" and not ttl.goes:
            return ttl.stays(*kept.get(member.name, ()), *ttl.reasons)
        if member.name in kept:
            return ttl.stays(*kept[member.name])
        if self._retention.ttl == "honored":
            return dataclasses.replace(ttl, reasons=(*ttl.reasons, *self._no_rule()))
        if not self._retention.rules:
            return ttl.stays("its time to live is ignored, and there is no rule")
        return Verdict(member, True, self._no_rule())

    def _no_rule(self) -> tuple[str, ...]:
        return ("no rule keeps it",) if self._retention.rules else ()

    def _judge_failed(self, member: Prunable) -> Verdict:
        if self._retention.failed_ttl is not None:
            return _failed(member, self._retention.failed_ttl, self._now)
        if self._retention.ttl == "honored":
            return _by_ttl(member, self._now)
        return Verdict(member, False, (f"it is {member.phase}, and there is no failed_ttl",))

    def _with_good_ones(self, verdicts: t.Sequence[Verdict]) -> list[Verdict]:
        """The newest Completed ones stay: of the last few nobody knows whether there will be more."""
        number = self._retention.min_good
        newest = [made.name for made in newest_first(made for made in self._counted if made.good)]
        if self._retention.min_good_verified:
            verified = {member.name for member in self._members if member.verified}
            newest = [
                *(name for name in newest if name in verified),
                *(name for name in newest if name not in verified),
            ]
        newest = newest[: max(number, 0)]
        reason = f"it is one of the newest {counted(number, 'Completed backup')} (min_good)"
        return [
            verdict.stays(reason) if verdict.goes and verdict.backup.name in newest else verdict for verdict in verdicts
        ]

    def _with_old_rules(self, verdicts: t.Sequence[Verdict]) -> list[Verdict]:
        """What the rules of the run before kept goes in the next run, unless the change is to be applied at once."""
        before, retention = self._before, self._retention
        if before is None or before == retention.rules or retention.apply_changes:
            return list(verdicts)
        kept = kept_by_rules(self._counted, before, self._now)
        return [
            verdict.stays("the rules before this change kept it, and it goes in the next run (apply_changes)")
            if verdict.goes and verdict.backup.name in kept
            else verdict
            for verdict in verdicts
        ]


__all__ = ("Retention", "RetentionPlan", "RulesOf", "Verdict", "plan_retention")
