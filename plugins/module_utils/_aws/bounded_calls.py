# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long an answer of AWS is waited for: boto3 looks at no cancel token, and asks a silent server for minutes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import Abandoned, Overdue
from ansible_collections.arkive.k8s.plugins.module_utils._core.abandonable import call_abandonable
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken

#: Once the run is cancelled, a request has this long: what was started is cleaned up where the server answers.
_GRACE_SECONDS = 2.5
#: Of one request with all of its retries. Nothing else ends a server that sends a byte now and then.
_LONGEST_SECONDS = 1800.0


class BoundedCalls:
    """Waits for calls until the run is cancelled, and then a little longer; safe to use from several threads.

    Once a server has let that moment pass, it is asked nothing more. Raises ``Abandoned``.
    """

    def __init__(self, cancel: CancelToken) -> None:
        self.cancel = cancel
        self.is_away = False

    def wait_for(self, call: t.Callable[[], t.Any], seconds: float = _LONGEST_SECONDS) -> t.Any:
        """What ``call`` gives or raises; ``Overdue`` after ``seconds``."""
        try:
            return call_abandonable(call, seconds=seconds, cancel=_Grace(self))
        except TimeoutError as exc:
            raise Overdue(f"no answer within {seconds:.0f} seconds") from exc


class _Grace:
    """That of one request: it counts from the moment at which it is first seen that the run shall stop."""

    def __init__(self, calls: BoundedCalls) -> None:
        self._calls = calls
        self._ends = 0.0

    def check(self) -> None:
        if not self._calls.cancel.is_cancelled:
            return
        now = time.monotonic()
        self._ends = self._ends or now + _GRACE_SECONDS
        if self._calls.is_away or now >= self._ends:
            self._calls.is_away = True
            raise Abandoned(f"no answer by the time the run was told to stop ({self._calls.cancel.reason})")


__all__ = ("BoundedCalls",)
