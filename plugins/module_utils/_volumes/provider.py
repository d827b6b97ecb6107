# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the data of volumes is kept: one provider for each way, all alike for the engines.

A provider is a folder of this room and a row of the table in ``providers``. The engines ask the providers in the order
of the table and know them by their ``name`` only; what a provider needs of a cluster or a cloud it gets from the
``VolumeContext`` that it is made with, and asks for when it is needed.

    plan     ``BackupVolumes.plan``, ``SetSnapshots.plan``: a claim with its volume -> a ``PlannedSnapshot``, or why not
    take     ``BackupVolumes.take``, ``SetSnapshots.take``: inside the window of the freeze, all at once, no longer than
             the freeze may last
    keep     ``BackupVolumes``: wait until the snapshots can be used; move their data, where that is what it does
    record   ``BackupVolumes``: marks in the stored claim, objects beside it, the entries of Velero's files;
             ``SetSnapshots.seal``: the note on a set that it is good
    discard  what was taken and must not stay: the freeze did not hold, or the backup is not stored
    delete   ``why_not_delete`` and ``delete``: what the files of a backup record, when the backup goes; where several
             go, ``delete_ahead`` before
    restore  ``RestoreVolumes``: which of the recorded snapshots hold a claim's data, how the new volume is made from
             one, and what is cleared away afterwards

The data flows one way. Backup: claims and volumes -> ``plan`` -> decisions (``decision``) -> ``take`` -> ``keep`` ->
the archive. Restore: the archive and its records -> ``of_claim`` or ``of_volume`` -> a ``DataSource`` -> the claim, or
the volume, that is made from it -> ``take_out``. Deletion: records -> ``RecordedSnapshot`` -> the provider of its
``kind``. Sets (snapshots without a backup): claims -> ``plan`` -> ``take`` -> ``seal``.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, RightsScope
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.left_snapshots import LeftSnapshot
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import RestoreJob, RestoreVolumes
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_listing import FoundSnapshots, SnapshotQuery
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import (
        PlannedSnapshot,
        SetSnapshots,
        SetSpec,
    )

#: Who copies the files of volumes while their pods run, among those who keep the volumes of a backup.
FILES = "files"
#: Namespace and name of a claim.
Key: t.TypeAlias = "tuple[str, str]"
#: Why snapshots that were to be deleted are still there.
Reasons: t.TypeAlias = "dict[RecordedSnapshot, str]"
Presence: t.TypeAlias = t.Literal["present", "missing", "unknown"]


class Sighting(t.NamedTuple):
    """Whether a snapshot is there, as its storage says; ``reason``: why it is not known, or what is said of it."""

    presence: Presence
    reason: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class VolumeContext:
    """What providers work with. ``connect`` is called when a cluster is needed; None: there is none.

    ``location``: where snapshots of a cloud are. ``delete_timeout``: for all snapshots of a backup, in seconds.
    ``moving``: how data gets into a repository, and back; None where nobody has said.
    """

    connect: t.Callable[[], KubeClient] | None = None
    location: SnapshotLocation | None = None
    cancel: CancelToken = dataclasses.field(default_factory=CancelToken)
    delete_timeout: float = 180.0
    moving: Moving | None = None

    def client(self) -> KubeClient:
        """Raises ``SnapshotError`` where there is no cluster."""
        if self.connect is None:
            raise SnapshotError("there is no connection to a cluster")
        return self.connect()


#: What a task does with snapshots: ``set`` takes and removes them without a backup, ``list`` looks at them.
SnapshotUse: t.TypeAlias = t.Literal["backup", "restore", "delete", "set", "list"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupJob:
    """The backup that snapshots are for. ``labels`` and ``annotations`` are those of its Backup object.

    ``location`` says where it will be stored; by it and its name another run knows what this one has left.
    ``uid``, ``namespace`` and ``storage_location``: of the Backup object, and the location's name in it. ``moves``: the
    data of snapshots goes into a repository, of ``data_mover`` (empty for Velero's own), ``parallel`` files at once
    (0 for as many as there are CPUs). ``copies``: so may files of volumes, as they are. ``cut_seconds``: how long the
    storage may take to cut a snapshot.
    """

    name: str
    run_id: str
    location: str
    labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    annotations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    workers: int = 8
    uid: str = ""
    namespace: str = "velero"
    storage_location: str = "default"
    moves: bool = False
    copies: bool = False
    data_mover: str = ""
    parallel: int = 0
    cut_seconds: float = 600.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOffer:
    """``plan`` None: no snapshot, for ``reason`` (Velero's form), which is an ``error`` (a sentence) or not.

    ``is_mine``: the volume is of a kind that the provider knows, so that the others have nothing to say about it.
    """

    plan: PlannedSnapshot | None = None
    reason: str = ""
    error: str = ""
    is_mine: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeptSnapshots:
    """What is stored of snapshots beside their claims: objects, in their order, and why some claims have none.

    ``count`` snapshots are good. ``records``: objects that are stored, but that no list of the backup's items names.
    ``pod_volumes``: elements of ``podvolumebackups.json.gz``. ``warnings``: sentences about a claim's volume. ``left``:
    sentences about what could not be removed.
    """

    objects: t.Sequence[tuple[ApiResource, Object]] = ()
    records: t.Sequence[tuple[ApiResource, Object]] = ()
    errors: t.Mapping[Key, str] = dataclasses.field(default_factory=dict)
    warnings: t.Mapping[Key, t.Sequence[str]] = dataclasses.field(default_factory=dict)
    left: t.Sequence[str] = ()
    count: int = 0
    pod_volumes: t.Sequence[Object] = ()


class BackupVolumes(t.Protocol):
    """The snapshots of one backup by one provider, known by their claims. Thread-safe where blocks use it.

    In this order: ``needs``, ``open``, ``plan``; ``begin``, or ``foresee`` in check mode; ``take``, ``spoil``,
    ``drop_failed`` for each block; ``keep``; ``release`` when the backup is stored, ``abandon`` when it is not;
    ``close`` last. ``method`` is Velero's ``backupMethod``; ``title`` is for people, in the plural. ``moves``: ``keep``
    copies data, which takes its time: it comes after the last hook, and claims are stored after it.
    """

    method: str
    title: str
    moves: bool

    @property
    def why_not(self) -> str:
        """Why nothing can be kept, as far as that is known without a change, a sentence; empty where it can."""

    def needs(self, namespaces: t.Sequence[str]) -> list[Need]:
        """The rights to take snapshots in ``namespaces``; empty where the provider asks nothing of the cluster."""

    def open(self, *, allowed: bool) -> None:
        """Read what the plans go by. ``allowed`` False: the rights are not there, and nothing is taken."""

    def plan(self, claim: ClaimVolume, *, wanted: bool) -> SnapshotOffer:
        """How the volume of a bound claim would be snapshotted. ``wanted``: somebody has asked for it by name."""

    def begin(self, plans: t.Mapping[Key, PlannedSnapshot], *, namespaces: t.Sequence[str], sweeps: bool) -> list[str]:
        """Be ready to take ``plans``.

        ``sweeps``: remove first what dead runs of this backup have left in ``namespaces``. Warnings are returned.
        """

    def foresee(self, plans: t.Mapping[Key, PlannedSnapshot]) -> list[str]:
        """What ``begin`` would say, by what can be found out without a change. Raises what it would raise."""

    def close(self) -> None:
        """Nothing is followed any more."""

    def take(self, keys: t.Sequence[Key], *, timeout: float, too_late: str) -> None:
        """Take those snapshots side by side, within ``timeout`` seconds; what fails is reported by ``error_of``.

        ``too_late``: a sentence that stands before the error of one that was not taken in time.
        """

    def spoil(self, keys: t.Sequence[Key], *, why: str) -> None:
        """What was to hold until they were taken did not: they have failed, because of ``why``, in sentences."""

    def error_of(self, key: Key) -> str:
        """Why it failed, a sentence; empty when it did not."""

    def drop_failed(self, keys: t.Sequence[Key]) -> list[str]:
        """Remove what there is of those that have failed. A sentence for each that is still there."""

    def mark_claim(self, key: Key, claim: Object) -> bool:
        """Change a claim on its way into the archive, so that a restore finds its snapshot. True when it did."""

    def keep(self, *, timeout: float, progress: ProgressSink) -> KeptSnapshots | None:
        """Wait until volumes can be made from all of them, and make them outlive the cluster; None: there are none."""

    def describe(self, key: Key) -> Object | None:
        """What volumeinfo says of a claim's volume; None before its snapshot is taken, unless there is more to say."""

    def counts(self) -> dict[str, int]:
        """Members of a Backup's status."""

    def records(self, backup_uid: str) -> list[Object]:
        """Elements of ``volumesnapshots.json.gz``."""

    def operations(self) -> list[Object]:
        """Elements of ``itemoperations.json.gz``."""

    def release(self) -> list[str]:
        """The backup is stored: what only taking needed goes. A sentence for each object that is still there."""

    def abandon(self) -> list[str]:
        """The backup is not stored: everything that was made goes. A sentence for what could not be removed."""


class StoredContents(t.Protocol):
    """The VolumeSnapshotContents that a backup has stored."""

    def find(self, handle: str, *, thoroughly: bool) -> t.Mapping[str, t.Any]:
        """That of a snapshot, ``thoroughly`` also from the tarball; empty where there is none."""


class VolumeProvider(t.Protocol):
    """One way to keep the data of volumes.

    ``name`` is the value of the option ``provider``. ``kind`` is that of ``RecordedSnapshot``; several may have the
    same.
    """

    name: str
    kind: str

    def for_backup(self, job: BackupJob, discovery: Discovery) -> BackupVolumes:
        """The snapshots of one backup: plan, take, record, discard."""

    def end_backup(self, job: BackupJob, namespaces: t.Sequence[str]) -> list[str]:
        """Do what the run of a stored backup was not there to do: as ``BackupVolumes.release``.

        Raises ``ArkiveError``.
        """

    def for_set(self, spec: SetSpec) -> SetSnapshots:
        """One set of snapshots without a backup. Raises ``SnapshotError`` where there can be none."""

    def list_sets(self, query: SnapshotQuery) -> FoundSnapshots:
        """The snapshots that are there. Raises ``ArkiveError``."""

    def for_restore(self, job: RestoreJob) -> RestoreVolumes:
        """The snapshots of one backup, as one restore makes volumes from them."""

    def why_not_delete(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        """Why some of one backup cannot be deleted here, as far as is known without trying."""

    def delete_ahead(self, snapshots: t.Sequence[RecordedSnapshot]) -> None:
        """Delete those of several backups where at once is less work; ``delete`` tells later what became of them."""

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], contents: StoredContents) -> Reasons:
        """Delete them; one that is gone is fine. Returns why others are still there.

        A run that is cancelled gives up the rest: whoever asked looks at ``is_cancelled``.
        """

    def look_for(self, snapshot: RecordedSnapshot, contents: StoredContents) -> Sighting:
        """Ask its storage whether it is there. Nothing of it is changed; what is made for that goes again."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the run is cancelled."""

    def find_left(self, location: str) -> t.Sequence[LeftSnapshot]:
        """What runs have left that made backups in ``location``: the caller knows which backups there are.

        None where it is not known for which location a snapshot was taken. Raises ``ArkiveError``.
        """

    def grants(self, use: SnapshotUse, scope: RightsScope) -> list[Grant]:
        """The rights in the cluster that ``use`` takes, beside those of the task itself."""

    def deletion_notes(self) -> tuple[str, ...]:
        """What else is to be reported of the deletions so far: a sentence each."""


__all__ = (
    "FILES",
    "BackupJob",
    "BackupVolumes",
    "KeptSnapshots",
    "Key",
    "Presence",
    "Reasons",
    "Sighting",
    "SnapshotOffer",
    "SnapshotUse",
    "StoredContents",
    "VolumeContext",
    "VolumeProvider",
)
