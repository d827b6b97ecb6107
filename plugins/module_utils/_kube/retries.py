# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which requests may be sent again, and after how long."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import random
import typing as t

_SAFE_VERBS = frozenset({"GET", "HEAD", "OPTIONS"})
_GATEWAY = frozenset({502, 503, 504})


@dataclasses.dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Limits for one call. Times are seconds.

    attempts: requests sent at most. budget: no new attempt starts later than this after the first one.
    first_contact_attempts: the same while the server has never answered, so that a wrong address is reported at once.
    """

    attempts: int = 12
    budget: float = 30.0
    first_contact_attempts: int = 3
    base: float = 0.2
    longest: float = 5.0
    longest_asked: float = 30.0

    def delay(self, attempt: int, retry_after: float | None = None) -> float:
        """Seconds to wait before the next try; ``attempt`` counts from 1. What the server asked for is the minimum."""
        backoff = min(self.longest, self.base * float(2 ** (attempt - 1)))
        jittered = backoff * random.uniform(0.5, 1.0)
        if retry_after is None:
            return jittered
        return min(self.longest_asked, max(0.0, retry_after)) + jittered * 0.25


def may_repeat_answer(verb: str, code: int, retry_after: float | None) -> bool:
    """Whether a request that was answered with ``code`` may be sent again.

    429 was not processed, whatever the verb. A reading verb repeats on every 5xx. A writing verb repeats on 502, 503
    and 504 only when the server asks for it with Retry-After (as client-go does), never on 500.
    """
    if code == 429:
        return True
    if verb in _SAFE_VERBS:
        return 500 <= code < 600 and code != 501
    return code in _GATEWAY and retry_after is not None


def may_repeat_failure(verb: str, *, surely_not_sent: bool, certain: bool = False) -> bool:
    """Whether a request without any answer may be sent again; ``certain`` failures (a bad certificate) never."""
    return not certain and (surely_not_sent or verb in _SAFE_VERBS)


def parse_retry_after(headers: t.Mapping[str, str]) -> float | None:
    """Seconds in ``Retry-After``. The date form is not used by Kubernetes and counts as 1 second."""
    text = headers.get("Retry-After") or headers.get("retry-after")
    if text is None:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        return 1.0


__all__ = ("RetryPolicy", "may_repeat_answer", "may_repeat_failure", "parse_retry_after")
