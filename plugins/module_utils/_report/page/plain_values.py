# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of stored files as a report may have them: text that is only text, short, and numbers that are numbers.

Whoever can write into a location, or a pod, can write any of them.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line, printable
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask

#: Characters of a name, and of a sentence or a line.
NAME, SENTENCE = 300, 2_000

#: Whole numbers beyond it are others in a browser.
_LARGEST = (1 << 53) - 1


def name_of(value: t.Any) -> str:
    """On one line."""
    return _cut(_plain(value), NAME, one_line)


def sentence_of(value: t.Any) -> str:
    """Lines stay lines."""
    return _cut(_plain(value).strip(), SENTENCE, printable)


def line_of(value: t.Any) -> str:
    """As long as a sentence, on one line."""
    return _cut(_plain(value), SENTENCE, one_line)


def number_of(value: t.Any) -> int | float | None:
    """None for what is no number, or none that a browser knows."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -_LARGEST <= value <= _LARGEST else None


def count_of(value: t.Any) -> int:
    found = number_of(value)
    return max(int(found), 0) if found is not None else 0


def time_of(value: t.Any) -> str | None:
    """An RFC 3339 time in UTC, None for what is none."""
    if not isinstance(value, str):
        return None
    try:
        return rfc3339(parse_rfc3339(value[:NAME]))
    except (ValidationError, OverflowError, ValueError):
        return None


def seconds_between(started: str | None, ended: str | None) -> float | None:
    """Between two results of ``time_of``."""
    if started is None or ended is None:
        return None
    return max((parse_rfc3339(ended) - parse_rfc3339(started)).total_seconds(), 0.0)


def mapping_of(value: t.Any) -> dict[str, t.Any]:
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else {}


def mappings_of(value: t.Any) -> list[dict[str, t.Any]]:
    return [mapping_of(entry) for entry in value] if isinstance(value, list) else []


def texts_of(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else []


def volume_of_pod(volume: t.Mapping[str, t.Any]) -> str:
    """Of an entry of volumeinfo: a volume that has no claim, by its pod and its name there; empty for any other."""
    info = mapping_of(volume.get("pvbInfo"))
    return "/".join(filter(None, (name_of(info.get(word)) for word in ("podNamespace", "podName", "volumeName"))))


def _plain(value: t.Any) -> str:
    if value is None:
        return ""
    # A password that is cut in two would be half shown.
    return mask(value if isinstance(value, str) else str(value))


def _cut(text: str, most: int, clean: t.Callable[[str], str]) -> str:
    """What is escaped grows: it is cut once more."""
    shown = clean(text[:most])
    if len(text) <= most and len(shown) <= most:
        return shown
    return f"{shown[:most]} [cut: it has {len(text)} characters]"


__all__ = (
    "NAME",
    "SENTENCE",
    "count_of",
    "line_of",
    "mapping_of",
    "mappings_of",
    "name_of",
    "number_of",
    "seconds_between",
    "sentence_of",
    "texts_of",
    "time_of",
    "volume_of_pod",
)
