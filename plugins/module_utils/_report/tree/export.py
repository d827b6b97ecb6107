# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup as a tree of files for a repository: the same tree for the same state, without what a cluster adds."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import dataclasses
import hashlib
import posixpath
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.open_backup import OpenBackup
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import SECRETS
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._core.whole_files import PRIVATE
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.sealing import seal
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.secret_lookalikes import find_lookalikes
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.stable_yaml import to_yaml
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_files import TreeFolder
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_index import SecretEntry, TreeIndex
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_objects import (
    UNREAD,
    TreeObject,
    TreeObjects,
)
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_paths import TreePaths, kustomizations
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import phase_of

Layout: t.TypeAlias = t.Literal["plain", "kustomize"]
SecretsWay: t.TypeAlias = t.Literal["omit", "seal", "plain"]
_EVERY = 1000
_KUSTOMIZATION = "kustomization.yaml"
#: So many objects, and entries of one, are named in the warning about what looks like a secret.
_MOST_NAMED, _MOST_ENTRIES = 20, 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TreeRequest:
    """``dest``: the folder. ``seal_command``: for the way ``seal``; its file gets the name of the Secret.

    ``max_diffs``: texts before and after of so many files are returned.
    """

    dest: str
    layout: Layout = "plain"
    secrets: SecretsWay = "omit"
    seal_command: tuple[str, ...] = ()
    node_ports: bool = False
    max_diffs: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TreeOutcome:
    """``left_out``: numbers of objects by the reason. ``secrets``: each that is not in the tree as it is."""

    backup: str
    written: tuple[str, ...]
    removed: tuple[str, ...]
    files: int
    left_out: t.Mapping[str, int]
    secrets: tuple[dict[str, t.Any], ...]
    diffs: tuple[dict[str, str], ...]
    warnings: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return bool(self.written or self.removed)


def export_tree(
    backup: OpenBackup,
    request: TreeRequest,
    *,
    warnings: t.Sequence[str] = (),
    dry_run: bool = False,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
) -> TreeOutcome:
    """Write what changed. ``warnings``: about the source.

    Raises ``TreeError``; what was written until then is right, and the next run goes on.
    """
    export = _Export(request, TreeFolder(request.dest, dry_run=dry_run), warnings)
    for number, each in enumerate(TreeObjects(backup, node_ports=request.node_ports), start=1):
        (cancel or CancelToken()).check()
        export.add(each)
        if not number % _EVERY:
            progress(f"{number} objects")
    return export.finish(backup)


class _Export:
    def __init__(self, request: TreeRequest, folder: TreeFolder, warnings: t.Iterable[str]) -> None:
        self._request = request
        self._folder = folder
        self._paths = TreePaths()
        self._left_out: collections.Counter[str] = collections.Counter()
        self._secrets: dict[str, SecretEntry] = {}
        self._lookalikes: list[str] = []
        self._warnings = list(warnings)
        self._diffs: list[dict[str, str]] = []

    def add(self, each: TreeObject) -> None:
        self._warnings += each.warnings
        if each.left_out:
            self._left_out[each.left_out] += 1
            return
        path = self._paths.path_of(each.ref, str(each.body.get("kind")))
        if each.ref.group_resource != SECRETS:
            found = find_lookalikes(each.ref.group_resource, each.body)
            if found:
                self._lookalikes.append(f"{each.title} ({some_of(found, most=_MOST_ENTRIES)})")
            self._put(path, to_yaml(each.body))
        elif self._request.secrets == "plain":
            self._folder.put(path, to_yaml(each.body), mode=PRIVATE)
        else:
            self._add_secret(each, path)

    def _put(self, path: str, data: bytes) -> None:
        if len(self._diffs) < self._request.max_diffs:
            before = self._folder.read(path)
            if before != data:
                self._diffs.append(_diff(path, before, data))
        self._folder.put(path, data)

    def _add_secret(self, each: TreeObject, path: str) -> None:
        name = f"{each.ref.namespace}/{each.ref.name}"
        keys = tuple(sorted({*(each.body.get("data") or {}), *(each.body.get("stringData") or {})}))
        entry = SecretEntry(type=str(each.body.get("type") or "Opaque"), keys=keys)
        if self._request.secrets == "omit":
            self._secrets[name] = entry
            return
        # What is encrypted twice is never the same: it is sealed again only when the cluster has another version of it.
        entry = dataclasses.replace(entry, version=_version(each), path=path)
        self._secrets[name] = entry
        before = self._folder.before.secrets.get(name)
        if before is not None and before.version == entry.version and before.path == path and self._folder.keep(path):
            return
        sealed = seal(self._request.seal_command, to_yaml(each.body), each.body, each.title)
        self._folder.put(path, sealed)

    def finish(self, backup: OpenBackup) -> TreeOutcome:
        name = str(backup.backup["metadata"]["name"])
        phase = phase_of(backup.backup)
        unread = self._left_out[UNREAD]
        if phase == "Completed" and not unread:
            self._folder_of_kustomizations()
            self._folder.remove_others()
        else:
            kept = self._folder.keep_others()
            self._folder_of_kustomizations()
            why = f"is {phase}" if phase != "Completed" else f"has {counted(unread, 'object')} that cannot be read"
            self._warnings.append(
                f"Backup '{name}' {why}: {kept} files of objects that it does not have were left in the tree."
            )
        if self._lookalikes:
            named = some_of(self._lookalikes, most=_MOST_NAMED, separator="; ")
            self._warnings.append(
                f"{counted(len(self._lookalikes), 'object')} in the tree may hold secrets, which whoever reads the "
                f"repository reads: {named}. Put these into Secrets, or leave the objects out."
            )
        if self._request.secrets == "plain":
            self._warnings.append("Secrets are in the tree as they are: whoever reads the repository reads them.")
        index = TreeIndex(layout=self._request.layout, files=self._folder.files, secrets=self._secrets)
        self._folder.finish(index)
        removed = self._folder.removed
        for path in removed[: max(0, self._request.max_diffs - len(self._diffs))]:
            self._diffs.append(_diff(path, b"(removed)\n", None))
        return TreeOutcome(
            backup=name,
            written=tuple(self._folder.written),
            removed=tuple(removed),
            files=len(index.files),
            left_out=dict(sorted(self._left_out.items())),
            secrets=tuple(
                {"secret": secret, "type": entry.type, "keys": list(entry.keys), "path": entry.path or None}
                for secret, entry in sorted(self._secrets.items())
            ),
            diffs=tuple(self._diffs),
            warnings=tuple(dict.fromkeys([*backup.warnings, *self._warnings])),
        )

    def _folder_of_kustomizations(self) -> None:
        if self._request.layout != "kustomize":
            return
        objects = [path for path in self._folder.files if posixpath.basename(path) != _KUSTOMIZATION]
        for folder, resources in kustomizations(objects).items():
            document = {
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "resources": resources,
            }
            self._folder.put(f"{folder}/{_KUSTOMIZATION}".lstrip("/"), to_yaml(document))


def _version(each: TreeObject) -> str:
    """Another one for each change of the Secret, and nothing that its values could be guessed by."""
    said = f"{each.stored.get('uid')}/{each.stored.get('resourceVersion')}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _diff(path: str, before: bytes | None, after: bytes | None) -> dict[str, str]:
    return {
        "before_header": path,
        "after_header": path,
        "before": "" if before is None else before.decode("utf-8", "replace"),
        "after": "" if after is None else after.decode("utf-8", "replace"),
    }


__all__ = ("Layout", "SecretsWay", "TreeOutcome", "TreeRequest", "export_tree")
