# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an object lies in a tree of files."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef

SUFFIX = ".yaml"
_SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
#: A file's name may have 255 bytes.
_LONGEST = 200
#: Names that mean something else to Windows, where a repository may be checked out as well.
_DEVICES = frozenset(("aux", "con", "nul", "prn", *(f"{name}{at}" for name in ("com", "lpt") for at in range(1, 10))))
_KUSTOMIZATION = "kustomization"


class TreePaths:
    """Gives each object a path of its own, on file systems that do not tell A from a as well.

    Objects must come in the same order each time: of two whose paths collide, the second gets a hash.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def path_of(self, ref: ItemRef, kind: str) -> str:
        """``namespaces/<ns>/<group or core>/<Kind>/<name>.yaml``, or ``cluster/<group or core>/<Kind>/<name>.yaml``."""
        place = ("cluster",) if ref.namespace is None else ("namespaces", ref.namespace)
        folder = "/".join(_as_name(part) for part in (*place, ref.group_resource.group or "core", kind))
        name = _as_name(ref.name)
        if name.lower() == _KUSTOMIZATION:
            # A file of that name makes something else of its folder.
            name = f"%{ord(name[0]):02X}{name[1:]}"
        path = f"{folder}/{name}{SUFFIX}"
        if path.lower() in self._taken:
            path = f"{folder}/{name}-{_hash(ref.path)}{SUFFIX}"
        self._taken.add(path.lower())
        return path


def _as_name(text: str) -> str:
    """Percent-encoded where a file system would not take it; long names are cut, with a hash."""
    name = urllib.parse.quote(text, safe="", encoding="utf-8", errors="replace") if not _is_plain(text) else text
    if name.startswith(".") or name.partition(".")[0].lower() in _DEVICES:
        name = f"%{ord(name[0]):02X}{name[1:]}"
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}-{_hash(text)}"


def _is_plain(text: str) -> bool:
    return all(char in _SAFE for char in text) and not text.endswith(".")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def kustomizations(paths: t.Iterable[str]) -> dict[str, list[str]]:
    """The ``resources`` of each folder that leads to one of ``paths``: files and folders, sorted; definitions first."""
    found: dict[str, set[str]] = {}
    for path in paths:
        *folders, file = path.split("/")
        child = file
        for depth in range(len(folders), -1, -1):
            found.setdefault("/".join(folders[:depth]), set()).add(child)
            child = folders[depth - 1] if depth else ""
    return {folder: sorted(children, key=_kustomize_order) for folder, children in sorted(found.items())}


def _kustomize_order(child: str) -> tuple[bool, str]:
    return child not in ("cluster", "apiextensions.k8s.io", "CustomResourceDefinition", "Namespace"), child


__all__ = ("SUFFIX", "TreePaths", "kustomizations")
