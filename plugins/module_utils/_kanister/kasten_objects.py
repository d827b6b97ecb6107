# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hooks as Kasten's objects have them: a block on its own, a Policy, or an action (docs/compatibility 15.11)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import quoted, readable
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.execution_hooks import (
    EVENTS,
    ExecutionHooks,
    Operation,
    read_hooks,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import read_list, read_mapping

_POLICY_GROUP = "config.kio.kasten.io"
_ACTION_GROUP = "actions.kio.kasten.io"

#: The kinds of actions that have hooks, and what they are called here.
_ACTIONS: t.Mapping[str, Operation] = {"BackupAction": "backup", "ExportAction": "export", "RestoreAction": "restore"}
#: In a policy: where the parameters of an action are.
_PARAMETERS = {"backup": "backupParameters", "export": "exportParameters", "restore": "restoreParameters"}
_TOP = ("apiVersion", "kind", "metadata", "spec", "status")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadHooks:
    """``ignored``: members that mean something to Kasten and nothing here, as ``spec.retention.daily`` and the like."""

    hooks: ExecutionHooks = dataclasses.field(default_factory=ExecutionHooks)
    ignored: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hooks)


def read_kasten_hooks(document: t.Any, operation: Operation, *, source: str) -> ReadHooks:
    """The hooks for ``operation``: of the three themselves, of a block ``hooks:``, or of an object of Kasten.

    A Policy gives those of its action of that kind, and for a backup those of its export beside them. Raises
    ``ValidationError`` for an object that has none for this operation to take.
    """
    given = read_mapping(document, source)
    if "kind" in given or "apiVersion" in given:
        return _Object(given, operation, source).read()
    if "hooks" in given:
        others = [name for name in given if name != "hooks"]
        if any(name in EVENTS for name in others):
            raise ValidationError(
                f"{source} has hooks inside of 'hooks' and beside it.", hint="Write them in one place."
            )
        return ReadHooks(
            hooks=read_hooks(given["hooks"], operation, f"{source}.hooks"), ignored=tuple(map(readable, others))
        )
    return ReadHooks(hooks=read_hooks(given, operation, source))


class _Object:
    """One object of Kasten, and what of it is ignored."""

    def __init__(self, given: dict[str, t.Any], operation: Operation, source: str) -> None:
        self.given = given
        self.operation: Operation = operation
        self.source = source
        self.ignored: list[str] = [readable(name) for name in given if name not in _TOP]

    def read(self) -> ReadHooks:
        kind = self.given.get("kind")
        spec = read_mapping(self.given.get("spec"), f"{self.source}, spec")
        if kind == "Policy":
            self.check_group(_POLICY_GROUP)
            hooks = self.of_policy(spec)
        elif isinstance(kind, str) and kind in _ACTIONS:
            self.check_group(_ACTION_GROUP)
            hooks = self.of_action(kind, spec)
        else:
            raise ValidationError(
                f"An object of kind {quoted(kind)} in {self.source} has no hooks.",
                hint=f"Hooks are in {', '.join(('Policy', *_ACTIONS))}, or in a block 'hooks:'.",
            )
        return ReadHooks(hooks=hooks, ignored=tuple(self.ignored))

    def check_group(self, group: str) -> None:
        version = self.given.get("apiVersion")
        if not isinstance(version, str) or version.partition("/")[0] != group:
            raise ValidationError(
                f"The apiVersion of the {self.given.get('kind')} in {self.source} is {quoted(version)}.",
                hint=f"Write {group}/v1alpha1.",
            )

    def of_action(self, kind: str, spec: dict[str, t.Any]) -> ExecutionHooks:
        if _ACTIONS[kind] != self.operation:
            raise ValidationError(
                f"{self.source} is a {kind}, whose hooks are for a {_ACTIONS[kind]}, and this is a {self.operation}."
            )
        self.ignore(spec, "spec", ("hooks",))
        return self.hooks(spec.get("hooks"), self.operation, "spec.hooks")

    def of_policy(self, spec: dict[str, t.Any]) -> ExecutionHooks:
        self.ignore(spec, "spec", ("actions",))
        found: dict[str, ExecutionHooks] = {}
        for at, entry in enumerate(read_list(spec.get("actions"), f"{self.source}, spec.actions")):
            path = f"spec.actions[{at}]"
            action = read_mapping(entry, f"{self.source}, {path}")
            name = action.get("action")
            if name not in _PARAMETERS:
                self.ignored.append(path)
                continue
            if name in found:
                raise ValidationError(f"{self.source} has two actions '{name}'.", hint="Give the one that is meant.")
            found[name] = self.of_policy_action(name, action, path)
        own = found.get(self.operation, ExecutionHooks())
        export = found.get("export") if self.operation == "backup" else None
        taken = {self.operation, "export"} if self.operation == "backup" else {self.operation}
        self.ignored += [f"the hooks of the action {name}" for name in found if name not in taken]
        return dataclasses.replace(own, export=export or None)

    def of_policy_action(self, name: str, action: dict[str, t.Any], path: str) -> ExecutionHooks:
        member = _PARAMETERS[name]
        self.ignore(action, path, ("action", member))
        parameters = read_mapping(action.get(member), f"{self.source}, {path}.{member}")
        self.ignore(parameters, f"{path}.{member}", ("hooks",))
        operation: Operation = "export" if name == "export" else "restore" if name == "restore" else "backup"
        return self.hooks(parameters.get("hooks"), operation, f"{path}.{member}.hooks")

    def hooks(self, value: t.Any, operation: Operation, path: str) -> ExecutionHooks:
        """A subject that Kasten has no use for is ignored; one who writes it here is told so."""
        given = read_mapping(value, f"{self.source}, {path}")
        if operation != "restore":
            for name, hook in list(given.items()):
                if isinstance(hook, dict) and "subject" in hook:
                    self.ignored.append(f"{path}.{readable(name)}.subject")
                    given[name] = {key: member for key, member in hook.items() if key != "subject"}
        return read_hooks(given, operation, f"{self.source}, {path}")

    def ignore(self, given: dict[str, t.Any], path: str, known: tuple[str, ...]) -> None:
        self.ignored += [f"{path}.{readable(name)}" for name in given if name not in known]


__all__ = ("ReadHooks", "read_kasten_hooks")
