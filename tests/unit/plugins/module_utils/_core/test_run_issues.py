# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue, Issues, Level, to_return

Line = tuple[Level, str, t.Mapping[str, t.Any]]


def shown_value() -> tuple[Issues, list[Line]]:
    lines: list[Line] = []
    return Issues(lambda level, message, fields: lines.append((level, message, fields))), lines


def test_an_issue_is_kept_and_logged() -> None:
    issues, lines = shown_value()
    issues.info("listed", count=3)
    issues.warning("careful", hint="Look.", namespace="")
    issues.error("hook failed", error="exit 1", resource="pods", namespace="shop", name="web", hookName="flush")
    assert issues.warnings == (Issue(message="careful", hint="Look."),)
    assert issues.errors == (
        Issue(message="hook failed", error="exit 1", resource="pods", namespace="shop", name="web"),
    )
    assert lines == [
        ("info", "listed", {"count": 3}),
        ("warning", "careful", {"hint": "Look."}),
        (
            "error",
            "hook failed",
            {"error": "exit 1", "resource": "pods", "namespace": "shop", "name": "web", "hookName": "flush"},
        ),
    ]


def test_beside_shares_the_log_alone() -> None:
    issues, lines = shown_value()
    issues.beside().error("tried")
    issues.extend(warnings=[Issue(message="told elsewhere")])
    assert [line[:2] for line in lines] == [("error", "tried")]
    assert (issues.errors, [issue.message for issue in issues.warnings]) == ((), ["told elsewhere"])


def test_entries_of_a_result() -> None:
    issues = Issues()
    issues.add_errors(["a", "b"], name="n")
    issues.error("hook failed", error="exit 1")
    issues.error("", error="boom")
    entries = to_return(issues.errors)
    assert [(entry["message"], entry["name"]) for entry in entries] == [
        ("a", "n"),
        ("b", "n"),
        ("hook failed: exit 1", ""),
        ("boom", ""),
    ]
    assert sorted(entries[0]) == ["hint", "message", "name", "namespace", "reason", "resource"]


def test_threads_lose_nothing() -> None:
    issues = Issues()
    threads = [threading.Thread(target=lambda: issues.add_warnings(["w"] * 500)) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(issues.warnings) == 2000
