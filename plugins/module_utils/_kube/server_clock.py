# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time of the API server, as its answers give it: the one clock that all controllers of a cluster share."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import email.utils
import time

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now

#: An answer that took longer says too little about when its Date was written.
_LONGEST_ROUND = 5.0
#: Dates are whole seconds, and a round takes its time: a smaller difference is none.
_SMALLEST = dt.timedelta(seconds=2)


class ServerClock:
    """How far the server's clock is from ours. Safe from several threads: the last answer counts."""

    def __init__(self) -> None:
        self._ahead = dt.timedelta()
        #: The last text and what it says: all answers of a second have the same.
        self._read: tuple[str, dt.datetime] | None = None

    def now(self) -> dt.datetime:
        """The server's time; ours where it has not said, or where the two are the same for all that is known."""
        return utc_now() + self._ahead

    def note(self, date: str | None, *, sent: float) -> None:
        """Take the ``Date`` header of an answer to a request that was sent at ``sent`` (``time.monotonic()``)."""
        took = time.monotonic() - sent
        if not date or took > _LONGEST_ROUND:
            return
        try:
            # In the middle of the second that it names, and of the time that the round took.
            ahead = self._time_of(date) + dt.timedelta(seconds=0.5 + took / 2) - utc_now()
        except (ValueError, TypeError, OverflowError, IndexError):
            return
        self._ahead = ahead if abs(ahead) > _SMALLEST else dt.timedelta()

    def _time_of(self, date: str) -> dt.datetime:
        known = self._read
        if known is not None and known[0] == date:
            return known[1]
        stated = email.utils.parsedate_to_datetime(date)
        stated = stated.replace(tzinfo=stated.tzinfo or dt.UTC)
        self._read = (date, stated)
        return stated


__all__ = ("ServerClock",)
