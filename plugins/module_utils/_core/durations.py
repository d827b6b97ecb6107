# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Go durations (``72h``, ``1h30m``, ``500ms``), as in every Velero manifest and hook annotation."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
#: Go counts nanoseconds in 64 bits.
_LONGEST_SECONDS = (2**63 - 1) / 1e9
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_WHOLE = re.compile(r"[+-]?(?:0|(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")


def parse_duration(text: str, where: str = "") -> float:
    """Seconds in a Go duration, by the rules of ``time.ParseDuration``.

    A number without a unit is refused unless it is ``0``. Raises ``ValidationError`` with the likely spelling, and with
    ``where``, the option or field that it is in.
    """
    at = f"{where}: " if where else ""
    if not _WHOLE.fullmatch(text):
        bare = re.fullmatch(r"[0-9]+", text)
        hint = f"Write {text}s for seconds." if bare else "Write a Go duration such as 30s, 1m30s or 72h."
        raise ValidationError(f"{at}'{text}' is not a duration.", hint=hint)
    seconds = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in _PART.findall(text))
    if seconds > _LONGEST_SECONDS:
        raise ValidationError(f"{at}'{text}' is too long for a duration.", hint="The longest is about 292 years.")
    return -seconds if text.startswith("-") else seconds


def parse_seconds(text: str, where: str = "") -> float:
    """The same, where a plain number is one of seconds, as in AWX and in event sources."""
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else parse_duration(text, where)


def format_duration(seconds: float) -> str:
    """As Go's ``Duration.String``: ``720h0m0s``, ``1m30s``, ``30s``, ``1.5s``, ``500ms``, ``0s``."""
    nanos = round(abs(seconds) * 1e9)
    sign = "-" if seconds < 0 and nanos else ""
    if nanos == 0:
        return "0s"
    if nanos < 1_000_000_000:
        for unit, size in (("ms", 1_000_000), ("µs", 1_000), ("ns", 1)):
            if nanos >= size:
                return f"{sign}{_trim(nanos, size)}{unit}"
    minutes, rest = divmod(nanos, 60_000_000_000)
    text = f"{_trim(rest, 1_000_000_000)}s"
    if minutes:
        hours, minutes = divmod(minutes, 60)
        text = f"{minutes}m{text}"
        if hours:
            text = f"{hours}h{text}"
    return sign + text


def _trim(nanos: int, size: int) -> str:
    whole, fraction = divmod(nanos, size)
    digits = len(str(size)) - 1
    return f"{whole}.{fraction:0{digits}d}".rstrip("0").rstrip(".") if fraction else str(whole)


__all__ = ("format_duration", "parse_duration", "parse_seconds")
