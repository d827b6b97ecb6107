# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Execution hooks: actions of blueprints around a backup, an export or a restore (docs/compatibility 15.11)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import (
    read_mapping,
    read_members,
    read_text,
    snake_case,
)

#: What the hooks run around. A snapshot's are those of a backup, which is what Kasten calls it as well.
Operation: t.TypeAlias = t.Literal["backup", "export", "restore"]

EVENTS = ("preHook", "onSuccess", "onFailure")
_REFERENCE = ("blueprint", "actionName", "subject")
#: Kasten writes ``type`` for what is a kind everywhere else. What follows is ours, for objects of any type.
_SUBJECT = ("name", "namespace", "type", "kind", "apiVersion", "group", "resource")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookSubject:
    """The object of the target namespace that a hook of a restore works on. ``kind`` in any case of its letters."""

    kind: str
    name: str
    namespace: str = ""
    api_version: str = ""
    group: str = ""
    resource: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookReference:
    """One action of a blueprint: of that name, or of ``definition``, one that is given whole.

    Without a ``subject`` it works on the namespace.
    """

    blueprint: str
    action_name: str
    subject: HookSubject | None = None
    definition: t.Mapping[str, t.Any] | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionHooks:
    """Any of the three may be missing. ``export``: those around the export that belongs to a backup."""

    pre_hook: HookReference | None = None
    on_success: HookReference | None = None
    on_failure: HookReference | None = None
    export: ExecutionHooks | None = None

    def __bool__(self) -> bool:
        return bool(self.references or self.export)

    @property
    def references(self) -> tuple[HookReference, ...]:
        """Those of the operation itself, in the order in which they may run."""
        return tuple(each for each in (self.pre_hook, self.on_success, self.on_failure) if each)


def read_hooks(value: t.Any, operation: Operation, where: str) -> ExecutionHooks:
    """``{preHook, onSuccess, onFailure}``, and for a backup ``export``; members in camelCase or snake_case.

    Raises ``ValidationError`` for an unknown member, and for a subject where there is none.
    """
    events = (*EVENTS, "export") if operation == "backup" else EVENTS
    given = read_members(value, events, where, snake=True)
    references = {name: read_hook(given[name], operation, f"{where}.{name}") for name in EVENTS if name in given}
    export = read_hooks(given["export"], "export", f"{where}.export") if "export" in given else None
    return ExecutionHooks(
        pre_hook=references.get("preHook"),
        on_success=references.get("onSuccess"),
        on_failure=references.get("onFailure"),
        export=export or None,
    )


def read_hook(value: t.Any, operation: Operation, where: str) -> HookReference:
    """``{blueprint, actionName, subject}``. Raises ``ValidationError``."""
    given = read_members(value, _REFERENCE, where, snake=True)
    for name in _REFERENCE[:2]:
        if not given.get(name):
            raise ValidationError(f"{where} has no {snake_case(name)}.", hint="Write blueprint and action_name.")
    blueprint, definition = given["blueprint"], None
    if isinstance(blueprint, t.Mapping):
        definition = read_mapping(blueprint, f"{where}.blueprint")
        blueprint = str(read_mapping(definition.get("metadata"), f"{where}.blueprint.metadata").get("name") or "")
    if "subject" in given and operation != "restore":
        raise ValidationError(
            f"{where} has a subject, and works on the namespace.", hint="Only hooks of a restore have a subject."
        )
    return HookReference(
        blueprint=read_text(blueprint, f"{where}.blueprint"),
        action_name=read_text(given["actionName"], f"{where}.actionName"),
        subject=_subject(given["subject"], f"{where}.subject") if "subject" in given else None,
        definition=definition,
    )


def _subject(value: t.Any, where: str) -> HookSubject:
    given = read_members(value, _SUBJECT, where, snake=True)
    texts = {name: read_text(member, f"{where}.{name}") for name, member in given.items()}
    if "type" in texts and "kind" in texts:
        raise ValidationError(f"{where} has a type and a kind.", hint="They are the same: write one of them.")
    kind = texts.get("type") or texts.get("kind") or ""
    if not texts.get("name"):
        raise ValidationError(f"{where} has no name.", hint="Write name, type and namespace.")
    if not kind and not texts.get("resource"):
        raise ValidationError(f"{where} has no type.", hint="Such as type: statefulset, or resource and api_version.")
    return HookSubject(
        kind=kind,
        name=texts["name"],
        namespace=texts.get("namespace", ""),
        api_version=texts.get("apiVersion", ""),
        group=texts.get("group", ""),
        resource=texts.get("resource", ""),
    )


__all__ = (
    "EVENTS",
    "ExecutionHooks",
    "HookReference",
    "HookSubject",
    "Operation",
    "read_hook",
    "read_hooks",
)
