# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tree of manifests as a backup, so that it is restored like one: in a temporary folder, which goes with it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import tempfile
import typing as t
import uuid

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import some_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_documents import documents_of
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_place import TREE_BACKUP, TreePlace
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
_NAMED = 5
_ROUNDS = 500_000


class _Type(t.NamedTuple):
    group_resource: GroupResource
    namespaced: bool


class TreeStore(t.NamedTuple):
    """``store`` has one backup, ``TREE_BACKUP``. ``warnings``: of what was left out of it."""

    store: Store
    warnings: tuple[str, ...]


@contextlib.contextmanager
def open_tree(place: TreePlace, *, client: KubeClient, cancel: CancelToken | None = None) -> t.Iterator[TreeStore]:
    """While the context lasts. Raises ``TreeError`` for a tree that cannot be read, ``KubeError``."""
    cancel = cancel or CancelToken()
    objects, warnings = _objects_of(place, cancel)
    types = _Types(Discovery.read(client), objects)
    there: dict[tuple[GroupResource, str, str], str] = {}
    with tempfile.TemporaryDirectory(prefix="arkive-tree-") as folder:
        store = open_store(make_location({"path": folder}), cancel=cancel)
        keys = BackupKeys(TREE_BACKUP)
        with tempfile.TemporaryFile(dir=folder) as file:
            with TarballWriter(file) as writer:
                for name, obj in objects:
                    cancel.check()
                    kind = types.of(obj)
                    _check(obj, kind, name)
                    key = (kind.group_resource, obj["metadata"].get("namespace") or "", obj["metadata"]["name"])
                    if key in there:
                        raise _twice(obj, place, there[key], name)
                    there[key] = name
                    _add(writer, kind, obj, name)
                writer.close()
            file.seek(0)
            store.put(keys.tarball, file.read())
        store.put(keys.metadata, json.dumps(_backup(_uid_of([obj for _file, obj in objects]))).encode())
        yield TreeStore(store, warnings)


def _objects_of(place: TreePlace, cancel: CancelToken) -> tuple[list[tuple[str, Object]], tuple[str, ...]]:
    objects: list[tuple[str, Object]] = []
    sealed: list[str] = []
    for name, document in documents_of(place, cancel):
        for obj in _items(document):
            _check_is_object(obj, name, place)
            if "sops" in obj:
                sealed.append(name)
            else:
                objects.append((name, obj))
    warnings = []
    if sealed:
        warnings.append(
            f"{some_of(sealed, most=_NAMED)} {'is' if len(sealed) == 1 else 'are'} encrypted by sops and left out: "
            "decrypt them and apply them before, or the workloads will wait for them."
        )
    return objects, tuple(warnings)


def _items(document: t.Any) -> list[t.Any]:
    if isinstance(document, dict) and document.get("kind") == "List" and isinstance(document.get("items"), list):
        return list(document["items"])
    return [document]


def _check_is_object(obj: t.Any, file: str, place: TreePlace) -> None:
    """Raises ``TreeError``."""
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    if isinstance(metadata, dict):
        members = (obj.get("apiVersion"), obj.get("kind"), metadata.get("name"))
        namespace = metadata.get("namespace")
        if all(isinstance(member, str) and member for member in members) and isinstance(namespace, str | None):
            if _is_json(obj):
                return
            raise TreeError(
                f"{readable(obj['kind'])} {readable(metadata['name'])} in the file {file} holds a key or a value that "
                "JSON has not.",
                hint="Put numbers that are keys, and what is to be text, in quotes.",
            )
    raise TreeError(
        f"The file {file} in {place.describe} holds something that is no object of Kubernetes.",
        hint="Name the folder of the manifests alone, in tree.subpath.",
    )


def _is_json(value: t.Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(entry) for name, entry in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _twice(obj: Object, place: TreePlace, first: str, second: str) -> TreeError:
    return TreeError(
        f"{readable(obj['kind'])} {readable(obj['metadata']['name'])} is in {place.describe} twice: in {first} and in "
        f"{second}.",
        hint="Name a folder with one of them, in tree.subpath.",
    )


class _Types:
    """Which type a kind is: by the API server, by a definition in the tree, or by the usual spelling."""

    def __init__(self, discovery: Discovery, objects: t.Iterable[tuple[str, Object]]) -> None:
        self._discovery = discovery
        self._defined: dict[tuple[str, str], _Type] = {}
        for _file, obj in objects:
            group, kind = obj["apiVersion"].partition("/")[0], obj["kind"]
            if (group, kind) == _DEFINITION:
                self._note(obj.get("spec"))

    def _note(self, spec: t.Any) -> None:
        names = spec.get("names") if isinstance(spec, dict) else None
        if not isinstance(names, dict):
            return
        group, kind, plural = (str(each) for each in (spec.get("group"), names.get("kind"), names.get("plural")))
        self._defined[group, kind] = _Type(GroupResource.parse(f"{plural}.{group}"), spec.get("scope") != "Cluster")

    def of(self, obj: Object) -> _Type:
        served = self._discovery.find_kind(obj["apiVersion"], obj["kind"])
        if served is not None:
            return _Type(served.group_resource, served.namespaced)
        group = obj["apiVersion"].rpartition("/")[0]
        defined = self._defined.get((group, obj["kind"]))
        if defined is not None:
            return defined
        # The restore says that nobody serves it.
        plural = f"{obj['kind'].lower()}s"
        return _Type(GroupResource.parse(f"{plural}.{group}" if group else plural), "namespace" in obj["metadata"])


def _check(obj: Object, kind: _Type, file: str) -> None:
    """That it is in a namespace where its type is. Raises ``TreeError``."""
    metadata = obj["metadata"]
    if kind.namespaced and not metadata.get("namespace"):
        raise TreeError(
            f"{readable(obj['kind'])} {readable(metadata['name'])} in the file {file} has no namespace.",
            hint="Write metadata.namespace: a tree is restored to where it says.",
        )
    if not kind.namespaced:
        metadata.pop("namespace", None)


def _add(writer: TarballWriter, kind: _Type, obj: Object, file: str) -> None:
    """Raises ``TreeError`` for a name that leads elsewhere."""
    try:
        writer.add_items(kind.group_resource, [(obj, None)], preferred_version=obj["apiVersion"].rpartition("/")[2])
    except ArchiveError as exc:
        raise TreeError(
            f"{readable(obj['kind'])} {readable(obj['metadata']['name'])} in the file {file} has a name or a namespace "
            "that no object can have."
        ) from exc


def _uid_of(objects: t.Iterable[Object]) -> str:
    """Another one whenever a Secret is another one, as the digest of a plan has no trace of their values.

    It takes long enough to make that nobody tries values out by it.
    """
    secrets = sorted(encode_compact(obj) for obj in objects if (obj["apiVersion"], obj["kind"]) == ("v1", "Secret"))
    if not secrets:
        return ""
    digest = hashlib.sha256(b"\n".join(secrets)).digest()
    return str(uuid.UUID(bytes=hashlib.pbkdf2_hmac("sha256", digest, b"arkive.k8s tree", _ROUNDS)[:16]))


def _backup(uid: str) -> Object:
    """The data of volumes is no part of a tree."""
    return {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": TREE_BACKUP, "namespace": "velero", **({"uid": uid} if uid else {})},
        "spec": {"snapshotVolumes": False},
        "status": {"phase": "Completed", "formatVersion": "1.1.0", "version": 1},
    }


__all__ = ("TreeStore", "open_tree")
