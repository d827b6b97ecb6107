# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Container images, written as the registry keeps them on disk, so that nothing has to be pushed.

The layout is that of the distribution registry's file system driver: blobs by digest, and for each repository links to
its layers, revisions and tags.  Layers are plain tar files with times and owners' names left out: the same content
gives the same digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import stat
import tarfile
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_EPOCH = "1970-01-01T00:00:00Z"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer in the registry; size in bytes."""

    digest: str
    size: int


class RegistryTree:
    """A directory that the registry serves."""

    def __init__(self, root: Path) -> None:
        self._base = root / "docker/registry/v2"

    def add_layer(self, directory: Path) -> Layer:
        """Store the contents of a directory as a layer."""
        with tempfile.NamedTemporaryFile(dir=directory.parent, suffix=".layer", delete=False) as f:
            with tarfile.open(fileobj=f, mode="w", format=tarfile.PAX_FORMAT) as tar:
                _add_directory(tar, directory)
            size = f.tell()
        path = Path(f.name)
        with path.open("rb") as content:
            digest = "sha256:" + hashlib.file_digest(content, "sha256").hexdigest()
        blob = self._blob(digest)
        shutil.move(path, blob)
        blob.chmod(0o644)
        return Layer(digest, size)

    def add_image(self, names: t.Iterable[str], layers: t.Sequence[Layer], config: t.Mapping[str, t.Any]) -> str:
        """Store an image under ``repository:tag`` names; ``config`` is Cmd, Entrypoint and so on."""
        machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
        image = {
            "created": _EPOCH,
            "architecture": machine,
            "os": "linux",
            "config": {"Env": [_PATH], **config},
            "rootfs": {"type": "layers", "diff_ids": [x.digest for x in layers]},
            "history": [{"created": _EPOCH} for _layer in layers],
        }
        config_digest, config_size = self._add_json(image)
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, "digest": config_digest, "size": config_size},
            "layers": [{"mediaType": _LAYER, "digest": x.digest, "size": x.size} for x in layers],
        }
        digest, _size = self._add_json(manifest)
        for name in names:
            repository, tag = name.rsplit(":", 1)
            self._link(repository, tag, digest, [config_digest, *(x.digest for x in layers)])
        return digest

    def _blob(self, digest: str) -> Path:
        value = digest.removeprefix("sha256:")
        path = self._base / "blobs/sha256" / value[:2] / value / "data"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _add_json(self, value: t.Mapping[str, t.Any]) -> tuple[str, int]:
        data = json.dumps(value, sort_keys=True).encode()
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        _write_anew(self._blob(digest), data)
        return digest, len(data)

    def _link(self, repository: str, tag: str, manifest: str, blobs: t.Iterable[str]) -> None:
        home = self._base / "repositories" / repository
        tags = home / "_manifests/tags" / tag
        links = {home / "_layers" / b.replace(":", "/"): b for b in blobs}
        links[home / "_manifests/revisions" / manifest.replace(":", "/")] = manifest
        links[tags / "current"] = manifest
        links[tags / "index" / manifest.replace(":", "/")] = manifest
        for directory, digest in links.items():
            directory.mkdir(parents=True, exist_ok=True)
            _write_anew(directory / "link", digest.encode("ascii"))


def copy_tree(source: Path, into: Path) -> None:
    """Have what one tree holds in another as well; files are shared where they lie on one file system."""
    for at, _directories, files in os.walk(source):
        directory = into / Path(at).relative_to(source)
        directory.mkdir(parents=True, exist_ok=True)
        for name in files:
            if not (directory / name).exists():
                _link_or_copy(Path(at, name), directory / name)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy(source, target)


def _write_anew(path: Path, data: bytes) -> None:
    """Never into a file that is there: another tree may share it."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def _add_directory(tar: tarfile.TarFile, root: Path) -> None:
    def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime, member.uname, member.gname = 0, "", ""
        return member

    for at, directories, files in os.walk(root):
        directories.sort()
        for name in sorted([*directories, *files]):
            path = Path(at) / name
            if not stat.S_ISSOCK(path.lstat().st_mode):
                tar.add(path, str(path.relative_to(root)), recursive=False, filter=anonymous)


__all__ = ["Layer", "RegistryTree", "copy_tree"]
