# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a storage location knows of a schedule beside its backups: ``metadata/arkive/schedules/<name>.json``.

Velero takes ``metadata/`` for its own, and looks at nothing in it that it does not know.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

SCHEDULES = "metadata/arkive/schedules/"
_MAX_BYTES = 1 << 20
#: A backup's name is the schedule's, a hyphen and fourteen digits, and 253 characters at most.
_LONGEST_NAME = 253 - 15


class ScheduleKeys:
    """Where a schedule is recorded, and the lock of who makes its next backup."""

    def __init__(self, name: str) -> None:
        if not is_subdomain_name(name) or len(name) > _LONGEST_NAME:
            raise ValidationError(
                f"'{name}' cannot be the name of a schedule.",
                hint=f"Use lower case letters, digits, '-' and '.', at most {_LONGEST_NAME}, with a letter or digit at "
                "both ends.",
            )
        self.record = f"{SCHEDULES}{name}.json"
        self.write_lock = f"{SCHEDULES}{name}.lock"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRecord:
    """A schedule as a location knows it. ``other`` members are kept as they are."""

    first_seen: dt.datetime
    schedule: str
    dialect: str
    paused: bool = False
    last_skipped: dt.datetime | None = None
    other: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, t.Any]:
        return {
            **self.other,
            "firstSeen": rfc3339(self.first_seen),
            "schedule": self.schedule,
            "dialect": self.dialect,
            "paused": self.paused,
            "lastSkipped": rfc3339(self.last_skipped) if self.last_skipped else None,
        }


def read_record(store: Store, keys: ScheduleKeys) -> tuple[ScheduleRecord | None, str]:
    """The record, None when there is none; and what is to be said of one that nobody can read."""
    try:
        data = store.get(keys.record, max_bytes=_MAX_BYTES)
    except StoreError as exc:
        if exc.not_found:
            return None, ""
        if exc.failure == "too_large":
            return None, f"The record {keys.record} is too large, and is left aside."
        raise
    record = _parse(data)
    return record, "" if record else f"The record {keys.record} is damaged, and is left aside."


def write_record(store: Store, keys: ScheduleKeys, record: ScheduleRecord) -> None:
    store.put(keys.record, json.dumps(record.to_dict(), indent=2, sort_keys=True).encode() + b"\n")


def _parse(data: bytes) -> ScheduleRecord | None:
    try:
        members = dict(json.loads(data))
        skipped, paused = members.pop("lastSkipped", None), members.pop("paused", False)
        return ScheduleRecord(
            first_seen=parse_rfc3339(members.pop("firstSeen")),
            schedule=str(members.pop("schedule")),
            dialect=str(members.pop("dialect")),
            paused=paused is True,
            last_skipped=parse_rfc3339(skipped) if skipped else None,
            other=members,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ValidationError):
        return None


__all__ = ("SCHEDULES", "ScheduleKeys", "ScheduleRecord", "read_record", "write_record")
