# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a volume, which change as the files of an application do, and what a copy of them must be.

A model has an entry for each file, folder and link below a root. Times are in nanoseconds: of files, as a repository
keeps no other ones. Hard links, FIFOs, extended attributes and names that are no UTF-8 are not made: the format of the
repository has no place for them (docs/compatibility 18.3).
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import random
import shutil
import stat
import typing as t
from pathlib import Path

#: Of the file system and of Velero's restores, not of the application.
_NOT_OURS = frozenset({"lost+found", ".velero"})
_FIRST_FILES = 120
#: What the volume holds at most: above, more goes than comes.
MOST_BYTES, _MOST_ENTRIES = 40 << 20, 350
_NAMES = (
    "data",
    "a b",
    " leading and trailing ",
    "ümlaut",
    "u\u0308mlaut",
    "日本語",
    "new\nline",
    "-dash",
    "quo'te\"s",
    "back\\slash",
    "*?[x]",
    "$HOME",
    "%41",
    ".hidden",
    "long" * 40,
)
_MODES = (0o644, 0o600, 0o640, 0o755, 0o444, 0o000, 0o666, 0o4755, 0o2750)
_FOLDER_MODES = (0o755, 0o700, 0o750, 0o1777, 0o2775, 0o711)
_OWNERS = (0, 1, 1000, 1234, 5678, 65534, 100_000)
_SHOWN = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """``content``: a file's hash, a link's target. ``size`` and ``moment`` are a file's."""

    kind: t.Literal["file", "folder", "link"]
    mode: int
    owner: tuple[int, int]
    content: str = ""
    size: int = 0
    moment: int = 0


#: By path.
Model: t.TypeAlias = dict[str, Entry]


def look(root: Path) -> Model:
    """What is below ``root``. Needs the rights to read all of it."""
    found: Model = {}
    for folder, folders, files in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name not in _NOT_OURS]
        for name in (*folders, *files):
            path = Path(folder) / name
            found[str(path.relative_to(root))] = _entry(path)
    return found


def _entry(path: Path) -> Entry:
    seen = path.lstat()
    mode, owner = stat.S_IMODE(seen.st_mode), (seen.st_uid, seen.st_gid)
    if stat.S_ISLNK(seen.st_mode):
        return Entry("link", 0, owner, content=str(path.readlink()))
    if stat.S_ISDIR(seen.st_mode):
        return Entry("folder", mode, owner)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Entry("file", mode, owner, content=digest, size=seen.st_size, moment=seen.st_mtime_ns)


def bytes_of(model: Model) -> int:
    return sum(entry.size for entry in model.values())


def difference(wanted: Model, found: Model) -> str:
    """In what ``found`` is not as ``wanted``, the first of it; empty where it is."""
    wrong = [f"{path!r} is not there" for path in sorted(wanted.keys() - found.keys())]
    wrong += [f"{path!r} should not be there" for path in sorted(found.keys() - wanted.keys())]
    for path in sorted(wanted.keys() & found.keys()):
        old, new = wanted[path], found[path]
        if old != new:
            fields = [field.name for field in dataclasses.fields(old)]
            differs = [name for name in fields if getattr(old, name) != getattr(new, name)]
            told = ", ".join(f"{name} {getattr(new, name)!r} and not {getattr(old, name)!r}" for name in differs)
            wrong.append(f"{path!r} has {told}")
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return "; ".join(wrong[:_SHOWN]) + more


class LiveFiles:
    """Below ``root``. What happens depends on ``chance`` and on what is there alone."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def begin(self, chance: random.Random) -> None:
        """The files of the first day."""
        for _number in range(_FIRST_FILES):
            self._add(chance)

    def change(self, chance: random.Random) -> None:
        """A day goes by."""
        for _number in range(chance.randint(4, 14)):
            entries = look_quickly(self._root)
            full = sum(size for _path, size in entries) > MOST_BYTES or len(entries) > _MOST_ENTRIES
            happens = self._delete if full and chance.random() < 0.7 else chance.choice(self._changes())
            happens(chance)

    def _changes(self) -> tuple[t.Callable[[random.Random], None], ...]:
        return (
            self._add,
            self._add,
            self._add,
            self._change_in_place,
            self._change_in_place,
            self._change_in_place,
            self._grow,
            self._grow,
            self._truncate,
            self._delete,
            self._delete,
            self._rename,
            self._rename,
            self._copy,
            self._make_sparse,
            self._link,
            self._change_mode,
            self._change_owner,
            self._change_folder,
            self._delete_folder,
        )

    def _add(self, chance: random.Random) -> None:
        path = self._new_path(chance)
        kind = chance.random()
        most = 6 << 20 if kind < 0.02 else 1 << 20 if kind < 0.12 else 64 << 10
        path.write_bytes(chance.randbytes(chance.randint(0, most)))

    def _change_in_place(self, chance: random.Random) -> None:
        path = self._any_file(chance)
        if path is None or not (size := path.stat().st_size):
            return
        with path.open("r+b") as file:
            file.seek(chance.randrange(size))
            file.write(chance.randbytes(min(size - file.tell(), chance.randint(1, 4096))))

    def _grow(self, chance: random.Random) -> None:
        if (path := self._any_file(chance)) is not None:
            with path.open("ab") as file:
                file.write(chance.randbytes(chance.randint(1, 200_000)))

    def _truncate(self, chance: random.Random) -> None:
        if (path := self._any_file(chance)) is not None:
            os.truncate(path, chance.randint(0, path.stat().st_size))

    def _delete(self, chance: random.Random) -> None:
        others = [path for path in self._all() if path.is_symlink() or not path.is_dir()]
        if others:
            chance.choice(others).unlink()

    def _rename(self, chance: random.Random) -> None:
        """A file, a link, or a folder with all that is in it: but not into itself."""
        if not (found := self._all()):
            return
        path, target = chance.choice(found), self._new_path(chance)
        if path not in target.parents:
            path.rename(target)

    def _copy(self, chance: random.Random) -> None:
        if (path := self._any_file(chance)) is not None:
            shutil.copyfile(path, self._new_path(chance))

    def _make_sparse(self, chance: random.Random) -> None:
        path = self._new_path(chance)
        with path.open("wb") as file:
            file.seek(chance.randint(1, 3 << 20))
            file.write(chance.randbytes(100))
            file.truncate(file.tell() + chance.randint(0, 1 << 20))

    def _link(self, chance: random.Random) -> None:
        """Somewhere, or nowhere."""
        targets = ["nowhere/at all", "..", *(path.name for path in self._all())]
        self._new_path(chance).symlink_to(chance.choice(targets))

    def _change_mode(self, chance: random.Random) -> None:
        if (path := self._any_file(chance)) is not None:
            path.chmod(chance.choice(_MODES))

    def _change_owner(self, chance: random.Random) -> None:
        if found := self._all():
            os.lchown(chance.choice(found), chance.choice(_OWNERS), chance.choice(_OWNERS))

    def _change_folder(self, chance: random.Random) -> None:
        if folders := self._folders():
            chance.choice(folders).chmod(chance.choice(_FOLDER_MODES))

    def _delete_folder(self, chance: random.Random) -> None:
        """Seldom: much goes with it."""
        if (folders := self._folders()) and chance.random() < 0.1:
            shutil.rmtree(chance.choice(folders))

    def _new_path(self, chance: random.Random) -> Path:
        """Of nothing that is there; in a new folder now and then."""
        folder = chance.choice([self._root, *self._folders()])
        if chance.random() < 0.15 and len(folder.relative_to(self._root).parts) < 4:
            folder = _free(chance, folder)
            folder.mkdir()
        return _free(chance, folder)

    def _any_file(self, chance: random.Random) -> Path | None:
        files = [path for path in self._all() if path.is_file() and not path.is_symlink()]
        return chance.choice(files) if files else None

    def _folders(self) -> list[Path]:
        return [path for path in self._all() if path.is_dir() and not path.is_symlink()]

    def _all(self) -> list[Path]:
        return [self._root / path for path, _size in look_quickly(self._root)]


def _free(chance: random.Random, folder: Path) -> Path:
    """A path in it that nothing has."""
    while True:
        path = folder / f"{chance.choice(_NAMES)}.{chance.randrange(10_000)}"
        if not path.exists() and not path.is_symlink():
            return path


def look_quickly(root: Path) -> list[tuple[str, int]]:
    """Paths and sizes, in an order that depends on nothing but the names."""
    found = []
    for folder, folders, files in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name not in _NOT_OURS]
        for name in (*folders, *files):
            path = Path(folder) / name
            found.append((str(path.relative_to(root)), path.lstat().st_size))
    return sorted(found)


__all__ = ("MOST_BYTES", "Entry", "LiveFiles", "Model", "bytes_of", "difference", "look")
