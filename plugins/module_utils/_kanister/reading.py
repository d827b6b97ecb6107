# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blueprints as people write them, read: from YAML, from a mapping, from the cluster (docs/compatibility 15.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import MAX_DEPTH, is_deeper
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import quoted, readable, shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.finding import Finding
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import (
    Artifact,
    Blueprint,
    BlueprintAction,
    BlueprintPhase,
    ObjectReference,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import near_names

API_VERSION = "cr.kanister.io/v1alpha1"

#: Of a text. An API server takes a part of it as one object.
_LONGEST = 8 << 20
#: More of them say nothing new.
_MOST_FINDINGS = 100

_TOP = ("apiVersion", "kind", "metadata", "actions")
_ACTION = (
    "name", "kind", "configMapNames", "secretNames", "inputArtifactNames", "outputArtifacts", "phases", "deferPhase",
)  # fmt: skip
_PHASE = ("func", "name", "objects", "args")
_REFERENCE = ("apiVersion", "group", "resource", "kind", "name", "namespace")
_ARTIFACT = ("keyValue", "kopiaSnapshot")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReadBlueprint:
    """A blueprint, and what was noticed while it was read: members that an API server drops."""

    blueprint: Blueprint
    findings: tuple[Finding, ...] = ()


def read_blueprints(text: str, *, source: str) -> tuple[ReadBlueprint, ...]:
    """Each blueprint of a text of YAML documents; objects of other kinds are left aside.

    ``source`` names the text in sentences. Raises ``ValidationError`` for what is no YAML, and for a text that has no
    blueprint.
    """
    if len(text) > _LONGEST:
        raise ValidationError(f"There are more than {_LONGEST >> 20} MiB in {source}.", hint="No blueprint is so long.")
    documents = read_yaml(text, source=source, as_kubernetes=True)
    found = [each for each in documents if isinstance(each, dict) and each.get("kind") == "Blueprint"]
    if not found:
        kinds = sorted({str(each.get("kind")) for each in documents if isinstance(each, dict) and each.get("kind")})
        hint = f"It has {', '.join(map(readable, kinds))}." if kinds else "A blueprint has 'kind: Blueprint'."
        raise ValidationError(f"There is no Blueprint in {source}.", hint=hint)
    return tuple(read_blueprint(each, source=source) for each in found)


def read_blueprint(document: t.Any, *, source: str) -> ReadBlueprint:
    """A blueprint from a mapping, such as an object of the cluster. Raises ``ValidationError`` for another shape."""
    return _Reader(source).blueprint(document)


class _Reader:
    """Reads one document, and collects what is to be said of it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.findings: list[Finding] = []

    def blueprint(self, document: t.Any) -> ReadBlueprint:
        if is_deeper(document, MAX_DEPTH):
            raise ValidationError(f"The blueprint in {self.source} is nested more than {MAX_DEPTH} levels deep.")
        given = self.mapping(document, f"the blueprint in {self.source}")
        self.check_kind(given)
        self.warn_of_unknown(given, _TOP, ())
        metadata = self.mapping(given.get("metadata"), "metadata")
        name = self.text(metadata.get("name"), "metadata.name")
        if not name:
            raise ValidationError(f"The blueprint in {self.source} has no name.", hint="Write it in metadata.name.")
        actions = {
            each: self.action(each, value) for each, value in self.mapping(given.get("actions"), "actions").items()
        }
        if not actions:
            self.warn("the blueprint has no actions")
        return ReadBlueprint(
            blueprint=Blueprint(
                name=name,
                namespace=self.text(metadata.get("namespace"), "metadata.namespace"),
                actions=actions,
                source=self.source,
            ),
            findings=tuple(self.findings),
        )

    def check_kind(self, given: t.Mapping[str, t.Any]) -> None:
        kind, version = given.get("kind", "Blueprint"), given.get("apiVersion", API_VERSION)
        if kind != "Blueprint":
            raise ValidationError(f"The kind of what is in {self.source} is {quoted(kind)}; it must be 'Blueprint'.")
        if version != API_VERSION:
            raise ValidationError(
                f"The apiVersion of the blueprint in {self.source} is {quoted(version)}.", hint=f"Write {API_VERSION}."
            )

    def action(self, name: str, value: t.Any) -> BlueprintAction:
        where = (name,)
        given = self.mapping(self.unlisted(value, where), self.words(where))
        self.warn_of_unknown(given, _ACTION, where)
        if (alias := given.get("name")) and alias != name:
            self.warn(f"its member name says {quoted(alias)}, which means nothing: the key is its name", where)
        phases = self.entries(given.get("phases"), f"phases of {self.words(where)}")
        deferred = given.get("deferPhase")
        if not phases and deferred is None:
            self.warn("it has no phases", where)
        return BlueprintAction(
            name=name,
            phases=tuple(self.phase(name, at, phase) for at, phase in enumerate(phases)),
            defer_phase=None if deferred is None else self.phase(name, len(phases), deferred),
            output_artifacts={
                each: self.artifact(artifact, f"output artifact {readable(each)} of {self.words(where)}")
                for each, artifact in self.mapping(
                    given.get("outputArtifacts"), f"outputArtifacts of {self.words(where)}"
                ).items()
            },
            kind=self.text(given.get("kind"), f"kind of {self.words(where)}"),
            config_map_names=self.texts(given.get("configMapNames"), f"configMapNames of {self.words(where)}"),
            secret_names=self.texts(given.get("secretNames"), f"secretNames of {self.words(where)}"),
            input_artifact_names=self.texts(
                given.get("inputArtifactNames"), f"inputArtifactNames of {self.words(where)}"
            ),
        )

    def unlisted(self, value: t.Any, where: tuple[str, ...]) -> t.Any:
        """An action that is written as a list: of one action, or of its phases. An API server refuses it."""
        if not isinstance(value, list):
            return value
        if value and all(isinstance(each, dict) and "func" in each for each in value):
            self.warn("it is a list of phases, which an API server refuses", where, hint="Write 'phases:' above them.")
            return {"phases": value}
        if len(value) == 1 and isinstance(value[0], dict):
            self.warn("it is a list, which an API server refuses", where, hint="Leave the dash out.")
            return value[0]
        raise self.wrong(f"{self.words(where)} is a list; an action is a mapping")

    def phase(self, action: str, at: int, value: t.Any) -> BlueprintPhase:
        given = self.mapping(value, f"phase {at + 1} of action {readable(action)}")
        name = self.text(given.get("name"), f"name of phase {at + 1} of action {readable(action)}")
        where = (action, name or f"number {at + 1}")
        self.warn_of_unknown(given, _PHASE, where)
        if not name:
            self.warn("it has no name, so that nothing can refer to it", where)
        return BlueprintPhase(
            name=name,
            function=self.text(given.get("func"), f"func of {self.words(where)}"),
            objects={
                each: self.reference(value, (*where, each))
                for each, value in self.mapping(given.get("objects"), f"objects of {self.words(where)}").items()
            },
            arguments={
                each: self.tree(value, f"argument {readable(each)} of {self.words(where)}")
                for each, value in self.mapping(given.get("args"), f"args of {self.words(where)}").items()
            },
        )

    def reference(self, value: t.Any, where: tuple[str, ...]) -> ObjectReference:
        named = f"object {readable(where[2])} of {self.words(where[:2])}"
        given = self.mapping(value, named)
        self.warn_of_unknown(given, _REFERENCE, where[:2], f"object {readable(where[2])}")
        return read_reference(given, named)

    def artifact(self, value: t.Any, where: str) -> Artifact:
        given = self.mapping(value, where)
        self.warn_of_unknown(given, _ARTIFACT, (), where)
        pairs = self.mapping(given.get("keyValue"), f"keyValue of {where}")
        return Artifact(
            key_values={key: self.text(text, f"{readable(key)} of {where}") for key, text in pairs.items()},
            kopia_snapshot=self.text(given.get("kopiaSnapshot"), f"kopiaSnapshot of {where}"),
        )

    def warn_of_unknown(
        self, given: t.Mapping[str, t.Any], known: tuple[str, ...], where: tuple[str, ...], part: str = ""
    ) -> None:
        """An API server drops what the schema has not, and says nothing."""
        for name in given:
            if name in known or (not where and name == "status") or len(self.findings) >= _MOST_FINDINGS:
                continue
            if name == "type" and len(where) == 1:
                message, hint = "the member type is of an old version, and is ignored", "Write kind, or leave it out."
            else:
                message, hint = f"there is no member {quoted(name)}; it is ignored", near_names(name, known)
            self.warn(f"{part}: {message}" if part else message, where, hint=hint)

    def warn(self, message: str, where: tuple[str, ...] = (), *, hint: str = "") -> None:
        action, phase = (*where, "", "")[:2]
        self.findings.append(Finding(level="warning", message=f"{message}.", action=action, phase=phase, hint=hint))

    def words(self, where: tuple[str, ...]) -> str:
        action = f"action {readable(where[0])}"
        return f"phase {readable(where[1])} of {action}" if len(where) > 1 else action

    def wrong(self, message: str) -> ValidationError:
        return ValidationError(f"{message[:1].upper()}{message[1:]} (in {self.source}).")

    def mapping(self, value: t.Any, where: str) -> dict[str, t.Any]:
        if value is None:
            return {}
        if not isinstance(value, t.Mapping):
            raise self.wrong(f"{where} is not a mapping: {shown_value(value)}")
        return {self.key(key, where): member for key, member in value.items()}

    def key(self, key: t.Any, where: str) -> str:
        """Names that YAML reads as something else are written out, as Kubernetes' reader does."""
        if isinstance(key, bool):
            return "true" if key else "false"
        if isinstance(key, str | int):
            return str(key)
        raise self.wrong(f"{where} has a name that is not text")

    def tree(self, value: t.Any, where: str) -> t.Any:
        """A value of JSON types, as Kubernetes' reader of YAML makes it."""
        if isinstance(value, t.Mapping):
            return {name: self.tree(each, where) for name, each in self.mapping(value, where).items()}
        if isinstance(value, list | tuple):
            return [self.tree(each, where) for each in value]
        if value is None or isinstance(value, str | bool | int | float):
            return value
        raise self.wrong(f"{where} has a value that JSON has not")

    def entries(self, value: t.Any, where: str) -> list[t.Any]:
        if value is None or isinstance(value, list):
            return value or []
        raise self.wrong(f"{where} is not a list: {shown_value(value)}")

    def text(self, value: t.Any, where: str) -> str:
        if value is None or isinstance(value, str):
            return value or ""
        raise self.wrong(f"{where} is not text: {shown_value(value)}")

    def texts(self, value: t.Any, where: str) -> tuple[str, ...]:
        return tuple(self.text(each, where) for each in self.entries(value, where))


def read_reference(value: t.Any, where: str) -> ObjectReference:
    """An object reference; members that there are not are left aside. Raises ``ValidationError``."""
    reader = _Reader(where)
    given = reader.mapping(value, where)
    return ObjectReference.of_members({name: reader.text(given.get(name), f"{name} of {where}") for name in _REFERENCE})


__all__ = ("API_VERSION", "ReadBlueprint", "read_blueprint", "read_blueprints", "read_reference")
