# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of one dump of a database, ``<n>-arkive-dump-<name>.json``: a dump is there when its record is.

Velero ignores both files and removes them with the backup.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.compression import EXTENSIONS, Compression
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError

_VERSION = 1
MAX_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DumpRecord:
    """``file``: its name beside the backup. ``database`` empty: the whole server.

    ``size`` and ``sha256`` (hex) are of the file as it was made, ``dump_size`` and ``dump_sha256`` of what comes out.
    """

    name: str
    file: str
    namespace: str
    pod: str
    container: str
    kind: str
    program: str
    compression: Compression
    size: int
    sha256: str
    dump_size: int
    dump_sha256: str
    started: str
    completed: str
    database: str = ""

    def is_of(self, *, namespace: str, pod: str, kind: str, database: str) -> bool:
        """Whether it is a dump of the same."""
        return (self.namespace, self.pod, self.kind, self.database) == (namespace, pod, kind, database)

    @property
    def what(self) -> str:
        """A phrase."""
        which = f"database {self.database} of {self.kind}" if self.database else self.kind
        return f"{which} in pod {self.namespace}/{self.pod}"

    def to_return(self) -> dict[str, t.Any]:
        return dataclasses.asdict(self)

    def to_bytes(self) -> bytes:
        return json.dumps({"version": _VERSION, **self.to_return()}, indent=2).encode() + b"\n"

    @classmethod
    def parse(cls, data: bytes, *, what: str) -> DumpRecord:
        """Raises ``ArchiveError``."""
        try:
            members = json.loads(data)
            version = members["version"]
            if isinstance(version, int) and version > _VERSION:
                raise ArchiveError(
                    f"{what} has version {version}, this collection knows up to {_VERSION}.",
                    hint="Use a newer arkive.k8s.",
                )
            numbers: dict[str, t.Any] = {name: int(members[name]) for name in ("size", "dump_size")}
            texts = {
                field.name: str(members[field.name]) for field in dataclasses.fields(cls) if field.name not in numbers
            }
        except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as exc:
            raise ArchiveError(f"{what} is not the record of a dump.") from exc
        if texts["compression"] not in EXTENSIONS or "/" in texts["file"] or min(numbers.values()) < 0:
            raise ArchiveError(f"{what} is not the record of a dump.")
        compression = t.cast("Compression", texts.pop("compression"))
        fields: dict[str, t.Any] = {**texts, **numbers, "compression": compression}
        return cls(**fields)


__all__ = ("MAX_BYTES", "DumpRecord")
