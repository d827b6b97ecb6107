# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A local directory as a storage location."""

# Private: not for use outside of this collection.

from __future__ import annotations

import os
from dataclasses import dataclass

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation


@dataclass(frozen=True, kw_only=True)
class LocalLocation(StorageLocation):
    """The directory ``path``, or ``prefix`` below it."""

    path: str

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.path:
            raise ValidationError(f"The storage location '{self.name}' has no path.", hint="Give a directory.")

    @property
    def describe(self) -> str:
        """``/directory/prefix``."""
        return os.path.join(self.path, self.prefix).rstrip("/") or "/"


__all__ = ("LocalLocation",)
