# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the two cron engines of Velero answer is what ours answers: ``tests/golden/cron``."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import CronError, parse_cron
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._velero.golden_cron import (
    CronCase,
    read_cases,
    told,
)

CASES = read_cases()
TEXTS = sorted({case.text for case in CASES.values()})


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_answers_as_the_real_engine(case: CronCase) -> None:
    if "error" in case.expected:
        with pytest.raises(CronError) as raised:
            parse_cron(case.text, case.dialect, case.zone)
        assert raised.value.kind == case.expected["error"]["kind"]
        assert raised.value.message.endswith(".")
    else:
        assert told(parse_cron(case.text, case.dialect, case.zone), case.base, case.until) == case.expected["output"]


@pytest.mark.parametrize("text", TEXTS)
def test_strict_takes_only_what_both_engines_read_alike(text: str) -> None:
    """In UTC, that is: at the ends of summer time it has its own rules."""
    answers = [case for case in CASES.values() if case.text == text and str(case.zone) == "UTC" and not case.until]
    try:
        times = parse_cron(text, "strict")
    except CronError:
        return
    for case in answers:
        # Between 2096 and 2104 there is no leap day, and the engines give up after five years.
        if case.base.year < 2090:
            assert told(times, case.base, None) == case.expected.get("output")


def test_there_are_enough_cases() -> None:
    errors = {case.text for case in CASES.values() if "error" in case.expected}
    assert len(TEXTS) >= 200
    assert len(errors) >= 70
    assert sum(1 for case in CASES.values() if case.until) >= 24
