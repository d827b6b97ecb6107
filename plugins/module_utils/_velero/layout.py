# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which key of a backup location holds what (Velero 1.18, docs/compatibility 1.2; relative to the location's root)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name

BACKUPS = "backups/"
RESTORES = "restores/"
METADATA_FILE = "velero-backup.json"
#: What follows the name of a backup in those of its files that a listing is asked about.
TARBALL = ".tar.gz"
WRITE_LOCK = "-arkive-claim.json"
HOLD = "-arkive-hold.json"
DELETION = "-arkive-deletion.json"
VERIFIED = "-arkive-verified.json"
#: Ark 0.3 to 0.10; 0.11 reads it too and writes Velero's.
ARK_METADATA_FILE = "ark-backup.json"
#: Between the names of a backup and of a dump, and the extension of a dump's record.
DUMP_INFIX = "-arkive-dump-"
DUMP_RECORD = "json"

#: A backup or restore of this collection has no longer name: each of its files has to fit into a directory (255 bytes),
#: and the longest suffix is ``-csi-volumesnapshotcontents.json.gz``. Velero's may have 253 in a bucket.
LONGEST_NAME = 220

#: Velero makes the whole location unavailable when it finds any other directory at the root.
ALLOWED_TOP_LEVEL = frozenset({"backups", "restores", "restic", "metadata", "plugins", "kopia"})
_SHOWN = 3


class BackupKeys:
    """The keys of one backup. Raises ``ValidationError`` unless ``name`` is a DNS subdomain name.

    Ark up to 0.9 kept backups at the root of the location (an empty ``parent``), up to 0.10 with another
    ``metadata_file``. The ``csi_`` files are of Velero 1.4 to 1.16. ``write_lock``, ``arkive_record``, ``digests``,
    ``result``, ``hold``, ``deletion`` and ``dump`` are ours: Velero ignores what it does not know inside
    ``backups/<n>/`` and deletes it with the backup.
    """

    def __init__(self, name: str, *, parent: str = BACKUPS, metadata_file: str = METADATA_FILE) -> None:
        self.name = _checked(name, "backup")
        self.directory = f"{parent}{name}/"
        self.write_lock = self._key(WRITE_LOCK)
        self.metadata = f"{self.directory}{metadata_file}"
        self.tarball = self._key(TARBALL)
        self.logs = self._key("-logs.gz")
        self.results = self._key("-results.gz")
        self.resource_list = self._key("-resource-list.json.gz")
        self.volumeinfo = self._key("-volumeinfo.json.gz")
        self.volumesnapshots = self._key("-volumesnapshots.json.gz")
        self.podvolumebackups = self._key("-podvolumebackups.json.gz")
        self.itemoperations = self._key("-itemoperations.json.gz")
        self.csi_volumesnapshots = self._key("-csi-volumesnapshots.json.gz")
        self.csi_volumesnapshotcontents = self._key("-csi-volumesnapshotcontents.json.gz")
        self.arkive_record = self._key("-arkive.json.gz")
        self.digests = self._key("-arkive-digests.gz")
        self.result = self._key("-arkive-result.json.gz")
        self.hold = self._key(HOLD)
        self.deletion = self._key(DELETION)
        self.verified = self._key(VERIFIED)
        self.proofs = self._key("-arkive-proofs.json")

    def dump(self, name: str, extension: str) -> str:
        """A dump of a database beside the backup; ``DUMP_RECORD`` as the extension is the record that makes it one."""
        return self._key(f"{DUMP_INFIX}{name}.{extension}")

    def _key(self, suffix: str) -> str:
        return f"{self.directory}{self.name}{suffix}"


class RestoreKeys:
    """The keys of one restore: beside the backups, not below the one it came from.

    ``arkive_record`` and ``result`` are ours, as in ``BackupKeys``.
    """

    def __init__(self, name: str) -> None:
        self.name = _checked(name, "restore")
        self.directory = f"{RESTORES}{name}/"
        self.logs = f"{self.directory}restore-{name}-logs.gz"
        self.results = f"{self.directory}restore-{name}-results.gz"
        self.resource_list = f"{self.directory}restore-{name}-resource-list.json.gz"
        self.itemoperations = f"{self.directory}restore-{name}-itemoperations.json.gz"
        self.volumeinfo = f"{self.directory}{name}-volumeinfo.json.gz"
        self.arkive_record = f"{self.directory}{name}-arkive.json.gz"
        self.result = f"{self.directory}{name}-arkive-result.json.gz"


def _checked(name: str, what: str) -> str:
    if not is_subdomain_name(name):
        raise ValidationError(
            f"'{name}' cannot be the name of a {what}.",
            hint="Use lower case letters, digits, '-' and '.', at most 253, with a letter or digit at both ends.",
        )
    return name


def top_level_strangers(prefixes: t.Iterable[str]) -> list[str]:
    """Those of the first-level directories (with or without their last ``/``) that no backup location has; sorted."""
    return sorted(name for name in (prefix.rstrip("/") for prefix in prefixes) if name not in ALLOWED_TOP_LEVEL)


def check_top_level(prefixes: t.Iterable[str], *, place: str = "This") -> None:
    """Raise ``ValidationError`` when the root of a location holds a directory that no backup location has.

    ``prefixes`` are the first-level directories, with or without their last ``/``. The text is Velero's, which does not
    say where that is: ``place`` does.
    """
    strangers = top_level_strangers(prefixes)
    if not strangers:
        return
    count = f" {len(strangers)}" if len(strangers) > _SHOWN else ""
    shown = " ".join([*strangers[:_SHOWN], "..."] if count else strangers)
    raise ValidationError(
        f"Backup store contains{count} invalid top-level directories: [{shown}]",
        hint=f"{place} is not a backup location: give another path, or a bucket or prefix that holds nothing else.",
        details={"directories": strangers},
    )


__all__ = (
    "ALLOWED_TOP_LEVEL",
    "ARK_METADATA_FILE",
    "BACKUPS",
    "DELETION",
    "DUMP_INFIX",
    "DUMP_RECORD",
    "HOLD",
    "LONGEST_NAME",
    "METADATA_FILE",
    "RESTORES",
    "TARBALL",
    "VERIFIED",
    "WRITE_LOCK",
    "BackupKeys",
    "RestoreKeys",
    "check_top_level",
    "top_level_strangers",
)
