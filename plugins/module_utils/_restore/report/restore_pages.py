# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The document of a restore as JUnit has it, with a case for each object; and as Markdown, for people."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.junit import JUnitCase, junit_document
from ansible_collections.arkive.k8s.plugins.module_utils._core.markdown import document as markdown_document
from ansible_collections.arkive.k8s.plugins.module_utils._core.markdown import plain_text, table
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted

_Document: t.TypeAlias = "t.Mapping[str, t.Any]"

#: Rows of tables, and messages.
_MOST_OBJECTS, _MOST_MESSAGES = 300, 50
_QUIET = ("unchanged", "skip")


def restore_junit(document: _Document) -> bytes:
    properties = {
        "check_mode": str(document["check_mode"]).lower(),
        "changed": str(document["changed"]).lower(),
        "plan_digest": document["plan_digest"],
        **{name: str(number) for name, number in document["counts"].items()},
    }
    cases = [_of_run(document), *map(_of_object, document["objects"]), *map(_of_volume, document["volumes"])]
    cases += [*map(_of_hook, document["hooks"]), *_of_errors(document)]
    return junit_document(_title(document), cases, properties=properties)


def _of_run(document: _Document) -> JUnitCase:
    failure = document["message"] if document["failed"] else ""
    name = "plan" if document["check_mode"] else "run"
    output = _summary(document)
    return JUnitCase(group="restore", name=name, failure=failure, kind=document["phase"], output=output)


def _of_object(entry: _Document) -> JUnitCase:
    word = str(entry.get("state") or entry["action"])
    failed = "failed" if entry.get("state") == "failed" else "conflict" if entry["action"] == "conflict" else ""
    reason = str(entry.get("reason") or "")
    return JUnitCase(
        group=".".join(filter(None, (str(entry["resource"]), entry.get("namespace")))),
        name=str(entry["name"]),
        failure=(reason or "It could not be written.") if failed else "",
        kind=failed,
        details=str(entry.get("hint") or ""),
        skipped=(reason or "It is left out.") if word == "skip" else "",
        output=f"{word}: {reason}" if reason else word,
    )


def _of_volume(volume: _Document) -> JUnitCase:
    failed = volume["state"] in ("failed", "refused")
    return JUnitCase(
        group=f"volumes.{volume['namespace']}",
        name=str(volume["claim"]),
        failure=(volume["message"] or "Its data does not come back.") if failed else "",
        kind=str(volume["state"]),
        output=f"{volume['method']} {volume['snapshot']} {volume['state']}",
    )


def _of_hook(hook: _Document) -> JUnitCase:
    failed = hook["state"] in ("failed", "timed_out", "lost")
    return JUnitCase(
        group=f"hooks.{hook['namespace']}",
        name=f"{hook['pod']}/{hook['container']} {hook['name']}".strip(),
        failure=(hook["error"] or f"It {hook['state']}.") if failed else "",
        kind=str(hook["state"]),
        output=str(hook["state"]),
    )


def _of_errors(document: _Document) -> t.Iterator[JUnitCase]:
    """Those that are not about an object of the plan."""
    told = {(entry["resource"], entry.get("namespace") or "", entry["name"]) for entry in document["objects"]}
    for number, entry in enumerate(document["errors"], start=1):
        where = (entry.get("resource") or "", entry.get("namespace") or "", entry.get("name") or "")
        if where not in told and entry["message"] not in document["message"]:
            name = " ".join(filter(None, (where[0], "/".join(filter(None, where[1:]))))) or f"error {number}"
            yield JUnitCase(
                group="errors", name=name, failure=entry["message"], kind="error", details=entry.get("hint") or ""
            )


def restore_markdown(document: _Document) -> bytes:
    return markdown_document(_lines(document))


def _lines(document: _Document) -> t.Iterator[str]:
    yield f"## {plain_text(_title(document))}"
    yield ""
    yield f"**{plain_text(_summary(document))}**"
    yield ""
    if document["failed"]:
        yield from (f"> {plain_text(document['message'], most=2000)}", "")
    rows = [("Location", document["location"]), ("Phase", document["phase"])]
    rows += [("Backup's uid", document["backup"]["uid"]), ("Digest of the plan", document["plan_digest"])]
    yield from table(("", ""), [row for row in rows if row[1]])
    yield ""
    yield from _objects(document["objects"])
    if document["volumes"]:
        names = ("namespace", "claim", "method", "snapshot", "state", "message")
        volumes = [[str(volume[name] or "") for name in names] for volume in document["volumes"][:_MOST_OBJECTS]]
        yield from ("### Volumes", "", *table([name.capitalize() for name in names], volumes), "")
    for title, messages in (("Errors", document["errors"]), ("Warnings", document["warnings"])):
        if messages:
            yield from (f"### {title}", "")
            yield from (f"* {_message(entry)}" for entry in messages[:_MOST_MESSAGES])
            if len(messages) > _MOST_MESSAGES:
                yield f"* and {len(messages) - _MOST_MESSAGES} more"
            yield ""


def _objects(entries: t.Sequence[_Document]) -> t.Iterator[str]:
    """What is written or stands in the way; trouble is never left out for the rest."""
    told = [entry for entry in entries if entry["action"] not in _QUIET or entry.get("state")]
    shown = sorted(told, key=lambda entry: not (entry["action"] == "conflict" or entry.get("state") == "failed"))
    rows = [
        (
            str(entry.get("state") or entry["action"]),
            str(entry["resource"]),
            "/".join(filter(None, (entry.get("namespace"), entry["name"]))),
            str(entry.get("reason") or ""),
        )
        for entry in shown[:_MOST_OBJECTS]
    ]
    if rows:
        yield from (*table(("Action", "Type", "Object", "Why"), rows), "")
    if len(shown) > len(rows):
        yield from (f"and {counted(len(shown) - len(rows), 'more object')}", "")
    quiet = len(entries) - len(told)
    if quiet:
        left = "is left as it is" if quiet == 1 else "are left as they are"
        yield from (f"{counted(quiet, 'object')} of the backup {left}.", "")


def _message(entry: _Document) -> str:
    where = "/".join(filter(None, (entry.get("namespace"), entry.get("name"))))
    place = " ".join(filter(None, (entry.get("resource"), where)))
    said = " ".join(filter(None, (entry["message"], entry.get("hint"))))
    return plain_text(f"{place}: {said}" if place else said, most=1000)


def _title(document: _Document) -> str:
    what = "Plan of a restore" if document["check_mode"] else "Restore"
    backup = document["backup"]["name"]
    return f"{what} of backup '{backup}'" if backup else what


def _summary(document: _Document) -> str:
    counts = document["counts"] if document["check_mode"] or not document["states"] else document["states"]
    numbers = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    if document["failed"]:
        said = "The plan cannot be carried out as it is" if document["check_mode"] else "The restore failed"
    elif document["check_mode"]:
        said = "The restore would change the cluster" if document["changed"] else "Nothing would be changed"
    else:
        said = "The cluster was changed" if document["changed"] else "Nothing was changed"
    return f"{said}: {numbers}." if numbers else f"{said}."


__all__ = ("restore_junit", "restore_markdown")
