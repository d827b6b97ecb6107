# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's functions of paths: of texts, which never touch a file system."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import function, table


def _clean(path: str) -> str:
    """The shortest path that means the same."""
    rooted = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/"):
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif (part == ".." and not rooted) or part not in ("", ".", ".."):
            kept.append(part)
    return ("/" if rooted else "") + "/".join(kept) or "."


def _base(path: str) -> str:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def _directory(path: str) -> str:
    return _clean(path[: path.rfind("/") + 1])


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""


PATH_FUNCTIONS = table(
    function("base", _base, "string"),
    function("dir", _directory, "string"),
    function("clean", _clean, "string"),
    function("ext", _extension, "string"),
    function("isAbs", lambda path: path.startswith("/"), "string"),
)

__all__ = ("PATH_FUNCTIONS",)
