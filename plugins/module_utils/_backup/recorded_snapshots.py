# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Delete the snapshots that a backup records, where they are: in the storage of the cluster, and in EBS."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_reader import BackupReader
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._backup.access import deletion_needs
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import VOLUME_SNAPSHOT_CONTENTS
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot, list_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi_delete import StorageSnapshots, StoredSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_api import find_snapshot_api

#: For all of a backup's CSI snapshots, in seconds.
_TIMEOUT = 180.0
_AT_A_TIME = 4
_EBS_ID = re.compile("snap-.+")

Object: t.TypeAlias = "t.Mapping[str, t.Any]"
Reasons: t.TypeAlias = "dict[RecordedSnapshot, str]"


class SnapshotDeleter:
    """Who can delete snapshots: the cluster of ``connect`` those of CSI, ``ebs`` the native ones.

    Neither is asked for anything before a backup records such a snapshot.
    """

    def __init__(
        self,
        *,
        connect: t.Callable[[], KubeClient] | None = None,
        ebs: EbsSnapshotter | None = None,
        cancel: CancelToken | None = None,
        timeout: float = _TIMEOUT,
    ) -> None:
        self._connect = connect
        self._ebs = ebs
        self._cancel = cancel or CancelToken()
        self._timeout = timeout
        self._storage: StorageSnapshots | None = None
        self._no_storage = ""

    @property
    def is_cancelled(self) -> bool:
        return self._cancel.is_cancelled

    def why_not(self, snapshot: RecordedSnapshot) -> str:
        """Why the snapshot cannot be deleted here, as far as can be told without trying; empty when it may."""
        if snapshot.kind == "CSI":
            storage = self._find_storage()
            return self._no_storage if storage is None else storage.why_not(snapshot.driver)
        if snapshot.kind == "native":
            return self._why_not_native(snapshot)
        return "only Velero's node agent can delete from its repository"

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], *, contents: Contents) -> Reasons:
        """Delete them; one that is gone is fine. Returns why others are still there.

        A run that is told to stop gives up the rest: whoever asked looks at ``is_cancelled``.
        """
        failed = {snapshot: why for snapshot in snapshots if (why := self.why_not(snapshot))}
        rest = [snapshot for snapshot in snapshots if snapshot not in failed]
        failed |= self._delete_native([snapshot for snapshot in rest if snapshot.kind == "native"])
        of_csi = [snapshot for snapshot in rest if snapshot.kind == "CSI"]
        if of_csi and self._storage is not None:
            failed |= self._delete_csi(self._storage, of_csi, contents)
        return failed

    def _why_not_native(self, snapshot: RecordedSnapshot) -> str:
        if not _EBS_ID.fullmatch(snapshot.handle):
            return "it is none of EBS, and others cannot be deleted here"
        if self._ebs is None:
            return "no snapshot_location is given"
        ours = self._ebs.location.name
        if snapshot.location and snapshot.location != ours:
            return f"it is in the snapshot location '{snapshot.location}', and snapshot_location is '{ours}'"
        return ""

    def _delete_native(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        failed = {}
        for snapshot in snapshots:
            try:
                self._cancel.check()
                if self._ebs is not None:
                    self._ebs.delete_snapshot(snapshot.handle)
            except (SnapshotError, Cancelled) as exc:
                failed[snapshot] = exc.sentence
        return failed

    def _delete_csi(
        self, storage: StorageSnapshots, snapshots: t.Sequence[RecordedSnapshot], contents: Contents
    ) -> Reasons:
        stored = {}
        for snapshot in snapshots:
            content = contents.find(snapshot.handle, thoroughly=storage.needs_content(snapshot.driver))
            key = StoredSnapshot(driver=snapshot.driver, handle=snapshot.handle, content=content)
            stored[key] = snapshot
        return {stored[key]: why for key, why in storage.delete(list(stored), timeout=self._timeout).items()}

    def _find_storage(self) -> StorageSnapshots | None:
        """The cluster's drivers; None, with the reason noted, where it has none or cannot be asked."""
        if self._storage is None and not self._no_storage:
            try:
                self._storage = self._ask_cluster()
            except Cancelled:
                raise
            except ArkiveError as exc:
                self._no_storage = exc.sentence
        return self._storage

    def _ask_cluster(self) -> StorageSnapshots:
        if self._connect is None:
            raise SnapshotError("there is no connection to a cluster")
        client = self._connect()
        discovery = Discovery.read(client)
        api = find_snapshot_api(discovery)
        if api is None:
            raise SnapshotError(f"the cluster at {client.server} does not serve the API of CSI snapshots")
        forbidden = find_forbidden(client, deletion_needs(), workers=_AT_A_TIME)
        if forbidden:
            raise SnapshotError(f"the API server does not let you {rights_text(forbidden)} ({rules_text(forbidden)})")
        return StorageSnapshots(client, discovery, api, cancel=self._cancel)


class Contents:
    """The VolumeSnapshotContents that a backup has stored, by their snapshots' handles."""

    def __init__(self, reader: BackupReader, name: str, listed: t.Sequence[Object]) -> None:
        """``listed``: those of the backup's file of them (Velero 1.4 to 1.16)."""
        self._reader = reader
        self._name = name
        self._by_handle = _by_handle(listed)
        self._was_read = False

    def find(self, handle: str, *, thoroughly: bool) -> Object:
        """The object, ``thoroughly`` also from the tarball; empty where there is none."""
        if handle not in self._by_handle and thoroughly and not self._was_read:
            self._was_read = True
            self._by_handle = {**_by_handle(self._read_tarball()), **self._by_handle}
        return self._by_handle.get(handle, {})

    def _read_tarball(self) -> list[dict[str, t.Any]]:
        """What is damaged there is missing; the snapshots can be deleted without, mostly."""
        try:
            with self._reader.open_tarball(self._name) as tarball:
                refs = [ref for ref in tarball.items if ref.group_resource == VOLUME_SNAPSHOT_CONTENTS]
                return [tarball.read(ref) for ref in refs]
        except ArchiveError:
            return []


class RecordedSnapshots:
    """The snapshots that the files of a backup record, each with its driver where any of them tells it."""

    def __init__(self, reader: BackupReader, name: str) -> None:
        """Raises ``ArchiveError`` when one of the files is damaged: then nobody knows."""
        listed = reader.read_json(name, "csi_volumesnapshotcontents")
        self.contents = Contents(reader, name, listed or ())
        self.all = list_snapshots(
            volumeinfo=reader.read_json(name, "volumeinfo"),
            volumesnapshots=reader.read_json(name, "volumesnapshots"),
            podvolumebackups=reader.read_json(name, "podvolumebackups"),
            csi_volumesnapshotcontents=listed,
        )
        for index, snapshot in enumerate(self.all):
            if snapshot.kind == "CSI" and not snapshot.driver:
                spec = self.contents.find(snapshot.handle, thoroughly=True).get("spec") or {}
                self.all[index] = snapshot._replace(driver=str(spec.get("driver") or ""))


def _by_handle(contents: t.Sequence[Object]) -> dict[str, Object]:
    found = {}
    for content in contents:
        handle = (content.get("status") or {}).get("snapshotHandle")
        if handle:
            found[str(handle)] = content
    return found


__all__ = ("Contents", "RecordedSnapshots", "SnapshotDeleter")
