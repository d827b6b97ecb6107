# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controllers of a pass share."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_book import LocationBook
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_events import EventRecorder
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import (
    OperationObjects,
    name_of,
    phase_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_shapes import refusal_of
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    Operation,
    OperationsRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.snapshot_locations import find_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

#: In which only the server goes on that has begun a backup or a restore: its plugins still work, or have to finish.
_OF_A_SERVER = tuple(
    f"{phase}{how}" for phase in ("WaitingForPluginOperations", "Finalizing") for how in ("", "PartiallyFailed")
)


class OperationsLog:
    """What was done, in order. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._operations: list[Operation] = []
        self._said: set[str] = set()

    def add(self, operation: Operation) -> None:
        with self._lock:
            self._operations.append(operation)

    def is_new(self, sentence: str) -> bool:
        """True the first time that it is asked for a sentence: what stays so is said once."""
        with self._lock:
            is_new = sentence not in self._said
            self._said.add(sentence)
            return is_new

    @property
    def operations(self) -> tuple[Operation, ...]:
        with self._lock:
            return tuple(self._operations)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PassContext:
    """``objects`` end with the run."""

    request: OperationsRequest
    run: ClusterRun
    objects: OperationObjects
    book: LocationBook
    events: EventRecorder
    log: OperationsLog

    @property
    def last_objects(self) -> OperationObjects:
        """They work after the run was cancelled too, for what has to be said still."""
        return self.objects.with_client(self.run.uncancelled().client)

    def now_text(self) -> str:
        """By the clock that all see: the API server's."""
        return rfc3339(self.run.client.server_now())

    def snapshot_location(self, backup: ObjectView) -> SnapshotLocation | None:
        """Where the snapshots of a backup are, by the task's option, else by its VolumeSnapshotLocation."""
        if self.request.snapshot_location is not None:
            return self.request.snapshot_location
        try:
            return find_location(backup, self.objects, self.book)
        except ValidationError as exc:
            self.warn_once(f"No snapshots of AWS can be made, used or deleted. {exc.message}", hint=exc.hint or "")
            return None

    def volumes_of(self, backup: ObjectView, store: Store) -> VolumeContext:
        """What the providers of volumes work with where a backup in ``store`` is deleted, or its end is made up for."""
        request, run = self.request, self.run
        moving = Moving(
            settings=request.mover,
            store=store,
            password=request.repository_password,
            velero_namespace=self.objects.namespace,
            run=run,
        )
        location = self.snapshot_location(backup)
        return VolumeContext(connect=lambda: run.client, location=location, cancel=run.cancel, moving=moving)

    def for_each(self, objects: t.Iterable[Object], see_to: t.Callable[[Object], None]) -> None:
        """See to one after the other. What is wrong with one object, or its location, keeps no other one waiting.

        One that somebody has changed meanwhile, or deleted, is looked at again in the next pass.
        """
        for obj in objects:
            self.run.cancel.check()
            try:
                see_to(obj)
            except KubeError as exc:
                if exc.unreachable or exc.forbidden:
                    raise
                if not (exc.conflict or exc.not_found):
                    self._failed(obj, exc)
            except Cancelled:
                raise
            except ArkiveError as exc:
                self._failed(obj, exc)

    def warn_of_server_work(self, objects: t.Iterable[Object]) -> None:
        """What a server has left in the middle stays as it is: nobody waits for it without being told."""
        for obj in objects:
            if phase_of(obj) in _OF_A_SERVER:
                self.warn_once(
                    f"{obj['kind']} '{name_of(obj)}' is {phase_of(obj)}, where a Velero server has left it.",
                    hint="Only a server can go on with it: start that once more, or delete the object.",
                )

    def refuse_unsound(self) -> None:
        """Say of objects that have a wrong type what is wrong: they were looked at by nobody."""
        for obj, said in self.objects.take_unsound():
            try:
                status = refusal_of(obj, said)
                if status:
                    self.events.record(self.set_status(obj, status, message=said), "Refused", said, kind="Warning")
            except KubeError as exc:
                said = f"{said} {exc.message}"
            sentence = f"{obj['kind']} '{name_of(obj)}' is left aside: {said}"
            if self.log.is_new(sentence):
                self.run.issues.error(sentence)

    def _failed(self, obj: ObjectView, exc: ArkiveError) -> None:
        said = f"{obj['kind']} '{name_of(obj)}': {exc.message}"
        if self.log.is_new(said):
            self.run.issues.error(said, hint=exc.hint or "")

    def warn_once(self, message: str, *, hint: str = "") -> None:
        if self.log.is_new(message):
            self.run.issues.warning(message, hint=hint)

    def set_status(self, obj: ObjectView, status: ObjectView, *, message: str = "", last: bool = False) -> Object:
        """Write members of the status, and note what became of the object."""
        changed = (self.last_objects if last else self.objects).patch(obj, {"status": dict(status)})
        self.note(changed, message)
        return changed

    def note(self, obj: ObjectView, message: str = "", *, phase: str = "") -> None:
        """One more line of what this run has done."""
        operation = Operation(str(obj["kind"]), name_of(obj), phase or phase_of(obj), message)
        self.log.add(operation)
        said = f": {message}" if message else ""
        self.run.progress(f"{operation.kind} {operation.name}: {operation.phase}{said}")


class Controller(t.Protocol):
    """Looks at all objects of its kind once."""

    def look(self) -> None:
        """Raises ``ArkiveError`` when the objects cannot be read; what is wrong with one of them is in its status."""


__all__ = ("Controller", "OperationsLog", "PassContext")
