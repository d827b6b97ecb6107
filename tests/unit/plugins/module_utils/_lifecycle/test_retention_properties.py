# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must be so for every series of backups and all rules: on such that chance makes."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.holds import Hold
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.calendar_span import CalendarSpan
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prunable import Prunable
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import (
    Retention,
    plan_retention,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_rules import (
    PERIODS,
    Made,
    RetentionRules,
    kept_by_rules,
)

NOW = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
SEEDS = range(150)
_COUNTS = ("last", *PERIODS)


def series(chance: random.Random) -> list[Prunable]:
    found = []
    for number in range(chance.randrange(1, 60)):
        made = NOW - dt.timedelta(hours=chance.randrange(-3, 9000), minutes=chance.randrange(60))
        found.append(
            Prunable(
                name=f"b{number:03}",
                schedule=chance.choice(("", "shop", "bank")),
                phase=chance.choice(("Completed",) * 6 + ("PartiallyFailed", "Failed", "InProgress")),
                made=made,
                expires=chance.choice((None, made + dt.timedelta(days=chance.randrange(1, 400)))),
                hold=Hold() if chance.random() < 0.05 else None,
                has_archive=chance.random() < 0.95,
            )
        )
    return found


def rules(chance: random.Random) -> RetentionRules:
    given = {name: chance.choice((0, 0, 1, 2, 5, -1)) for name in _COUNTS}
    return RetentionRules(**given, within=CalendarSpan(days=chance.choice((0, 0, 9, 40))))


def gone(backups: list[Prunable], retention: Retention) -> set[str]:
    return {verdict.backup.name for verdict in plan_retention(backups, retention, NOW).verdicts if verdict.goes}


def chosen(seed: int) -> tuple[list[Prunable], Retention, random.Random]:
    chance = random.Random(seed)
    retention = Retention(
        rules=rules(chance),
        ttl=chance.choice(("honored", "ignored")),
        min_good=chance.choice((0, 1, 3)),
        failed_ttl=chance.choice((None, 86400.0)),
        on_demand=chance.choice(("ttl", "rules")),
    )
    return series(chance), retention, chance


@pytest.mark.parametrize("seed", SEEDS)
def test_twice_deletes_nothing_more(seed: int) -> None:
    backups, retention, _chance = chosen(seed)
    doomed = gone(backups, retention)
    left = [backup for backup in backups if backup.name not in doomed]
    assert gone(left, retention) == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_greater_number_never_deletes_more(seed: int) -> None:
    backups, retention, chance = chosen(seed)
    if not retention.rules:
        return
    name = chance.choice(_COUNTS)
    count = getattr(retention.rules, name)
    given = {each: getattr(retention.rules, each) for each in (*_COUNTS, "within")}
    more = Retention(
        rules=RetentionRules(**{**given, name: count + 1 if count >= 0 else count}),
        ttl=retention.ttl,
        min_good=retention.min_good + 1,
        failed_ttl=retention.failed_ttl,
        on_demand=retention.on_demand,
    )
    assert gone(backups, more) <= gone(backups, retention)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rules_together_keep_what_each_keeps(seed: int) -> None:
    backups, retention, _chance = chosen(seed)
    made = [Made(backup.name, backup.made, backup.is_good) for backup in backups if backup.made]
    alone = [RetentionRules(**{name: getattr(retention.rules, name)}) for name in _COUNTS]
    alone.append(RetentionRules(within=retention.rules.within))
    assert set(kept_by_rules(made, retention.rules, NOW)) == {
        name for each in alone for name in kept_by_rules(made, each, NOW)
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_no_series_is_ever_emptied(seed: int) -> None:
    backups, retention, _chance = chosen(seed)
    doomed = gone(backups, retention)
    for schedule in {backup.schedule for backup in backups if backup.schedule}:
        assert {backup.name for backup in backups if backup.schedule == schedule} - doomed
    held = {backup.name for backup in backups if backup.hold or backup.phase == "InProgress"}
    assert not held & doomed


@pytest.mark.parametrize("seed", SEEDS)
def test_so_many_good_ones_stay(seed: int) -> None:
    backups, retention, _chance = chosen(seed)
    doomed = gone(backups, retention)
    for schedule in {backup.schedule for backup in backups if backup.schedule}:
        good = {backup.name for backup in backups if backup.schedule == schedule and backup.is_good}
        assert len(good - doomed) >= min(len(good), retention.min_good)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_is_of_no_consequence(seed: int) -> None:
    backups, retention, chance = chosen(seed)
    shuffled = chance.sample(backups, len(backups))
    assert plan_retention(shuffled, retention, NOW).verdicts == plan_retention(backups, retention, NOW).verdicts
