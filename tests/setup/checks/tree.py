# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copy of this checkout at ``.../ansible_collections/arkive/k8s``, where Ansible's tools look for a collection.

A symlink would not do: ansible-test resolves it. Files that did not change are left alone, for the tools' caches.
"""

from __future__ import annotations

import filecmp
import os
import pathlib
import shutil

from checks.console import must_run
from checks.paths import CHECKOUT, TREE

#: The folder that Python keeps beside what it compiles.
_COMPILED = "__pycache__"

_LIST = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]


def copy_tree() -> None:
    """Bring the copy up to date with the tracked and the new files of this checkout."""
    TREE.mkdir(parents=True, exist_ok=True)
    if not (TREE / ".git").exists():
        must_run(["git", "init", "--quiet"], cwd=TREE)  # by it, ansible-test separates sources from its own output
    wanted = [name for name in _files(CHECKOUT) if os.path.lexists(CHECKOUT / name)]
    for name in set(_files(TREE)) - set(wanted):
        (TREE / name).unlink(missing_ok=True)
    for name in wanted:
        _copy(CHECKOUT / name, TREE / name)
    _remove_empty_folders()


def _files(root: pathlib.Path) -> list[str]:
    return [name for name in must_run(_LIST, cwd=root).split("\0") if name]


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)  # was a folder, is a file now
    if _same(source, target):
        return
    for folder in target.parents:
        if folder.is_file():
            folder.unlink()  # was a file, is a folder now
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def _same(source: pathlib.Path, target: pathlib.Path) -> bool:
    if not os.path.lexists(target) or source.is_symlink() != target.is_symlink():
        return False
    if source.is_symlink():
        return source.readlink() == target.readlink()
    return source.stat().st_mode == target.stat().st_mode and filecmp.cmp(source, target, shallow=False)


def _remove_empty_folders() -> None:
    """Those, too, where only compiled files are left."""
    for folder, _folders, _names in os.walk(TREE / "plugins", topdown=False):
        if set(os.listdir(folder)) <= {_COMPILED}:
            shutil.rmtree(folder)


__all__ = ("copy_tree",)
