# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives to test with, made with Python's own ``tarfile``: a second opinion on the format."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import typing as t

#: name, content (JSON unless it is bytes), changes of the tar header
Member: t.TypeAlias = tuple[str, t.Any] | tuple[str, t.Any, dict[str, t.Any]]


def obj(
    kind: str, name: str, namespace: str | None = None, api_version: str = "v1", **members: t.Any
) -> dict[str, t.Any]:
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **members}


def tar(*members: Member, tar_format: int = tarfile.USTAR_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tar_format) as archive:
        for name, content, *changes in members:
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            info = tarfile.TarInfo(name)
            info.mode, info.size = 0o755, len(data)
            for attribute, value in (changes[0] if changes else {}).items():
                setattr(info, attribute, value)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tar_gz(*members: Member, tar_format: int = tarfile.USTAR_FORMAT) -> bytes:
    return gzip.compress(tar(*members, tar_format=tar_format), mtime=0)


def read_digests(data: bytes) -> dict[str, str]:
    """What ``sha256sum`` has written, gzipped: SHA-256 in hex by path."""
    lines = gzip.decompress(data).decode().splitlines()
    return {path: digest for digest, _blanks, path in (line.partition("  ") for line in lines)}
