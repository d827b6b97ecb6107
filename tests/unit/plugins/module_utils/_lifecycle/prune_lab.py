# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A location with backups that are stored without a cluster, and snapshots that are names in a set."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PruneOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_run import PruneRequest, prune
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import Retention
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_rules import RetentionRules
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import tar_gz

NOW = parse_rfc3339("2026-11-28T12:00:00Z")


class Snapshots:
    """A provider of native snapshots, which are files: they outlive a process. ``refuses``: those that stay.

    ``before_delete`` is called before each goes.
    """

    name = "set"
    kind = "native"
    is_cancelled = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(exist_ok=True)
        self.refuses: set[str] = set()
        self.before_delete: t.Callable[[], None] = lambda: None

    @property
    def there(self) -> set[str]:
        return {file.name for file in self._folder.iterdir()}

    def add(self, handles: t.Iterable[str]) -> None:
        for handle in handles:
            (self._folder / handle).touch()

    def why_not_delete(self, _snapshots: t.Sequence[RecordedSnapshot]) -> dict[RecordedSnapshot, str]:
        return {}

    def delete_ahead(self, _snapshots: t.Sequence[RecordedSnapshot]) -> None:
        """Each goes with its backup."""

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], _contents: t.Any) -> dict[RecordedSnapshot, str]:
        failed = {one: "It is in use." for one in snapshots if one.handle in self.refuses}
        for one in snapshots:
            if one not in failed:
                self.before_delete()
                (self._folder / one.handle).unlink(missing_ok=True)
        return failed

    def deletion_notes(self) -> tuple[str, ...]:
        return ()


class PruneLab:
    """Backups in a local directory, or in ``store``, which may be wrapped later too."""

    def __init__(self, path: Path, store: Store | None = None) -> None:
        if store is None:
            (path / "location").mkdir()
            store = LocalStore(LocalLocation(path=str(path / "location")))
        self.store: Store = store
        self.snapshots = Snapshots(path / "snapshots")
        self.now = NOW
        self.progress: t.Callable[[str], None] = no_progress
        self.cancel = CancelToken()
        self.removed_objects: list[str] = []

    def put(
        self,
        name: str,
        *,
        days: float = 0,
        schedule: str = "shop",
        phase: str = "Completed",
        ttl_days: float | None = 1,
        snapshots: t.Sequence[str] = (),
        archive: bool = True,
    ) -> None:
        """One that is ``days`` old."""
        keys, made = BackupKeys(name), self.now - dt.timedelta(days=days)
        status = {"phase": phase, "startTimestamp": rfc3339(made)}
        if ttl_days is not None:
            status["expiration"] = rfc3339(made + dt.timedelta(days=ttl_days))
        labels = {"velero.io/schedule-name": schedule} if schedule else {}
        backup = {
            "apiVersion": "velero.io/v1",
            "kind": "Backup",
            "metadata": {"name": name, "labels": labels},
            "status": status,
        }
        if archive:
            self.store.put(keys.tarball, tar_gz())
        if snapshots:
            self.snapshots.add(snapshots)
            records = [
                {
                    "spec": {"location": "here", "persistentVolumeName": f"pv-{handle}"},
                    "status": {"phase": "Completed", "providerSnapshotID": handle},
                }
                for handle in snapshots
            ]
            self.store.put(keys.volumesnapshots, gzip_json(records))
        self.store.put(keys.metadata, json.dumps(backup).encode())

    def put_days(self, count: int, **options: t.Any) -> list[str]:
        """One for each of the last days, the newest first; their names."""
        names = [f"shop-{number:03}" for number in range(count)]
        for number, name in enumerate(names):
            self.put(name, days=number, **options)
        return names

    def put_restore(self, name: str, backup: str) -> None:
        self.store.put(
            f"restores/{name}/{name}-arkive.json.gz", gzip_json({"restore": {"spec": {"backupName": backup}}})
        )
        self.store.put(f"restores/{name}/restore-{name}-results.gz", gzip_json({}))

    def prune(
        self, *, check_mode: bool = False, request: t.Mapping[str, t.Any] | None = None, **given: t.Any
    ) -> PruneOutcome:
        """``given``: of the rules (``keep_...``), and of what is retained."""
        rules = {name.removeprefix("keep_"): given.pop(name) for name in list(given) if name.startswith("keep_")}
        zone = given.pop("zone", "UTC")
        wanted = PruneRequest(
            retention=Retention(rules=RetentionRules(**rules, zone=zone), **given),
            **{"providers": (self.snapshots,), "remove_objects": self._remove_objects, **(request or {})},
        )
        context = RunContext(now=lambda: self.now, progress=self.progress, cancel=self.cancel)
        return prune(wanted, self.store, context=context, check_mode=check_mode)

    def names(self) -> list[str]:
        """The backups that are there, and what is half of one."""
        return sorted({key.split("/")[1] for key in self.stored() if key.startswith("backups/")})

    def stored(self) -> list[str]:
        return [info.key for info in self.store.list().objects]

    def _remove_objects(self, backup: t.Mapping[str, t.Any]) -> list[str]:
        self.removed_objects.append(backup["metadata"]["name"])
        return []


def states(outcome: PruneOutcome) -> dict[str, str]:
    return {backup.name: backup.state for backup in outcome.backups}


def reasons(outcome: PruneOutcome) -> dict[str, list[str]]:
    return {backup.name: list(backup.verdict.reasons) for backup in outcome.backups}


__all__ = ("NOW", "PruneLab", "Snapshots", "reasons", "states")
