# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that docs/architecture.md and CONTRIBUTING.md name are there.

A path is what stands in backquotes or is linked, and has a slash in it or ends like a file. It is meant from the root,
from the page, or from ``plugins/module_utils``. From a part such as ``<name>`` on it is one that a reader is to make.
"""

from __future__ import annotations

import pathlib
import re
import typing as t

_PAGES = ("CONTRIBUTING.md", "docs/architecture.md")
_BASE = "plugins/module_utils"

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`([^`\s]+)`|\]\(([^)\s#]+)[^)]*\)")
_PATH = re.compile(r"\.?[A-Za-z_][\w.<>-]*(?:/[\w.<>-]+)*/?")
_FILE = re.compile(r"\.(?:py|md|yml|yaml|toml|rst|txt|json)$")


def check_paths(root: pathlib.Path) -> list[str]:
    """What is wrong below ``root``, a sentence each."""
    return [problem for page in _PAGES for problem in check_page(root, pathlib.PurePath(page))]


def check_page(root: pathlib.Path, page: pathlib.PurePath) -> list[str]:
    """The paths on a page that lead nowhere."""
    bases = (root, (root / page).parent, root / _BASE)
    return [
        f"{page}:{number}: there is no {path}."
        for number, path in paths_of((root / page).read_text())
        if not any((base / _existing(path)).exists() for base in bases)
    ]


def paths_of(text: str) -> t.Iterator[tuple[int, str]]:
    """Line and text of each path; what is fenced is left out."""
    text = _FENCE.sub(lambda fenced: "\n" * fenced[0].count("\n"), text)
    for number, line in enumerate(text.splitlines(), 1):
        for found in _NAMED.finditer(line):
            path = found[1] or found[2]
            if _PATH.fullmatch(path) and ("/" in path or _FILE.search(path)):
                yield number, path


def _existing(path: str) -> str:
    """The part that must be there."""
    return path.partition("<")[0].rpartition("/")[0] if "<" in path else path


__all__ = ("check_page", "check_paths", "paths_of")
