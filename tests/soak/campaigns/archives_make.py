# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What spoiled backups are made of: members, tar, gzip, locations."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import typing as t

from campaigns.archives_objects import BACKUP, sound_objects

#: path and content
Member: t.TypeAlias = tuple[str, bytes]
Files: t.TypeAlias = dict[str, bytes]

WRONG: tuple[t.Any, ...] = (
    None, True, 0, -1, 1.5, "", "text", "a/b", "../..", "\x1b[31mred\n", "\u202e", "x" * 300, 10**30, [], [None],
    [1], ["a"], [[]], {}, {"": None}, {"a": 1}, {"name": []}, [{}], [{"name": 1}], {"a": {"b": {"c": []}}},
)  # fmt: skip


def member_path(resource: str, obj: t.Any) -> str:
    metadata = obj["metadata"]
    place = f"namespaces/{metadata['namespace']}" if "namespace" in metadata else "cluster"
    return f"resources/{resource}/{place}/{metadata['name']}.json"


def sound_members() -> list[Member]:
    return [(member_path(resource, obj), json.dumps(obj).encode()) for resource, obj in sound_objects()]


def location(tarball_: bytes, *, backup: bytes = b"", documents: dict[str, t.Any] | None = None) -> Files:
    found = {"backups/b/velero-backup.json": backup or encoded(BACKUP), "backups/b/b.tar.gz": tarball_}
    for name, document in (documents or {}).items():
        found[f"backups/b/b{name}"] = gzip.compress(encoded(document), 1)
    return found


def encoded(document: t.Any) -> bytes:
    return json.dumps(document).encode()


def tar(members: t.Iterable[Member], tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tarball(members: t.Iterable[Member], tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    return gzip.compress(tar(members, tar_format), 1)


def raw_header(name: bytes, size: int, kind: bytes) -> bytes:
    head = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"%011o\0" % 0
    rest = kind + bytes(100) + b"ustar\x0000" + bytes(247)
    return head + b"%06o\0 " % (sum(head) + sum(rest) + 8 * 32) + rest


__all__ = (
    "WRONG",
    "Files",
    "Member",
    "encoded",
    "location",
    "member_path",
    "raw_header",
    "sound_members",
    "tar",
    "tarball",
)
