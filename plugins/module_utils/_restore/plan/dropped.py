# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which fields of an object the API server does not keep, by what it answers."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import copy
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity

#: Names of members and places in lists.
FieldPath: t.TypeAlias = "tuple[str | int, ...]"

#: Never kept as they are sent; ``stringData`` of a Secret comes back as ``data``.
_NOT_KEPT = frozenset({"apiVersion", "kind", "status", "stringData"})
_SYSTEM = frozenset({"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp"})
_MISSING: t.Any = object()


def find_dropped(
    sent: ObjectView, answer: ObjectView, *, live: ObjectView | None = None, typed: bool
) -> list[FieldPath]:
    """What is in ``sent``, an object or a merge patch, and not in the server's answer.

    Beside ``live``, which a patch was for, a value that stays what it was is dropped as well. A ``typed`` object is one
    of Kubernetes' own types, whose zeros and empty texts are not written.
    """
    found: list[FieldPath] = []
    _compare((), sent, answer, _MISSING if live is None else live, _Search(found, typed))
    return found


class _Search(t.NamedTuple):
    found: list[FieldPath]
    typed: bool

    def says_nothing(self, value: t.Any) -> bool:
        if isinstance(value, dict):
            return all(map(self.says_nothing, value.values()))
        return value is None or value == [] or (self.typed and value in (0, "", False))


def _compare(path: FieldPath, sent: t.Any, answer: t.Any, live: t.Any, search: _Search) -> None:
    if isinstance(sent, dict) and isinstance(answer, dict):
        there = live if isinstance(live, dict) else {}
        for name, value in sent.items():
            if _is_system(path, name) or search.says_nothing(value):
                continue
            if name not in answer:
                search.found.append((*path, name))
            else:
                _compare((*path, name), value, answer[name], there.get(name, _MISSING), search)
    elif isinstance(sent, list) and isinstance(answer, list):
        _compare_lists(path, sent, answer, live, search)
    elif sent != answer and answer == live and not _is_same_quantity(sent, answer):
        search.found.append(path)


def _is_system(path: FieldPath, name: str) -> bool:
    return (not path and name in _NOT_KEPT) or (path == ("metadata",) and name in _SYSTEM)


def _compare_lists(path: FieldPath, sent: list[t.Any], answer: list[t.Any], live: t.Any, search: _Search) -> None:
    """Members are known by their names, else by their places; webhooks and defaults may have added some."""
    named = {member["name"]: member for member in answer if isinstance(member, dict) and _has_name(member)}
    for place, member in enumerate(sent):
        if isinstance(member, dict) and _has_name(member) and named:
            there = named.get(member["name"], _MISSING)
        else:
            there = answer[place] if place < len(answer) else _MISSING
        if there is _MISSING:
            search.found.append((*path, place))
        else:
            before = live[place] if isinstance(live, list) and len(live) == len(answer) else _MISSING
            _compare((*path, place), member, there, before, search)


def _has_name(member: dict[str, t.Any]) -> bool:
    return isinstance(member.get("name"), str)


def _is_same_quantity(sent: t.Any, answer: t.Any) -> bool:
    with contextlib.suppress(ValidationError, TypeError):
        return parse_quantity(sent) == parse_quantity(answer)
    return False


def show_path(path: FieldPath) -> str:
    """``spec.containers[0].image``, as the API server writes it."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def without_fields(obj: ObjectView, paths: t.Iterable[FieldPath]) -> Object:
    """A copy of ``obj`` as the server keeps it. Members of lists stay."""
    kept: Object = copy.deepcopy(dict(obj))
    for path in paths:
        holder: t.Any = kept
        for part in path[:-1]:
            holder = holder[part]
        if isinstance(holder, dict):
            holder.pop(path[-1], None)
    return kept


__all__ = ("FieldPath", "find_dropped", "show_path", "without_fields")
