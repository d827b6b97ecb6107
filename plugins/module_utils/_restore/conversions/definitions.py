# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CustomResourceDefinitions of ``apiextensions.k8s.io/v1beta1``.

Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/#customresourcedefinition-v122; Kubernetes
1.21, ``apiextensions-apiserver/pkg/apis/apiextensions/v1/conversion.go``.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import copy
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import MapOf, Shape
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.move import ConversionError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.schemas import (
    keep_unknown,
    make_structural,
)

_COLUMNS: Shape = [{"JSONPath": str, "jsonPath": str}]
DEFINITION_SHAPE: Shape = {
    "metadata": {"annotations": MapOf(str)},
    "spec": {
        "group": str,
        "version": str,
        "validation": {"openAPIV3Schema": dict},
        "subresources": dict,
        "additionalPrinterColumns": _COLUMNS,
        "versions": [{"name": str, "schema": {"openAPIV3Schema": dict}, "additionalPrinterColumns": _COLUMNS}],
        "conversion": {"strategy": str, "webhookClientConfig": dict, "conversionReviewVersions": [str]},
    },
}
_APPROVED = "api-approved.kubernetes.io"
_PROTECTED = (".k8s.io", ".kubernetes.io")


def convert_definition(obj: Object) -> tuple[str, ...]:
    """What was said once for all versions is said by each of them."""
    spec = obj.get("spec") or {}
    notes: list[str] = []
    old_version = spec.pop("version", None)
    shared_schema = (spec.pop("validation", None) or {}).get("openAPIV3Schema")
    shared_columns = spec.pop("additionalPrinterColumns", None)
    shared_subresources = spec.pop("subresources", None)
    keeps_unknown = spec.pop("preserveUnknownFields", True) is not False
    versions = spec.get("versions") or _only_version(old_version)
    for version in versions:
        notes.append(_give_schema(version, shared_schema, keeps_unknown=keeps_unknown))
        columns = version.pop("additionalPrinterColumns", None) or shared_columns
        if columns:
            version["additionalPrinterColumns"] = [_convert_column(column) for column in columns]
        if shared_subresources is not None:
            version.setdefault("subresources", copy.deepcopy(shared_subresources))
    spec["versions"] = versions
    _convert_webhook(spec)
    return (*filter(None, notes), *_approve(obj, spec))


def complete_definition(obj: Object) -> tuple[str, ...]:
    """What was made by way of v1beta1 is read in v1 with its schema as it was, or without one: v1 takes neither anew.

    Source: ``validateCustomResourceDefinitionSpec`` in ``apiextensions-apiserver``, which is laxer for updates.
    """
    spec = obj.get("spec") or {}
    if spec.get("preserveUnknownFields") is not True:
        return ()
    spec["preserveUnknownFields"] = False
    notes = [_give_schema(version, None, keeps_unknown=True) for version in spec.get("versions") or []]
    return tuple(filter(None, notes))


def _give_schema(version: Object, shared: t.Any, *, keeps_unknown: bool) -> str:
    """A schema that v1 takes, made from the version's own or the ``shared`` one. Returns what was changed in it."""
    own = (version.get("schema") or {}).get("openAPIV3Schema")
    schema, changed = make_structural(copy.deepcopy(own if own is not None else shared))
    if keeps_unknown:
        keep_unknown(schema)
    version["schema"] = {"openAPIV3Schema": schema}
    if not changed:
        return ""
    return f"the schema of {version.get('name')} was changed in what v1 does not take (not structural)."


def _only_version(name: t.Any) -> list[Object]:
    if not name:
        raise ConversionError("it names no version")
    return [{"name": name, "served": True, "storage": True}]


def _convert_column(column: t.Mapping[str, t.Any]) -> Object:
    return {"jsonPath" if name == "JSONPath" else name: value for name, value in column.items()}


def _convert_webhook(spec: Object) -> None:
    """Who converts between versions lies one level deeper."""
    conversion = spec.get("conversion")
    if not conversion:
        return
    config = conversion.pop("webhookClientConfig", None)
    reviews = conversion.pop("conversionReviewVersions", None)
    if conversion.get("strategy") == "Webhook":
        conversion["webhook"] = {"clientConfig": config, "conversionReviewVersions": reviews or ["v1beta1"]}


def _approve(obj: Object, spec: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """Groups of the community must have been approved, or say that they were not."""
    group = str(spec.get("group") or "")
    annotations = obj["metadata"].get("annotations") or {}
    if not group.endswith(_PROTECTED) or annotations.get(_APPROVED):
        return ()
    obj["metadata"]["annotations"] = {**annotations, _APPROVED: "unapproved, as it was before v1 asked for it"}
    return (f"the annotation {_APPROVED} was added, which v1 asks for in the group {group}.",)


__all__ = ("DEFINITION_SHAPE", "complete_definition", "convert_definition")
