# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files and directories as the local store needs them: durable, private, and either whole or not there."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import errno
import os
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._store.keys import TEMP_PREFIX

#: An unfinished file that nobody wrote to for this long (seconds) was left by a run that died.
_STALE_SECONDS = 3600.0
#: File systems without hard links answer link() with one of these.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def entries(path: str) -> list[os.DirEntry[str]]:
    """What lies in a directory, without unfinished files; nothing when it is not there."""
    try:
        with os.scandir(path) as found:
            return [entry for entry in found if not entry.name.startswith(TEMP_PREFIX)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def holds_objects(path: str) -> bool:
    """True when there is a finished file anywhere below ``path``."""
    folders = [path]
    while folders:
        found = entries(folders.pop())
        if any(entry.is_file(follow_symlinks=False) for entry in found):
            return True
        folders.extend(entry.path for entry in found if entry.is_dir(follow_symlinks=False))
    return False


def remove_stale(folder: str) -> bool:
    """Remove unfinished files that a dead run left in ``folder``; True when one was removed."""
    removed = False
    try:
        names = [name for name in os.listdir(folder) if name.startswith(TEMP_PREFIX)]
    except OSError:
        return False
    for name in names:
        path = os.path.join(folder, name)
        try:
            if time.time() - os.lstat(path).st_mtime > _STALE_SECONDS:
                os.unlink(path)
                removed = True
        except OSError:
            continue
    return removed


def find_unfinished(folder: str) -> t.Iterator[tuple[str, float]]:
    """The unfinished files below ``folder``: path, and when each was last written to."""
    for parent, _folders, names in os.walk(folder):
        for name in names:
            if name.startswith(TEMP_PREFIX):
                path = os.path.join(parent, name)
                with contextlib.suppress(OSError):
                    yield path, os.lstat(path).st_mtime


def make_directories(base: str, folder: str) -> None:
    """Make ``folder`` below ``base``, each level 0700 and flushed to the disk."""
    if os.path.isdir(folder) or folder == base:
        return
    parent = os.path.dirname(folder)
    make_directories(base, parent)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        if not os.path.isdir(folder):
            raise
    except FileNotFoundError:  # the parent was pruned meanwhile; the caller tries again
        return
    else:
        sync_directory(parent)


def write_all(file: t.BinaryIO | t.Any, chunk: bytes) -> None:
    """Write all of ``chunk``: a raw file may take less than it is given."""
    view = memoryview(chunk)
    while view:
        view = view[file.write(view) :]


def link_or_create(temp: str, target: str) -> bool:
    """Give ``temp`` the name ``target`` unless that name is taken."""
    try:
        os.link(temp, target, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        return _take_name(temp, target)
    return True


def _take_name(temp: str, target: str) -> bool:
    """Without hard links the name comes first, and the file with all of its bytes takes its place at once."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return False
    try:
        os.replace(temp, target)
    except OSError:
        unlink_quietly(target)
        raise
    return True


def sync_directory(path: str) -> None:
    """Flush a directory's entries to the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as exc:
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot
            raise
    finally:
        os.close(handle)


def unlink_quietly(path: str) -> None:
    """Remove an unfinished file, if it can be: it stands for an error that the user must hear of, or is done with.

    The next run finds what stays.
    """
    with contextlib.suppress(OSError):
        os.unlink(path)


__all__ = (
    "entries",
    "find_unfinished",
    "holds_objects",
    "link_or_create",
    "make_directories",
    "remove_stale",
    "sync_directory",
    "unlink_quietly",
    "write_all",
)
