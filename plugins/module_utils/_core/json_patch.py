# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patches of JSON documents: lists of operations (RFC 6902) and merge patches (RFC 7386)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import copy
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import (
    MAX_DEPTH,
    MAX_REQUEST,
    is_deeper,
    text_size,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError

OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")
_INDEX = re.compile(r"-?(0|[1-9][0-9]*)")


class PatchError(ArkiveError):
    """A patch that does not fit the document."""


class PatchTestFailed(PatchError):
    """A ``test`` operation did not hold; nothing was changed."""


def apply_json_patch(document: t.Any, operations: t.Iterable[t.Mapping[str, t.Any]]) -> t.Any:
    """The patched document; ``document`` is not changed. All operations, or ``PatchError`` and none.

    An index below zero counts from the end, as in Velero's library; RFC 6902 has none. What is put into the document
    is no larger, all together, than a request may be (as the API server limits ``copy``), and lies no deeper than an
    object may: few operations that copy a document into itself would double it each time.
    """
    patched, room = copy.deepcopy(document), MAX_REQUEST
    for operation in operations:
        value, size = _given(patched, operation, room)
        room -= size
        patched = _apply(patched, operation, value)
    return patched


def apply_merge_patch(target: t.Any, patch: t.Any) -> t.Any:
    """``target`` with ``patch`` applied (RFC 7386); ``target`` is not changed."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = apply_merge_patch(result.get(name), value)
    return result


def parse_pointer(pointer: str) -> tuple[str, ...]:
    """The names in a JSON pointer (RFC 6901); the empty pointer is the whole document."""
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise PatchError(f"The path '{pointer}' does not begin with '/'.", hint="Write it like /spec/replicas.")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def equal_json(left: t.Any, right: t.Any) -> bool:
    """Equality of JSON: 1 is 1.0, but true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal_json(value, right[name]) for name, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal_json, left, right))
    return bool(left == right)


def _given(document: t.Any, operation: t.Mapping[str, t.Any], room: int) -> tuple[t.Any, int]:
    """A copy of what an operation puts into the document, and its size."""
    kind, pointer = operation["op"], operation["path"]
    if kind == "copy":
        value = _find(document, parse_pointer(operation["from"]), operation["from"])
    elif kind in ("add", "replace"):
        value = operation.get("value")
    else:
        return None, 0
    size = text_size(value, most=room)
    if size > room:
        raise PatchError(
            f"With '{kind}' to '{pointer}' the patch puts more than {MAX_REQUEST >> 20} MiB into the object, which no "
            "API server takes.",
            hint="Correct the patch.",
        )
    _check_depth(value, pointer)
    return copy.deepcopy(value), size


def _check_depth(value: t.Any, pointer: str) -> None:
    if is_deeper(value, MAX_DEPTH - len(parse_pointer(pointer))):
        raise PatchError(f"At '{pointer}' the object would be nested more than {MAX_DEPTH} levels deep.")


def _apply(document: t.Any, operation: t.Mapping[str, t.Any], value: t.Any) -> t.Any:
    """``value`` is what ``_given`` found for it."""
    kind, pointer = operation["op"], operation["path"]
    path = parse_pointer(pointer)
    if kind == "test":
        _test(document, path, pointer, operation.get("value"))
        return document
    if kind == "remove":
        return _remove(document, path, pointer)
    if kind == "replace":
        _find(document, path, pointer)
        return _put(document, path, pointer, value, replace=True)
    if kind in ("add", "copy"):
        return _put(document, path, pointer, value)
    if kind != "move":
        raise PatchError(f"'{kind}' is no operation of a JSON patch.", hint=f"Operations are {', '.join(OPERATIONS)}.")
    source = operation["from"]
    origin = parse_pointer(source)
    if path[: len(origin)] == origin and path != origin:
        raise PatchError(f"'{source}' cannot be moved into itself ('{pointer}').")
    moved = _find(document, origin, source)
    _check_depth(moved, pointer)
    return _put(_remove(document, origin, source), path, pointer, moved)


def _test(document: t.Any, path: tuple[str, ...], pointer: str, wanted: t.Any) -> None:
    try:
        found = _find(document, path, pointer)
    except PatchTestFailed:
        raise
    except PatchError as exc:
        if wanted is None:
            return
        raise PatchTestFailed(f"There is nothing at '{pointer}' to test.") from exc
    if not equal_json(found, wanted):
        raise PatchTestFailed(f"The value at '{pointer}' is another one.")


def _find(document: t.Any, path: tuple[str, ...], pointer: str) -> t.Any:
    found = document
    for part in path:
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list):
            found = found[_index(part, len(found), pointer)]
        else:
            raise PatchError(f"There is nothing at '{pointer}'.")
    return found


def _put(document: t.Any, path: tuple[str, ...], pointer: str, value: t.Any, *, replace: bool = False) -> t.Any:
    """Set a member; in a list, insert before the index unless ``replace``."""
    if not path:
        return value
    holder, last = _find(document, path[:-1], pointer), path[-1]
    if isinstance(holder, dict):
        holder[last] = value
    elif not isinstance(holder, list):
        raise PatchError(f"'{pointer}' lies in neither an object nor a list.")
    elif replace:
        holder[_index(last, len(holder), pointer)] = value
    else:
        holder.insert(len(holder) if last == "-" else _index(last, len(holder) + 1, pointer), value)
    return document


def _remove(document: t.Any, path: tuple[str, ...], pointer: str) -> t.Any:
    _find(document, path, pointer)
    if not path:
        return None
    holder, last = _find(document, path[:-1], pointer), path[-1]
    if isinstance(holder, dict):
        del holder[last]
    else:
        del holder[_index(last, len(holder), pointer)]
    return document


def _index(part: str, length: int, pointer: str) -> int:
    if not _INDEX.fullmatch(part):
        raise PatchError(f"'{part}' in '{pointer}' is no index of a list.")
    index = int(part)
    if not -length <= index < length:
        raise PatchError(f"The index {part} in '{pointer}' is beyond the list.")
    return index + length if index < 0 else index


__all__ = (
    "OPERATIONS",
    "PatchError",
    "PatchTestFailed",
    "apply_json_patch",
    "apply_merge_patch",
    "equal_json",
    "parse_pointer",
)
