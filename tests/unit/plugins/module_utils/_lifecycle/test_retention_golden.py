# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same survivors as ``restic forget``, on histories and rules that chance has made."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.calendar_span import CalendarSpan, parse_span
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_rules import (
    Made,
    RetentionRules,
    kept_by_rules,
)

_FILE = Path(__file__).parents[4] / "golden" / "retention" / "expected.json"
_GOLDEN = json.loads(_FILE.read_text())
#: After all moments but those that are to come.
NOW = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)


def kept(history: t.Mapping[str, t.Any]) -> dict[int, list[str]]:
    rules = dict(history["rules"])
    span = rules.pop("within", None)
    found = kept_by_rules(
        [Made(f"{place:04}", dt.datetime.fromisoformat(at)) for place, at in enumerate(history["moments"])],
        RetentionRules(**rules, within=parse_span(span) if span else CalendarSpan(), zone=history["zone"]),
        NOW,
    )
    return {int(name): reasons for name, reasons in found.items()}


@pytest.mark.parametrize("number", range(len(_GOLDEN["histories"])))
def test_the_survivors_are_those_of_restic(number: int) -> None:
    history = _GOLDEN["histories"][number]
    assert sorted(kept(history)) == history["new"]


@pytest.mark.parametrize(
    "number", [number for number, history in enumerate(_GOLDEN["histories"]) if history["old"] is not None]
)
def test_before_0_16_the_oldest_had_no_rule_of_its_own(number: int) -> None:
    history = _GOLDEN["histories"][number]
    found = kept(history)
    without = [place for place, reasons in found.items() if not all(each.startswith("oldest") for each in reasons)]
    assert sorted(without) == history["old"]


def test_the_histories_are_enough() -> None:
    histories = _GOLDEN["histories"]
    assert len(histories) >= 50
    assert _GOLDEN["versions"]["old"] == "0.14.0"
    assert tuple(map(int, _GOLDEN["versions"]["new"].split("."))) >= (0, 16, 0)
    old = [history for history in histories if history["old"] is not None]
    assert len(old) >= 40
    assert sum(history["old"] != history["new"] for history in old) >= 5
    assert {name for history in histories for name in history["rules"]} == {
        "last",
        "hourly",
        "daily",
        "weekly",
        "monthly",
        "yearly",
        "within",
    }
