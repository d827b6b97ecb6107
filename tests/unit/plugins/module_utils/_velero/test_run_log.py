# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import io
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Level
from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog

_TIME = 'time="2026-06-01T02:00:00Z" '


def _now() -> dt.datetime:
    return dt.datetime(2026, 6, 1, 2, tzinfo=dt.UTC)


def _logged(level: Level, message: str, fields: dict[str, t.Any]) -> str:
    out = io.BytesIO()
    RunLog(out, now=_now).write(level, message, fields)
    return out.getvalue().decode()


@pytest.mark.parametrize(
    ("level", "message", "fields", "line"),
    [
        pytest.param("info", "done", {}, "level=info msg=done", id="bare message"),
        pytest.param("info", "two words", {}, 'level=info msg="two words"', id="quoted message"),
        pytest.param("info", "", {"d": "30s"}, "level=info d=30s", id="no message"),
        pytest.param(
            "info",
            "running exec hook",
            {
                "zeta": 1,
                "alpha": True,
                "backup": "velero/nginx",
                "hookCommand": ["/bin/sh", "-c", 'ls "x"'],
            },
            'level=info msg="running exec hook" alpha=true backup=velero/nginx '
            'hookCommand="[/bin/sh -c ls \\"x\\"]" zeta=1',
            id="fields sorted, a slice as Go prints it",
        ),
        pytest.param(
            "error",
            "Error executing hook",
            {"error": "exit 1", "namespace": ""},
            'level=error msg="Error executing hook" error="exit 1" namespace=',
            id="error and an empty value",
        ),
        pytest.param(
            "warning",
            'tab\tnew\nline "q" back\\slash',
            {},
            'level=warning msg="tab\\tnew\\nline \\"q\\" back\\\\slash"',
            id="escapes",
        ),
        pytest.param(
            "info",
            "é ü\u00a0\x7f\x01\u200b\U0001f600\U000e0001",
            {},
            'level=info msg="é ü\\u00a0\\x7f\\x01\\u200b\U0001f600\\U000e0001"',
            id="what does not print",
        ),
        pytest.param("info", "bad\udcffutf8", {}, 'level=info msg="bad\\xffutf8"', id="not UTF-8"),
        pytest.param(
            "info",
            "m",
            {"none": None, "f": 1.5, "dash": "a-b._/@^+c", "colon": "a:b", "eq": "a=b", "level": "l", "time": "t"},
            'level=info msg=m colon="a:b" dash=a-b._/@^+c eq="a=b" f=1.5 fields.level=l fields.time=t none="<nil>"',
            id="values, and fields that clash",
        ),
        pytest.param("info", "m", {"m": {"b": "2", "a": "1"}}, 'level=info msg=m m="map[a:1 b:2]"', id="map"),
    ],
)
def test_lines(level: Level, message: str, fields: dict[str, t.Any], line: str) -> None:
    """What logrus 1.9.3 wrote for the same (TextFormatter without colours)."""
    assert _logged(level, message, fields) == f"{_TIME}{line}\n"


def test_the_name_is_in_every_line() -> None:
    out = io.BytesIO()
    log = RunLog(out, backup="velero/nginx", now=_now)
    log.write("info", "done", {})
    log.write("warning", "careful", {"restore": "other"})
    assert out.getvalue().decode().splitlines() == [
        f"{_TIME}level=info msg=done backup=velero/nginx",
        f"{_TIME}level=warning msg=careful backup=velero/nginx restore=other",
    ]
    out = io.BytesIO()
    RunLog(out, restore="velero/r", now=_now).write("info", "done", {})
    assert out.getvalue().decode() == f"{_TIME}level=info msg=done restore=velero/r\n"


def test_threads_do_not_mix_lines() -> None:
    out = io.BytesIO()
    log = RunLog(out, now=_now)

    def write() -> None:
        for number in range(200):
            log.write("warning", "w" * 200, {"n": number})

    threads = [threading.Thread(target=write) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = out.getvalue().decode().splitlines()
    assert len(lines) == 800
    assert all(line.startswith(f"{_TIME}level=warning msg=www") for line in lines)
