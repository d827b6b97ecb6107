# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a repository, as its objects in the bucket tell it: nothing is asked of kopia, and nothing of pods.

Velero 1.18 (``udmrepo/kopialib/repo_init.go``): without the blob ``kopia.repository`` there is none; the blob
``udmrepo.Repository`` holds the repository's unique id, and one with another id makes it corrupted.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import RepositoryState
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.password_proof import opens
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.place import repository_folder

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

FORMAT_BLOB = "kopia.repository"
MARKER_BLOB = "udmrepo.Repository"
#: Where contents of files are: without one, nobody's data is in it.
_DATA_BLOBS = "p"
_MAX_BYTES = 1 << 20
_HOWEVER = "Look at it with kopia, or take a location with another prefix."


class Repository:
    """That of one namespace's volumes in a location. Raises ``StoreError`` where the store fails."""

    def __init__(self, store: Store, namespace: str) -> None:
        self._store = store
        self.namespace = namespace
        self.folder = repository_folder(namespace)

    @property
    def where(self) -> str:
        return f"{self._store.location.describe}/{self.folder}"

    def state(self) -> RepositoryState:
        """What there is."""
        if not self._store.exists(self.folder + FORMAT_BLOB):
            return "foreign" if self._has_objects("") else "absent"
        if not self._store.exists(self.folder + MARKER_BLOB):
            return "new"
        marked = self._read(MARKER_BLOB)
        return "usable" if marked and marked == self._read(FORMAT_BLOB) else "corrupted"

    def unique_id(self) -> str:
        """That which it has and its copies, in base64; empty where there is none."""
        return self._read(FORMAT_BLOB) if self._store.exists(self.folder + FORMAT_BLOB) else ""

    def opens_with(self, password: str) -> bool | None:
        """Whether it does; None where only kopia can tell."""
        return opens(self._store.get(self.folder + FORMAT_BLOB, max_bytes=_MAX_BYTES), password)

    def size(self) -> int:
        """The bytes of all of its objects."""
        return sum(info.size for info in self._store.list(self.folder).objects)

    def refusal(self, state: RepositoryState, *, write: bool) -> str:
        """Why a repository in this state is not used, a sentence; empty where it is."""
        if state == "absent" and not write:
            return f"There is no repository at {self.where}: what it held is gone, or the location is another one."
        if state == "foreign":
            return f"At {self.where} lie objects, but no repository, so none is made there. {_HOWEVER}"
        if state == "corrupted":
            return (
                f"The repository at {self.where} is corrupted: {MARKER_BLOB} is not that of {FORMAT_BLOB}. Velero "
                f"refuses it too. {_HOWEVER}"
            )
        return ""

    def mark(self) -> None:
        """Write Velero's marker, for which 1.18 and later look. Raises ``MoverError``."""
        identity = self._read(FORMAT_BLOB)
        if not identity:
            raise MoverError(f"The object {FORMAT_BLOB} at {self.where} has no unique id.", hint=_HOWEVER)
        data = json.dumps({"uniqueID": identity}, separators=(",", ":")).encode()
        self._store.put(self.folder + MARKER_BLOB, data)

    def drop_unreadable(self) -> bool:
        """Remove one that nobody can open and that has no data; False where it has data, and nothing is removed.

        Two that make it at once may leave it so for good. To be called by who holds the lock only.
        """
        if self._has_objects(_DATA_BLOBS):
            return False
        found = self._store.list(self.folder).objects
        self._store.delete_many(info.key for info in found)
        return True

    def _has_objects(self, beginning: str) -> bool:
        return bool(self._store.list(self.folder + beginning).objects)

    def _read(self, blob: str) -> str:
        """The unique id that it says, in base64; empty where it says none."""
        try:
            document = parse_json(self._store.get(self.folder + blob, max_bytes=_MAX_BYTES))
        except ValueError:
            return ""
        found = document.get("uniqueID") if isinstance(document, dict) else None
        return found if isinstance(found, str) else ""


__all__ = ("FORMAT_BLOB", "MARKER_BLOB", "Repository")
