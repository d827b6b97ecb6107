# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases of ``tests/golden/cron``, and our answers in the words of its expectations."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import pathlib
import typing as t
import zoneinfo

import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import CronTimes

_GOLDEN = pathlib.Path(__file__).parents[4] / "golden" / "cron"
_FEW, _MANY = 4, 400


class CronCase(t.NamedTuple):
    text: str
    dialect: str
    zone: dt.tzinfo
    base: dt.datetime
    until: dt.datetime | None
    expected: dict[str, t.Any]


def read_cases() -> dict[str, CronCase]:
    file = yaml.safe_load((_GOLDEN / "cases.yml").read_text())
    cases = {}
    answers = {each["case"]: each for each in json.loads((_GOLDEN / "expected.json").read_text())}
    for group in file["groups"]:
        zone = zoneinfo.ZoneInfo(group["zone"])
        base = _moment(group["base"], zone)
        until = _moment(group["until"], zone) if "until" in group else None
        for number, text in enumerate(group["cases"], 1):
            for dialect in ("velero-1.18.2", "velero-1.18.3"):
                name = f"{group['about']} {number} {dialect}"
                cases[name] = CronCase(text, dialect, zone, base, until, answers.pop(name))
    assert not answers
    return cases


def _moment(text: str, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def told(times: CronTimes, base: dt.datetime, until: dt.datetime | None) -> str:
    """The times as the golden file tells them."""
    found: list[str] = []
    moment: dt.datetime | None = base
    while len(found) < _FEW or until:
        assert moment is not None
        moment = times.next_after(moment)
        if moment is None:
            found.append("never")
            break
        if until and moment > until:
            break
        found.append(rfc3339(moment))
    whole = " ".join(found)
    return whole if len(found) <= _MANY else f"{len(found)} times, {hashlib.sha256(whole.encode()).hexdigest()}"
