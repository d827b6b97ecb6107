# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report of a whole location says, as a document of plain values."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._report.page.messages import Message, message
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.plain_values import (
    count_of,
    mappings_of,
    name_of,
    number_of,
    seconds_between,
    sentence_of,
    texts_of,
    time_of,
)

Report: t.TypeAlias = "dict[str, t.Any]"
_Entries: t.TypeAlias = "t.Sequence[t.Mapping[str, t.Any]]"

_MOST_ROWS = 20_000
_MOST_MESSAGES = 2_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LocationFacts:
    """``backups``, ``incomplete`` and ``restores`` are what ``_catalog`` lists.

    ``schedules`` and ``verdicts`` of retention: what their overview returns; ``holds``: by the names of backups.
    """

    location: str
    backups: _Entries = ()
    incomplete: _Entries = ()
    restores: _Entries = ()
    schedules: _Entries = ()
    verdicts: _Entries = ()
    holds: t.Mapping[str, t.Mapping[str, str]] = dataclasses.field(default_factory=dict)


def location_report(facts: LocationFacts) -> Report:
    backups = [_backup(entry) for entry in facts.backups]
    restores = sorted(map(_restore, facts.restores), key=lambda restore: restore["started"] or "", reverse=True)
    ended = [restore for restore in restores if restore["seconds"] is not None]
    left_out = {"backups": len(backups) - _MOST_ROWS, "restores": len(restores) - _MOST_ROWS}
    return {
        "kind": "location",
        "title": f"Backups in {name_of(facts.location)}",
        "location": name_of(facts.location),
        "overview": {
            "backups": len(backups),
            "size": sum(backup["size"] or 0 for backup in backups),
            "completed": sum(backup["phase"] == "Completed" for backup in backups),
            "schedules": len(facts.schedules),
            "broken_promises": sum(schedule.get("promise") == "broken" for schedule in facts.schedules),
            "held": len(facts.holds),
            "last_restore": ended[0] if ended else None,
        },
        "messages": _messages(facts),
        "backups": _newest(backups),
        "schedules": [_schedule(schedule) for schedule in facts.schedules],
        "deletions": _deletions(facts.verdicts),
        "holds": [
            {"name": name_of(name), **{part: sentence_of(hold.get(part)) for part in ("by", "since", "reason")}}
            for name, hold in sorted(facts.holds.items())
        ],
        "restores": restores[:_MOST_ROWS],
        "left_out": {table: number for table, number in left_out.items() if number > 0},
    }


def _newest(backups: list[Report]) -> list[Report]:
    return sorted(backups, key=lambda backup: (backup["started"] or "", backup["name"]), reverse=True)[:_MOST_ROWS]


def _backup(entry: t.Mapping[str, t.Any]) -> Report:
    started, completed = time_of(entry.get("started")), time_of(entry.get("completed"))
    return {
        "name": name_of(entry.get("name")),
        "schedule": name_of(entry.get("schedule")),
        "phase": name_of(entry.get("phase")) or "New",
        "started": started,
        "seconds": seconds_between(started, completed),
        "size": number_of(entry.get("size")),
        "errors": count_of(entry.get("errors")),
        "warnings": count_of(entry.get("warnings")),
        "expiration": time_of(entry.get("expiration")),
        "held": entry.get("held") is True,
    }


def _restore(entry: t.Mapping[str, t.Any]) -> Report:
    started, completed = time_of(entry.get("started")), time_of(entry.get("completed"))
    return {
        "name": name_of(entry.get("name")),
        "backup": name_of(entry.get("backup")),
        "phase": name_of(entry.get("phase")),
        "started": started,
        "seconds": seconds_between(started, completed),
        "errors": count_of(entry.get("errors")),
        "warnings": count_of(entry.get("warnings")),
    }


def _schedule(schedule: t.Mapping[str, t.Any]) -> Report:
    times = {part: time_of(schedule.get(part)) for part in ("newest_made", "good_made", "late_at")}
    texts = {
        part: name_of(schedule.get(part))
        for part in ("name", "promise", "schedule", "dialect", "newest", "newest_phase", "good")
    }
    return {**texts, **times, "problem": sentence_of(schedule.get("problem"))}


def _deletions(verdicts: _Entries) -> list[Report]:
    """What the next run of retention deletes, and then what its time to live alone keeps, the next one first."""
    found = [
        {
            "name": name_of(verdict.get("name")),
            "schedule": name_of(verdict.get("schedule")),
            "next_run": verdict.get("goes") is True,
            "expires": time_of(verdict.get("expires")),
            "size": number_of(verdict.get("size")),
            "reasons": [sentence_of(reason) for reason in texts_of(verdict.get("reasons"))[:20]],
        }
        for verdict in verdicts
        if verdict.get("goes") is True or verdict.get("by_ttl") is True
    ]
    found.sort(key=lambda each: (not each["next_run"], each["expires"] or "9999", each["name"]))
    return found[:_MOST_ROWS]


def _messages(facts: LocationFacts) -> list[Message]:
    found = [*_of_schedules(facts.schedules), *_of_backups(facts.backups), *_of_incomplete(facts.incomplete)]
    for restore in facts.restores:
        for problem in texts_of(restore.get("problems")):
            found.append(message("warning", f"restore {name_of(restore.get('name'))}", problem))
    found.sort(key=lambda entry: entry["severity"] != "error")
    if len(found) > _MOST_MESSAGES:
        more = message("warning", "", f"{len(found) - _MOST_MESSAGES} more messages are left out.")
        return [*found[:_MOST_MESSAGES], more]
    return found


def _of_schedules(schedules: _Entries) -> t.Iterator[Message]:
    for schedule in schedules:
        where = f"schedule {name_of(schedule.get('name'))}"
        if schedule.get("problem"):
            yield message("error", where, schedule["problem"], "Run k8s_backup_schedule with state: present again.")
        if schedule.get("newest_phase") not in ("", "Completed", "InProgress", "New"):
            newest = f"Its newest backup, {name_of(schedule.get('newest'))}, is {name_of(schedule['newest_phase'])}."
            yield message("error", where, newest, "See the report of that backup: k8s_backup_report with its name.")
        if schedule.get("promise") == "broken":
            remedy = "See why its runs do not come, or fail: k8s_backup_schedule with state: checked says more."
            yield message("error", where, _broken(schedule), remedy)


def _broken(schedule: t.Mapping[str, t.Any]) -> str:
    late = time_of(schedule.get("late_at"))
    if not schedule.get("good"):
        return "It has no Completed backup."
    newest = (
        f"Its newest Completed backup, {name_of(schedule['good'])}, was made at {time_of(schedule.get('good_made'))}"
    )
    return f"{newest}; two times of the schedule have passed since, the second at {late}."


def _of_backups(backups: _Entries) -> t.Iterator[Message]:
    for backup in backups:
        where = f"backup {name_of(backup.get('name'))}"
        for problem in texts_of(backup.get("problems")):
            yield message("error", where, problem, "Read it back with k8s_backup_verify.")


def _of_incomplete(incomplete: _Entries) -> t.Iterator[Message]:
    for entry in mappings_of(list(incomplete)):
        if entry.get("in_progress"):
            continue
        said = "It was never finished." if entry.get("interrupted") else "It has files and no Backup object."
        where = f"backup {name_of(entry.get('name'))}"
        yield message("warning", where, said, "The next k8s_backup removes what a killed run has left.")


__all__ = ("LocationFacts", "Report", "location_report")
