# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods hold a database, and how it is to be held: said by their annotations, or by the task."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import find_kind, kind_names
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector

ANNOTATION = "arkive.k8s/database"
_MODE, _CONTAINER, _USER = (f"{ANNOTATION}-{name}" for name in ("mode", "container", "user"))
DEFAULT_MODE = "auto"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseDeclaration:
    """The database of one pod, or of those of a selector.

    ``container`` empty: the first one. ``user`` empty: the one that the container itself was started with.
    ``refusal``: why it cannot be held as it is declared, a sentence. Whoever declares something relies on it.
    """

    kind: str
    mode: str = DEFAULT_MODE
    container: str = ""
    user: str = ""
    refusal: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class SelectedDatabase:
    """What a task says of the pods that ``selector`` fits."""

    selector: LabelSelector
    declaration: DatabaseDeclaration


@dataclasses.dataclass(frozen=True, slots=True)
class DatabaseChoice:
    """Where databases are looked for: what the task says goes before what a pod says of itself."""

    annotations: bool = True
    selected: tuple[SelectedDatabase, ...] = ()

    def unused(self, pods: t.Iterable[ObjectView]) -> list[str]:
        """A sentence for each of ``selected`` that fits none of ``pods``: nothing is held by it."""
        labels = [(pod.get("metadata") or {}).get("labels") for pod in pods]
        return [
            f"The database {entry.declaration.kind} of the pods with {entry.selector.to_text()} is not held: no "
            "running pod has these labels."
            for entry in self.selected
            if not any(entry.selector.matches(found) for found in labels)
        ]

    def of_pod(self, pod: ObjectView) -> DatabaseDeclaration | None:
        """The database of ``pod``, None where it has none that is to be held."""
        metadata = pod.get("metadata") or {}
        for entry in self.selected:
            if entry.selector.matches(metadata.get("labels")):
                return entry.declaration
        annotations = metadata.get("annotations") or {}
        return _annotated(annotations) if self.annotations and ANNOTATION in annotations else None


#: Nobody is asked.
NO_DATABASES = DatabaseChoice(annotations=False)


def parse_databases(value: t.Any) -> DatabaseChoice:
    """The option ``databases``: ``declared``, ``none``, or a list. Raises ``ValidationError``."""
    if value in (None, "declared"):
        return DatabaseChoice()
    if value == "none":
        return NO_DATABASES
    if not isinstance(value, list):
        raise ValidationError(f"databases is {value!r}; it must be declared, none, or a list of databases.")
    return DatabaseChoice(selected=tuple(_selected(at, entry) for at, entry in enumerate(value)))


def _selected(at: int, entry: t.Any) -> SelectedDatabase:
    where = f"databases[{at}]"
    known = ("label_selector", "kind", "mode", "container", "user")
    if not isinstance(entry, dict):
        raise ValidationError(f"{where} is no dictionary.", hint=f"Its keys are {', '.join(known)}.")
    unknown = sorted(set(map(str, entry)) - set(known))
    if unknown:
        raise ValidationError(f"{where} has no key '{unknown[0]}'.", hint=f"Its keys are {', '.join(known)}.")
    selector = entry.get("label_selector")
    if not isinstance(selector, (str, dict)) or not selector:
        raise ValidationError(f"{where}.label_selector is missing.", hint="It says which pods hold the database.")
    texts = {name: str(entry.get(name) or "") for name in known[1:]}
    declaration = _declaration(texts["kind"], texts["mode"], texts["container"], texts["user"])
    if declaration.refusal:
        raise ValidationError(f"{where}: {declaration.refusal}")
    return SelectedDatabase(LabelSelector.parse(selector), declaration)


def _annotated(annotations: t.Mapping[str, str]) -> DatabaseDeclaration:
    found = (annotations.get(key, "") for key in (ANNOTATION, _MODE, _CONTAINER, _USER))
    return _declaration(*found)


def _declaration(kind: str, mode: str, container: str, user: str) -> DatabaseDeclaration:
    mode = mode or DEFAULT_MODE
    row = find_kind(kind)
    refusal = ""
    if row is None:
        refusal = f"The database '{kind}' is of no kind that can be held. The kinds are {', '.join(kind_names())}."
    elif mode not in row.modes:
        refusal = f"{row.title} has no mode '{mode}'. Its modes are {', '.join(row.modes)}."
    return DatabaseDeclaration(kind=kind, mode=mode, container=container, user=user, refusal=refusal)


__all__ = ("ANNOTATION", "NO_DATABASES", "DatabaseChoice", "DatabaseDeclaration", "SelectedDatabase", "parse_databases")
