# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifests of a tree: in a folder, or in a commit of a git repository."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import io
import os
import posixpath
import subprocess
import tarfile
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError

_SUFFIXES = (".yaml", ".yml", ".json")
_LARGEST = 64 << 20
_SECONDS = 600.0
_KUSTOMIZE = "kustomize.config.k8s.io/"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TreePlace:
    """``path``: a folder. ``ref``: a branch, tag or commit of the git repository that it is; empty for what lies there.

    ``subpath``: a folder in it that alone is meant.
    """

    path: str
    ref: str = ""
    subpath: str = ""

    def __post_init__(self) -> None:
        """Raises ``ValidationError``."""
        if self.ref.startswith("-") or any(char.isspace() or char == ":" for char in self.ref):
            raise ValidationError(f"'{self.ref}' is no name of a commit.", hint="Check tree.ref.")
        if self.subpath.startswith(("/", "-")) or ".." in self.subpath.split("/"):
            raise ValidationError(f"'{self.subpath}' is no folder within the tree.", hint="Check tree.subpath.")

    @property
    def describe(self) -> str:
        """For sentences."""
        folder = posixpath.join(self.path, self.subpath) if self.subpath else self.path
        return f"{folder} at {self.ref}" if self.ref else folder


def documents_of(place: TreePlace, cancel: CancelToken) -> t.Iterator[tuple[str, t.Any]]:
    """Pairs of a file and a document in it, in the order of the files.

    Raises ``TreeError``, and ``ValidationError`` for what is no YAML.
    """
    number = 0
    for name, data in _of_commit(place) if place.ref else _of_folder(place):
        cancel.check()
        number += 1
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as exc:
            raise TreeError(f"The file {name} in {place.describe} is not text in UTF-8.") from exc
        for document in read_yaml(text, source=f"the file {name} in {place.describe}", as_kubernetes=True):
            if not _is_kustomization(document):
                yield name, document
    if not number:
        raise TreeError(f"There are no manifests in {place.describe}.", hint="Check tree.path and tree.subpath.")


def _is_kustomization(document: t.Any) -> bool:
    return isinstance(document, dict) and str(document.get("apiVersion", "")).startswith(_KUSTOMIZE)


def _is_wanted(name: str) -> bool:
    parts = name.split("/")
    return parts[-1].endswith(_SUFFIXES) and not any(part.startswith(".") for part in parts)


def _of_folder(place: TreePlace) -> t.Iterator[tuple[str, bytes]]:
    top = os.path.join(place.path, place.subpath)
    if not os.path.isdir(top):
        raise TreeError(f"{top} is no folder.", hint="Check tree.path and tree.subpath.")
    for root, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            full = os.path.join(root, name)
            shown = os.path.relpath(full, top)
            if _is_wanted(shown):
                yield shown, _read(full)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as exc:
        raise TreeError(f"The file {path} cannot be read: {exc.strerror}.") from exc
    if len(data) > _LARGEST:
        raise TreeError(f"The file {path} is larger than {_LARGEST >> 20} MiB.")
    return data


def _of_commit(place: TreePlace) -> t.Iterator[tuple[str, bytes]]:
    """As git has them, whatever lies in the folder."""
    what = f"{place.ref}:{place.subpath}" if place.subpath else place.ref
    command = ["git", "-C", place.path, "archive", "--format=tar", what]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except OSError as exc:
        raise TreeError(
            f"git cannot be started: {exc.strerror}.", hint="Install git, or check the tree out and leave tree.ref out."
        ) from exc
    except subprocess.TimeoutExpired as exc:
        raise TreeError(f"git did not read {place.describe} within {_SECONDS:.0f} seconds.") from exc
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
        raise TreeError(f"git cannot read {place.describe}: {said}", hint="Check tree.path, tree.ref and tree.subpath.")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in sorted(archive.getmembers(), key=lambda each: each.name):
            if not member.isfile() or not _is_wanted(member.name):
                continue
            file = archive.extractfile(member)
            if file is not None and member.size <= _LARGEST:
                yield member.name, file.read()


__all__ = ("TreePlace", "documents_of")
