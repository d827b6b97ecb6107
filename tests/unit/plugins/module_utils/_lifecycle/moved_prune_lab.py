# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A location with backups whose data is in repositories, which are folders: what a pod forgets outlives a process."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PruneOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover import deletion
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.sweep import Swept
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Probe, Probed
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.provider import MoverProvider
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings, Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._catalog.moved_backups import moved_entry
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import PruneLab

#: Namespace and id of a snapshot.
Moved: t.TypeAlias = "tuple[str, str]"


def _nothing() -> None:
    """Nothing goes wrong."""


class Repositories:
    """Stands for ``Mover``. ``pods``: the namespace of the repository and the ids that each pod was asked for.

    ``before_each`` is called before a snapshot is forgotten, ``before_preview`` before anything is looked at;
    ``refusals`` say why some ids are left.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(exist_ok=True)
        self.pods: list[tuple[str, tuple[str, ...]]] = []
        self.before_each: t.Callable[[], None] = _nothing
        self.before_preview: t.Callable[[], None] = _nothing
        self.refusals: dict[str, str] = {}

    @property
    def there(self) -> set[Moved]:
        return {t.cast("Moved", tuple(file.name.split("."))) for file in self._folder.iterdir()}

    def add(self, snapshot: Moved) -> None:
        (self._folder / ".".join(snapshot)).touch()

    def preview(self, probes: t.Sequence[Probe]) -> list[Probed]:
        self.before_preview()
        return [Probed(probe=probe) for probe in probes]

    def sweep(self, _namespaces: t.Iterable[str]) -> Swept:
        return Swept()

    def forget(self, source_namespace: str, ids: t.Sequence[str], *, namespace: str) -> dict[str, str]:
        assert namespace == source_namespace
        self.pods.append((source_namespace, tuple(ids)))
        for each in ids:
            if each not in self.refusals:
                self.before_each()
                (self._folder / f"{source_namespace}.{each}").unlink(missing_ok=True)
        return {each: self.refusals[each] for each in ids if each in self.refusals}


class MovedPruneLab(PruneLab):
    """``recorded``: the snapshots of each backup that was put."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # No machine loses its power here: what is written need not be on a disk.
        monkeypatch.setattr(os, "fsync", lambda _file: None)
        super().__init__(path)
        self.repositories = Repositories(path / "repositories")
        self.recorded: dict[str, tuple[Moved, ...]] = {}
        monkeypatch.setattr(deletion, "make_mover", lambda _moving, _client, cancel: self.repositories)
        monkeypatch.setattr(deletion, "require_namespace", lambda *_where, **_words: None)

    def put_moved(self, name: str, *snapshots: Moved, days: float = 8) -> None:
        """One that is ``days`` old, and lives for one."""
        entries = [moved_entry(handle, namespace=namespace) for namespace, handle in snapshots]
        self.store.put(BackupKeys(name).volumeinfo, gzip_json(entries))
        self.put(name, days=days)
        self.recorded[name] = snapshots
        for snapshot in snapshots:
            self.repositories.add(snapshot)

    def prune_moved(self, **given: t.Any) -> PruneOutcome:
        context = VolumeContext(
            connect=lambda: t.cast("t.Any", None),
            cancel=self.cancel,
            moving=Moving(settings=MoverSettings(), store=self.store, password="word"),
        )
        request = {"providers": (self.snapshots, MoverProvider(context)), **given.pop("request", {})}
        return self.prune(request=request, **given)

    def require_consistent(self) -> None:
        """Whatever has happened: what no note speaks of is whole, and what is left has somebody who names it."""
        named: set[Moved] = set()
        for entry in Catalog(self.store).entries():
            snapshots = set(self.recorded[entry.name])
            if entry.complete or entry.deleting:
                named |= snapshots
            if entry.complete and not entry.deleting:
                assert snapshots <= self.repositories.there, f"{entry.name} has lost a snapshot without a note"
        assert self.repositories.there <= named, "nothing names what is left"


__all__ = ("Moved", "MovedPruneLab", "Repositories")
