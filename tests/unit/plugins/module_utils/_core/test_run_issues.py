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


def test_what_is_known_by_its_key_is_warned_of_once() -> None:
    issues, lines = shown_value()
    issues.warning_once("keys", "those of a", hint="Look.")
    issues.warning_once("keys", "those of b")
    issues.warning_once("password", "untried")
    assert issues.warnings == (Issue(message="those of a", hint="Look."), Issue(message="untried"))
    assert [line[:2] for line in lines] == [("warning", "those of a"), ("warning", "untried")]
    threads = [threading.Thread(target=lambda: issues.warning_once("late", "w")) for _thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(issues.warnings) == 3


def test_errors_are_found_by_what_went_wrong() -> None:
    issues = Issues()
    one = issues.error("hook failed", error="exit 1", name="web")
    issues.error("hook failed", error="exit 2")
    issues.error("exit 1")
    other = issues.error("hooks of the backup failed", error="exit 1")
    assert issues.errors_by("exit 1") == (one, other)
    assert issues.errors_by("exit") == ()
