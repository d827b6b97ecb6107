# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a blueprint can be carried out: what Kanister checks, and what it should (docs/compatibility 15.2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import quoted, readable, shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.finding import Finding
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function_table import (
    find_signature,
    unknown_function_hint,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import (
    Blueprint,
    BlueprintAction,
    BlueprintPhase,
    ObjectReference,
    find_action,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.pod_override import misplaced_fields
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.signature import FunctionSignature
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.text_checks import Place, check_texts
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.wait_checks import check_wait, slash_finding

_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_FETCHED = ("secret", "configmap")


def validate_blueprint(blueprint: Blueprint) -> tuple[Finding, ...]:
    """All that is to be said of it, action by action. Nothing is rendered, and no cluster is asked."""
    findings: list[Finding] = []
    for action in blueprint.actions.values():
        findings += validate_action(action)
    return tuple(dict.fromkeys([*findings, *_repeated_across(blueprint)]))


def validate_action(action: BlueprintAction) -> tuple[Finding, ...]:
    """The same for one action, which is what a run looks at."""
    findings: list[Finding] = list(_repeated_within(action))
    earlier: set[str] = set()
    for phase in action.phases:
        findings += _check_phase(phase, _place(action, phase, earlier, current=phase.name))
        earlier.add(phase.name)
    if action.defer_phase is not None:
        findings += _check_phase(action.defer_phase, _place(action, action.defer_phase, earlier))
    for name, artifact in action.output_artifacts.items():
        place = Place(action=action.name, argument=f"outputArtifacts.{readable(name)}", phases=frozenset(earlier))
        findings += check_texts([*artifact.key_values.values(), artifact.kopia_snapshot], place)
        if artifact.kopia_snapshot:
            findings.append(
                place.finding("refused", "kopiaSnapshot needs a location profile.", "Hand values over with keyValue.")
            )
    return tuple(dict.fromkeys(findings))


def require_action(blueprint: Blueprint, name: str) -> BlueprintAction:
    """The action ``name``, if it can be carried out; warnings are left aside. Raises ``BlueprintError``."""
    action = find_action(blueprint, name)
    problems = [each for each in validate_action(action) if each.level != "warning"]
    if problems:
        raise BlueprintError(
            f"The action {readable(name)} of the blueprint {readable(blueprint.name)} cannot be carried out: "
            + " ".join(each.sentence for each in problems),
            details={"findings": [each.to_return() for each in problems]},
        )
    return action


def _place(action: BlueprintAction, phase: BlueprintPhase, earlier: set[str], *, current: str = "") -> Place:
    return Place(action=action.name, phase=phase.name, phases=frozenset(earlier), current=current)


def _check_phase(phase: BlueprintPhase, place: Place) -> t.Iterator[Finding]:
    signature = find_signature(phase.function)
    if signature is None:
        hint = unknown_function_hint(phase.function)
        named = f"there is no function {quoted(phase.function)}" if phase.function else "it names no function"
        yield place.finding("error", f"{named}.", hint)
    else:
        yield from _check_function(signature, phase, place)
    for alias, reference in phase.objects.items():
        yield from _check_object(alias, reference, dataclasses.replace(place, phases=None))


def _check_function(signature: FunctionSignature, phase: BlueprintPhase, place: Place) -> t.Iterator[Finding]:
    if signature.refused_reason:
        reason = f"the function {signature.name} is not carried out here: {signature.refused_reason}."
        yield place.finding("refused", reason, signature.instead)
        return
    for problem in signature.problems_of(phase.arguments):
        where = _at(place, problem.of) if problem.of else place
        yield where.finding("error", problem.message, problem.hint)
    if signature.renders_itself:
        yield from check_wait(signature.name, phase.arguments, place)
    else:
        for name, value in phase.arguments.items():
            yield from check_texts(value, _at(place, name))
    yield from _check_pod_arguments(signature, phase.arguments, place)
    yield from _check_reference(phase.arguments.get("objectReference"), place)


def _check_pod_arguments(
    signature: FunctionSignature, arguments: t.Mapping[str, t.Any], place: Place
) -> t.Iterator[Finding]:
    for name in ("podLabels", "podAnnotations"):
        if name in signature.supported and name in arguments:
            yield from _check_labels(arguments[name], name, _at(place, name))
    override = arguments.get("podOverride")
    if override is None or "podOverride" not in signature.supported:
        return
    if not isinstance(override, t.Mapping):
        if not (isinstance(override, str) and "{{" in override):
            yield _at(place, "podOverride").finding("error", f"it is not a mapping: {shown_value(override)}.")
        return
    for name in misplaced_fields(override):
        hint = "It is a PodSpec itself: leave 'spec' out, and write its members here." if name == "spec" else ""
        message = f"a PodSpec has no field {quoted(name)}; it does nothing."
        yield _at(place, "podOverride").finding("warning", message, hint)


def _check_labels(value: t.Any, name: str, place: Place) -> t.Iterator[Finding]:
    if value is None:
        return
    if not isinstance(value, t.Mapping):
        yield place.finding("error", f"it is not a mapping: {shown_value(value)}.")
        return
    for key, text in value.items():
        if not _is_label_name(key):
            yield place.finding("error", f"{quoted(key)} is not a name that Kubernetes takes.")
        if not isinstance(text, str):
            yield place.finding("warning", f"the value of {quoted(key)} is not text; Kanister leaves it out.")
        elif name == "podLabels" and text and not _NAME.fullmatch(text):
            yield place.finding("error", f"the value of {quoted(key)} is not a label's value.")


def _check_object(alias: str, reference: ObjectReference, place: Place) -> t.Iterator[Finding]:
    place = _at(place, f"objects.{readable(alias)}")
    texts = [getattr(reference, field.name) for field in dataclasses.fields(reference)]
    yield from check_texts(texts, place)
    if "{{" not in reference.kind and reference.kind.lower() not in _FETCHED:
        kind = f"of kind {quoted(reference.kind)}" if reference.kind else "without a kind"
        yield place.finding("warning", f"an object {kind} is not fetched.", "Only Secret and ConfigMap are.")
    if not reference.name or not reference.namespace:
        lacks = "name" if not reference.name else "namespace"
        yield place.finding("warning", f"it has no {lacks}, so that it cannot be fetched.")
    if "/" in reference.api_version and "{{" not in reference.api_version:
        yield slash_finding(reference.api_version, place)


def _check_reference(reference: t.Any, place: Place) -> t.Iterator[Finding]:
    version = reference.get("apiVersion") if isinstance(reference, t.Mapping) else None
    if isinstance(version, str) and "/" in version and "{{" not in version:
        yield slash_finding(version, _at(place, "objectReference"))


def _repeated_within(action: BlueprintAction) -> t.Iterator[Finding]:
    """Their outputs would be one another's."""
    seen: set[str] = set()
    for phase in action.all_phases:
        if phase.name and phase.name in seen:
            place = Place(action=action.name, phase=phase.name)
            yield place.finding("error", "two phases of this action have this name.", "Give each a name of its own.")
        seen.add(phase.name)


def _repeated_across(blueprint: Blueprint) -> t.Iterator[Finding]:
    """Kanister refuses these when a blueprint is made, and runs those that were there before."""
    where: dict[str, str] = {}
    for action in blueprint.actions.values():
        for name in dict.fromkeys(phase.name for phase in action.all_phases if phase.name):
            if name in where:
                yield Place(action=action.name, phase=name).finding(
                    "warning",
                    f"the action {readable(where[name])} has a phase of this name, which Kanister refuses.",
                    "Give each phase of the blueprint a name of its own.",
                )
            where.setdefault(name, action.name)


def _is_label_name(key: t.Any) -> bool:
    if not isinstance(key, str):
        return False
    prefix, slash, name = key.rpartition("/")
    return bool(_NAME.fullmatch(name)) and (not slash or (len(prefix) <= 253 and bool(_PREFIX.fullmatch(prefix))))


def _at(place: Place, argument: str) -> Place:
    return dataclasses.replace(place, argument=argument)


__all__ = ("require_action", "validate_action", "validate_blueprint")
