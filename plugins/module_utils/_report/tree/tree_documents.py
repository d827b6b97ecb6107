# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifests of a tree: in a folder, or in a commit of a git repository."""

# Private: not for use outside of this collection.

from __future__ import annotations

import os
import posixpath
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.whole_files import open_regular
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_commit import of_commit
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_place import (
    LARGEST,
    TreePlace,
    check_size,
    is_manifest,
)

_KUSTOMIZE = "kustomize.config.k8s.io/"


def documents_of(place: TreePlace, cancel: CancelToken) -> t.Iterator[tuple[str, t.Any]]:
    """Pairs of a file and a document in it, in the order of the files.

    Raises ``TreeError``, and ``ValidationError`` for what is no YAML.
    """
    number = 0
    for name, data in of_commit(place) if place.ref else _of_folder(place):
        cancel.check()
        number += 1
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as exc:
            raise TreeError(f"The file {name} in {place.describe} is not text in UTF-8.") from exc
        for document in read_yaml(text, source=f"the file {name} in {place.describe}", as_kubernetes=True):
            if not _is_kustomization(name, document):
                yield name, document
    if not number:
        raise TreeError(f"There are no manifests in {place.describe}.", hint="Check tree.path and tree.subpath.")


def _is_kustomization(name: str, document: t.Any) -> bool:
    if not isinstance(document, dict):
        return False
    # kustomize takes one without apiVersion and kind as well.
    unnamed = "kind" not in document and posixpath.splitext(posixpath.basename(name))[0] == "kustomization"
    return unnamed or str(document.get("apiVersion", "")).startswith(_KUSTOMIZE)


def _of_folder(place: TreePlace) -> t.Iterator[tuple[str, bytes]]:
    top = os.path.join(place.path, place.subpath)
    if not os.path.isdir(top):
        raise TreeError(f"{top} is no folder.", hint="Check tree.path and tree.subpath.")
    inside = os.path.realpath(place.path)
    for root, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            _check_folder(os.path.join(root, name), top)
        for name in sorted(files):
            full = os.path.join(root, name)
            shown = os.path.relpath(full, top)
            if is_manifest(shown):
                yield shown, _read(full, inside)


def _check_folder(path: str, top: str) -> None:
    """A link to a folder is not followed: what is in the tree is read by its own path, once."""
    real, whole = os.path.realpath(path), os.path.realpath(top)
    if os.path.islink(path) and os.path.commonpath((whole, real)) != whole:
        raise TreeError(
            f"The folder {path} is a link that leads out of {top}: it is not read.",
            hint="Put the folder itself there, or remove the link.",
        )


def _read(path: str, inside: str) -> bytes:
    real = os.path.realpath(path)
    if os.path.commonpath((inside, real)) != inside:
        raise TreeError(
            f"The file {path} is a link that leads out of {inside}: it is not read.",
            hint="Put the file itself there, or remove the link.",
        )
    try:
        with open_regular(real) as file:
            data = file.read(LARGEST + 1)
    except OSError as exc:
        raise TreeError(f"The file {path} cannot be read: {exc.strerror}.") from exc
    check_size(path, len(data))
    return data


__all__ = ("documents_of",)
