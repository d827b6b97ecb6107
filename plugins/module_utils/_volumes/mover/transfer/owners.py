# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether restored entries have the owners and modes of their snapshot, by the folders that a pod looked at.

kopia ignores errors of permission unless it is told otherwise, and a file system may do so by itself (root squash).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import json
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line

_SAMPLE = re.compile(r"(?m)^sample (\d+) (\S*) (\S*)$")
#: How kopia and ``find`` name types of entries.
_TYPES = {"f": "f", "d": "d", "s": "l"}
#: The bits of Go's ``os.FileMode`` that kopia writes, and those of Unix.
_SPECIAL = ((1 << 23, 0o4000), (1 << 22, 0o2000), (1 << 20, 0o1000))


class OwnerCheck(t.NamedTuple):
    """``checked`` entries were compared; ``wrong``: half a sentence about the first that differs, empty for none."""

    checked: int
    wrong: str = ""


def compare_owners(log: str) -> OwnerCheck:
    """By the lines of a log that hold samples: what kopia says of a folder, and what is there."""
    checked = 0
    for found in _SAMPLE.finditer(log):
        wanted = _stored(_decoded(found[2]))
        there = _restored(_decoded(found[3]))
        for name in wanted.keys() & there.keys():
            checked += 1
            if wanted[name] != there[name]:
                expected, actual = wanted[name], there[name]
                return OwnerCheck(checked, one_line(f"{name} has {_words(actual)} instead of {_words(expected)}"))
    return OwnerCheck(checked)


class _Entry(t.NamedTuple):
    kind: str
    uid: int
    gid: int
    mode: int


def _words(entry: _Entry) -> str:
    return f"type {entry.kind}, owner {entry.uid}:{entry.gid} and mode {entry.mode:04o}"


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _stored(data: bytes) -> dict[str, _Entry]:
    """The entries of kopia's directory; of one that was cut off, those that are whole."""
    text = data.decode(errors="replace")
    start = text.find('"entries":[')
    found: dict[str, _Entry] = {}
    position = start + len('"entries":[') if start >= 0 else len(text)
    decoder = json.JSONDecoder()
    while position < len(text) and text[position] == "{":
        try:
            entry, position = decoder.raw_decode(text, position)
        except ValueError:
            break
        position += text[position : position + 1] == ","
        kind = _TYPES.get(str(entry.get("type")))
        if kind:
            mode = _mode(str(entry.get("mode") or "0"))
            found[str(entry.get("name"))] = _Entry(
                kind, int(entry.get("uid") or 0), int(entry.get("gid") or 0), 0o777 if kind == "l" else mode
            )
    return found


def _mode(text: str) -> int:
    """Of Unix, from kopia's octal number."""
    found = int(text, 8) if re.fullmatch("[0-7]{1,12}", text) else 0
    return (found & 0o777) | sum(unix for go, unix in _SPECIAL if found & go)


def _restored(data: bytes) -> dict[str, _Entry]:
    found: dict[str, _Entry] = {}
    for line in data.split(b"\0")[:-1]:
        words = line.decode(errors="replace").split(" ", 4)
        if len(words) == 5 and words[3] in _TYPES.values():
            found[words[4]] = _Entry(
                words[3], int(words[0]), int(words[1]), 0o777 if words[3] == "l" else int(words[2], 8)
            )
    return found


__all__ = ("OwnerCheck", "compare_owners")
