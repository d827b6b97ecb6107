# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""kopia's lines of progress as numbers, and these as a line for people. Nothing is decided by them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import re
import typing as t

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}
_SIZE = r"([\d.]+ ?[KMGTP]?B)"
_UPLOAD = re.compile(rf"hashed \({_SIZE}\), \d+ cached \({_SIZE}\)(?:.*estimated {_SIZE})?")
_VERIFY = re.compile(r'"processedBytes":(\d+).*"expectedTotalBytes":(\d+)')
_COPY = re.compile(rf"Copied \d+ blobs \({_SIZE}\)")
_DOWNLOAD = re.compile(rf"Processed \d+ \({_SIZE}\) of \d+ \({_SIZE}\)")


#: Of so many lines a rate is made.
_LINES = 6


class Amount(t.NamedTuple):
    """Bytes that are done, and those that there are: 0 while that is not known."""

    done: int
    total: int = 0


def read_size(text: str) -> int:
    """Read kopia's ``642.1 MB`` in bytes, roughly; 0 for what is no size."""
    found = re.fullmatch(r"([\d.]+) ?([KMGTP]?B)", text.strip())
    try:
        return int(float(found[1]) * _UNITS[found[2]]) if found else 0
    except ValueError:
        return 0


def read_amount(line: str) -> Amount | None:
    """What a line of kopia's says; None where it says nothing."""
    if found := _UPLOAD.search(line):
        return Amount(read_size(found[1]) + read_size(found[2]), read_size(found[3] or ""))
    if found := _DOWNLOAD.search(line):
        return Amount(read_size(found[1]), read_size(found[2]))
    if found := _VERIFY.search(line):
        return Amount(int(found[1]), int(found[2]))
    if found := _COPY.search(line):
        return Amount(read_size(found[1]))
    return None


class Meter:
    """One copy, by a pod that runs since ``began``: its rate is that of the last lines.

    ``total``: bytes of the volume, 0 where nobody knows.
    """

    def __init__(self, where: str, total: int, began: float) -> None:
        self._where = where
        self._total = total
        self._seen: collections.deque[tuple[float, int]] = collections.deque([(began, 0)], maxlen=_LINES)

    def line(self, amount: Amount, now: float) -> str:
        """``shop/files: 1.2 GB of 3.4 GB, 56.0 MB/s, 40 s left``. ``now`` is of the clock of ``began``."""
        total = amount.total or self._total
        parts = [
            f"{size_text(amount.done)} of {size_text(total)}" if total >= amount.done > 0 else size_text(amount.done)
        ]
        since, before = self._seen[0]
        self._seen.append((now, amount.done))
        seconds, done = now - since, amount.done - before
        if done > 0 and seconds > 0:
            rate = done / seconds
            parts.append(f"{size_text(int(rate))}/s")
            if total > amount.done:
                parts.append(f"{(total - amount.done) / rate:.0f} s left")
        return f"{self._where}: {', '.join(parts)}"


def size_text(size: int) -> str:
    """``3.4 GB``."""
    if size < 1000:
        return f"{size} B"
    unit = next((name for name, value in _UNITS.items() if size < value * 1000), "PB")
    return f"{size / _UNITS[unit]:.1f} {unit}"


__all__ = ("Amount", "Meter", "read_amount", "read_size", "size_text")
