# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import io
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._velero.run_log import RunLog, parse_result_text

_TIME = 'time="2026-06-01T02:00:00Z" '


def _now() -> dt.datetime:
    return dt.datetime(2026, 6, 1, 2, tzinfo=dt.UTC)


def _logged(level: str, message: str, fields: dict[str, t.Any]) -> str:
    out = io.BytesIO()
    getattr(RunLog(out, now=_now), level)(message, **fields)
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
def test_lines(level: str, message: str, fields: dict[str, t.Any], line: str) -> None:
    """What logrus 1.9.3 wrote for the same (TextFormatter without colours)."""
    assert _logged(level, message, fields) == f"{_TIME}{line}\n"


def test_the_name_is_in_every_line() -> None:
    out = io.BytesIO()
    log = RunLog(out, backup="velero/nginx", now=_now)
    log.info("done")
    log.warning("careful", restore="other")
    assert out.getvalue().decode().splitlines() == [
        f"{_TIME}level=info msg=done backup=velero/nginx",
        f"{_TIME}level=warning msg=careful backup=velero/nginx restore=other",
    ]
    out = io.BytesIO()
    RunLog(out, restore="velero/r", now=_now).info("done")
    assert out.getvalue().decode() == f"{_TIME}level=info msg=done restore=velero/r\n"


def test_counts() -> None:
    log = RunLog(None)
    log.info("one")
    log.warning("two")
    log.error("three")
    log.error("four")
    assert (log.warnings, log.errors) == (1, 2)
    assert [entry.message for entry in log.entries] == ["two", "three", "four"]


def test_results() -> None:
    """Velero 1.18: the text of an entry, and its bucket by the namespace field."""
    log = RunLog(None, backup="velero/b")
    log.error("Error executing hook", error="exit 1", resource="pods", name="web", namespace="app")
    log.error("Error executing hook", error="exit 2", name="web-2", namespace="app")
    log.warning("careful")
    log.error("", error="boom")
    log.warning("odd role", name="r", namespace="")
    assert log.results() == {
        "errors": {
            "velero": [" error: /boom"],
            "namespaces": {
                "app": [
                    " resource: /pods name: /web message: /Error executing hook error: /exit 1",
                    " name: /web-2 message: /Error executing hook error: /exit 2",
                ]
            },
        },
        "warnings": {"velero": [" message: /careful"], "cluster": [" name: /r message: /odd role"]},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (" resource: /pods name: /web message: /Error executing hook error: /exit 1",
         {"resource": "pods", "name": "web", "message": "Error executing hook", "error": "exit 1"}),
        (" name: /web message: /a message: /b", {"name": "web", "message": "a message: /b"}),
        (" message: /line\nand line error: /x error: /y", {"message": "line\nand line", "error": "x error: /y"}),
        (" error: /boom", {"error": "boom"}),
        # Of restores, and of older versions of Velero.
        ("could not restore, pods \"a\" already exists", {"message": "could not restore, pods \"a\" already exists"}),
        ("", {"message": ""}),
        (" resource: / name: / message: /", {"message": "resource: / name: / message: /"}),
    ],
)  # fmt: skip
def test_what_a_results_file_tells(text: str, told: dict[str, str]) -> None:
    assert parse_result_text(text) == told


def test_no_results() -> None:
    assert RunLog(None).results() == {"errors": {}, "warnings": {}}


def test_threads_do_not_mix_lines() -> None:
    out = io.BytesIO()
    log = RunLog(out, now=_now)

    def write() -> None:
        for number in range(200):
            log.warning("w" * 200, n=number)

    threads = [threading.Thread(target=write) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = out.getvalue().decode().splitlines()
    assert len(lines) == log.warnings == 800
    assert all(line.startswith(f"{_TIME}level=warning msg=www") for line in lines)
