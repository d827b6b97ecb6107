# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.


"""A Backup manifest, of Velero or of Heptio Ark, as options of a backup (Velero 1.18, Ark 0.3 to 0.11)."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.ark import (
    ARK_API_VERSION,
    VELERO_API_VERSION,
    convert_backup,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import (
    read_bool,
    read_labels,
    read_mapping,
    read_members,
    read_text,
    read_texts,
    snake_case,
)

_ARK_NAMESPACE = "heptio-ark"
_TOP = ("apiVersion", "kind", "metadata", "spec", "status")
_OBJECT_META = (
    "annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers",
    "generateName", "generation", "labels", "managedFields", "name", "namespace", "ownerReferences",
    "resourceVersion", "selfLink", "uid",
)  # fmt: skip


def _selector(value: t.Any, where: str) -> dict[str, t.Any]:
    given = read_members(value, ("matchLabels", "matchExpressions"), where)
    if not isinstance(given.get("matchExpressions", []), list):
        raise ValidationError(f"{where}.matchExpressions is not a list: {given['matchExpressions']!r}.")
    for at, entry in enumerate(given.get("matchExpressions", [])):
        read_members(entry, ("key", "operator", "values"), f"{where}.matchExpressions[{at}]")
    return given | ({"matchLabels": read_mapping(given["matchLabels"], where)} if "matchLabels" in given else {})


def _selectors(value: t.Any, where: str) -> list[dict[str, t.Any]]:
    if not isinstance(value, list | tuple):
        raise ValidationError(f"{where} is not a list: {value!r}.")
    return [_selector(entry, f"{where}[{at}]") for at, entry in enumerate(value)]


def _duration(value: t.Any, where: str) -> str:
    """A Go duration. Velero's API refuses numbers, which would be nanoseconds."""
    if not isinstance(value, str):
        raise ValidationError(f"{where} is not a duration: {value!r}.", hint="Write text such as '72h' or '10m'.")
    try:
        parse_duration(value)
    except ValidationError as exc:
        raise ValidationError(f"{where}: {exc.message}", hint=exc.hint) from exc
    return str(value)


def _policy(value: t.Any, where: str) -> dict[str, str]:
    given = read_members(value, ("apiGroup", "kind", "name"), where)
    return {name: read_text(member, f"{where}.{name}") for name, member in given.items()}


def _uploader(value: t.Any, where: str) -> dict[str, t.Any]:
    given = read_members(value, ("parallelFilesUpload",), where)
    files = given.get("parallelFilesUpload", 0)
    if isinstance(files, bool) or not isinstance(files, int):
        raise ValidationError(f"{where}.parallelFilesUpload is not a number: {files!r}.")
    return given


def _hooks(value: t.Any, where: str) -> dict[str, t.Any]:
    return read_members(value, ("resources",), where)


#: How each field of the spec is read. ``metadata`` is read apart.
_FIELDS: dict[str, t.Callable[[t.Any, str], t.Any]] = {
    "includedNamespaces": read_texts,
    "excludedNamespaces": read_texts,
    "includedResources": read_texts,
    "excludedResources": read_texts,
    "includedClusterScopedResources": read_texts,
    "excludedClusterScopedResources": read_texts,
    "includedNamespaceScopedResources": read_texts,
    "excludedNamespaceScopedResources": read_texts,
    "labelSelector": _selector,
    "orLabelSelectors": _selectors,
    "snapshotVolumes": read_bool,
    "ttl": _duration,
    "volumeGroupSnapshotLabelKey": read_text,
    "includeClusterResources": read_bool,
    "hooks": _hooks,
    "storageLocation": read_text,
    "volumeSnapshotLocations": read_texts,
    "defaultVolumesToRestic": read_bool,
    "defaultVolumesToFsBackup": read_bool,
    "orderedResources": read_labels,
    "csiSnapshotTimeout": _duration,
    "itemOperationTimeout": _duration,
    "resourcePolicy": _policy,
    "snapshotMoveData": read_bool,
    "datamover": read_text,
    "uploaderConfig": _uploader,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupManifest:
    """What a manifest says. ``options``: the fields of its spec that are set, for ``BackupSpec.from_options``.

    Empty texts and mappings stand for what it does not say.
    """

    name: str = ""
    namespace: str = ""
    labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    annotations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    options: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)


def parse_manifest(document: t.Any, *, source: str = "the manifest") -> BackupManifest:
    """Read a Backup of ``velero.io/v1`` or ``ark.heptio.com/v1``; its status is left aside.

    ``source`` names it in sentences. Raises ``ValidationError`` for another kind, an unknown field, a wrong type.
    Labels and annotations of Ark get Velero's keys.
    """
    _require_backup(document, source)
    given = read_members(document, _TOP, source)
    metadata = read_members(given.get("metadata"), _OBJECT_META, f"{source}, metadata")
    converted = convert_backup(given | {"metadata": metadata})["metadata"]
    namespace = read_text(metadata.get("namespace", ""), f"{source}, metadata.namespace")
    if given["apiVersion"] == ARK_API_VERSION and namespace == _ARK_NAMESPACE:
        namespace = ""
    spec = read_members(given.get("spec"), ("metadata", *_FIELDS), f"{source}, spec")
    options = {
        snake_case(name): _FIELDS[name](value, f"{source}, spec.{name}")
        for name, value in spec.items()
        if name != "metadata"
    }
    template = read_members(spec.get("metadata"), ("labels",), f"{source}, spec.metadata")
    if "labels" in template:
        options["labels"] = read_labels(template["labels"], f"{source}, spec.metadata.labels")
    return BackupManifest(
        name=read_text(metadata.get("name", ""), f"{source}, metadata.name"),
        namespace=namespace,
        labels=read_labels(converted.get("labels"), f"{source}, metadata.labels"),
        annotations=read_labels(converted.get("annotations"), f"{source}, metadata.annotations"),
        options=options,
    )


def find_backup(documents: t.Sequence[t.Any], *, source: str) -> t.Any:
    """The only Backup among several documents; a single document whatever it is. Raises ``ValidationError``."""
    if len(documents) == 1:
        return documents[0]
    found = [each for each in documents if isinstance(each, t.Mapping) and each.get("kind") == "Backup"]
    if len(found) != 1:
        raise ValidationError(
            f"There are {len(found)} Backups in {source}; there must be one.", hint="A task makes one backup."
        )
    return found[0]


def _require_backup(document: t.Any, source: str) -> None:
    """Raise ``ValidationError`` unless ``document`` says that it is a Backup of Velero or Ark."""
    given = read_mapping(document, source)
    kind, api_version = given.get("kind"), given.get("apiVersion")
    if kind != "Backup":
        raise ValidationError(f"The kind of {source} is {kind!r}.", hint="Write 'kind: Backup'.")
    if api_version not in (VELERO_API_VERSION, ARK_API_VERSION):
        raise ValidationError(
            f"The apiVersion of {source} is {api_version!r}.",
            hint=f"Write {VELERO_API_VERSION}, or {ARK_API_VERSION} for one of Heptio Ark.",
        )


__all__ = ("BackupManifest", "find_backup", "parse_manifest")
