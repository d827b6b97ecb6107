# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schemas of custom resources as ``apiextensions.k8s.io/v1`` takes them: structural ones.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

PRESERVE = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "x-kubernetes-int-or-string"
#: What no schema of a definition may have.
_FORBIDDEN = frozenset({"$ref", "$schema", "additionalItems", "definitions", "dependencies", "id", "patternProperties"})
#: What may not stand inside of ``allOf``, ``anyOf``, ``oneOf`` and ``not``.
_NOT_IN_JUNCTIONS = frozenset({"additionalProperties", "default", "description", "nullable", "title", "type"})
_JUNCTIONS = ("allOf", "anyOf", "oneOf")
_TYPES = frozenset({"array", "boolean", "integer", "number", "object", "string"})


def make_structural(schema: t.Any) -> tuple[Object, bool]:
    """The schema of a whole object, and whether something of it had to be left out or added."""
    if not isinstance(schema, dict) or not schema:
        return anything(), schema is not None and schema != {}
    changes = _Changes()
    fixed = changes.fix(schema)
    if fixed.get("type") != "object":
        fixed["type"] = "object"
        changes.count += 1
    metadata = (fixed.get("properties") or {}).get("metadata")
    if isinstance(metadata, dict) and metadata != {"type": "object"}:
        fixed["properties"]["metadata"] = _plain_metadata(metadata)
        changes.count += fixed["properties"]["metadata"] != metadata
    return fixed, changes.count > 0


def keep_unknown(schema: Object) -> None:
    """Let a structural schema keep fields that it does not name, as all did before v1: at every level, in place.

    Where a schema names members of an object, those above it do not decide for that object.
    """
    if schema.get("type") == "object" and "additionalProperties" not in schema:
        schema[PRESERVE] = True
    below = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for each in below:
        if isinstance(each, dict):
            keep_unknown(each)


def anything() -> Object:
    """The schema of a definition that had none."""
    return {"type": "object", PRESERVE: True}


def _plain_metadata(schema: Object) -> Object:
    """Of metadata, only the name may be restricted."""
    names = {name: of for name, of in (schema.get("properties") or {}).items() if name in ("name", "generateName")}
    return {"type": "object", **({"properties": names} if names else {})}


class _Changes:
    def __init__(self) -> None:
        self.count = 0

    def fix(self, schema: t.Any) -> Object:
        """One schema, with all below it."""
        if not isinstance(schema, dict):
            self.count += 1
            return {PRESERVE: True}
        fixed = {name: value for name, value in schema.items() if name not in _FORBIDDEN}
        self.count += len(schema) - len(fixed)
        if fixed.get("uniqueItems"):
            del fixed["uniqueItems"]
            self.count += 1
        self._fix_type(fixed)
        self._fix_members(fixed)
        for junction in _JUNCTIONS:
            if isinstance(fixed.get(junction), list):
                fixed[junction] = [self._fix_junction(each, fixed) for each in fixed[junction]]
        if "not" in fixed:
            fixed["not"] = self._fix_junction(fixed["not"], fixed)
        return fixed

    def _fix_type(self, schema: Object) -> None:
        if schema.get(_INT_OR_STRING):
            return
        kind = schema.get("type")
        if isinstance(kind, str) and kind in _TYPES:
            return
        for field, implied in (("properties", "object"), ("additionalProperties", "object"), ("items", "array")):
            if schema.get(field):
                schema["type"] = implied
                self.count += 1
                return
        if kind or not schema.get(PRESERVE):
            schema.pop("type", None)
            schema[PRESERVE] = True
            self.count += 1
        if "nullable" in schema:
            del schema["nullable"]
            self.count += 1

    def _fix_members(self, schema: Object) -> None:
        properties = schema.get("properties")
        if isinstance(properties, dict):
            schema["properties"] = {name: self.fix(each) for name, each in properties.items()}
        if "items" in schema and isinstance(schema["items"], dict):
            schema["items"] = self.fix(schema["items"])
        elif "items" in schema or schema.get("type") == "array":
            schema["items"] = {PRESERVE: True}
            self.count += 1
        self._fix_additional(schema)

    def _fix_additional(self, schema: Object) -> None:
        additional = schema.get("additionalProperties")
        if additional is None:
            return
        if additional is False or schema.get("properties"):
            del schema["additionalProperties"]
            self.count += 1
        elif isinstance(additional, dict):
            schema["additionalProperties"] = self.fix(additional)

    def _fix_junction(self, schema: t.Any, around: Object) -> Object:
        """Inside of a junction nothing may be said of types; what it names has to be in the schema around it."""
        if not isinstance(schema, dict):
            self.count += 1
            return {}
        may_have_type = around.get(_INT_OR_STRING) and set(schema) == {"type"}
        fixed = {
            name: value
            for name, value in schema.items()
            if (name not in _NOT_IN_JUNCTIONS or may_have_type) and name not in _FORBIDDEN
        }
        self.count += len(schema) - len(fixed)
        if isinstance(fixed.get("properties"), dict):
            known = around.get("properties") or {}
            kept = {name: each for name, each in fixed["properties"].items() if name in known}
            self.count += len(fixed["properties"]) - len(kept)
            fixed["properties"] = {name: self._fix_junction(each, known[name]) for name, each in kept.items()}
        if "items" in fixed:
            inner = around.get("items")
            fixed["items"] = self._fix_junction(fixed["items"], inner if isinstance(inner, dict) else {})
        return fixed


__all__ = ("PRESERVE", "anything", "keep_unknown", "make_structural")
