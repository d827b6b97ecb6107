# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pauses of a run that lasts longer than others respect one: they are renewed while it works."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.abandonable import call_abandonable
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pause_mark import PauseMark
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pausing import Pausing
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

#: So often within the limit: three attempts in a row may fail.
_RENEWALS = 4
#: What one renewal may take, with its repeats, in seconds: the time between two where the limit is the least there is.
_RENEWAL_SECONDS = 15.0
#: A renewal that is under way when the change has ended is waited for so long, in seconds.
_STOP_SECONDS = 3.0


@dataclasses.dataclass
class _Pause:
    """``until``: when others cease to respect it, as far as is known. ``error``: why it was not renewed at last."""

    owner: Owner
    until: dt.datetime | None
    error: str = ""
    #: It is none of what is known to happen.
    is_odd: bool = False


class PauseKeeper:
    """Beside one change. ``limit``: for how many seconds others respect a pause that is not renewed."""

    def __init__(self, run: ClusterRun, pausing: Pausing, *, limit: float) -> None:
        self._run = run
        self._pausing = pausing
        self._interval = limit / _RENEWALS
        self._ended = threading.Event()
        #: Set when what is under way is not waited for any more.
        self._abandon = CancelToken()
        self._thread: threading.Thread | None = None
        self._pauses: list[_Pause] = []

    def start(self, owners: t.Sequence[Owner]) -> None:
        """Renew the pauses of ``owners`` until ``stop``; a process that is killed renews none."""
        self._pauses = [_Pause(owner, owner.mark.until if owner.mark else None) for owner in owners]
        if self._pauses:
            self._thread = threading.Thread(target=self._keep, args=(self._pauses,), name="pauses", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Nothing is renewed after it, and it lasts some seconds at the most. A pause that may have ended is a warning.

        What an API server makes of a renewal that was not waited for does no harm: it is of the object as it was.
        """
        self._ended.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
            self._abandon.cancel("what it was for has ended")
            # Whatever is under way is left alone now.
            self._thread.join(_STOP_SECONDS)
            self._thread = None
        now = self._run.client.server_now()
        for pause in self._pauses:
            self._report(pause, now)
        self._pauses = []

    def _report(self, pause: _Pause, now: dt.datetime) -> None:
        is_over = pause.until is not None and pause.until <= now
        if not pause.error and not is_over:
            return
        ref = pause.owner.ref
        what = f"The pause of {ref} could not be renewed"
        if pause.until is not None and is_over:
            error = pause.error or "no renewal came to its end in time."
            self._run.issues.warning(
                f"{what}, so that another run may have taken it over since {rfc3339(pause.until)}: {error}",
                namespace=ref.namespace,
                name=ref.name,
                hint="Set gitops_pause_limit to more than the restore takes.",
            )
        elif pause.is_odd:
            self._run.issues.warning(f"{what} at last: {pause.error}", namespace=ref.namespace, name=ref.name)
        else:
            self._run.issues.info(f"{what} at last, and held until the end: {pause.error}")

    def _keep(self, pauses: t.Sequence[_Pause]) -> None:
        while not self._ended.wait(self._interval):
            for pause in pauses:
                if self._ended.is_set():
                    return
                self._try(pause)

    def _try(self, pause: _Pause) -> None:
        """Whatever goes wrong is kept with the pause: the others are renewed all the same."""
        try:
            mark = self._renew(pause.owner)
        except Cancelled:
            return
        except TimeoutError:
            pause.error, pause.is_odd = f"the API server did not answer within {_RENEWAL_SECONDS:g} s.", False
        except ArkiveError as exc:
            pause.error, pause.is_odd = exc.message, False
        except Exception as exc:  # pylint: disable=broad-exception-caught
            pause.error, pause.is_odd = f"{type(exc).__name__}: {one_line(mask(str(exc)))}", True
        else:
            pause.error, pause.is_odd = "", False
            pause.until = mark.until if mark is not None else None

    def _renew(self, owner: Owner) -> PauseMark | None:
        """Raises ``TimeoutError`` for a request that hangs, and ``Cancelled`` where nobody waits for it any more."""
        # It goes on although the run is cancelled, as the owners are paused until the end.
        requests = CancelToken()
        client = self._run.client.with_cancel(requests)
        try:
            return call_abandonable(
                lambda: self._pausing.renew(client, owner), seconds=_RENEWAL_SECONDS, cancel=self._abandon
            )
        finally:
            requests.cancel("the renewal was given up")


__all__ = ("PauseKeeper",)
