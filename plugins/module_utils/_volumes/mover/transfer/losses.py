# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What kopia's format does not keep of a volume, as sentences: the same that a stock Velero loses, which says nothing.

docs/compatibility 18.4. ``scripts`` looks for it beside the copy.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line

_SENTENCES = {
    "hardlink": "{count} of its files with hard links are kept as files of their own, such as {first}.",
    "fifo": "{named} left out: {first}.",
    "socket": "{named} left out: {first}.",
    "device": "{named} left out: {first}.",
    "xattr": "Extended attributes of {named} are not kept, such as those of {first}.",
    "acl": "POSIX ACLs of {named} are not kept, such as that of {first}.",
    "unread": "The folder {first} of the file system is left out, which only root can read.",
    "unseen": "Whether it has extended attributes or ACLs, which are not kept, is not known: the image has no GNU tar.",
}
_NOUNS = {
    "fifo": ("named pipe is", "named pipes are"),
    "socket": ("socket is", "sockets are"),
    "device": ("device file is", "device files are"),
    "xattr": ("entry", "entries"),
    "acl": ("entry", "entries"),
}


def loss_sentences(found: t.Iterable[str]) -> tuple[str, ...]:
    """``found``: lines of ``kind count first``. What is not understood is left out: it is no loss that is known."""
    sentences = []
    for line in found:
        kind, _blank, rest = line.partition(" ")
        number, _blank, first = rest.partition(" ")
        if kind not in _SENTENCES or not number.isdecimal():
            continue
        count = int(number)
        names = _NOUNS.get(kind, ("", ""))
        named = f"{count} {names[count != 1]}"
        sentences.append(_SENTENCES[kind].format(count=count, named=named, first=one_line(first) or "."))
    return tuple(sentences)


__all__ = ("loss_sentences",)
