# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arguments of the event source ``backups``, read as those of a module are."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import open_read_only
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import (
    STORAGE,
    require_store_library,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_seconds
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_watch import LocationWatch, WatchRequest
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.watch_events import EVENT_KINDS

WATCH = ArgumentSpec(
    options={
        "interval": {"type": "str", "default": "60s"},
        "schedules": {"type": "list", "elements": "str", "default": []},
        "max_age": {"type": "str"},
        "lookback": {"type": "str", "default": "0s"},
        "failed_looks": {"type": "int", "default": 2},
        "events": {"type": "list", "elements": "str", "choices": list(EVENT_KINDS), "default": list(EVENT_KINDS)},
    }
).merge(STORAGE)

#: What ansible-rulebook puts among the arguments of a source by itself.
_OF_RULEBOOK = "eda_feedback_queue"


def open_watch(arguments: t.Mapping[str, t.Any], cancel: CancelToken) -> tuple[LocationWatch, float]:
    """The watch, and how many seconds are between two looks. Raises ``ArkiveError``."""
    given = {name: value for name, value in arguments.items() if name != _OF_RULEBOOK}
    params = WATCH.validate(given, "The arguments of the event source arkive.k8s.backups")
    interval = _seconds(params, "interval")
    if interval <= 0:
        raise ValidationError("The interval of the event source arkive.k8s.backups must be longer than 0.")
    if params["failed_looks"] < 1:
        raise ValidationError("failed_looks of the event source arkive.k8s.backups must be 1 or more.")
    require_store_library(params)
    request = WatchRequest(
        schedules=tuple(params["schedules"]),
        max_age=_seconds(params, "max_age") if params["max_age"] is not None else None,
        lookback=_seconds(params, "lookback"),
        failed_looks=params["failed_looks"],
        kinds=tuple(params["events"]),
    )
    return LocationWatch(open_read_only(params, cancel), request, cancel), interval


def _seconds(params: t.Mapping[str, t.Any], name: str) -> float:
    """A plain number is one of seconds, as that of other event sources."""
    seconds = parse_seconds(str(params[name]), name)
    if seconds < 0:
        raise ValidationError(f"{name} of the event source arkive.k8s.backups must not be negative.")
    return seconds


__all__ = ("WATCH", "open_watch")
