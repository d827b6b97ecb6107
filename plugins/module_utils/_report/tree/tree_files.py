# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder of a tree: files are written whole, only those that changed, and only ours are removed."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_index import INDEX, TreeIndex, read_index


class TreeFolder:
    """``before``: the index that is there. With ``dry_run`` nothing is written, and what would be is counted."""

    def __init__(self, path: str, *, dry_run: bool = False) -> None:
        """Raises ``TreeError`` for a folder that holds something, and no tree of ours."""
        self._path = path
        self._dry_run = dry_run
        self._files: dict[str, str] = {}
        self._folders: set[str] = set()
        self.written: list[str] = []
        self.removed: list[str] = []
        found = read_index(path)
        self.before = found or TreeIndex()
        if found is None and self._is_foreign():
            raise TreeError(
                f"The folder {path} is not empty and holds no tree of ours: nothing is written into it.",
                hint="Name an empty folder, or one below it.",
            )
        if found is None and not dry_run:
            # From now on the folder is ours, also when this run is killed.
            self._write(INDEX, self.before.to_bytes())

    def put(self, path: str, data: bytes) -> None:
        """Write one file, unless it is there as it is."""
        digest = hashlib.sha256(data).hexdigest()
        self._files[path] = digest
        if self._digest(path) == digest:
            return
        self.written.append(path)
        if not self._dry_run:
            self._write(path, data)

    def keep(self, path: str) -> bool:
        """A file of the tree before stays as it is. False where it is not there, or was changed."""
        digest = self.before.files.get(path)
        if digest is None or self._digest(path) != digest:
            return False
        self._files[path] = digest
        return True

    def read(self, path: str) -> bytes | None:
        """What is there now; None for no file."""
        try:
            with open(self._full(path), "rb") as file:
                return file.read()
        except OSError:
            return None

    @property
    def files(self) -> t.Mapping[str, str]:
        """The digests of all that was put or kept."""
        return self._files

    def remove_others(self) -> None:
        """Files of the tree before that are none of this one."""
        for path in sorted(self.before.files.keys() - self._files.keys()):
            if not os.path.lexists(self._full(path)):
                continue
            self.removed.append(path)
            if not self._dry_run:
                self._remove(path)

    def keep_others(self) -> int:
        """Files of the tree before that are none of this one stay in it; how many."""
        others = [path for path in self.before.files if path not in self._files and os.path.lexists(self._full(path))]
        self._files.update({path: self.before.files[path] for path in others})
        return len(others)

    def finish(self, index: TreeIndex) -> None:
        """The index comes last: what a run that was killed has written is written again, or found as it is."""
        data = index.to_bytes()
        if self.read(INDEX) != data:
            self.written.append(INDEX)
            if not self._dry_run:
                self._write(INDEX, data)

    def _is_foreign(self) -> bool:
        try:
            with os.scandir(self._path) as entries:
                return any(entry.name not in (".git", ".gitkeep") for entry in entries)
        except FileNotFoundError:
            return False
        except OSError as exc:
            raise TreeError(f"The folder {self._path} cannot be read: {exc.strerror}.") from exc

    def _full(self, path: str) -> str:
        if path.startswith("/") or ".." in path.split("/"):
            raise TreeError(f"The path {path!r} in the index of {self._path} leads out of it.")
        return os.path.join(self._path, path)

    def _digest(self, path: str) -> str:
        full = self._full(path)
        try:
            if os.path.islink(full):
                return ""
            with open(full, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    def _write(self, path: str, data: bytes) -> None:
        full = self._full(path)
        folder = os.path.dirname(full)
        made = ""
        try:
            if folder not in self._folders:
                os.makedirs(folder, exist_ok=True)
                self._check_inside(folder)
                self._folders.add(folder)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".arkive-", delete=False) as file:
                made = file.name
                file.write(data)
            os.chmod(made, 0o644)
            os.replace(made, full)
            made = ""
        except OSError as exc:
            raise TreeError(f"The file {full} cannot be written: {exc.strerror}.") from exc
        finally:
            if made:
                with contextlib.suppress(OSError):
                    os.unlink(made)

    def _check_inside(self, folder: str) -> None:
        """A link in the tree must not lead our files elsewhere."""
        inside = os.path.realpath(self._path)
        if os.path.commonpath((inside, os.path.realpath(folder))) != inside:
            raise TreeError(f"The folder {folder} is a link that leads out of {self._path}: nothing is written there.")

    def _remove(self, path: str) -> None:
        full = self._full(path)
        try:
            os.unlink(full)
        except OSError as exc:
            raise TreeError(f"The file {full} cannot be removed: {exc.strerror}.") from exc
        folder = os.path.dirname(path)
        while folder:
            try:
                os.rmdir(self._full(folder))
            except OSError:
                return
            folder = os.path.dirname(folder)


__all__ = ("TreeFolder",)
