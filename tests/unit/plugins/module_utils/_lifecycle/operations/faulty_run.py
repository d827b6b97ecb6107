# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pass that something happens to at a request: its process is killed, the API server goes, a store fails."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations import location_book
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    OperationsOutcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LockRecord
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.operations_lab import (
    OperationsLab,
    ago,
)

FaultKind: t.TypeAlias = t.Literal["killed", "server gone", "store fails"]
_T = t.TypeVar("_T")
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Killed(BaseException):
    """Nobody catches it, and nothing that is tried afterwards has an effect: as with ``kill -9``."""


class FaultyRun:
    """One pass. ``at``: the number of the request, among the writes and all those of the store, that it happens at.

    ``after``: it had its effect. ``seen``: how many requests there were.
    """

    def __init__(self, lab: OperationsLab, kind: FaultKind, at: int, *, after: bool) -> None:
        self._lab, self._kind, self._at, self._after = lab, kind, at, after
        self._lock = threading.Lock()
        self.seen = 0
        self.happened = False

    def make(self, **asked: t.Any) -> OperationsOutcome | None:
        """None when it was killed, or may not begin."""
        api, opened, hook = self._lab.api, location_book.open_store, threading.excepthook
        refuse, lose = api.refuse, api.lose
        api.refuse, api.lose = self._before_write, self._after_write
        location_book.open_store = self._open  # type: ignore[assignment]
        threading.excepthook = lambda _arguments: None
        try:
            return self._lab.pass_once(**asked)
        except (Killed, ArkiveError):
            return None
        finally:
            api.refuse, api.lose, threading.excepthook = refuse, lose, hook
            location_book.open_store = opened
            self._let_time_pass()

    def _let_time_pass(self) -> None:
        """Until the leases and the locks of whoever has died are over."""
        for key, lease in self._lab.api.objects.items():
            if key[0] == "leases":
                lease["spec"]["renewTime"] = ago(hours=1)
        for name in self._lab.stored():
            if name.endswith("-arkive-claim.json"):
                self._lab.store.put(name, LockRecord.make("dead", "elsewhere", 1, utc_now(), -3600).encode())

    def _open(self, location: StorageLocation, **more: t.Any) -> Store:
        return _FaultyStore(open_store(location, **more), self)

    def around_store(self, operation: str, request: t.Callable[[], _T]) -> _T:
        here = self._is_here()
        if self.happened and (self._kind == "killed" or (here and not self._after and self._kind == "store fails")):
            self._stop(operation)
        found = request()
        if here and self._after:
            self.happened = True
            if self._kind != "server gone":
                self._stop(operation)
        return found

    def _stop(self, operation: str) -> t.NoReturn:
        if self._kind == "killed":
            raise Killed
        raise StoreError(f"The store refused to {operation}.", failure="denied")

    def _before_write(self, verb: str, _path: str, dry_run: bool) -> KubeError | None:
        if verb in _WRITES and not dry_run:
            self._is_here()
        return self._error()

    def _after_write(self, _verb: str, _path: str) -> KubeError | None:
        if self._after and self.seen >= self._at:
            self.happened = True
        return self._error()

    def _error(self) -> KubeError | None:
        if self.happened and self._kind == "killed":
            raise Killed
        if self.happened and self._kind == "server gone":
            return KubeError("The API server cannot be reached.")
        return None

    def _is_here(self) -> bool:
        with self._lock:
            self.seen += 1
            here = self.seen == self._at
            self.happened = self.happened or (here and not self._after)
            return here


class _FaultyStore(StoreWrapper):
    def __init__(self, inner: Store, run: FaultyRun) -> None:
        super().__init__(inner)
        self._run = run

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        return self._run.around_store(operation, request)


__all__ = ("FaultKind", "FaultyRun", "Killed")
