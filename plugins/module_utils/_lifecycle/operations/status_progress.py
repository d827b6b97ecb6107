# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a backup or a restore has come, in its status, while it is at work."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import threading
import types

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import OperationObjects

#: As often as Velero's server.
_PAUSE = 1.0


class StatusProgress:
    """Written by a thread of its own, so that nobody who counts waits for the API server.

    How many objects there will be is not known beforehand: the total is that of the moment. ``member``: the number of
    those that are done.
    """

    def __init__(self, objects: OperationObjects, obj: ObjectView, member: str) -> None:
        self._objects = objects
        self._obj = obj
        self._member = member
        self._lock = threading.Lock()
        self._count = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def counted(self, number: int) -> None:
        """A ``CountSink``."""
        with self._lock:
            self._count += number

    def __enter__(self) -> StatusProgress:
        self._thread = threading.Thread(target=self._tell, name="progress", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _tell(self) -> None:
        told = 0
        while not self._ended.wait(_PAUSE):
            count = self._count
            if count != told:
                told = count
                progress = {"totalItems": count, self._member: count}
                with contextlib.suppress(KubeError, Cancelled):
                    self._objects.patch(self._obj, {"status": {"progress": progress}})


__all__ = ("StatusProgress",)
