# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pods hold a database, and how it is to be held: said by the task, by their annotations, or by what they are."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable
from ansible_collections.arkive.k8s.plugins.module_utils._databases.credentials import Credentials, SecretKey
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declaration import (
    DEFAULT_MAX_LAG_SECONDS,
    DatabaseDeclaration,
    Terms,
    read_secret,
    read_terms,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import find_kind, kind_names
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import ROLE_QUESTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.recognised import Recognised

ANNOTATION = "arkive.k8s/database"
_SECRET_ANNOTATION = f"{ANNOTATION}-credentials-secret"
#: By the names of the option.
_ANNOTATIONS: t.Mapping[str, str] = {
    "kind": ANNOTATION,
    **{
        name: f"{ANNOTATION}-{name.replace('_', '-')}"
        for name in ("mode", "container", "user", "standby", "max_lag", "lease", "lock_timeout", "counts")
    },
    "credentials": _SECRET_ANNOTATION,
}
_TEXTS = ("kind", "mode", "container", "user", "standby", "max_lag", "lease", "lock_timeout", "counts")
_SELECTORS = ("selector", "label_selector")
_TYPES: t.Mapping[type, str] = {dict: "a mapping", int: "a number", float: "a number", bool: "true or false"}
_KNOWN = ("selector", *_TEXTS, "credentials")


@dataclasses.dataclass(frozen=True, slots=True)
class SelectedDatabase:
    """What a task says of the pods that ``selector`` fits."""

    selector: LabelSelector
    declaration: DatabaseDeclaration


@dataclasses.dataclass(frozen=True, slots=True)
class DatabaseChoice:
    """Where databases are looked for: what the task says goes before what a pod says, and that before what it is."""

    annotations: bool = True
    selected: tuple[SelectedDatabase, ...] = ()
    recognised: bool = False

    def unused(self, pods: t.Iterable[ObjectView], *, among: str = "running pod") -> list[str]:
        """For each of ``selected`` that fits none of ``pods``, which are ``among``: nothing is held by it."""
        labels = [(pod.get("metadata") or {}).get("labels") for pod in pods]
        return [
            f"The database {entry.declaration.kind} of the pods with {entry.selector.to_text()} is not held: no "
            f"{among} has these labels. Check its selector."
            for entry in self.selected
            if not any(entry.selector.matches(found) for found in labels)
        ]

    def of_pod(self, pod: ObjectView) -> DatabaseDeclaration | None:
        """The database of ``pod``, None where it has none that is to be held."""
        found = self._of_pod(pod)
        if found is None:
            return None
        from ansible_collections.arkive.k8s.plugins.module_utils._databases.recognised import operator_of

        return dataclasses.replace(found, operator=operator_of(pod))

    def passed_by(self, pod: ObjectView) -> str:
        """Why a database that is recognised in ``pod`` is not held, a sentence; empty where there is nothing to say."""
        if not self.recognised or self._declared(pod) is not None:
            return ""
        found = _recognised(pod)
        if found is None:
            return ""
        why = found.why_not
        if not why and find_kind(found.kind) is None:
            why = f"It is {found.kind}, which is none of the kinds that can be held ({', '.join(kind_names())})."
        advice = f"Declare it by the annotation {ANNOTATION}, or leave it as it is."
        return f"The database that was recognised in it is not held. {why} {advice}" if why else ""

    def _of_pod(self, pod: ObjectView) -> DatabaseDeclaration | None:
        declared = self._declared(pod)
        if declared is not None or not self.recognised:
            return declared
        found = _recognised(pod)
        if found is None or found.why_not or find_kind(found.kind) is None:
            return None
        asked = found.kind in ROLE_QUESTIONS
        return DatabaseDeclaration(
            kind=found.kind,
            container=found.container,
            standby="prefer" if asked else "",
            max_lag_seconds=DEFAULT_MAX_LAG_SECONDS if asked else None,
            found_by=found.distribution,
        )

    def _declared(self, pod: ObjectView) -> DatabaseDeclaration | None:
        metadata = pod.get("metadata") or {}
        for entry in self.selected:
            if entry.selector.matches(metadata.get("labels")):
                return entry.declaration
        annotations = metadata.get("annotations") or {}
        return _annotated(annotations) if self.annotations and _says_something(annotations) else None


def _recognised(pod: ObjectView) -> Recognised | None:
    # Few tasks look for what nobody has declared.
    from ansible_collections.arkive.k8s.plugins.module_utils._databases.recognised import recognise

    return recognise(pod)


#: Nobody is asked.
NO_DATABASES = DatabaseChoice(annotations=False)


def parse_databases(value: t.Any) -> DatabaseChoice:
    """The option ``databases``: ``declared``, ``auto``, ``none``, or a list. Raises ``ValidationError``."""
    if value in (None, "declared"):
        return DatabaseChoice()
    if value == "auto":
        return DatabaseChoice(recognised=True)
    if value == "none":
        return NO_DATABASES
    if not isinstance(value, list):
        # A longer text may be a list, with a password in it.
        shown = f"'{value}'" if isinstance(value, str) and re.fullmatch(r"\w{0,20}", value) else _TYPES.get(type(value))
        raise ValidationError(
            f"databases is {shown or 'a text'}; it must be declared, auto, none, or a list of databases."
        )
    return DatabaseChoice(selected=tuple(_selected(at, entry) for at, entry in enumerate(value)))


def _selected(at: int, entry: t.Any) -> SelectedDatabase:
    where = f"databases[{at}]"
    _check_keys(entry, where, (*_KNOWN, "label_selector"), _KNOWN)
    selectors = [entry[name] for name in _SELECTORS if entry.get(name)]
    if len(selectors) != 1 or not isinstance(selectors[0], (str, dict)):
        raise ValidationError(
            f"{where}.selector is {'there twice' if len(selectors) > 1 else 'missing'}.",
            hint="It says by labels which pods hold the database.",
        )
    terms = Terms(
        {name: _text(_joined(name, entry.get(name)), f"{where}.{name}") for name in _TEXTS},
        lambda name: f"{where}.{name}",
        _credentials(entry.get("credentials"), f"{where}.credentials"),
    )
    if terms.given["user"] and terms.credentials.user:
        raise ValidationError(f"{where} names a user twice, beside the credentials and in them.")
    return SelectedDatabase(LabelSelector.parse(selectors[0]), read_terms(terms))


def _credentials(given: t.Any, where: str) -> Credentials:
    if given is None or given == "":
        # What a template without a value comes to.
        return Credentials()
    known = ("user", "password", "secret")
    _check_keys(given, where, known, known)
    secret, password = given.get("secret"), _text(given.get("password"), f"{where}.password")
    if secret is not None and password:
        raise ValidationError(f"{where} has both a password and a secret.")
    if secret is None and not password:
        raise ValidationError(f"{where} has neither a password nor a secret.")
    return Credentials(
        user=_text(given.get("user"), f"{where}.user"),
        password=password,
        secret=_secret(secret, f"{where}.secret") if secret is not None else None,
    )


def _secret(given: t.Any, where: str) -> SecretKey:
    known = ("name", "key")
    _check_keys(given, where, known, known)
    name, key = _text(given.get("name"), f"{where}.name"), _text(given.get("key"), f"{where}.key")
    return read_secret(f"{name}/{key}" if key else name, where)


def _check_keys(given: t.Any, where: str, known: t.Collection[str], shown: t.Sequence[str]) -> None:
    if not isinstance(given, dict):
        raise ValidationError(f"{where} is no dictionary.", hint=f"Its keys are {', '.join(shown)}.")
    unknown = sorted(set(map(str, given)) - set(known))
    if unknown:
        raise ValidationError(f"{where} has no key '{readable(unknown[0])}'.", hint=f"Its keys are {', '.join(shown)}.")


def _joined(name: str, value: t.Any) -> t.Any:
    """A list of tables, as annotations have it."""
    if name == "counts" and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    return value


def _text(value: t.Any, where: str) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list, bool)):
        raise ValidationError(f"{where} is no text.")
    return str(value)


def _says_something(annotations: t.Mapping[str, str]) -> bool:
    return any(name == ANNOTATION or name.startswith(f"{ANNOTATION}-") for name in annotations)


def _annotated(annotations: t.Mapping[str, str]) -> DatabaseDeclaration:
    """What cannot be read is refused, and not passed over."""
    kind = readable(str(annotations.get(ANNOTATION) or ""))
    try:
        unknown = sorted(
            name for name in annotations if name.startswith(f"{ANNOTATION}-") and name not in _ANNOTATIONS.values()
        )
        if unknown:
            raise ValidationError(
                f"The annotation {readable(unknown[0])} is not known.",
                hint=f"There are {', '.join(sorted(_ANNOTATIONS.values()))}.",
            )
        if ANNOTATION not in annotations:
            raise ValidationError(
                f"It has the annotation {min(name for name in annotations if name in _ANNOTATIONS.values())}, and "
                f"{ANNOTATION}, which says what it holds, is missing."
            )
        named = str(annotations.get(_SECRET_ANNOTATION) or "")
        where = f"the annotation {_SECRET_ANNOTATION}"
        credentials = Credentials(secret=read_secret(named, where, only_of_pod=True)) if named else Credentials()
        given = {name: str(annotations.get(_ANNOTATIONS[name]) or "") for name in _TEXTS}
        return read_terms(Terms(given, lambda name: f"the annotation {_ANNOTATIONS[name]}", credentials))
    except ValidationError as exc:
        sentence = exc.sentence
        return DatabaseDeclaration(kind=kind, refusal=f"{sentence[:1].upper()}{sentence[1:]}")


__all__ = (
    "ANNOTATION",
    "NO_DATABASES",
    "DatabaseChoice",
    "DatabaseDeclaration",
    "SelectedDatabase",
    "parse_databases",
)
