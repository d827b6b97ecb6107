# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a schedule's backups are due: cron expressions in three dialects.

``velero-1.18.2`` and ``velero-1.18.3`` answer as the engine of that Velero does, also at the ends of summer time;
``strict`` takes what both of them take and mean alike.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_dialects import (
    DIALECTS,
    NEW_ENGINE,
    NEW_VELERO,
    OLD_ENGINE,
    OLD_VELERO,
    STRICT,
    CronError,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_expression import CronExpression, parse_expression
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron_strict import StrictExpression, parse_strict


class CronTimes(t.Protocol):
    """The times of a schedule."""

    @property
    def text(self) -> str:
        """The expression as it was written."""

    def next_after(self, moment: dt.datetime) -> dt.datetime | None:
        """The first time after a moment, in UTC; ``None`` when none comes."""


def parse_cron(text: str, dialect: str, zone: dt.tzinfo = dt.UTC) -> CronTimes:
    """The times that an expression names. It is read in ``zone`` unless it names one. Raises ``CronError``."""
    if dialect == STRICT:
        return parse_strict(text, zone)
    for engine in (OLD_ENGINE, NEW_ENGINE):
        if dialect == engine.name:
            return parse_expression(text, engine, zone)
    raise CronError(
        "dialect", f"'{dialect}' is no dialect of cron expressions.", hint=f"There are {', '.join(DIALECTS)}."
    )


__all__ = (
    "DIALECTS",
    "NEW_VELERO",
    "OLD_VELERO",
    "STRICT",
    "CronError",
    "CronExpression",
    "CronTimes",
    "StrictExpression",
    "parse_cron",
)
