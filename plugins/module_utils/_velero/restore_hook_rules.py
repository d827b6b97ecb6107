# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hooks of a restore as written: ``spec.hooks.resources`` of a Restore (Velero 1.18, docs/compatibility 6.3)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import copy
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import HookOnError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import IncludeExclude
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import (
    read_bool,
    read_duration,
    read_list,
    read_mapping,
    read_members,
    read_text,
    read_texts,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.selector_forms import read_selector_form

DEFAULT_EXEC_SECONDS = 30.0
_FILTERS = {
    "includedNamespaces": "included_namespaces",
    "excludedNamespaces": "excluded_namespaces",
    "includedResources": "included_resources",
    "excludedResources": "excluded_resources",
}
_RULE_MEMBERS = ("name", *_FILTERS, "labelSelector", "postHooks")
_EXEC_MEMBERS = ("container", "command", "onError", "execTimeout", "waitTimeout", "waitForReady")
_INIT_MEMBERS = ("initContainers", "timeout")
_INCOMPLETE = "invalid InitContainer in restore hook, it doesn't have Command, Name or Image field"


class RestoreHookRuleError(ValidationError):
    """A rule that Velero stores and then answers with FailedValidation."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint, details={"phase": "FailedValidation", "validation_errors": [message]})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreExec:
    """One command in a container of a restored pod. ``container`` empty: the pod's first.

    ``exec_timeout_seconds`` None: no limit. ``wait_timeout_seconds`` None: the hook does not say how long it waits.
    """

    command: tuple[str, ...]
    container: str = ""
    on_error: HookOnError = ""
    exec_timeout_seconds: float | None = DEFAULT_EXEC_SECONDS
    wait_timeout_seconds: float | None = None
    wait_for_ready: bool = False

    def to_dict(self) -> dict[str, t.Any]:
        seconds = -1.0 if self.exec_timeout_seconds is None else self.exec_timeout_seconds
        out: dict[str, t.Any] = {"container": self.container} if self.container else {}
        out["command"] = list(self.command)
        if self.on_error:
            out["onError"] = self.on_error
        out["execTimeout"] = format_duration(seconds)
        if self.wait_timeout_seconds is not None:
            out["waitTimeout"] = format_duration(self.wait_timeout_seconds)
        return out | ({"waitForReady": True} if self.wait_for_ready else {})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreInit:
    """Complete Container objects that become a pod's first init containers. ``timeout_seconds`` has no effect."""

    containers: tuple[t.Mapping[str, t.Any], ...] = ()
    timeout_seconds: float | None = None

    def to_dict(self) -> dict[str, t.Any]:
        out: dict[str, t.Any] = {"initContainers": [copy.deepcopy(dict(entry)) for entry in self.containers]}
        if self.timeout_seconds is not None:
            out["timeout"] = format_duration(self.timeout_seconds)
        return out


@dataclasses.dataclass(frozen=True, slots=True)
class RestorePostHook:
    """One entry of ``postHooks``. One of either kind, or both."""

    exec: RestoreExec | None = None
    init: RestoreInit | None = None

    def to_dict(self) -> dict[str, t.Any]:
        parts = (("exec", self.exec), ("init", self.init))
        return {name: part.to_dict() for name, part in parts if part is not None}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreHookRule:
    """One entry of ``spec.hooks.resources``. Empty filters take everything.

    The resource lists are stored and have no effect: a rule always is about pods (Velero 1.18).
    """

    name: str
    included_namespaces: tuple[str, ...] = ()
    excluded_namespaces: tuple[str, ...] = ()
    included_resources: tuple[str, ...] = ()
    excluded_resources: tuple[str, ...] = ()
    label_selector: LabelSelector | None = None
    post_hooks: tuple[RestorePostHook, ...] = ()

    def applies_to(self, namespace: str, labels: t.Mapping[str, str] | None) -> bool:
        """True for a pod with these labels that goes to ``namespace``: the one after the mapping."""
        namespaces = IncludeExclude(self.included_namespaces, self.excluded_namespaces)
        return namespaces.accepts(namespace) and (self.label_selector is None or self.label_selector.matches(labels))

    def to_dict(self) -> dict[str, t.Any]:
        """As Velero stores it."""
        out: dict[str, t.Any] = {"name": self.name}
        out |= {written: list(getattr(self, name)) for written, name in _FILTERS.items() if getattr(self, name)}
        if self.label_selector is not None:
            out["labelSelector"] = self.label_selector.to_dict()
        if self.post_hooks:
            out["postHooks"] = [hook.to_dict() for hook in self.post_hooks]
        return out


def parse_restore_hook_rules(value: t.Any) -> tuple[RestoreHookRule, ...]:
    """The rules in a list, or in the ``resources`` of a mapping; members in camelCase or snake_case.

    Init containers are Kubernetes objects and are taken as they are. Raises ``ValidationError`` for what the API
    server would refuse, ``RestoreHookRuleError`` for what makes the restore FailedValidation.
    """
    if isinstance(value, t.Mapping):
        value = read_members(value, ("resources",), "hooks", snake=True).get("resources")
    return tuple(_rule(entry, f"hooks[{at}]") for at, entry in enumerate(read_list(value, "hooks")))


def _rule(value: t.Any, where: str) -> RestoreHookRule:
    given = _members(value, _RULE_MEMBERS, where)
    if "name" not in given:
        raise ValidationError(f"{where} has no name.", hint="A name identifies the rule in logs and results.")
    where = f"{where} ({given['name']})"
    post = read_list(given.get("postHooks"), f"{where}.postHooks")
    return RestoreHookRule(
        name=read_text(given["name"], f"{where}.name"),
        **{name: read_texts(given.get(written, ()), f"{where}.{written}") for written, name in _FILTERS.items()},
        label_selector=_selector(given.get("labelSelector"), where),
        post_hooks=tuple(_post_hook(entry, f"{where}.postHooks[{at}]") for at, entry in enumerate(post)),
    )


def _post_hook(value: t.Any, where: str) -> RestorePostHook:
    given = _members(value, ("exec", "init"), where)
    return RestorePostHook(
        exec=_exec(given["exec"], f"{where}.exec") if "exec" in given else None,
        init=_init(given["init"], f"{where}.init") if "init" in given else None,
    )


def _exec(value: t.Any, where: str) -> RestoreExec:
    given = _members(value, _EXEC_MEMBERS, where)
    command = read_texts(given.get("command", ()), f"{where}.command")
    if not command:
        raise ValidationError(f"{where} has no command.", hint="Write the program and its arguments as a list.")
    on_error = given.get("onError", "")
    if on_error not in ("Fail", "Continue", ""):
        raise ValidationError(f"{where}: onError is '{on_error}'.", hint="Write Fail or Continue.")
    limit = read_duration(given.get("execTimeout"), f"{where}.execTimeout") or DEFAULT_EXEC_SECONDS
    return RestoreExec(
        command=command,
        container=read_text(given.get("container", ""), f"{where}.container"),
        on_error=t.cast("HookOnError", on_error),
        exec_timeout_seconds=None if limit < 0 else limit,
        wait_timeout_seconds=read_duration(given.get("waitTimeout"), f"{where}.waitTimeout"),
        wait_for_ready=read_bool(given.get("waitForReady", False), f"{where}.waitForReady"),
    )


def _init(value: t.Any, where: str) -> RestoreInit:
    given = _members(value, _INIT_MEMBERS, where)
    containers = read_list(given.get("initContainers"), f"{where}.initContainers")
    return RestoreInit(
        containers=tuple(_container(entry, f"{where}.initContainers[{at}]") for at, entry in enumerate(containers)),
        timeout_seconds=read_duration(given.get("timeout"), f"{where}.timeout"),
    )


def _container(value: t.Any, where: str) -> t.Mapping[str, t.Any]:
    container = read_mapping(value, where)
    missing = [name for name in ("name", "image", "command") if not container.get(name)]
    if missing:
        raise RestoreHookRuleError(f"{where}: {_INCOMPLETE}.", hint=f"Give its {', '.join(missing)}.")
    for name in ("name", "image"):
        read_text(container[name], f"{where}.{name}")
    read_texts(container["command"], f"{where}.command")
    return copy.deepcopy(container)


def _members(value: t.Any, known: t.Collection[str], where: str) -> dict[str, t.Any]:
    if not isinstance(value, t.Mapping):
        raise ValidationError(
            f"{where} is not a mapping: {shown_value(value)}.", hint=f"Its fields are {', '.join(known)}."
        )
    return read_members(value, known, where, snake=True)


def _selector(value: t.Any, where: str) -> LabelSelector | None:
    try:
        return read_selector_form(value, "labelSelector")
    except ValidationError as exc:
        raise RestoreHookRuleError(f"{where}: the label selector is invalid: {exc.message}", hint=exc.hint) from exc


__all__ = (
    "DEFAULT_EXEC_SECONDS",
    "RestoreExec",
    "RestoreHookRule",
    "RestoreHookRuleError",
    "RestoreInit",
    "RestorePostHook",
    "parse_restore_hook_rules",
)
