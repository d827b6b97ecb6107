# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifests of a commit, as git has them: no filter and no attribute of the repository has a say in them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import os
import subprocess
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_place import (
    TreePlace,
    check_size,
    is_hidden,
    is_manifest,
)

_SECONDS = 600.0
_LINK = "120000"
_FILE = "blob"
_SUBMODULE = "commit"
#: Where git has them, it reads another repository than the one that is named: a hook of git has them set.
_OF_ANOTHER = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)
#: A commit is what its id says, and what is not there is not fetched by a command that the repository names.
_SETTINGS = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}


def of_commit(place: TreePlace) -> t.Iterator[tuple[str, bytes]]:
    """Pairs of a path and a content, by the paths, whatever lies in the folder. Raises ``TreeError``."""
    files = _files(place)
    if not files:
        return
    said = _git(place, "cat-file", "--batch", given="".join(f"{number}\n" for _name, number in files).encode())
    at = 0
    for name, _number in files:
        # "<id> blob <size>", its bytes, and a line feed.
        end = said.index(b"\n", at)
        size = int(said[at:end].split()[2])
        yield name, said[end + 1 : end + 1 + size]
        at = end + size + 2


def _files(place: TreePlace) -> list[tuple[str, str]]:
    """Names, and the ids of what they have."""
    # The folder may be one in a repository, as it may be for a tree that is checked out.
    prefix = _git(place, "rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").rstrip("\n")
    what = f"{place.ref}:{prefix}{place.subpath}".rstrip("/")
    found: list[tuple[str, str]] = []
    for line in _git(place, "ls-tree", "-r", "-z", "-l", "--full-tree", what).split(b"\0"):
        about, _tab, said = line.partition(b"\t")
        name = said.decode("utf-8", "backslashreplace")
        if not line or is_hidden(name):
            continue
        mode, kind, number, size = about.decode().split()
        if kind == _SUBMODULE:
            raise TreeError(
                f"{readable(name)} in {place.describe} is a submodule, whose files are in another repository.",
                hint="Check the tree out with it and leave tree.ref out, or name a folder beside it in tree.subpath.",
            )
        if not is_manifest(name):
            continue
        if mode == _LINK:
            raise TreeError(
                f"The file {readable(name)} in {place.describe} is a link, which is not followed in a commit.",
                hint="Put the file itself there, or check the tree out and leave tree.ref out.",
            )
        if kind == _FILE:
            check_size(f"{readable(name)} in {place.describe}", int(size))
            found.append((name, number))
    return sorted(found)


def _git(place: TreePlace, *arguments: str, given: bytes = b"") -> bytes:
    command = ["git", "-C", place.path, *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER} | _SETTINGS
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=_SECONDS, check=False, env=environment)
    except OSError as exc:
        raise TreeError(
            f"git cannot be started: {exc.strerror}.", hint="Install git, or check the tree out and leave tree.ref out."
        ) from exc
    except subprocess.TimeoutExpired as exc:
        raise TreeError(f"git did not read {place.describe} within {_SECONDS:.0f} seconds.") from exc
    if done.returncode:
        said = readable(" ".join(done.stderr.decode("utf-8", "replace").split())[:200])
        raise TreeError(f"git cannot read {place.describe}: {said}", hint="Check tree.path, tree.ref and tree.subpath.")
    return done.stdout


__all__ = ("of_commit",)
