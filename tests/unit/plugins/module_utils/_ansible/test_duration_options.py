# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A negative duration is never taken: failed_ttl of -1h would call each failed backup old."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible import (
    operations_options,
    prune_options,
    schedule_options,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError


def given(spec: t.Any, **params: t.Any) -> dict[str, t.Any]:
    """The defaults of a module, with ``params``."""
    return {name: option.get("default") for name, option in spec.options.items()} | params


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (
            lambda: prune_options.retention(given(prune_options.PRUNE, failed_ttl="-1h")),
            "failed_ttl is -1h; it must be at least 0s",
        ),
        (
            lambda: schedule_options.max_age(given(schedule_options.SCHEDULE, max_age="-1h")),
            "max_age is -1h; it must be at least 0s",
        ),
        (
            lambda: operations_options.operations_request(given(operations_options.OPERATIONS, interval="0s")),
            "interval is 0s; it must be at least 0.1s",
        ),
        (
            lambda: operations_options.operations_request(given(operations_options.OPERATIONS, duration="-1s")),
            "duration is -1s; it must be at least 0s",
        ),
        (
            lambda: operations_options.operations_request(
                given(operations_options.OPERATIONS, locations={"default": {"bucket": "b", "access_key": "a"}})
            ),
            "locations.default is not valid: .*secret_key",
        ),
    ],
    ids=["failed_ttl", "max_age", "interval", "duration", "half a credential"],
)
def test_refused(read: t.Callable[[], object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        read()
