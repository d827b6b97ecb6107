# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CSI snapshots: all of a block created at once, and awaited by watch until the storage has each of them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
import time
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.namespace_watch import NamespaceWatch
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import CreateUnknown, create_surely
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import SnapshotApi
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.manifest import snapshot_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.removal import SnapshotRemoval, Swept, is_made_for
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.status import is_taken, stated_error, take_status
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot

#: Requests at a time while snapshots are created.
_AT_A_TIME = 16
#: An error of a controller may pass with its next try; one that stays this long is final. In seconds.
_TAKE_ERROR_PATIENCE = 10.0
_READY_ERROR_PATIENCE = 30.0
#: What the watches did not show is read at this interval, in seconds.
_READ_SECONDS = 5.0
_TICK_SECONDS = 0.5
_PROGRESS_SECONDS = 15.0


class CsiSnapshots:
    """The CSI snapshots of one run. Thread-safe: blocks take theirs side by side.

    Use it as a context: inside, the VolumeSnapshotContents are watched. ``with_contents``
    False does without rights on them: then ``VolumeSnapshot.status.creationTime`` counts as taken, and handles stay
    unknown. ``taken`` holds everything that this run made, also after an error.
    """

    def __init__(self, client: KubeClient, api: SnapshotApi, *, with_contents: bool, cancel: CancelToken) -> None:
        self._client = client.with_cancel(CancelToken())
        self._making_client = client.with_cancel(cancel)
        self._api = api
        self._with_contents = with_contents
        self._cancel = cancel
        self._news = threading.Condition()
        self._lock = threading.Lock()
        self._watches: dict[str, NamespaceWatch] = {}
        self._contents: NamespaceWatch | None = None
        self._removal = SnapshotRemoval(self._client, api, with_contents=with_contents)
        self.taken: list[TakenSnapshot] = []

    def __enter__(self) -> CsiSnapshots:
        if self._with_contents and self._contents is None:
            self._contents = self._open(self._api.contents, "")
            self._contents.follow([])
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        with self._lock:
            watches = [*self._watches.values(), *([self._contents] if self._contents else [])]
            self._watches, self._contents = {}, None
        for watch in watches:
            watch.close()

    def take(
        self, namespace: str, specs: t.Sequence[SnapshotSpec], *, timeout: float, too_late: str = ""
    ) -> list[TakenSnapshot]:
        """Make one VolumeSnapshot for each spec of one namespace; returns when each is taken or failed.

        What goes wrong with one is its state; ``too_late`` is a sentence that stands before the error of one that is
        not taken in time. Raises ``Cancelled`` when the run was cancelled: what was made by then
        is in ``taken``.
        """
        if not specs:
            return []
        watch = self._watch_of(namespace)
        snapshots = [TakenSnapshot(spec=spec, requested=utc_now(), driver=spec.driver) for spec in specs]
        with self._lock:
            self.taken += snapshots
        with concurrent.futures.ThreadPoolExecutor(
            min(len(snapshots), _AT_A_TIME), thread_name_prefix="arkive-snapshot"
        ) as pool:
            list(pool.map(lambda taken: self._create(taken, watch), snapshots))
        self.await_taken(snapshots, timeout=timeout, too_late=too_late)
        return snapshots

    def await_taken(self, snapshots: t.Sequence[TakenSnapshot], *, timeout: float, too_late: str = "") -> None:
        """Wait until each of ``snapshots``, whose objects exist, is taken or failed."""

        def look(taken: TakenSnapshot) -> bool:
            if is_taken(taken, with_contents=self._with_contents):
                taken.state = "cut"
            return taken.state != "pending"

        pending = [taken for taken in snapshots if taken.state == "pending"]
        self._wait(pending, look, timeout=timeout, patience=_TAKE_ERROR_PATIENCE, what="cut", too_late=too_late)

    def wait_ready(
        self, snapshots: t.Sequence[TakenSnapshot], *, timeout: float, progress: ProgressSink = no_progress
    ) -> None:
        """Wait until volumes can be made from each; one that cannot becomes ``failed``."""
        waiting = [taken for taken in snapshots if taken.state == "cut" and not taken.ready]
        self._wait(
            waiting,
            lambda taken: taken.ready or taken.failed,
            timeout=timeout,
            patience=_READY_ERROR_PATIENCE,
            what="ready to use",
            progress=progress,
        )

    def adopt(self, taken: TakenSnapshot, snapshot: Object) -> None:
        """Follow a VolumeSnapshot that exists already, such as the member of a group."""
        taken.name, taken.uid = snapshot["metadata"]["name"], snapshot["metadata"]["uid"]
        self._watch_of(taken.spec.namespace).track(snapshot)
        with self._lock:
            if not any(taken is known for known in self.taken):
                self.taken.append(taken)

    def discard(self, snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        """Remove snapshots, the storage's own too. Never cancelled. A sentence for each that is not gone."""
        return self._removal.discard(snapshots)

    def retain(self, taken: TakenSnapshot, labels: t.Mapping[str, str] | None = None) -> None:
        """Make the storage snapshot outlive its objects (deletionPolicy Retain). Raises ``KubeError``."""
        self._removal.set_policy(taken, "Retain", labels=labels)

    def bind(self, taken: TakenSnapshot) -> None:
        """Make the storage snapshot go with its object (deletionPolicy Delete). Raises ``KubeError``."""
        self._removal.set_policy(taken, "Delete")

    def read(self, taken: TakenSnapshot) -> tuple[Object, Object | None]:
        """The VolumeSnapshot and its content as they are now. Raises ``KubeError``; also when it is gone."""
        snapshot = get_object(self._client, self._api.snapshots, taken.name, taken.spec.namespace)
        if snapshot is None or not _is_same(taken, snapshot):
            raise KubeError(f"The VolumeSnapshot {taken.spec.namespace}/{taken.name} is gone.", status=404)
        content = None
        if self._with_contents and taken.content:
            content = get_object(self._client, self._api.contents, taken.content)
        take_status(taken, snapshot, content)
        return snapshot, content

    def release_objects(self, snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        """Remove the objects of retained snapshots from the cluster; the storage keeps the snapshots.

        Returns a sentence for each that is not gone.
        """
        return self._removal.release(snapshots)

    def sweep(self, namespaces: t.Sequence[str], *, backup_name: str, location: str) -> Swept:
        """Remove what dead runs have left that made the backup of this name in this location."""
        return self._removal.sweep(namespaces, backup_name=backup_name, location=location)

    # -- one snapshot -------------------------------------------------------------------------------------------------

    def _create(self, taken: TakenSnapshot, watch: NamespaceWatch) -> None:
        spec = taken.spec
        if self._cancel.is_cancelled:
            taken.fail("The run was cancelled before it was made.")
            return
        body = snapshot_manifest(spec, self._api.snapshots)
        try:
            made = create_surely(
                self._making_client,
                self._api.snapshots,
                body,
                namespace=spec.namespace,
                is_ours=lambda found: is_made_for(spec, found),
            )
        except CreateUnknown as exc:
            # Whoever removes the set looks for it by its name.
            taken.name = body["metadata"]["name"]
            taken.fail(exc.sentence)
            return
        except KubeError as exc:
            taken.fail(f"The VolumeSnapshot of {spec.where} was not made: {exc.sentence}")
            return
        taken.name, taken.uid = made["metadata"]["name"], made["metadata"]["uid"]
        watch.track(made)

    # -- news ---------------------------------------------------------------------------------------------------------

    def _wait(
        self,
        snapshots: t.Sequence[TakenSnapshot],
        is_done: t.Callable[[TakenSnapshot], bool],
        *,
        timeout: float,
        patience: float,
        what: str,
        too_late: str = "",
        progress: ProgressSink = no_progress,
    ) -> None:
        """Until each is done, or failed: by an error that stays for ``patience`` seconds, or after ``timeout``."""
        pending = list(snapshots)
        now = start = time.monotonic()
        next_read, next_line = now + _READ_SECONDS, now + _PROGRESS_SECONDS
        errors: dict[int, float] = {}
        while True:
            pending = [taken for taken in pending if not self._is_over(taken, is_done, errors, patience)]
            if not pending:
                return
            if self._cancel.is_cancelled:
                raise Cancelled(f"The run was cancelled: {self._cancel.reason}.")
            now = time.monotonic()
            if now - start >= timeout:
                for taken in pending:
                    taken.fail(f"{too_late} {self._explain_late(taken, timeout, what)}".lstrip())
                return
            if now >= next_read:
                next_read = now + _READ_SECONDS
                for taken in pending:
                    self._read_again(taken)
            elif now >= next_line:
                next_line = now + _PROGRESS_SECONDS
                progress(f"snapshots: {len(snapshots) - len(pending)} of {len(snapshots)} {what}")
            else:
                with self._news:
                    self._news.wait(min(_TICK_SECONDS, max(0.0, start + timeout - now)))

    def _is_over(
        self,
        taken: TakenSnapshot,
        is_done: t.Callable[[TakenSnapshot], bool],
        errors: dict[int, float],
        patience: float,
    ) -> bool:
        snapshot, content = self._known(taken)
        take_status(taken, snapshot, content)
        if is_done(taken):
            return True
        if snapshot is None and self._is_gone(taken):
            taken.fail(deleted_meanwhile(taken))
            return True
        error = stated_error(snapshot, content)
        if not error:
            errors.pop(id(taken), None)
            return False
        if time.monotonic() - errors.setdefault(id(taken), time.monotonic()) < patience:
            return False
        taken.fail(f"The snapshot of {taken.where} failed: {error}")
        return True

    def _known(self, taken: TakenSnapshot) -> tuple[Object | None, Object | None]:
        with self._lock:
            watch, contents = self._watches.get(taken.spec.namespace), self._contents
        snapshot = watch.current(taken.name) if watch is not None else None
        if snapshot is not None and not _is_same(taken, snapshot):
            snapshot = None
        if contents is None:
            return snapshot, None
        bound = taken.content or str(((snapshot or {}).get("status") or {}).get("boundVolumeSnapshotContentName") or "")
        # What the controller calls a content that it makes itself.
        return snapshot, contents.current(bound or f"snapcontent-{taken.uid}")

    def _is_gone(self, taken: TakenSnapshot) -> bool:
        """Whether that is certain."""
        try:
            found = get_object(self._client, self._api.snapshots, taken.name, taken.spec.namespace)
        except KubeError:
            return False
        return found is None or not _is_same(taken, found)

    def _read_again(self, taken: TakenSnapshot) -> None:
        """Should the watch have broken without a sign."""
        with self._lock:
            watch, contents = self._watches.get(taken.spec.namespace), self._contents
        with contextlib.suppress(KubeError):
            if watch is not None:
                watch.refresh(taken.name)
            if contents is not None:
                contents.refresh(taken.content or f"snapcontent-{taken.uid}")

    def _explain_late(self, taken: TakenSnapshot, timeout: float, what: str) -> str:
        snapshot, content = self._known(taken)
        error = stated_error(snapshot, content)
        if error:
            return f"The snapshot of {taken.where} was not {what} within {round(timeout, 1):g} s: {error}"
        if not ((snapshot or {}).get("status") or content):
            reason = "the snapshot controller has not looked at it; is it running?"
        else:
            reason = "the driver has not answered; is its csi-snapshotter running?"
        return f"The snapshot of {taken.where} was not {what} within {round(timeout, 1):g} s: {reason}"

    def _watch_of(self, namespace: str) -> NamespaceWatch:
        with self._lock:
            if namespace not in self._watches:
                self._watches[namespace] = self._open(self._api.snapshots, namespace)
            return self._watches[namespace]

    def _open(self, resource: t.Any, namespace: str) -> NamespaceWatch:
        return NamespaceWatch(self._client, resource, namespace, keep=_slim, on_change=self._notify)

    def _notify(self) -> None:
        with self._news:
            self._news.notify_all()


def deleted_meanwhile(taken: TakenSnapshot) -> str:
    return f"The VolumeSnapshot {taken.spec.namespace}/{taken.name} was deleted by somebody meanwhile."


def _is_same(taken: TakenSnapshot, snapshot: Object) -> bool:
    """False for another one, which has its name by now."""
    return not taken.uid or snapshot["metadata"].get("uid") == taken.uid


def _slim(obj: Object) -> Object:
    """What is looked at: a cluster may have thousands of them."""
    metadata = {name: obj["metadata"].get(name) for name in ("name", "uid", "resourceVersion")}
    spec = {"driver": (obj.get("spec") or {}).get("driver")}
    return {"metadata": metadata, "spec": spec, "status": obj.get("status") or {}}


__all__ = ("CsiSnapshots", "deleted_meanwhile")
