# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Watches of the API server in memory, and the selectors of lists and watches."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import (
    Target,
    bad_request,
    too_old,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Event, MemoryObjects
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import Object

_MOMENT = 0.02
_FIELDS: dict[str, t.Callable[[Object], str]] = {
    "metadata.name": lambda obj: str(obj["metadata"]["name"]),
    "metadata.namespace": lambda obj: str(obj["metadata"].get("namespace") or ""),
    "involvedObject.name": lambda obj: str((obj.get("involvedObject") or {}).get("name") or ""),
    "involvedObject.kind": lambda obj: str((obj.get("involvedObject") or {}).get("kind") or ""),
    "involvedObject.uid": lambda obj: str((obj.get("involvedObject") or {}).get("uid") or ""),
    "type": lambda obj: str(obj.get("type") or ""),
    "spec.nodeName": lambda obj: str((obj.get("spec") or {}).get("nodeName") or ""),
    "status.phase": lambda obj: str((obj.get("status") or {}).get("phase") or ""),
}


def selection(query: t.Mapping[str, str]) -> t.Callable[[Object], bool]:
    """Whether an object is meant by ``labelSelector`` and ``fieldSelector``."""
    try:
        labels = LabelSelector.from_text(query.get("labelSelector", ""))
    except ValidationError as exc:
        raise bad_request(f"unable to parse requirement: {exc.message}") from exc
    fields = [_field_term(part) for part in query.get("fieldSelector", "").split(",") if part]

    def matches(obj: Object) -> bool:
        return labels.matches(obj["metadata"].get("labels")) and all(term(obj) for term in fields)

    return matches


def _field_term(text: str) -> t.Callable[[Object], bool]:
    name, operator, value = text.replace("==", "=").partition("!=" if "!=" in text else "=")
    if name not in _FIELDS or not operator:
        raise bad_request(f"field label not supported: {name}")
    return lambda obj: (_FIELDS[name](obj) == value) is (operator == "=")


def whole(target: Target, obj: Object) -> Object:
    """An object with its type in front."""
    return {"kind": target.kind.kind, "apiVersion": target.kind.api_version, **_without_type(obj)}


def _without_type(obj: Object) -> Object:
    return {name: value for name, value in obj.items() if name not in ("kind", "apiVersion")}


def items_of(target: Target, objects: t.Iterable[Object]) -> list[Object]:
    """As the items of a list."""
    return [whole(target, obj) if target.kind.custom else _without_type(obj) for obj in objects]


def follow(
    kept: MemoryObjects, target: Target, query: t.Mapping[str, str], seconds: float
) -> t.Iterator[Object | None]:
    """Events from a version on, or those that make what is there now; None after each moment without any."""
    matches = selection(query)
    end = time.monotonic() + min(seconds, float(query.get("timeoutSeconds") or seconds))
    position = int(query.get("resourceVersion") or 0)
    if position == 0:
        with kept.changed:
            position = kept.version
            first = [obj for obj in kept.select(target.kind.plural, target.namespace) if matches(obj)]
        yield from ({"type": "ADDED", "object": whole(target, obj)} for obj in first)
    elif position < kept.oldest:
        yield {"type": "ERROR", "object": too_old(position, kept.oldest)}
        return
    while time.monotonic() < end:
        with kept.changed:
            news = [event for event in kept.events if event.version > position]
            if not news:
                kept.changed.wait(_MOMENT)
        if not news:
            yield None
        for event in news:
            position = event.version
            yield from _shown(event, target, matches)
    if query.get("allowWatchBookmarks") in ("1", "true"):
        yield {"type": "BOOKMARK", "object": whole(target, {"metadata": {"resourceVersion": str(position)}})}


def _shown(event: Event, target: Target, matches: t.Callable[[Object], bool]) -> t.Iterator[Object]:
    """An object that leaves a selection is deleted as far as its watcher knows."""
    plural, namespace, _name = event.key
    if plural != target.kind.plural or target.namespace not in ("", namespace):
        return
    before = event.before is not None and matches(event.before)
    after = event.after is not None and matches(event.after)
    if not (before or after):
        return
    obj = event.after if event.after is not None else event.before
    kind = "DELETED" if not after else "MODIFIED" if before else "ADDED"
    yield {"type": kind, "object": whole(target, obj or {})}


__all__ = ("follow", "items_of", "selection", "whole")
