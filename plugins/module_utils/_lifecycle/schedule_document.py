# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a schedule keeps what it promises, as a document for pipelines: JSON, and of it JUnit and Markdown."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.junit import JUnitCase, junit_document
from ansible_collections.arkive.k8s.plugins.module_utils._core.markdown import document as markdown_document
from ansible_collections.arkive.k8s.plugins.module_utils._core.markdown import plain_text, table

KIND = "arkive.k8s/schedule"
VERSION = 1
_OF_RESULT = ("last_backup", "next_run", "running", "location")


def schedule_document(name: str, result: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``result``: that of the task."""
    return {
        "kind": KIND,
        "version": VERSION,
        "name": name,
        "failed": False,
        "message": "",
        "hint": "",
        **{member: result.get(member) for member in _OF_RESULT},
        "warnings": list(result.get("warnings_list") or ()),
    }


def late_document(name: str, exc: ArkiveError) -> dict[str, t.Any]:
    """Of a schedule that is late, or of which nothing could be found out."""
    return {**schedule_document(name, exc.details), "failed": True, "message": exc.message, "hint": exc.hint or ""}


def schedule_junit(document: t.Mapping[str, t.Any]) -> bytes:
    case = JUnitCase(
        group="schedules",
        name=document["name"],
        failure=document["message"],
        kind="late" if document["failed"] else "",
        details=document["hint"],
        output="; ".join(f"{name}: {value}" for name, value in _facts(document)),
    )
    return junit_document(f"Schedule '{document['name']}'", [case])


def schedule_markdown(document: t.Mapping[str, t.Any]) -> bytes:
    said = document["message"] or "The newest backup is young enough."
    lines = [f"## {plain_text(_title(document))}", "", f"**{plain_text(said, most=2000)}**", ""]
    if document["hint"]:
        lines += [plain_text(document["hint"]), ""]
    lines += table(("", ""), _facts(document))
    lines += ["", *(f"* {plain_text(entry['message'], most=1000)}" for entry in document["warnings"])]
    return markdown_document(lines)


def _title(document: t.Mapping[str, t.Any]) -> str:
    return f"Schedule '{document['name']}' {'does not keep' if document['failed'] else 'keeps'} its promise"


def _facts(document: t.Mapping[str, t.Any]) -> list[tuple[str, str]]:
    last = document["last_backup"]
    newest = f"{last['name']}, made at {last['made']}, {last['phase'] or 'New'}" if last else "none"
    facts = [("Location", document["location"]), ("Newest backup", newest), ("Next after", document["next_run"])]
    return [(name, str(value)) for name, value in (*facts, ("Running", document["running"])) if value]


__all__ = ("KIND", "VERSION", "late_document", "schedule_document", "schedule_junit", "schedule_markdown")
