# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of things that take long to make: ``${XDG_CACHE_HOME:-~/.cache}/arkive/<kind>-<key>/``.

An entry is made in a directory of its own and renamed when whole, under a lock, so it is either complete or absent.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import typing as t
from pathlib import Path


def cache_root() -> Path:
    """The cache directory, made when missing."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    root = Path(base).resolve() / "arkive"
    root.mkdir(mode=0o755, parents=True, exist_ok=True)
    return root


def digest_of(*parts: str | Path) -> str:
    """A short key made of strings and of the names and contents of files, directories recursively."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            total.update(b"text\0" + part.encode() + b"\0")
            continue
        files = [part] if part.is_file() else sorted(p for p in part.rglob("*") if p.is_file())
        for file in files:
            name = file.name if file == part else str(file.relative_to(part))
            total.update(b"file\0" + name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]


@contextlib.contextmanager
def locked(name: str) -> t.Iterator[None]:
    """Hold the lock of this name; others wait."""
    path = cache_root() / "locks" / name
    path.parent.mkdir(exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def find_cached(kind: str, key: str) -> Path | None:
    """The directory ``<kind>-<key>``; None when it has not been made."""
    wanted = cache_root() / f"{kind}-{key}"
    return wanted if wanted.is_dir() else None


def cached(kind: str, key: str, make: t.Callable[[Path], None]) -> Path:
    """The directory ``<kind>-<key>``, made by ``make(empty directory)`` when it is not there yet."""
    wanted = cache_root() / f"{kind}-{key}"
    if wanted.is_dir():
        return wanted
    with locked(kind):
        if wanted.is_dir():
            return wanted
        for old in cache_root().glob(f".{kind}-*"):  # of a run that was interrupted
            shutil.rmtree(old)
        work = Path(tempfile.mkdtemp(prefix=f".{kind}-", dir=cache_root()))
        try:
            make(work)
            work.chmod(0o755)
            work.rename(wanted)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return wanted


__all__ = ["cache_root", "cached", "digest_of", "find_cached", "locked"]
