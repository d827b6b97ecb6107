# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes over Velero's custom resources: what its server's controllers do, as long as this run lasts."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import secrets
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.controller_table import (
    CONTROLLERS,
    ControllerRow,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_book import LocationBook
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.object_family import open_objects
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_events import EventRecorder
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    OperationsError,
    OperationsOutcome,
    OperationsRequest,
    busy_outcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_context import (
    OperationsLog,
    PassContext,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.pass_lease import PassLease
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.velero_server import refuse_beside_server

#: Somebody sits before the command line and waits.
_QUICK_PAUSE = 0.5
#: So often it is looked whether a server has come.
_SERVER_PAUSE = 15.0


def run_operations(
    request: OperationsRequest,
    *,
    client: KubeClient,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> OperationsOutcome:
    """One pass, or passes until ``request.duration`` is over. Raises ``ArkiveError`` where none may begin.

    What goes wrong in a pass is an error of the outcome, and the rest goes on.
    """
    cancel = cancel or CancelToken()
    issues = Issues()
    objects, request = open_objects(client, request)
    refuse_beside_server(client, objects)
    lease = PassLease(client, request.namespace, cancel)
    holder = lease.acquire()
    if holder:
        return busy_outcome(request.namespace, holder)
    run = ClusterRun(client=client, progress=progress, cancel=cancel, issues=issues, run_id=secrets.token_hex(8))
    book = LocationBook(objects, client, given=request.locations, restore_only=request.restore_only, cancel=cancel)
    log = OperationsLog()
    with lease, book:
        context = PassContext(
            request=request,
            run=run,
            objects=objects,
            book=book,
            events=EventRecorder(run),
            log=log,
        )
        passes = _Passes(context).run()
    return OperationsOutcome(namespace=request.namespace, passes=passes, operations=log.operations, issues=issues)


class _Passes:
    def __init__(self, context: PassContext) -> None:
        self._context = context
        self._cancel = context.run.cancel
        rows = [row for row in CONTROLLERS if not (row.writes and context.request.restore_only)]
        self._quick = [row for row in rows if row.is_quick]
        self._slow = [row for row in rows if not row.is_quick]
        #: The errors of rows that failed the last time, so that one that stays is said once.
        self._failing: dict[str, str] = {}
        #: When rows with a period have looked last.
        self._looked: dict[str, float] = {}
        self._server_sought = time.monotonic()

    def run(self) -> int:
        """How many passes were made."""
        request = self._context.request
        end = time.monotonic() + request.duration
        passes = 0
        while self._is_alone():
            self._pass()
            passes += 1
            left = end - time.monotonic()
            if left <= 0 or self._cancel.wait(min(request.interval, left)):
                break
        self._cancel.check()
        return passes

    def _is_alone(self) -> bool:
        """False once a server has begun to work here: what waits is left to it."""
        now = time.monotonic()
        if now - self._server_sought < _SERVER_PAUSE:
            return True
        self._server_sought = now
        try:
            refuse_beside_server(self._context.run.client, self._context.objects)
        except OperationsError as exc:
            self._context.run.issues.error(f"The passes have ended. {exc.message}", hint=exc.hint or "")
            return False
        except KubeError:
            return True  # the controllers say what cannot be reached
        return True

    def _pass(self) -> None:
        self._look(self._quick)
        with self._answering():
            self._look(self._slow)
        self._look(self._quick)

    @contextlib.contextmanager
    def _answering(self) -> t.Iterator[None]:
        """The quick controllers go on while the others work."""
        ended = threading.Event()

        def answer() -> None:
            while not ended.wait(_QUICK_PAUSE):
                with contextlib.suppress(Cancelled):
                    self._look(self._quick)

        thread = threading.Thread(target=answer, name="answers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _look(self, rows: t.Iterable[ControllerRow]) -> None:
        for row in filter(self._is_due, rows):
            self._cancel.check()
            try:
                row.make(self._context).look()
            except Cancelled:
                raise
            except ArkiveError as exc:
                self._report(row, exc)
            else:
                self._failing.pop(row.name, None)
            self._context.refuse_unsound()

    def _is_due(self, row: ControllerRow) -> bool:
        period = self._context.request.periods.get(row.name, 0.0)
        now = time.monotonic()
        if period and now < self._looked.get(row.name, -period) + period:
            return False
        self._looked[row.name] = now
        return True

    def _report(self, row: ControllerRow, exc: ArkiveError) -> None:
        if self._failing.get(row.name) != exc.message:
            self._failing[row.name] = exc.message
            self._context.run.issues.error(exc.message, hint=exc.hint or "")


__all__ = ("run_operations",)
