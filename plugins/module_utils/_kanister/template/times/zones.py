# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time zones. The local one is UTC, as it is in the pod of Kanister: who runs a task must not change what it does."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t
import zoneinfo

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Zone(t.Protocol):
    """Where a time is shown."""

    def at(self, seconds: int) -> tuple[str, int]:
        """The zone's short name at a time, and how many seconds it is east of UTC."""


@dataclasses.dataclass(frozen=True, slots=True)
class FixedZone:
    """Always the same."""

    name: str
    offset: int

    def at(self, seconds: int) -> tuple[str, int]:
        return self.name, self.offset


@dataclasses.dataclass(frozen=True, slots=True)
class NamedZone:
    """One with a summer time."""

    info: zoneinfo.ZoneInfo

    def at(self, seconds: int) -> tuple[str, int]:
        try:
            local = (_EPOCH + dt.timedelta(seconds=seconds)).astimezone(self.info)
        except (OverflowError, ValueError):
            return "UTC", 0
        offset = local.utcoffset() or dt.timedelta()
        return local.tzname() or "", int(offset.total_seconds())


UTC = FixedZone("UTC", 0)


def zone_of(name: str) -> Zone:
    """The zone of a name such as ``Europe/Berlin``; UTC for one that is not known."""
    if name in ("", "UTC", "Local"):
        return UTC
    try:
        return NamedZone(zoneinfo.ZoneInfo(name))
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return UTC


__all__ = ("UTC", "FixedZone", "NamedZone", "Zone", "zone_of")
