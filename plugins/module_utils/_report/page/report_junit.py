# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as JUnit has it: a case for what was promised, and one for each error."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.junit import JUnitCase, junit_document

Report: t.TypeAlias = "t.Mapping[str, t.Any]"


def report_junit(report: Report) -> bytes:
    cases = _of_backup(report) if report["kind"] == "backup" else _of_location(report)
    return junit_document(report["title"], [*cases, *_of_errors(report)])


def _of_backup(report: Report) -> t.Iterator[JUnitCase]:
    about = report["overview"]
    failure = "" if about["phase"] == "Completed" else f"The phase is {about['phase']}."
    yield JUnitCase(group="backup", name=about["name"], failure=failure, kind=about["phase"])
    for volume in report["volumes"]:
        failed, skipped = volume["result"] == "failed", volume["result"] == "skipped"
        yield JUnitCase(
            group="volumes",
            name=volume["claim"] or volume["volume"],
            failure="Its data is not in the backup." if failed else "",
            kind="failed",
            details=volume["reason"],
            skipped=(volume["reason"] or "No reason was recorded.") if skipped else "",
        )


def _of_location(report: Report) -> t.Iterator[JUnitCase]:
    for schedule in report["schedules"]:
        broken = schedule["promise"] == "broken"
        newest = f"The newest Completed backup is {schedule['good'] or 'none'}, made at {schedule['good_made']}."
        yield JUnitCase(
            group="schedules",
            name=schedule["name"],
            failure=newest if broken else "",
            kind="late",
            skipped="It is paused." if schedule["promise"] == "paused" else "",
        )


def _of_errors(report: Report) -> t.Iterator[JUnitCase]:
    for number, entry in enumerate(report["messages"], start=1):
        if entry["severity"] == "error":
            name = entry["where"] or f"error {number}"
            yield JUnitCase(group="errors", name=name, failure=entry["text"], kind="error", details=entry["remedy"])


__all__ = ("report_junit",)
