# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration, parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

# The rows are those of Go's time.ParseDuration and Duration.String, and of the Velero manual's examples.


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("0", 0.0, id="zero-needs-no-unit"),
        pytest.param("+0", 0.0, id="signed-zero"),
        pytest.param("5s", 5.0, id="seconds"),
        pytest.param("30s", 30.0, id="velero-hook-default"),
        pytest.param("1478s", 1478.0, id="many-seconds"),
        pytest.param("-5s", -5.0, id="negative"),
        pytest.param("+5s", 5.0, id="plus"),
        pytest.param("5.0s", 5.0, id="point"),
        pytest.param("5.6s", 5.6, id="fraction"),
        pytest.param("5.s", 5.0, id="point-without-digits"),
        pytest.param(".5s", 0.5, id="no-leading-digit"),
        pytest.param("500ms", 0.5, id="milliseconds"),
        pytest.param("12us", 12e-6, id="us"),
        pytest.param("12\u00b5s", 12e-6, id="micro-sign"),
        pytest.param("12\u03bcs", 12e-6, id="greek-mu"),
        pytest.param("10ns", 10e-9, id="nanoseconds"),
        pytest.param("5m3s", 303.0, id="A12"),
        pytest.param("1m30s", 90.0, id="velero-4.2"),
        pytest.param("1.5h", 5400.0, id="hours-with-fraction"),
        pytest.param("1h15m30.918s", 4530.918, id="go-doc"),
        pytest.param("3h30m", 12600.0, id="go-test"),
        pytest.param("39h9m14.425s", 140954.425, id="go-test-long"),
        pytest.param("720h0m0s", 2592000.0, id="velero-default-ttl"),
        pytest.param("1s1h", 3601.0, id="any-order"),
        pytest.param("2562047h47m16s", 9223372036.0, id="about-the-longest"),
    ],
)
def test_parse_duration(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "-",
        "s",
        ".",
        "-.",
        ".s",
        "+.s",
        "1d",
        "5 m",
        " 5m",
        "5m ",
        "5m\n",
        "1e3s",
        "5M",
        "1h-2m",
        "+-5s",
        "\u0663s",
    ],
)
def test_what_go_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"^phase_timeout: '[^']*' is not a duration"):
        parse_duration(text, "phase_timeout")


@pytest.mark.parametrize("text", ["2562048h", "-9999999h"])
def test_more_than_64_bits_of_nanoseconds_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"^ttl: .* too long"):
        parse_duration(text, "ttl")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param("300", "Write 300s for seconds.", id="300 without a unit"),  # docs/compatibility 14.6
        pytest.param("1d", "Write a Go duration such as 30s, 1m30s or 72h.", id="days"),
    ],
)
def test_the_hint_names_the_likely_spelling(text: str, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_duration(text)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(0, "0s", id="zero"),
        pytest.param(1e-9, "1ns", id="nanosecond"),
        pytest.param(1100e-9, "1.1\u00b5s", id="microseconds"),
        pytest.param(2.2e-3, "2.2ms", id="milliseconds"),
        pytest.param(0.5, "500ms", id="half-a-second"),
        pytest.param(3.3, "3.3s", id="seconds"),
        pytest.param(30, "30s", id="hook-default"),
        pytest.param(60, "1m0s", id="minute"),
        pytest.param(245.01, "4m5.01s", id="go-test"),
        pytest.param(18367.001, "5h6m7.001s", id="go-test-hours"),
        pytest.param(480.000000001, "8m0.000000001s", id="go-test-nanos"),
        pytest.param(600, "10m0s", id="velero-csiSnapshotTimeout"),
        pytest.param(14400, "4h0m0s", id="velero-itemOperationTimeout"),
        pytest.param(2592000, "720h0m0s", id="velero-ttl"),
        pytest.param(-1.5, "-1.5s", id="negative"),
        pytest.param(-1e-12, "0s", id="less-than-a-nanosecond"),
    ],
)
def test_format_duration(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize("text", ["720h0m0s", "1m30s", "500ms", "0s", "-1.5s", "10m0s"])
def test_what_go_writes_comes_back(text: str) -> None:
    assert format_duration(parse_duration(text)) == text
