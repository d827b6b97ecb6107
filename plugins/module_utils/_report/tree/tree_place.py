# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a tree of manifests is, and which of its files are some."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import posixpath

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan_digest import TREE_BACKUP

#: The bytes of a file.
LARGEST = 64 << 20
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TreePlace:
    """``path``: a folder. ``ref``: a branch, tag or commit of the git repository that it is; empty for what lies there.

    ``subpath``: a folder in it that alone is meant.
    """

    path: str
    ref: str = ""
    subpath: str = ""

    def __post_init__(self) -> None:
        """Raises ``ValidationError``."""
        if self.ref.startswith("-") or any(char.isspace() or char == ":" for char in self.ref):
            raise ValidationError(f"'{self.ref}' is no name of a commit.", hint="Check tree.ref.")
        if self.subpath.startswith(("/", "-")) or ".." in self.subpath.split("/"):
            raise ValidationError(f"'{self.subpath}' is no folder within the tree.", hint="Check tree.subpath.")

    @property
    def describe(self) -> str:
        """For sentences."""
        folder = posixpath.join(self.path, self.subpath) if self.subpath else self.path
        return f"{folder} at {self.ref}" if self.ref else folder


def is_manifest(name: str) -> bool:
    """By the path in the tree: hidden files and those in hidden folders are none."""
    return name.endswith(_SUFFIXES) and not is_hidden(name)


def is_hidden(name: str) -> bool:
    """By the path in the tree."""
    return any(part.startswith(".") for part in name.split("/"))


def check_size(name: str, size: int) -> None:
    """Raises ``TreeError``."""
    if size > LARGEST:
        raise TreeError(f"The file {name} is larger than {LARGEST >> 20} MiB.")


__all__ = ("LARGEST", "TREE_BACKUP", "TreePlace", "check_size", "is_hidden", "is_manifest")
