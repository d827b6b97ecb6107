# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import (
    compact_stamp,
    parse_rfc3339,
    read_moment,
    rfc3339,
    utc_now,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

MOMENT = dt.datetime(2026, 6, 1, 2, 0, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(MOMENT, "2026-06-01T02:00:00Z", id="utc"),
        pytest.param(MOMENT.replace(microsecond=999999), "2026-06-01T02:00:00Z", id="cut-not-rounded"),
        pytest.param(
            MOMENT.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30))), "2026-06-01T02:00:00Z", id="other-zone"
        ),
    ],
)
def test_rfc3339(moment: dt.datetime, text: str) -> None:
    assert rfc3339(moment) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-06-01T02:00:00Z", MOMENT, id="metav1.Time"),
        pytest.param("2026-06-01T02:00:00.123456Z", MOMENT.replace(microsecond=123456), id="metav1.MicroTime"),
        pytest.param("2026-06-01T02:00:00.123456789Z", MOMENT.replace(microsecond=123456), id="go-nanoseconds"),
        pytest.param("2026-06-01T04:00:00+02:00", MOMENT, id="offset"),
        pytest.param(" 2026-06-01T02:00:00Z\n", MOMENT, id="blanks"),
    ],
)
def test_parse_rfc3339(text: str, moment: dt.datetime) -> None:
    assert parse_rfc3339(text) == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01T02:00:00Z", "2026-06-01T25:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_time_gets_a_sentence(text: str) -> None:
    with pytest.raises(ValidationError, match="is not an RFC 3339 time"):
        parse_rfc3339(text)


@pytest.mark.parametrize(
    ("text", "moment"), [("2026-06-01T02:00:00Z", MOMENT), ("soon", None), ("", None), (None, None), (20260601, None)]
)
def test_what_others_have_written(text: object, moment: dt.datetime | None) -> None:
    assert read_moment(text) == moment


def test_compact_stamp() -> None:
    assert compact_stamp(MOMENT) == "20260601020000"


def test_now_is_in_utc() -> None:
    assert utc_now().utcoffset() == dt.timedelta(0)
