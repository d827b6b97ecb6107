# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests of Velero and of Heptio Ark, as options of a task (Velero 1.18, Ark 0.3 to 0.11)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import quoted, shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._velero.ark import (
    ARK_API_VERSION,
    VELERO_API_VERSION,
    convert_backup,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest_kinds import hint_for_kind
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import (
    read_labels,
    read_mapping,
    read_members,
    read_text,
    snake_case,
)

#: How each field of a spec is read; what it returns is the option of the same name in snake_case.
Readers: t.TypeAlias = "t.Mapping[str, t.Callable[[t.Any, str], t.Any]]"

_ARK_NAMESPACE = "heptio-ark"
_TOP = ("apiVersion", "kind", "metadata", "spec", "status")
_OBJECT_META = (
    "annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "finalizers",
    "generateName", "generation", "labels", "managedFields", "name", "namespace", "ownerReferences",
    "resourceVersion", "selfLink", "uid",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a manifest says. ``options``: the fields of its spec that are set, by their names in snake_case.

    Empty texts and mappings stand for what it does not say.
    """

    name: str = ""
    namespace: str = ""
    labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    annotations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    options: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)


def read_manifest(document: t.Any, kind: str, fields: Readers, *, source: str) -> Manifest:
    """Read an object of ``kind`` of ``velero.io/v1`` or ``ark.heptio.com/v1``; its status is left aside.

    ``source`` names it in sentences. Raises ``ValidationError`` for another kind, an unknown field, a wrong type.
    Labels and annotations of Ark get Velero's keys.
    """
    _require_kind(document, kind, source)
    given = read_members(document, _TOP, source)
    metadata = read_members(given.get("metadata"), _OBJECT_META, f"{source}, metadata")
    converted = convert_backup(given | {"metadata": metadata})["metadata"]
    namespace = read_text(metadata.get("namespace", ""), f"{source}, metadata.namespace")
    if given["apiVersion"] == ARK_API_VERSION and namespace == _ARK_NAMESPACE:
        namespace = ""
    spec = read_members(given.get("spec"), fields, f"{source}, spec")
    return Manifest(
        name=read_text(metadata.get("name", ""), f"{source}, metadata.name"),
        namespace=namespace,
        labels=read_labels(converted.get("labels"), f"{source}, metadata.labels"),
        annotations=read_labels(converted.get("annotations"), f"{source}, metadata.annotations"),
        options={snake_case(name): fields[name](value, f"{source}, spec.{name}") for name, value in spec.items()},
    )


def find_manifest(documents: t.Sequence[t.Any], kind: str, *, source: str) -> t.Any:
    """The only one of ``kind`` among several documents; a single one whatever it is. Raises ``ValidationError``."""
    if len(documents) == 1:
        return documents[0]
    found = [each for each in documents if isinstance(each, t.Mapping) and each.get("kind") == kind]
    if len(found) != 1:
        others = [hint_for_kind(kind, each) for each in documents] if not found else []
        raise ValidationError(
            f"There are {len(found)} {kind}s in {source}; there must be one.",
            hint=next(filter(None, others), f"A task makes one {kind.lower()}."),
        )
    return found[0]


def read_selector(value: t.Any, where: str) -> dict[str, t.Any]:
    """A ``metav1.LabelSelector``."""
    given = read_members(value, ("matchLabels", "matchExpressions"), where)
    if not isinstance(given.get("matchExpressions", []), list):
        raise ValidationError(f"{where}.matchExpressions is not a list: {shown_value(given['matchExpressions'])}.")
    for at, entry in enumerate(given.get("matchExpressions", [])):
        read_members(entry, ("key", "operator", "values"), f"{where}.matchExpressions[{at}]")
    return given | ({"matchLabels": read_mapping(given["matchLabels"], where)} if "matchLabels" in given else {})


def read_selectors(value: t.Any, where: str) -> list[dict[str, t.Any]]:
    if not isinstance(value, list | tuple):
        raise ValidationError(f"{where} is not a list: {shown_value(value)}.")
    return [read_selector(entry, f"{where}[{at}]") for at, entry in enumerate(value)]


def read_duration_text(value: t.Any, where: str) -> str:
    """A Go duration. Velero's API refuses numbers, which would be nanoseconds."""
    if not isinstance(value, str):
        raise ValidationError(
            f"{where} is not a duration: {shown_value(value)}.", hint="Write text such as '72h' or '10m'."
        )
    parse_duration(value, where)
    return str(value)


def read_hooks(value: t.Any, where: str) -> dict[str, t.Any]:
    """``spec.hooks``; its rules are read by those who know them."""
    return read_members(value, ("resources",), where)


def read_reference(value: t.Any, where: str) -> dict[str, str]:
    """What names an object: its kind and name."""
    given = read_members(value, ("apiGroup", "kind", "name"), where)
    return {name: read_text(member, f"{where}.{name}") for name, member in given.items()}


def _require_kind(document: t.Any, kind: str, source: str) -> None:
    """Raise ``ValidationError`` unless ``document`` says that it is a ``kind`` of Velero or Ark."""
    given = read_mapping(document, source)
    found, api_version = given.get("kind"), given.get("apiVersion")
    if found != kind:
        hint = hint_for_kind(kind, given) or f"Write 'kind: {kind}'."
        raise ValidationError(f"The kind of {source} is {quoted(found)}; it must be '{kind}'.", hint=hint)
    if api_version not in (VELERO_API_VERSION, ARK_API_VERSION):
        raise ValidationError(
            f"The apiVersion of {source} is {quoted(api_version)}.",
            hint=f"Write {VELERO_API_VERSION}, or {ARK_API_VERSION} for one of Heptio Ark.",
        )


__all__ = (
    "Manifest",
    "Readers",
    "find_manifest",
    "read_duration_text",
    "read_hooks",
    "read_manifest",
    "read_reference",
    "read_selector",
    "read_selectors",
)
