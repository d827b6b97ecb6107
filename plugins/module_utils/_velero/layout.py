# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Keys of a storage location (Velero 1.18), relative to its root: the store adds the prefix."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

#: The only directories that a Velero server tolerates at the root of a location.
ALLOWED_TOP_LEVEL = ("backups", "restores", "restic", "metadata", "plugins", "kopia")
BACKUPS = "backups/"
RESTORES = "restores/"
_NAMED_OFFENDERS = 3


@dataclasses.dataclass(frozen=True, slots=True)
class BackupKeys:
    """The files of one backup."""

    name: str

    @property
    def directory(self) -> str:
        """With a slash at the end: the prefix of everything that belongs to the backup."""
        return f"{BACKUPS}{self.name}/"

    @property
    def metadata(self) -> str:
        """The commit point: a backup exists exactly when this does."""
        return f"{self.directory}velero-backup.json"

    @property
    def tarball(self) -> str:
        return self._key(".tar.gz")

    @property
    def logs(self) -> str:
        return self._key("-logs.gz")

    @property
    def results(self) -> str:
        return self._key("-results.gz")

    @property
    def resource_list(self) -> str:
        return self._key("-resource-list.json.gz")

    @property
    def volumeinfo(self) -> str:
        return self._key("-volumeinfo.json.gz")

    @property
    def volumesnapshots(self) -> str:
        return self._key("-volumesnapshots.json.gz")

    @property
    def podvolumebackups(self) -> str:
        return self._key("-podvolumebackups.json.gz")

    @property
    def itemoperations(self) -> str:
        return self._key("-itemoperations.json.gz")

    @property
    def arkive_record(self) -> str:
        """Ours; Velero ignores it when it reads and removes it when it deletes."""
        return self._key("-arkive.json.gz")

    @property
    def claim(self) -> str:
        """Ours: says that a run is writing this backup."""
        return self._key("-arkive-claim.json")

    def _key(self, suffix: str) -> str:
        return f"{self.directory}{self.name}{suffix}"


@dataclasses.dataclass(frozen=True, slots=True)
class RestoreKeys:
    """The files of one restore; they are not below the backup's."""

    name: str

    @property
    def directory(self) -> str:
        return f"{RESTORES}{self.name}/"

    @property
    def logs(self) -> str:
        return f"{self.directory}restore-{self.name}-logs.gz"

    @property
    def results(self) -> str:
        return f"{self.directory}restore-{self.name}-results.gz"

    @property
    def resource_list(self) -> str:
        return f"{self.directory}restore-{self.name}-resource-list.json.gz"

    @property
    def itemoperations(self) -> str:
        return f"{self.directory}restore-{self.name}-itemoperations.json.gz"

    @property
    def volumeinfo(self) -> str:
        """The one without the prefix ``restore-``."""
        return f"{self.directory}{self.name}-volumeinfo.json.gz"

    @property
    def arkive_record(self) -> str:
        """Ours: the Restore object and the results of its hooks, so that a run can be resumed."""
        return f"{self.directory}{self.name}-arkive.json.gz"


def check_top_level(prefixes: t.Iterable[str]) -> None:
    """Raise ``ValidationError``, in Velero's words, when a directory lies at the root that does not belong there."""
    names = sorted(prefix.strip("/") for prefix in prefixes)
    wrong = [name for name in names if name not in ALLOWED_TOP_LEVEL]
    if not wrong:
        return
    hint = "Use an empty bucket, or a prefix of its own for backups."
    if len(wrong) > _NAMED_OFFENDERS:
        named = " ".join([*wrong[:_NAMED_OFFENDERS], "..."])
        text = f"Backup store contains {len(wrong)} invalid top-level directories: [{named}]"
    else:
        text = f"Backup store contains invalid top-level directories: [{' '.join(wrong)}]"
    raise ValidationError(text, hint=hint)


__all__ = ("ALLOWED_TOP_LEVEL", "BACKUPS", "RESTORES", "BackupKeys", "RestoreKeys", "check_top_level")
