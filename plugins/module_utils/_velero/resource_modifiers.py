# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resource modifiers: rules of patches for objects on their way back to a cluster (docs/compatibility 5.10)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import (
    MAX_DEPTH,
    MAX_REQUEST,
    is_deeper,
    parse_bounded,
    text_size,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_regexp import compile_go_regexp
from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import (
    OPERATIONS,
    PatchError,
    PatchTestFailed,
    apply_json_patch,
    apply_merge_patch,
    parse_pointer,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.patterns import compile_glob
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import (
    read_mapping,
    read_members,
    read_text,
    read_texts,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.object_shapes import find_object_misfit
from ansible_collections.arkive.k8s.plugins.module_utils._velero.selector_forms import read_selector_form
from ansible_collections.arkive.k8s.plugins.module_utils._velero.strategic_merge import apply_strategic_merge

_Operations: t.TypeAlias = "tuple[dict[str, t.Any], ...]"

_FAMILIES = ("patches", "mergePatches", "strategicPatches")
_CONDITIONS = ("groupResource", "resourceNameRegex", "namespaces", "labelSelector", "matches")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModifierConditions:
    """All that are given must hold. ``namespaces`` are names of the backup's; ``matches`` are ``test`` operations."""

    group_resource: str
    name_pattern: re.Pattern[str] | None = None
    namespaces: tuple[str, ...] = ()
    label_selector: LabelSelector | None = None
    matches: _Operations = ()

    def hold(self, group_resource: GroupResource, obj: Object, *, namespace: str) -> bool:
        metadata = obj.get("metadata") or {}
        if self.namespaces and namespace not in self.namespaces:
            return False
        if not self.fits_type(str(group_resource)):
            return False
        if self.name_pattern is not None and not self.name_pattern.search(str(metadata.get("name", ""))):
            return False
        if self.label_selector is not None and not self.label_selector.matches(metadata.get("labels")):
            return False
        try:
            apply_json_patch(obj, self.matches)
        except PatchError:
            return False
        return True

    def fits_type(self, group_resource: str) -> bool:
        """``*`` is every type of the core group, ``*.apps`` every one of a group, ``*.*`` every one (Velero's page)."""
        compiled = compile_glob(self.group_resource, ".")
        return self.group_resource == "*.*" or (compiled is not None and bool(compiled.fullmatch(group_resource)))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ModifierRule:
    """One of the three families of patches is set."""

    conditions: ModifierConditions
    patches: _Operations = ()
    merge_patches: tuple[Object, ...] = ()
    strategic_patches: tuple[Object, ...] = ()

    def apply(self, obj: Object) -> Object:
        """The patched object; the same when a ``test`` does not hold. Raises ``PatchError``."""
        try:
            patched = apply_json_patch(obj, self.patches)
        except PatchTestFailed:
            return obj
        for patch in self.merge_patches:
            patched = apply_merge_patch(patched, patch)
        for patch in self.strategic_patches:
            patched = apply_strategic_merge(patched, patch)
        return t.cast("Object", patched)


@dataclasses.dataclass(frozen=True, slots=True)
class ResourceModifiers:
    """The rules in their order."""

    rules: tuple[ModifierRule, ...]

    def apply(self, group_resource: GroupResource, obj: Object, *, namespace: str) -> tuple[Object, list[str]]:
        """The modified object, and what went wrong. ``namespace`` is the original one; ``obj`` is not changed.

        The conditions of all rules look at the object as it came; a rule that fails leaves it as it was.
        """
        matching = [
            (number, rule)
            for number, rule in enumerate(self.rules, 1)
            if rule.conditions.hold(group_resource, obj, namespace=namespace)
        ]
        errors: list[str] = []
        for number, rule in matching:
            try:
                patched = rule.apply(obj)
                _check_patched(group_resource, obj, patched)
            except PatchError as exc:
                errors.append(f"resource modifier rule {number}: {exc.sentence}")
            else:
                obj = patched
        return obj, errors


def parse_modifiers(document: t.Any, *, source: str = "resource_modifiers") -> ResourceModifiers:
    """From a mapping or YAML text, strictly; raises ``ValidationError``.

    Members may be written in snake_case as well. ``source`` names the document in sentences.
    """
    if isinstance(document, str):
        documents = read_yaml(document, source=source)
        if len(documents) != 1:
            raise ValidationError(f"{source} holds {counted(len(documents), 'document')}; it must hold one.")
        document = documents[0]
    given = read_members(document, ("version", "resourceModifierRules"), source, snake=True)
    version = given.get("version", "")
    if str(version).lower() != "v1":
        raise ValidationError(f"{source} has the version '{version}'; only v1 is known.")
    rules = given.get("resourceModifierRules")
    if not isinstance(rules, list) or not rules:
        raise ValidationError(f"{source} has no resourceModifierRules.")
    return ResourceModifiers(
        tuple(_parse_rule(rule, f"Rule {number} of {source}") for number, rule in enumerate(rules, 1))
    )


def modifiers_of_configmap(configmap: t.Mapping[str, t.Any]) -> ResourceModifiers:
    """From the ConfigMap that a Restore names: exactly one key of data."""
    metadata = configmap.get("metadata") or {}
    source = f"ConfigMap {metadata.get('namespace')}/{metadata.get('name')}"
    data = configmap.get("data") or {}
    if len(data) != 1:
        raise ValidationError(
            f"{source} holds no resource modifiers: it has {counted(len(data), 'key')} of data, not one."
        )
    return parse_modifiers(next(iter(data.values())), source=source)


def _parse_rule(value: t.Any, where: str) -> ModifierRule:
    given = read_members(value, ("conditions", *_FAMILIES), where, snake=True)
    families = [name for name in _FAMILIES if given.get(name)]
    if len(families) != 1:
        has = " and ".join(families) if families else "none"
        raise ValidationError(f"{where} must have one of {', '.join(_FAMILIES)}; it has {has}.")
    entries = given[families[0]]
    if not isinstance(entries, list):
        raise ValidationError(f"{where}.{families[0]} is not a list: {shown_value(entries)}.")
    conditions = _parse_conditions(given.get("conditions"), where)
    if families[0] == "patches":
        return ModifierRule(conditions=conditions, patches=tuple(_parse_operation(entry, where) for entry in entries))
    documents = tuple(_parse_patch_data(entry, f"{where}.{families[0]}") for entry in entries)
    if families[0] == "mergePatches":
        return ModifierRule(conditions=conditions, merge_patches=documents)
    return ModifierRule(conditions=conditions, strategic_patches=documents)


def _parse_conditions(value: t.Any, where: str) -> ModifierConditions:
    given = read_members(value, _CONDITIONS, f"{where}.conditions", snake=True)
    group_resource = read_text(given.get("groupResource", ""), f"{where}.conditions.groupResource")
    if not group_resource:
        raise ValidationError(
            f"{where} has no conditions.groupResource.", hint="Name a type, such as deployments.apps, or *.apps."
        )
    if compile_glob(group_resource, ".") is None:
        raise ValidationError(f"{where} has the groupResource '{group_resource}', which is no pattern.")
    named = f"{where}.conditions.resourceNameRegex"
    pattern = read_text(given.get("resourceNameRegex", ""), named)
    selector = given.get("labelSelector")
    matches = given.get("matches") or []
    if not isinstance(matches, list):
        raise ValidationError(f"{where}.conditions.matches is not a list: {shown_value(matches)}.")
    return ModifierConditions(
        group_resource=group_resource,
        name_pattern=compile_go_regexp(pattern, named) if pattern else None,
        namespaces=read_texts(given.get("namespaces", ()), f"{where}.conditions.namespaces"),
        label_selector=_parse_selector(selector, where) if selector is not None else None,
        matches=tuple(_parse_match(entry, where) for entry in matches),
    )


def _parse_selector(value: t.Any, where: str) -> LabelSelector:
    return read_selector_form(value, f"{where}.conditions.labelSelector") or LabelSelector()


def _parse_match(value: t.Any, where: str) -> dict[str, t.Any]:
    given = read_mapping(value, f"A match of {where}")
    members = read_members(value, ("path", "value"), f"A match of {where}")
    path = read_text(members.get("path", ""), f"The path of a match of {where}")
    _check_pointer(path, where)
    return {"op": "test", "path": path, "value": _typed(given.get("value", ""), where)}


def _parse_operation(value: t.Any, where: str) -> dict[str, t.Any]:
    given = read_mapping(value, f"A patch of {where}")
    members = read_members(value, ("operation", "path", "from", "value"), f"A patch of {where}")
    operation = members.get("operation", "")
    if operation not in OPERATIONS:
        raise ValidationError(
            f"A patch of {where} has the operation '{operation}'.", hint=f"Operations are {', '.join(OPERATIONS)}."
        )
    path = read_text(members.get("path", ""), f"The path of a patch of {where}")
    _check_pointer(path, where)
    out: dict[str, t.Any] = {"op": operation, "path": path}
    if operation in ("move", "copy"):
        out["from"] = read_text(members.get("from", ""), f"The from of a patch of {where}")
        _check_pointer(out["from"], where)
    elif operation != "remove":
        out["value"] = _typed(given.get("value", ""), where)
    return out


def _check_pointer(path: str, where: str) -> None:
    if not path:
        raise ValidationError(f"A patch of {where} has an empty path.", hint="Write it like /spec/replicas.")
    try:
        parse_pointer(path)
    except PatchError as exc:
        raise ValidationError(f"In {where}: {exc.message}", hint=exc.hint) from exc


def _typed(value: t.Any, where: str) -> t.Any:
    """The value that a text stands for: null, true, false, numbers, objects and lists as JSON, all else as text.

    Text in quotes of its own stays text. What YAML has typed already is taken as it is.
    """
    if not isinstance(value, str):
        return value
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        return value[1:-1]
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if value == "null" or _NUMBER.fullmatch(value) or value[:1] in ("{", "["):
        try:
            return parse_bounded(value.encode("utf-8", "replace"))
        except ValueError as exc:
            raise ValidationError(
                f"A patch of {where} has a value that is not JSON ({exc}).",
                hint='Write text that begins with { or [ in quotes of its own: "\\"{text\\"".',
            ) from exc
    return value


def _parse_patch_data(value: t.Any, where: str) -> Object:
    given = read_members(value, ("patchData",), where, snake=True)
    data = given.get("patchData")
    if isinstance(data, str):
        documents = read_yaml(data, source=f"the patchData of {where}")
        data = documents[0] if len(documents) == 1 else None
    if not isinstance(data, dict) or not data:
        raise ValidationError(f"{where} has a patchData that is not one mapping.", hint="Write it as YAML or JSON.")
    return data


def _check_patched(group_resource: GroupResource, before: Object, after: t.Any) -> None:
    """What comes out is still this object, with the types that whatever reads it later counts on."""
    if is_deeper(after, MAX_DEPTH):
        misfit = f"it is nested more than {MAX_DEPTH} levels deep"
    elif text_size(after, most=MAX_REQUEST) > MAX_REQUEST >= text_size(before, most=MAX_REQUEST):
        misfit = f"it is larger than {MAX_REQUEST >> 20} MiB, which no API server takes"
    else:
        misfit = find_object_misfit(after, group_resource)
    if misfit:
        raise PatchError(f"What comes out is no object of Kubernetes: {misfit}.", hint="Correct the patch.")
    name = (before.get("metadata") or {}).get("name")
    if (after.get("metadata") or {}).get("name") != name:
        raise PatchError("A restored object keeps its name.", hint="Patches may not change metadata.name.")


__all__ = ("ModifierConditions", "ModifierRule", "ResourceModifiers", "modifiers_of_configmap", "parse_modifiers")
