# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether something that is done again and again is due, by the period that an object names."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError


def is_due(period: t.Any, last: t.Any, now: dt.datetime, *, default: float) -> bool:
    """By the period (a Go duration), and when it was done last; never yet is due.

    None and a negative period stand for ``default`` seconds; with a period of zero once is enough.
    """
    seconds = read_period(period, default)
    moment = read_moment(last)
    if moment is None:
        return True
    return seconds > 0 and (now - moment).total_seconds() >= seconds


def read_period(text: t.Any, default: float) -> float:
    """What is no duration stands for the default as well."""
    try:
        seconds = parse_duration(str(text)) if text is not None else default
    except ValidationError:
        return default
    return seconds if seconds >= 0 else default


__all__ = ("is_due", "read_period")
