# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of the collection's modules and of what they import, from which they run on this machine.

For each playbook Ansible builds a zip of a module and of whatever that may import, and Python compiles what it loads
from the zip, each time. That takes longer than a small task, and on the controller's own machine nothing needs a zip.

Modules do not run from the collection itself: they load some files late, and the collection may be upgraded meanwhile.
A copy is named after the digest of all that is in it, is never changed, and stays as long as a task runs from it;
Python keeps its compiled files in it. Where there can be no such copy, modules run from a zip, as elsewhere.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import stat
import tempfile
import time
import typing as t

#: What is copied, below ``plugins``. The same folders are in the copy.
FOLDERS = ("module_utils", "modules")

_PLUGINS = pathlib.Path(__file__).parents[1]

#: Seconds after its last use until a copy of what the collection was is removed.
_KEPT = 24 * 3600

#: The start of the name of what is being made or removed.
_UNFINISHED = ".unfinished-"

Files: t.TypeAlias = "dict[str, bytes]"


@contextlib.contextmanager
def code_copy(home: pathlib.Path, *, plugins: pathlib.Path = _PLUGINS) -> t.Iterator[pathlib.Path | None]:
    """The folder of the copy, below ``home``, which is there as long as the context is; None if there can be none."""
    with contextlib.ExitStack() as stack:
        try:
            copy = _copy_in(_private_folder(home), _read(plugins), stack)
        except OSError:
            copy = None
        yield copy


def _copy_in(root: pathlib.Path, files: Files, stack: contextlib.ExitStack) -> pathlib.Path | None:
    folder = root / _digest(files)
    if not folder.exists():
        _make(folder, files)
        _remove_old(root, kept=folder)
    with contextlib.ExitStack() as locked:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        locked.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.utime(folder)
        # Only now, as until it was locked somebody might have removed it.
        if _is_whole(folder, files):
            stack.enter_context(locked.pop_all())
            return folder
    _remove_unused(folder)  # the next task makes it anew
    return None


def _private_folder(home: pathlib.Path) -> pathlib.Path:
    """Where the copies are: nobody else may write what we are going to run."""
    folder = home / "arkive.k8s"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{folder} is not a folder that only its owner, who runs this, may change.")
    return folder


def _read(plugins: pathlib.Path) -> Files:
    """The content of each file by its path below ``plugins``."""
    return {path: (plugins / path).read_bytes() for folder in FOLDERS for path in sorted(_sources(plugins, folder))}


def _sources(plugins: pathlib.Path, folder: str) -> t.Iterator[str]:
    with os.scandir(plugins / folder) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _sources(plugins, path)
            elif entry.name.endswith(".py"):
                yield path


def _digest(files: Files) -> str:
    digest = hashlib.sha256()
    for path, content in files.items():
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _is_whole(folder: pathlib.Path, files: Files) -> bool:
    """Whether nothing is missing: an interrupted machine, or somebody who cleans up, may have left a part."""
    try:
        return all(os.stat(folder / path).st_size == len(content) for path, content in files.items())
    except FileNotFoundError:
        return False


def _make(folder: pathlib.Path, files: Files) -> None:
    """It appears whole, or not at all. When another task has made it meanwhile, that one is as good."""
    made = pathlib.Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        for path, content in files.items():
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        with contextlib.suppress(OSError):
            made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _remove_old(root: pathlib.Path, *, kept: pathlib.Path) -> None:
    """Remove what nobody has used for long, and nobody is using."""
    oldest = time.time() - _KEPT
    for folder in root.iterdir():
        with contextlib.suppress(OSError):
            if folder != kept and folder.stat().st_mtime < oldest:
                _remove_unused(folder)


def _remove_unused(folder: pathlib.Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(descriptor)


__all__ = ("FOLDERS", "code_copy")
