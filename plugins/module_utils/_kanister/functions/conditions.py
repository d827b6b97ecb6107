# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Wait and WaitV2 have in common: conditions on objects, looked at again and again (docs/compatibility 15.7).

One of ``anyOf`` is enough; so are all of ``allOf``. What goes wrong with a condition ends the look at all of them: not
yet.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import ObjectReference
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import Rendered
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object

#: Between two looks, in seconds: at first, doubled each time, and at most (Kanister's).
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
_TRUE = "true"
_LONGEST_SHOWN = 80
_HIDDEN = "something that is not shown, as a secret went into it"

#: What a condition gives for an object. Raises for one that gives nothing yet.
Evaluate: t.TypeAlias = t.Callable[[Object], Rendered]


class NeverTrueError(BlueprintError):
    """A condition that cannot be read at all: waiting for it is no use."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """``where`` names it in sentences; ``reference`` has templates in its members."""

    where: str
    reference: ObjectView
    evaluate: Evaluate


class NotYet(Exception):
    """Why a look at the conditions ended."""


def read_conditions(call: FunctionCall, read: t.Callable[[str, str], Evaluate]) -> dict[str, list[Condition]]:
    """``anyOf`` and ``allOf``; ``read`` is given the text of a condition and its name."""
    given = Arguments(call).mapping("conditions")
    found: dict[str, list[Condition]] = {}
    for group in ("anyOf", "allOf"):
        entries = given.get(group) or []
        found[group] = [
            _read_condition(call, entry, f"conditions.{group}[{at}]", read)
            for at, entry in enumerate(entries if isinstance(entries, list) else [entries])
        ]
    if not any(found.values()):
        raise Arguments(call).wrong("conditions", "has no condition under anyOf or allOf")
    return found


def _read_condition(call: FunctionCall, entry: t.Any, where: str, read: t.Callable[[str, str], Evaluate]) -> Condition:
    if not isinstance(entry, dict) or not isinstance(entry.get("objectReference"), dict):
        raise Arguments(call).wrong(where, "is no condition with an objectReference")
    text = entry.get("condition")
    if not isinstance(text, str) or not text.strip():
        raise Arguments(call).wrong(where, "has no condition")
    return Condition(where=where, reference=entry["objectReference"], evaluate=read(text, where))


def read_timeout(call: FunctionCall) -> float:
    """Seconds."""
    text = call.render(call.arguments.get("timeout"))
    try:
        seconds = parse_duration(str(text).strip())
    except ValidationError as exc:
        raise BlueprintError(f"Argument timeout of {call.place.words}: {exc.message}", hint=exc.hint) from exc
    return max(0.0, seconds)


class ConditionWait:
    """Waits for the conditions of one call."""

    def __init__(self, call: FunctionCall, conditions: t.Mapping[str, t.Sequence[Condition]]) -> None:
        self._call = call
        self._conditions = conditions
        self._last = ""

    def until_true(self, timeout: float) -> None:
        """Raises ``BlueprintError`` when the time is over, and for a condition that can never be read."""
        call = self._call
        allowed = min(timeout, call.seconds_left)
        end = time.monotonic() + allowed
        pause = _FIRST_PAUSE
        call.run.progress(f"{call.place.words}: waiting for {call.mask(self._all_words())}")
        while not self._is_true():
            left = end - time.monotonic()
            if left <= 0:
                whose = "its timeout" if timeout <= allowed else "its phase's time"
                what = call.mask(self._all_words())
                raise BlueprintError(
                    f"{call.place.function} waited {allowed:.0f} s, until {whose} was over, for {what}; "
                    f"last seen: {call.mask(self._last.rstrip('.'))}."
                )
            if call.run.cancel.wait(min(pause, left)):
                call.run.cancel.check()
            pause = min(_LONGEST_PAUSE, 2 * pause)

    def _is_true(self) -> bool:
        try:
            if any(self._holds(each) for each in self._conditions["anyOf"]):
                return True
            every = self._conditions["allOf"]
            return bool(every) and all(self._holds(each) for each in every)
        except NotYet as exc:
            self._last = str(exc)
            return False

    def _holds(self, condition: Condition) -> bool:
        reference = self._reference(condition)
        name = _words(reference)
        obj = self._read(condition, reference, name)
        try:
            rendered = condition.evaluate(obj)
        except NeverTrueError:
            raise
        except ArkiveError as exc:
            why = _HIDDEN if reference.resource == "secrets" else exc.message
            raise NotYet(f"{condition.where} on {name}: {why}") from exc
        answer = rendered.text.strip()
        if answer != _TRUE:
            hidden = rendered.tainted or reference.resource == "secrets"
            shown = _HIDDEN if hidden else f"'{self._call.mask(answer)[:_LONGEST_SHOWN]}'"
            self._last = f"{condition.where} on {name} gave {shown}, and not 'true'"
        return answer == _TRUE

    def _reference(self, condition: Condition) -> ObjectReference:
        """As its templates say at this moment."""
        try:
            return ObjectReference.of_members(self._call.render(dict(condition.reference)))
        except ArkiveError as exc:
            raise NotYet(f"{condition.where}: {exc.message}") from exc

    def _read(self, condition: Condition, reference: ObjectReference, name: str) -> Object:
        resource = _resource(reference)
        if not (reference.resource and reference.name and resource.version):
            raise NotYet(f"{condition.where}: its objectReference needs apiVersion, resource and name, and says {name}")
        try:
            found = get_object(self._call.client, resource, reference.name, reference.namespace or None)
        except KubeError as exc:
            raise NotYet(f"{condition.where}: {exc.message}") from exc
        if found is None:
            raise NotYet(f"{condition.where}: {name} is not there")
        return found

    def _words(self, condition: Condition) -> str:
        try:
            return _words(self._reference(condition))
        except NotYet:
            return _words(ObjectReference.of_members(condition.reference))

    def _all_words(self) -> str:
        groups = []
        for group, word in (("anyOf", "any"), ("allOf", "all")):
            names = [self._words(each) for each in self._conditions[group]]
            if names:
                groups.append(f"{word} of the conditions on {', '.join(dict.fromkeys(names))}")
        return ", or ".join(groups)


def _resource(reference: ObjectReference) -> ApiResource:
    """Without a look at what the cluster serves: a reference without a namespace is one of the cluster."""
    group, version = reference.group, reference.api_version
    if "/" in version:
        group, _slash, version = version.partition("/")
    return ApiResource(
        group=group,
        version=version,
        plural=reference.resource,
        singular=reference.resource,
        kind=reference.kind or reference.resource,
        namespaced=bool(reference.namespace),
        verbs=frozenset(),
        preferred=True,
    )


def _words(reference: ObjectReference) -> str:
    return (
        "/".join(filter(None, (reference.resource, reference.namespace, reference.name))) or "an object without a name"
    )


__all__ = ("Condition", "ConditionWait", "Evaluate", "NeverTrueError", "read_conditions", "read_timeout")
