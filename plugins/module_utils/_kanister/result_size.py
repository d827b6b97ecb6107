# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What results carry of outputs, artifacts and arguments: a blueprint may make megabytes of them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

#: Characters of one text, and of all that share a room.
LONGEST_TEXT = 16 << 10
MOST_TEXT = 64 << 10
#: Phases, planned ones and findings that a result lists.
MOST_ENTRIES = 250
#: How a text ends that is not whole. It is not to be taken for one that is.
CUT = "... (the rest is not shown)"

Entry: t.TypeAlias = "dict[str, t.Any]"


class ResultRoom:
    """Texts are cut once they, or all before them together, are too long. Keys stay: playbooks ask for them."""

    def __init__(self, most: int = MOST_TEXT) -> None:
        self._left = most

    def fit(self, value: t.Any) -> t.Any:
        """``value``, of JSON types."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, t.Mapping):
            return {self._text(str(key)): self.fit(part) for key, part in self._some(list(value.items()))}
        if isinstance(value, (list, tuple)):
            return [self.fit(part) for part in self._some(value)]
        return value

    def fit_members(self, entry: t.Mapping[str, t.Any], *names: str) -> Entry:
        """``entry``, with these of its members fitted."""
        return {**entry, **{name: self.fit(entry[name]) for name in names if name in entry}}

    def _text(self, text: str) -> str:
        most = min(LONGEST_TEXT, self._left)
        self._left = max(0, self._left - len(text))
        return text if len(text) <= most else f"{text[:most]}{CUT}"

    def _some(self, parts: t.Sequence[t.Any]) -> t.Sequence[t.Any]:
        return parts if len(parts) <= MOST_ENTRIES else parts[:MOST_ENTRIES]


def first_entries(entries: t.Sequence[Entry], *, is_needed: t.Callable[[Entry], bool]) -> list[Entry]:
    """All of them, or as many as a result lists: those that are needed, and the first of the others."""
    if len(entries) <= MOST_ENTRIES:
        return list(entries)
    needed = [at for at, entry in enumerate(entries) if is_needed(entry)][:MOST_ENTRIES]
    kept = {*needed, *range(MOST_ENTRIES - len(needed))}
    return [entry for at, entry in enumerate(entries) if at in kept]


__all__ = ("CUT", "LONGEST_TEXT", "MOST_ENTRIES", "MOST_TEXT", "ResultRoom", "first_entries")
