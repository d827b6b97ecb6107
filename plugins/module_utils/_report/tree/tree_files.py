# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder of a tree: files are written whole, only those that changed, and only ours are removed."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.whole_files import open_regular, replace_file
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_index import INDEX, TreeIndex, read_index

#: The paths of new files, one a line: a run that is killed has no index of them yet.
_NEW = ".arkive-tree.new"
_MODE = 0o644


class TreeFolder:
    """``before``: the index that is there. With ``dry_run`` nothing is written, and what would be is counted."""

    def __init__(self, path: str, *, dry_run: bool = False) -> None:
        """Raises ``TreeError`` for a folder that holds something, and no tree of ours."""
        self._path = path
        self._dry_run = dry_run
        self._files: dict[str, str] = {}
        self._inside: set[str] = set()
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
        if found is not None:
            self.before = dataclasses.replace(found, files={**dict.fromkeys(self._unfinished(), ""), **found.files})

    def put(self, path: str, data: bytes, *, mode: int = _MODE) -> None:
        """Write one file, unless it is there as it is."""
        digest = hashlib.sha256(data).hexdigest()
        self._files[path] = digest
        if self._digest(path) == digest:
            return
        self.written.append(path)
        if not self._dry_run:
            self._note(path)
            self._write(path, data, mode=mode)

    def keep(self, path: str) -> bool:
        """A file of the tree before stays as it is. False where it is not there, or was changed."""
        digest = self.before.files.get(path)
        if not digest or self._digest(path) != digest:
            return False
        self._files[path] = digest
        return True

    def read(self, path: str) -> bytes | None:
        """What is there now; None for no file, and for a link to one."""
        full = self._full(path)
        try:
            with open_regular(full) as file:
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
        self._files.update({path: self.before.files[path] or self._digest(path) for path in others})
        return len(others)

    def finish(self, index: TreeIndex) -> None:
        """The index comes last: what a run that was killed has written is written again, or found as it is."""
        data = index.to_bytes()
        if self.read(INDEX) != data:
            self.written.append(INDEX)
            if not self._dry_run:
                self._write(INDEX, data)
        if not self._dry_run:
            with contextlib.suppress(OSError):
                os.unlink(self._full(_NEW))

    def _unfinished(self) -> list[str]:
        """The new files of a run that came to no end."""
        return (self.read(_NEW) or b"").decode("utf-8", "replace").splitlines()

    def _note(self, path: str) -> None:
        if path in self.before.files:
            return
        full = self._full(_NEW)
        try:
            descriptor = os.open(full, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, _MODE)
            with os.fdopen(descriptor, "ab") as file:
                file.write(f"{path}\n".encode())
        except OSError as exc:
            raise TreeError(f"The file {full} cannot be written: {exc.strerror}.") from exc

    def _is_foreign(self) -> bool:
        try:
            with os.scandir(self._path) as entries:
                return any(entry.name not in (".git", ".gitkeep") for entry in entries)
        except FileNotFoundError:
            return False
        except OSError as exc:
            raise TreeError(f"The folder {self._path} cannot be read: {exc.strerror}.") from exc

    def _full(self, path: str) -> str:
        """Where it is. Raises ``TreeError`` for what is not in the tree, by its name or by a link on the way."""
        hidden = any(not part or part.startswith(".") for part in path.split("/"))
        if (hidden and path not in (INDEX, _NEW)) or not (path.isascii() and path.isprintable()):
            raise TreeError(f"The path {path!r} in the index of {self._path} leads out of it, or to what is no part.")
        full = os.path.join(self._path, path)
        folder = os.path.dirname(full)
        if folder not in self._inside:
            self._check_inside(folder)
            self._inside.add(folder)
        return full

    def _digest(self, path: str) -> str:
        full = self._full(path)
        try:
            with open_regular(full) as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    def _write(self, path: str, data: bytes, *, mode: int = _MODE) -> None:
        full = self._full(path)
        try:
            os.makedirs(os.path.dirname(full), exist_ok=True)
            replace_file(full, [data], mode=mode)
        except OSError as exc:
            raise TreeError(f"The file {full} cannot be written: {exc.strerror}.") from exc

    def _check_inside(self, folder: str) -> None:
        """A link in the tree must not lead us elsewhere, to read, to write or to remove."""
        inside = os.path.realpath(self._path)
        if os.path.commonpath((inside, os.path.realpath(folder))) != inside:
            raise TreeError(
                f"The folder {folder} is a link that leads out of {self._path}: nothing is read or written there.",
                hint="Remove the link.",
            )

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
