# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hooks of a backup as written: ``spec.hooks.resources`` (Velero 1.18, Ark 0.5 to 0.11) and ``backup_hooks``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import quoted, shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import read_duration, read_list, snake_case
from ansible_collections.arkive.k8s.plugins.module_utils._velero.selector_forms import read_selector_form

RunOn: t.TypeAlias = t.Literal["all", "one", "ordered"]
HookOnError: t.TypeAlias = t.Literal["Fail", "Continue", ""]

_DEFAULT_TIMEOUT_SECONDS = 30.0
_DEFAULT_BACKOFF_SECONDS = 1.0
_FILTERS = ("included_namespaces", "excluded_namespaces", "included_resources", "excluded_resources")
_EXEC_MEMBERS = (
    "container", "command", "on_error", "timeout", "retries", "retry_backoff", "kill_on_timeout", "freezes",
)  # fmt: skip
#: Ark's ``hooks`` is what became ``pre``.
_RULE_MEMBERS = ("name", *_FILTERS, "label_selector", "pre", "post", "hooks", "run_on")
_BACKUP_HOOK_MEMBERS = ("name", "namespace", "pod", "label_selector", *_EXEC_MEMBERS)


class HookRuleError(ValidationError):
    """A rule that Velero accepts and that then makes the whole backup Failed."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExecHook:
    """One command. ``timeout_seconds`` None: no limit. The members from ``retries`` on are ours, Velero has none."""

    command: tuple[str, ...]
    container: str = ""
    on_error: HookOnError = ""
    timeout_seconds: float | None = _DEFAULT_TIMEOUT_SECONDS
    retries: int = 0
    retry_backoff_seconds: float = _DEFAULT_BACKOFF_SECONDS
    kill_on_timeout: bool = False
    freezes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, t.Any]:
        """An entry of ``pre`` or ``post`` with the fields that Velero knows."""
        seconds = -1.0 if self.timeout_seconds is None else self.timeout_seconds
        entry: dict[str, t.Any] = {"container": self.container} if self.container else {}
        entry["command"] = list(self.command)
        if self.on_error:
            entry["onError"] = self.on_error
        return {"exec": entry | {"timeout": format_duration(seconds)}}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HookRule:
    """One entry of ``spec.hooks.resources``. Empty filters take everything. ``run_on`` is ours."""

    name: str
    included_namespaces: tuple[str, ...] = ()
    excluded_namespaces: tuple[str, ...] = ()
    included_resources: tuple[str, ...] = ()
    excluded_resources: tuple[str, ...] = ()
    label_selector: LabelSelector | None = None
    pre: tuple[ExecHook, ...] = ()
    post: tuple[ExecHook, ...] = ()
    run_on: RunOn = "all"

    def to_dict(self) -> dict[str, t.Any]:
        """As Velero stores it."""
        out: dict[str, t.Any] = {"name": self.name}
        lists = (
            ("includedNamespaces", self.included_namespaces),
            ("excludedNamespaces", self.excluded_namespaces),
            ("includedResources", self.included_resources),
            ("excludedResources", self.excluded_resources),
        )
        out |= {name: list(value) for name, value in lists if value}
        if self.label_selector is not None:
            out["labelSelector"] = self.label_selector.to_dict()
        for phase, hooks in (("pre", self.pre), ("post", self.post)):
            if hooks:
                out[phase] = [hook.to_dict() for hook in hooks]
        return out


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupHook(ExecHook):
    """A command that runs once for the backup: in ``pod``, or in one pod of ``label_selector``."""

    name: str
    namespace: str
    pod: str = ""
    label_selector: LabelSelector | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupHooks:
    """What runs before and after the whole backup, and when it went well or did not."""

    pre: tuple[BackupHook, ...] = ()
    post: tuple[BackupHook, ...] = ()
    on_success: tuple[BackupHook, ...] = ()
    on_failure: tuple[BackupHook, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pre or self.post or self.on_success or self.on_failure)


def parse_hook_rules(value: t.Any) -> tuple[HookRule, ...]:
    """The rules in a list, or in the ``resources`` of a mapping; members in camelCase or snake_case.

    Raises ``ValidationError`` for what Velero's API refuses, ``HookRuleError`` for what makes its backup Failed.
    """
    if isinstance(value, t.Mapping):
        value = _members(value, ("resources",), "hooks").get("resources")
    return tuple(_rule(entry, f"hooks[{at}]") for at, entry in enumerate(read_list(value, "hooks")))


def parse_backup_hooks_option(value: t.Any) -> BackupHooks:
    """``{pre, post, on_success, on_failure}``, each a list of commands. Raises ``ValidationError``."""
    if value is None:
        return BackupHooks()
    events = ("pre", "post", "on_success", "on_failure")
    given = _members(value, events, "backup_hooks")
    return BackupHooks(
        **{
            event: tuple(
                _backup_hook(entry, f"backup_hooks.{event}[{at}]", f"{event}[{at}]")
                for at, entry in enumerate(read_list(given.get(event), f"backup_hooks.{event}"))
            )
            for event in events
        }
    )


def _rule(value: t.Any, where: str) -> HookRule:
    given = _members(value, _RULE_MEMBERS, where)
    if "name" not in given:
        raise ValidationError(f"{where} has no name.", hint="A name identifies the rule in logs and results.")
    where = f"{where} ({given['name']})"
    run_on = given.get("run_on", "all")
    if run_on not in ("all", "one", "ordered"):
        raise ValidationError(f"{where}: run_on is '{run_on}'.", hint="Write all, one or ordered.")
    # As in Ark 0.7 and later, the old list counts where there is no new one.
    pre = given.get("pre") or given.get("hooks")
    return HookRule(
        name=_text(given["name"], f"{where}: name"),
        **{name: _texts(given.get(name), f"{where}: {name}") for name in _FILTERS},
        label_selector=_selector(given.get("label_selector"), where),
        pre=_exec_hooks(pre, f"{where}: pre"),
        post=_exec_hooks(given.get("post"), f"{where}: post"),
        run_on=t.cast("RunOn", run_on),
    )


def _exec_hooks(value: t.Any, where: str) -> tuple[ExecHook, ...]:
    hooks = []
    for at, entry in enumerate(read_list(value, where)):
        member = _members(entry, ("exec",), f"{where}[{at}]").get("exec")
        if member is not None:
            spot = f"{where}[{at}].exec"
            hooks.append(ExecHook(**_exec_fields(_members(member, _EXEC_MEMBERS, spot), spot)))
    return tuple(hooks)


def _backup_hook(value: t.Any, where: str, name: str) -> BackupHook:
    given = _members(value, _BACKUP_HOOK_MEMBERS, where)
    if given.get("freezes"):
        raise ValidationError(
            f"{where}: a hook that runs once for the backup must not freeze anything.",
            hint="Freeze by a rule in hooks: its release is guarded.",
        )
    if not given.get("namespace"):
        raise ValidationError(f"{where} has no namespace.", hint="Say in which namespace the pod is.")
    if bool(given.get("pod")) == bool(given.get("label_selector")):
        raise ValidationError(f"{where} needs either pod or label_selector.", hint="Give exactly one of the two.")
    return BackupHook(
        name=_text(given.get("name") or name, f"{where}: name"),
        namespace=_text(given["namespace"], f"{where}: namespace"),
        pod=_text(given.get("pod", ""), f"{where}: pod"),
        label_selector=_selector(given.get("label_selector"), where),
        **_exec_fields(given, where),
    )


def _exec_fields(given: t.Mapping[str, t.Any], where: str) -> dict[str, t.Any]:
    command = _texts(given.get("command"), f"{where}: command")
    if not command:
        raise ValidationError(f"{where} has no command.", hint="Write the program and its arguments as a list.")
    on_error = given.get("on_error", "")
    if on_error not in ("Fail", "Continue", ""):
        raise ValidationError(f"{where}: on_error is '{on_error}'.", hint="Write Fail or Continue.")
    retries = given.get("retries", 0)
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise ValidationError(f"{where}: retries is {quoted(retries)}.", hint="Write a whole number, 0 or more.")
    kill = given.get("kill_on_timeout", False)
    if not isinstance(kill, bool):
        raise ValidationError(f"{where}: kill_on_timeout is {quoted(kill)}.", hint="Write true or false.")
    seconds = read_duration(given.get("timeout"), f"{where}: timeout") or _DEFAULT_TIMEOUT_SECONDS
    backoff = read_duration(given.get("retry_backoff"), f"{where}: retry_backoff")
    if backoff is not None and backoff < 0:
        raise ValidationError(f"{where}: retry_backoff is negative.", hint="Write a duration such as 1s.")
    freezes = _texts(given.get("freezes"), f"{where}: freezes")
    for path in freezes:
        if not path.startswith("/"):
            raise ValidationError(f"{where}: freezes names '{path}'.", hint="Write the absolute path of the mount.")
    return {
        "container": _text(given.get("container", ""), f"{where}: container"),
        "command": command,
        "on_error": on_error,
        "timeout_seconds": None if seconds < 0 else seconds,
        "retries": retries,
        "retry_backoff_seconds": _DEFAULT_BACKOFF_SECONDS if backoff is None else backoff,
        "kill_on_timeout": kill,
        "freezes": freezes,
    }


def _members(value: t.Any, known: t.Sequence[str], where: str) -> dict[str, t.Any]:
    """``value`` with its names in snake_case. Members that are null count as absent."""
    if not isinstance(value, t.Mapping):
        raise ValidationError(
            f"{where} is not a mapping: {shown_value(value)}.", hint=f"Its members are {', '.join(known)}."
        )
    out: dict[str, t.Any] = {}
    for written, member in value.items():
        name = snake_case(str(written))
        if name not in known:
            raise ValidationError(f"{where} has no member '{written}'.", hint=f"Its members are {', '.join(known)}.")
        if member is None:
            continue
        if name in out:
            raise ValidationError(f"{where}: {name} is written twice.", hint="Use camelCase or snake_case, not both.")
        out[name] = member
    return out


def _texts(value: t.Any, where: str) -> tuple[str, ...]:
    return tuple(_text(entry, where) for entry in read_list(value, where))


def _text(value: t.Any, where: str) -> str:
    """Numbers and YAML's bare ``yes`` are not text, and nobody can say what was written."""
    if not isinstance(value, str):
        raise ValidationError(f"{where}: a value is not text: {shown_value(value)}.", hint="Put it in quotes.")
    return str(value)


def _selector(value: t.Any, where: str) -> LabelSelector | None:
    try:
        return read_selector_form(value, "labelSelector")
    except ValidationError as exc:
        text = f"{where}: the label selector is invalid: {exc.message}"
        raise HookRuleError(text, hint=exc.hint, details={"phase": "Failed"}) from exc


__all__ = (
    "BackupHook",
    "BackupHooks",
    "ExecHook",
    "HookRule",
    "HookRuleError",
    "RunOn",
    "parse_backup_hooks_option",
    "parse_hook_rules",
)
