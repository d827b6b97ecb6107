# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a dump, or its restore, is asked for, and what it answers."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.compression import Compression
from ansible_collections.arkive.k8s.plugins.module_utils._archive.dump_record import DumpRecord
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name

#: Names of files are of 255 bytes at most, in a directory and so in any store here.
_LONGEST_FILE = 255


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DumpRequest:
    """The database of a pod, and a dump beside ``backup``.

    ``kind``, ``container`` and ``user`` empty: what the pod's annotations say, else the first container, and the user
    that it was started with. ``dump`` empty: named after the namespace and the pod. ``compression`` None: the best that
    there is. ``into_non_empty``: a restore does not ask what is there already. ``seconds``: for the database's program.
    """

    backup: str
    namespace: str
    pod: str
    kind: str = ""
    container: str = ""
    database: str = ""
    user: str = ""
    password: str | None = dataclasses.field(default=None, repr=False)
    dump: str = ""
    compression: Compression | None = None
    into_non_empty: bool = False
    seconds: float = 6 * 3600.0

    @property
    def dump_name(self) -> str:
        return self.dump or f"{self.namespace}-{self.pod}"

    def validate(self) -> None:
        """Raises ``ValidationError``."""
        if not is_subdomain_name(self.dump_name):
            raise ValidationError(
                f"'{self.dump_name}' cannot be the name of a dump.",
                hint="Use lower case letters, digits, '-' and '.', with a letter or digit at both ends.",
            )
        if len(f"{self.backup}-arkive-dump-{self.dump_name}.archive.zst") > _LONGEST_FILE:
            raise ValidationError(
                f"The file of the dump '{self.dump_name}' would have a name of more than {_LONGEST_FILE} characters.",
                hint="Give the dump a shorter name with dump_name.",
            )
        if self.password is not None and (not self.password or any(char in self.password for char in "\n\r\0")):
            raise ValidationError("The password is empty, or has a line break or a null character in it.")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DumpOutcome:
    """``planned``: in check mode, what would be done, a sentence."""

    changed: bool
    location: str
    record: DumpRecord | None = None
    planned: str = ""
    warnings: tuple[str, ...] = ()

    def to_return(self) -> dict[str, t.Any]:
        return {
            "changed": self.changed,
            "dump": self.record.to_return() if self.record else {},
            "planned": self.planned,
            "location": self.location,
        }


__all__ = ("DumpOutcome", "DumpRequest")
