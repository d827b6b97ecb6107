# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server's time, by the Date of its answers (RFC 9110, 6.6.1)."""

from __future__ import annotations

import datetime as dt
import email.utils
import time

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.server_clock import ServerClock


def date(seconds: float) -> str:
    return email.utils.format_datetime(utc_now() + dt.timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("told", "took", "ahead"),
    [
        pytest.param(0, 0.0, 0, id="the-same"),
        pytest.param(1, 0.0, 0, id="as-near-as-can-be-known"),
        pytest.param(3600, 0.0, 3600, id="ahead"),
        pytest.param(-90, 0.0, -90, id="behind"),
        pytest.param(3600, 9.0, 0, id="an-answer-that-took-long"),
        pytest.param(None, 0.0, 0, id="no-date"),
        pytest.param("yesterday", 0.0, 0, id="no-date-at-all"),
        pytest.param("Mon, 99 Foo 2026 00:00:00 GMT", 0.0, 0, id="nonsense"),
    ],
)
def test_the_difference(told: int | str | None, took: float, ahead: int) -> None:
    clock = ServerClock()
    clock.note(date(told) if isinstance(told, int) else told, sent=time.monotonic() - took)
    assert (clock.now() - utc_now()).total_seconds() == pytest.approx(ahead, abs=2.5)


def test_the_last_answer_counts() -> None:
    """This machine's clock may be put right meanwhile."""
    clock = ServerClock()
    clock.note(date(3600), sent=time.monotonic())
    clock.note(date(0), sent=time.monotonic())
    assert (clock.now() - utc_now()).total_seconds() == pytest.approx(0, abs=0.1)
