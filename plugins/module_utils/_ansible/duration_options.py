# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that are durations: their name in what is said of them, and no negative ones."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError


def seconds(params: t.Mapping[str, t.Any], name: str, *, least: float = 0.0) -> float:
    """The Go duration in the option ``name``; raises ``ValidationError`` when it is malformed or below ``least``."""
    text: str = params[name]
    found = parse_duration(text, name)
    if found < least:
        raise ValidationError(f"{name} is {text}; it must be at least {least:g}s.")
    return found


__all__ = ("seconds",)
