# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the cron engines of two lines of Velero read an expression; Velero changed its engine in 1.18.3."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

STRICT = "strict"
OLD_VELERO = "velero-1.18.2"
NEW_VELERO = "velero-1.18.3"
DIALECTS = (STRICT, OLD_VELERO, NEW_VELERO)


class CronError(ValidationError):
    """An expression that cannot be carried out. ``kind`` is what is wrong, in a word."""

    def __init__(self, kind: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


@dataclasses.dataclass(frozen=True, slots=True)
class Engine:
    """What tells one engine from the other."""

    name: str
    #: 7 is a Sunday, ranges go around (``22-2``), and a step must be smaller than its range.
    newer: bool
    #: The longest expression, in bytes.
    longest: int


#: robfig/cron 3.0.1: Velero 1.15 to 1.18.2. It takes any length; nobody writes this one.
OLD_ENGINE = Engine(OLD_VELERO, newer=False, longest=65_536)
#: netresearch/go-cron 0.15.0: Velero 1.18.3 and later.
NEW_ENGINE = Engine(NEW_VELERO, newer=True, longest=1_024)

__all__ = ("DIALECTS", "NEW_ENGINE", "NEW_VELERO", "OLD_ENGINE", "OLD_VELERO", "STRICT", "CronError", "Engine")
