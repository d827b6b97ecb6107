# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who thaws does not go away because the API server is away for a moment: nobody would be left to thaw."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

#: As long as a release is tried after its timer must have fired.
THAW_SECONDS = 90.0
_RETRY_SECONDS = 1.0

_Answer = t.TypeVar("_Answer")


class Patience:
    """How long an API server that is away is asked again, counted from the first question that it did not answer.

    With ``seconds`` 0 there is none. What is set on ``cancel`` ends it, or on the client that is asked.
    """

    def __init__(
        self, seconds: float = 0.0, *, progress: ProgressSink = no_progress, cancel: CancelToken | None = None
    ) -> None:
        self._seconds = seconds
        self._progress = progress
        self._cancel = cancel
        self._end = 0.0

    def ask(self, client: KubeClient, question: t.Callable[[], _Answer]) -> _Answer:
        """The answer. Raises what ``question`` raises once asking again is of no use, or time is up."""
        while True:
            try:
                return question()
            except KubeError as exc:
                if not (self._seconds and exc.may_pass):
                    raise
                self._wait(client, exc)

    def _wait(self, client: KubeClient, exc: KubeError) -> None:
        now = time.monotonic()
        if not self._end:
            self._end = now + self._seconds
            self._progress(f"asking again for up to {self._seconds:.0f} s: {exc.message}")
        if now >= self._end:
            raise KubeError(
                f"{exc.message} It was asked for {self._seconds:.0f} s. What is frozen is thawed by its lease alone.",
                status=exc.status,
                reason=exc.reason,
                hint="Run the task again when the API server answers: it proves that nothing is frozen any more.",
                details=exc.details,
            ) from exc
        cancel = self._cancel or client.cancel
        if cancel.wait(_RETRY_SECONDS):
            cancel.check()


__all__ = ("THAW_SECONDS", "Patience")
