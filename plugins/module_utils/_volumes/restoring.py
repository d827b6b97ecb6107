# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore asks of a volume provider."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.storage_classes import StorageClasses

#: On a claim that a restore has made to be filled: the snapshot that its data is to come from, and the one that it has
#: all data of.
WANTED_MARK = "arkive.k8s/data-of"
FILLED_MARK = "arkive.k8s/data-filled"
#: The first init container of a pod whose volumes are filled: with it the pod waits for their data.
WAIT_CONTAINER = "arkive-restore-wait"


class DataSource(t.Protocol):
    """A snapshot that the data of a volume comes from. ``missing`` says why it cannot; empty when it can.

    ``helper`` is the name of the objects that are in the cluster while a volume is made from it; empty: there are none.
    """

    @property
    def provider(self) -> str:
        """The name of its provider."""

    @property
    def method(self) -> str:
        """Velero's ``restoreMethod``, which providers may have in common."""

    @property
    def handle(self) -> str:
        """The storage's name of the snapshot."""

    @property
    def driver(self) -> str:
        """The CSI driver; empty where there is none."""

    @property
    def helper(self) -> str:
        """The name of the objects that help to make the volume."""

    @property
    def missing(self) -> str:
        """Why nothing can be made from it."""

    def volume_info(self) -> dict[str, t.Any]:
        """What the restore's volumeinfo file says of it (Velero 1.18): the member of its method."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FillRequest:
    """A claim, empty and mounted by nobody, that gets its data from ``source``.

    ``new_namespace``: its namespace, as it will be made; None for one that is there. ``pod``: the spec of the pods that
    will mount it, empty where nobody knows any. Requests with the same word in ``together`` are for claims whose
    volumes have to come to lie in one place. ``again``: an earlier run of the same restore has made the claim.
    """

    source: DataSource
    namespace: str
    claim: str
    new_namespace: ObjectView | None = None
    pod: ObjectView = dataclasses.field(default_factory=dict)
    together: str = ""
    again: bool = False

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.claim}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FilledClaim:
    """``bytes`` and ``files`` that are in it now. ``warnings``: sentences. ``error``: why it is not filled."""

    bytes: int = 0
    files: int = 0
    warnings: tuple[str, ...] = ()
    error: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodData:
    """A volume of a stored pod that has no claim, and of which the backup records data.

    ``missing``: why that is not brought, a phrase; empty when it is.
    """

    volume: str
    source: DataSource
    missing: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodFillRequest:
    """A pod that waits, or will wait, until its volumes have got ``data``. ``new_namespace`` as in ``FillRequest``.

    ``mark``: what one that is there says that it waits for; empty for one that is made by this run. ``body``: that one,
    as it will be made; None for one that is there.
    """

    namespace: str
    pod: str
    data: tuple[PodData, ...]
    mark: str = ""
    new_namespace: ObjectView | None = None
    body: ObjectView | None = None

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.pod}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FilledPod:
    """``volumes``: what became of each, in the order of the request. ``error``: why the pod waits still.

    ``gone``: or why not, since it is not there any more, or another one is in its place.
    """

    volumes: tuple[FilledClaim, ...] = ()
    error: str = ""
    gone: bool = False


class PodFilling(t.Protocol):
    """Volumes of pods that have no claim: empty when their pod starts, and filled while it waits. Thread-safe."""

    def of_pod(self, pod: ObjectView, namespace: str) -> list[PodData]:
        """What the backup records for a stored pod. ``namespace`` is that of the backup."""

    def prepare(self, pod: dict[str, t.Any], data: t.Sequence[PodData]) -> list[str]:
        """Change a pod that is to be made, so that it waits until ``data`` is there. What is to be known, sentences."""

    def is_unfilled(self, live: ObjectView) -> bool:
        """Whether a pod in the cluster was made to wait for data, and nobody has said that it has all of it."""

    def repository_of(self, source: DataSource) -> str:
        """Where the data lies, for people."""

    def check(self, requests: t.Sequence[PodFillRequest]) -> None:
        """Raise ``ArkiveError`` where these could not be filled, as far as is known without making anything."""

    def fill(
        self, requests: t.Sequence[PodFillRequest], *, done: t.Callable[[PodFillRequest, FilledPod], None]
    ) -> None:
        """Fill the volumes of pods that are there, compare, and let the pods go on.

        ``done`` is told of each, from any thread. Raises ``Cancelled``, and ``ArkiveError`` where none can be filled.
        """


class VolumeFilling(t.Protocol):
    """Volumes that are made empty, and get their data once they are there. Safe to use from any thread."""

    def marks(self, source: DataSource) -> t.Mapping[str, str]:
        """Annotations of a claim that is made for ``source``: by them one that is not filled is known."""

    def filled_marks(self, source: DataSource) -> t.Mapping[str, str]:
        """Annotations of one that was filled."""

    def is_unfilled(self, live: ObjectView) -> bool:
        """Whether a claim in the cluster was made for its data, and nobody has said that it has all of it."""

    def size_of(self, source: DataSource) -> int:
        """Bytes to bring, as the backup's records say; 0 where they do not."""

    def repository_of(self, source: DataSource) -> str:
        """Where the data lies, for people."""

    def check(self, requests: t.Sequence[FillRequest]) -> None:
        """Raise ``ArkiveError`` where these could not be filled, as far as is known without making anything."""

    def prove(self, requests: t.Sequence[FillRequest]) -> None:
        """The same with pods, which try to reach the data and are gone afterwards. Raises ``Cancelled`` too."""

    def fill(self, requests: t.Sequence[FillRequest]) -> list[FilledClaim]:
        """Fill them, and compare what came with what was saved; in the order given.

        Raises ``Cancelled``, and ``ArkiveError`` where none of them can be filled.
        """


@dataclasses.dataclass(frozen=True, slots=True)
class MadeVolume:
    """``existing`` is a volume of that name that stays as it is, else ``created`` is the new one."""

    existing: dict[str, t.Any] | None = None
    created: dict[str, t.Any] | None = None


class StoredObjects(t.Protocol):
    """What is asked of the archive."""

    def names(self, group_resource: GroupResource, namespace: str | None) -> t.Collection[str]:
        """Names of the stored objects of one type in one namespace (of the backup)."""

    def find_object(self, group_resource: GroupResource, namespace: str | None, name: str) -> dict[str, t.Any] | None:
        """The stored object, None if it is not in the archive."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecords:
    """The files of a backup that describe snapshots, None for one that is not there.

    ``data_uploads`` reads those that lie among the objects of the backup, whatever the filters of the restore.
    """

    volumesnapshots: t.Sequence[ObjectView] | None = None
    volumeinfo: t.Sequence[ObjectView] | None = None
    podvolumebackups: t.Sequence[ObjectView] | None = None
    data_uploads: t.Callable[[], t.Iterable[ObjectView]] = tuple


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreJob:
    """One restore, ``name``. ``leaves_objects_out``: its filters exclude the objects of snapshots by name.

    ``sparse`` and ``parallel``: how files are written into volumes that are filled, 0 for as many at once as there are
    CPUs.
    """

    name: str
    archive: StoredObjects
    records: StoredRecords
    discovery: Discovery
    classes: StorageClasses
    leaves_objects_out: bool = False
    sparse: bool = False
    parallel: int = 0


class ObjectDraft(t.Protocol):
    """An object on its way from the archive to the cluster; ``body`` is changed in place."""

    body: dict[str, t.Any]

    def drop_annotations(self, *names: str) -> None:
        """Take these off."""

    def drop_snapshot_finalizers(self) -> None:
        """Take those of the snapshot controllers off."""


class SnapshotObjects(t.Protocol):
    """The VolumeSnapshots that a backup has stored, and their contents: volumes are made through them."""

    @property
    def are_served(self) -> bool:
        """Whether the target cluster has such objects at all."""

    def claim_of(self, namespace: str, snapshot: str) -> str:
        """The stored claim whose data a VolumeSnapshot was made for by the backup; empty for one of somebody else."""

    def snapshot_of(self, content: str) -> tuple[str, str]:
        """Namespace and name of the VolumeSnapshot that a stored content belongs to; empty when it says none."""

    def of_snapshot(self, namespace: str, name: str) -> DataSource:
        """A stored VolumeSnapshot, whoever made it."""

    def why_not_made(self, namespace: str) -> str:
        """Why a VolumeSnapshot and its content cannot be made in ``namespace``; empty when they can."""

    def restored_snapshot_name(self, namespace: str, name: str) -> str:
        """The name under which a VolumeSnapshot comes back."""

    def restored_content_name(self, name: str) -> str:
        """The name under which a VolumeSnapshotContent comes back."""

    def nudge(self, resource: ApiResource, name: str, namespace: str | None) -> None:
        """Have one that is being deleted looked at once more: its controllers may have lost sight of it."""

    def nudge_leaving(self, namespace: str) -> None:
        """Have those of restores that are being deleted looked at once more: they hold ``namespace``, which is too."""

    def reset_snapshot(self, draft: ObjectDraft, source: DataSource, *, namespace: str) -> None:
        """Bind it to a content that is there, in place of one that is made. ``namespace`` is that of the backup."""

    def reset_content(self, draft: ObjectDraft, source: DataSource, *, target_namespace: str) -> str:
        """Let it point to the snapshot that the storage has kept. Why that cannot be; empty when it is done."""


class RestoreVolumes(t.Protocol):
    """The snapshots of one backup by one provider, as one restore uses them. Safe to use from any thread.

    ``remakes_volumes``: a stored PersistentVolume itself comes back, with new storage behind it, and ``of_volume``,
    ``why_leaving``, ``adopt_volume`` and ``make`` are asked. Else a claim gets a new volume, and ``of_claim``,
    ``why_not``, ``provision``, ``is_lost`` and, at the end, ``error_of`` and ``take_out`` are. ``objects`` None: none
    of the archive's objects belong to the snapshots. ``filling`` None: volumes come with their data. ``pod_filling``
    None: it has no data of volumes without claims. ``name`` is the provider's.
    """

    name: str
    method: str
    remakes_volumes: bool

    @property
    def objects(self) -> SnapshotObjects | None:
        """The objects of the archive that belong to its snapshots."""

    @property
    def filling(self) -> VolumeFilling | None:
        """Who brings the data of volumes that are made empty."""

    @property
    def pod_filling(self) -> PodFilling | None:
        """Who brings the data of volumes of pods that have no claim."""

    def of_claim(self, claim: ObjectView, namespace: str) -> DataSource | None:
        """The snapshot that a stored claim names; None when it names none. ``namespace`` is that of the backup."""

    def why_not(self, source: DataSource, *, namespace: str, claim: ObjectView) -> str:
        """Why no volume can be made for ``claim`` in ``namespace`` from it; empty when one can."""

    def provision(self, source: DataSource, spec: dict[str, t.Any]) -> None:
        """Change the ``spec`` of a claim, so that its new volume is made from the snapshot."""

    def is_made_from(self, claim: ObjectView, namespace: str, live: ObjectView, *, ours: bool) -> bool:
        """Whether ``live`` is a copy of a stored claim with its data. ``ours``: a restore of this backup made it."""

    def why_unreadable(self, volume: ObjectView, entry: ObjectView) -> str:
        """Why the data of a stored volume, saved as ``entry`` of volumeinfo says, is out of reach; empty if unknown."""

    def of_volume(self, volume: ObjectView) -> DataSource | None:
        """The snapshot that a stored PersistentVolume is recreated from; None where there is none to be used."""

    def why_leaving(self, live: ObjectView) -> str:
        """Why a volume in the cluster is about to be gone; empty when it is healthy."""

    def adopt_volume(self, desired: ObjectView, live: ObjectView) -> dict[str, t.Any]:
        """``desired`` with the storage of ``live``: that of one made from a snapshot is another one each time."""

    def make(
        self,
        resource: ApiResource,
        body: ObjectView,
        source: DataSource,
        *,
        terminating_timeout: float,
        volume_timeout: float,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> MadeVolume:
        """Make the storage from ``source`` and the PersistentVolume ``body`` with it. Raises ``ArkiveError``."""

    def is_lost(self, claim: ObjectView) -> bool:
        """Whether what a live ``claim`` without a volume is to get one from is surely not there any more."""

    def error_of(self, source: DataSource) -> str:
        """What is said to be wrong with it in the cluster; empty when nothing is, or nobody knows."""

    def take_out(self, source: DataSource, *, namespace: str, claim: str) -> list[str] | None:
        """Remove the objects that helped to make a volume; the storage keeps the snapshot.

        A sentence for each that is not gone; None: there was nothing to do.
        """


__all__ = (
    "FILLED_MARK",
    "WAIT_CONTAINER",
    "WANTED_MARK",
    "DataSource",
    "FillRequest",
    "FilledClaim",
    "FilledPod",
    "MadeVolume",
    "ObjectDraft",
    "PodData",
    "PodFillRequest",
    "PodFilling",
    "RestoreJob",
    "RestoreVolumes",
    "SnapshotObjects",
    "StoredObjects",
    "StoredRecords",
    "VolumeFilling",
)
