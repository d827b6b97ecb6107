# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said about one stored backup. What is wrong with it is said too, and hides no other backup."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.arkive_record import ArkiveRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.dumps import dump_names, read_dump
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import METADATA_FILE
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import find_problems, schedule_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import describe_volumes

Section: t.TypeAlias = t.Literal["items", "hooks", "volumes", "results", "resource_list", "dumps", "logs"]
SECTIONS: tuple[Section, ...] = t.get_args(Section)
#: Those that restores have as well.
RESTORE_SECTIONS: tuple[Section, ...] = tuple(section for section in SECTIONS if section != "dumps")

#: Bytes of a log, from its end.
LOG_LIMIT = 256 << 10

_T = t.TypeVar("_T")


def describe_unreadable(entry: BackupEntry, problem: str) -> dict[str, t.Any]:
    """A backup whose object cannot be read."""
    return _describe(entry, {}, [problem, *_missing_files(entry)])


def describe_backup(
    files: StoredFiles, entry: BackupEntry, backup: dict[str, t.Any], sections: t.Collection[Section]
) -> dict[str, t.Any]:
    """The overview and ``sections``. ``problems``: sentences; empty for a backup that Velero would restore as it is."""
    found = _describe(entry, backup, [*find_problems(backup, entry.name), *_missing_files(entry)])
    details = _Details(files, entry, found["problems"])
    for section in SECTIONS:
        if section in sections:
            found |= details.read(section)
    return found


def _describe(entry: BackupEntry, backup: dict[str, t.Any], problems: list[str]) -> dict[str, t.Any]:
    status = backup.get("status") if isinstance(backup.get("status"), dict) else {}
    status = t.cast("dict[str, t.Any]", status)
    return {
        "name": entry.name,
        "phase": status.get("phase") or "",
        "schedule": schedule_of(backup),
        "started": status.get("startTimestamp"),
        "completed": status.get("completionTimestamp"),
        "expiration": status.get("expiration"),
        "warnings": status.get("warnings") or 0,
        "errors": status.get("errors") or 0,
        "size": entry.size,
        "held": entry.held,
        "problems": problems,
        "backup": backup,
    }


def _missing_files(entry: BackupEntry) -> t.Iterator[str]:
    if entry.deleting:
        yield "Its deletion was begun, and it may have lost snapshots: delete it again, so that the rest goes."
    tarball = f"{entry.name}.tar.gz"
    if tarball not in entry.files:
        yield f"It has no tarball ({tarball}), so nothing can be restored from it."
    elif not entry.files[tarball]:
        yield f"Its tarball ({tarball}) is empty, so nothing can be restored from it."


class _Details:
    """Reads sections of one backup; a file that is damaged is a problem and leaves its section empty."""

    def __init__(self, files: StoredFiles, entry: BackupEntry, problems: list[str]) -> None:
        self._files = files
        self._entry = entry
        self._name = entry.name
        self._problems = problems
        self._record: ArkiveRecord | None = None
        self._record_read = False

    def read(self, section: Section) -> dict[str, t.Any]:
        if section == "items":
            return {"items": self._count_items()}
        if section == "hooks":
            record = self._arkive_record()
            record = record or ArkiveRecord()
            return {"hooks": record.hooks, "freezes": record.freezes, "quiesces": record.quiesces}
        if section == "volumes":
            return {"volumes": self._tried(self._volumes, None) or []}
        if section == "dumps":
            found = (self._dump(name) for name in self._dump_names())
            return {"dumps": [dump for dump in found if dump is not None]}
        if section == "logs":
            text, truncated = self._tried(lambda: self._files.read_log_end(LOG_LIMIT), None) or ("", False)
            return {"logs": text, "logs_truncated": truncated}
        return {section: self._tried(lambda: self._files.read_json(section), None) or {}}

    def _dump_names(self) -> list[str]:
        return [] if self._entry.flat else dump_names(self._name, self._entry.files)

    def _dump(self, name: str) -> dict[str, t.Any] | None:
        record = self._tried(lambda: read_dump(self._files.store, self._name, name), None)
        if record is None:
            return None
        size = self._entry.files.get(record.file)
        if size is None:
            self._problems.append(f"Its dump {record.file} is missing.")
        elif size != record.size:
            self._problems.append(f"Its dump {record.file} has {size} bytes, and had {record.size} when it was made.")
        return record.to_return()

    def _count_items(self) -> dict[str, int]:
        """From our record, or else from the tarball itself, which is checked on the way."""
        record = self._arkive_record()
        if record is not None:
            return record.items
        return self._tried(self._count_members, {}) if f"{self._name}.tar.gz" in self._entry.files else {}

    def _count_members(self) -> dict[str, int]:
        with self._files.open_tarball() as tarball:
            counts = collections.Counter(str(ref.group_resource) for ref in tarball.items)
            self._problems += tarball.warnings
            self._tried(tarball.verify, None)
        return dict(sorted(counts.items()))

    def _volumes(self) -> list[dict[str, t.Any]] | None:
        if f"{self._name}-volumeinfo.json.gz" in self._entry.files:
            info: list[dict[str, t.Any]] | None = self._files.read_json("volumeinfo")
            return info
        return describe_volumes(
            volumesnapshots=self._files.read_json("volumesnapshots"),
            podvolumebackups=self._files.read_json("podvolumebackups"),
            csi_volumesnapshots=self._files.read_json("csi_volumesnapshots"),
        )

    def _arkive_record(self) -> ArkiveRecord | None:
        if not self._record_read:
            self._record_read = True
            self._record = self._tried(self._files.read_record, None)
            self._problems += self._changed_files(self._record) if self._record else []
        return self._record

    def _changed_files(self, record: ArkiveRecord) -> list[str]:
        """By their sizes, which cost nothing: a restore checks the digests."""
        problems = []
        for name, written in sorted(record.files.items()):
            size = self._entry.files.get(name)
            if size is None and name != f"{self._name}.tar.gz":
                problems.append(f"Its file {name} is missing.")
            elif size is not None and size != written.size and name != METADATA_FILE:
                problems.append(f"Its file {name} has {size} bytes, and had {written.size} when it was written.")
        return problems

    def _tried(self, read: t.Callable[[], _T], otherwise: _T) -> _T:
        try:
            return read()
        except (ArchiveError, ValidationError) as exc:
            if exc.message not in self._problems:
                self._problems.append(exc.message)
            return otherwise


__all__ = ("LOG_LIMIT", "RESTORE_SECTIONS", "SECTIONS", "Section", "describe_backup", "describe_unreadable")
