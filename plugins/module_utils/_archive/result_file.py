# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was too large for a task's result, beside the other files of its backup or restore."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._archive.file_access import FileAccess

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store


def store_result(store: Store, key: str, parts: t.Mapping[str, t.Any]) -> str:
    """Write ``parts`` as gzip'd JSON, over those of an earlier run; returns ``key``. Raises ``StoreError``."""
    FileAccess(store).put_bytes(key, gzip_json(parts))
    return key


__all__ = ("store_result",)
