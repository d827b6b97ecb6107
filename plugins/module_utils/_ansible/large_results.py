# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A result that AWX and a terminal can take: of a large one, the errors, all counts and as much else as fits."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

Result: t.TypeAlias = "dict[str, t.Any]"

#: Bytes of a result's JSON. AWX shows nothing of a result that is much larger.
LIMIT = 300_000
#: Objects of a plan or a diff that a result carries; the counts are always whole.
SHOWN_OBJECTS = 500

#: What says where the rest is; its size is not known yet.
_RESERVED = 4096
#: Kept as they are: they are small, and answer the first questions.
_ALWAYS_WHOLE = frozenset(
    {
        "changed", "failed", "phase", "commit_point", "plan_counts", "item_counts", "waves", "workloads", "timings",
        "diffs_left_out", "location", "recorded", "rc", "lease_id", "left_out", "result_key", "result_path",
        "plan_path", "plan_digest", "freeze_window_seconds",
    }
)  # fmt: skip
#: The first parts, and into how many pieces the room is divided of which each may have one.
_FIRST = {"msg": 2, "errors_list": 2, "warnings_list": 4}
#: Bytes of the options of a task.
_LONGEST_OPTIONS = 30_000
#: Characters of a text, entries of a list and members of a mapping within a part, in the order in which it is tried.
_LEVELS = ((1000, 100, 500), (200, 20, 50), (60, 3, 10))
_TROUBLE = frozenset({"failed", "timed_out", "lost", "refused", "conflict"})
_OUTPUT = ("stdout", "stderr")


def room_for(params: t.Mapping[str, t.Any] | None, result: Result) -> int:
    """Bytes that are left for a result: Ansible adds the task's options, and output once more as lines."""
    return max(LIMIT // 3, LIMIT - _size(params) - sum(_size(result.get(stream)) for stream in _OUTPUT))


def are_long(params: t.Mapping[str, t.Any]) -> bool:
    return _size(params) > _LONGEST_OPTIONS


def shorten(params: t.Mapping[str, t.Any]) -> Result:
    """Options as a result repeats them: of manifests and other long ones, the beginning."""
    levels = [_cut(dict(params), level) for level in _LEVELS]
    return next((cut for cut in levels if not are_long(cut)), {})


def is_large(result: Result, *, limit: int = LIMIT) -> bool:
    return len(result.get("plan") or ()) > SHOWN_OBJECTS or _size(result) > limit


def shrink(result: Result, *, limit: int = LIMIT) -> tuple[Result, dict[str, int]]:
    """A result of at most ``limit`` bytes, and of how many entries of each of its parts it does not have all.

    Errors come first: they may take half of the room; warnings come next, with a quarter of what is left. What none
    of the others needs is theirs, too. What is left out of a part that holds failures is something else.
    """
    room = limit - _RESERVED
    while True:
        small, left_out = _fill(result, room)
        if _size(small) <= limit - _RESERVED or room < _RESERVED:
            return small, left_out
        room = room * 3 // 4


def _fill(result: Result, room: int) -> tuple[Result, dict[str, int]]:
    """What fits into ``room`` bytes: small parts are whole, large ones share what is left."""
    small = {name: value for name, value in result.items() if name in _ALWAYS_WHOLE}
    room -= _size(small)
    parts = {name: value for name, value in result.items() if name not in small}
    sizes = {name: _size(value) for name, value in parts.items()}
    left_out: dict[str, int] = {}
    order = [name for name in _FIRST if name in parts]
    order += sorted((name for name in parts if name not in _FIRST), key=lambda name: sizes[name])
    for at, name in enumerate(order):
        share = room // _FIRST.get(name, len(order) - at)
        # What the parts behind it do not need is not kept for them.
        spare = room - sum(sizes[other] for other in order[at + 1 :])
        small[name], missing = _fit(name, parts[name], max(share, spare, 0), sizes[name])
        room -= _size(small[name])
        if missing:
            left_out[name] = missing
    return {name: small[name] for name in result}, left_out


def _fit(name: str, value: t.Any, share: int, size: int) -> tuple[t.Any, int]:
    """The part, or as much of it as ``share`` bytes take; and of how many of its entries something is missing."""
    most = SHOWN_OBJECTS if name == "plan" else None
    if size <= share and not (most and len(value) > most):
        return value, 0
    if isinstance(value, list):
        return _fit_list(value, share, most=most, whole_entries=name == "diff")
    for level in _LEVELS:
        cut = _cut(value, level)
        if _size(cut) <= share:
            return cut, 1
    return (None if isinstance(value, str) else type(value)()), 1


def _fit_list(value: list[t.Any], share: int, *, most: int | None, whole_entries: bool) -> tuple[list[t.Any], int]:
    """The entries that tell of trouble come first. Half of a difference is none: it is taken whole, or not at all."""
    ordered = sorted(value, key=lambda entry: not _is_trouble(entry))
    kept: list[t.Any] = []
    whole = 0
    for entry in ordered:
        if most is not None and len(kept) >= most:
            break
        shown = entry if whole_entries else _cut(entry, _LEVELS[0])
        size = _size(shown) + 2
        if size > share:
            if kept:
                break
            shown = next((cut for cut in (_cut(entry, level) for level in _LEVELS) if _size(cut) + 2 <= share), None)
            if shown is None:
                continue
            size = _size(shown) + 2
        share -= size
        kept.append(shown)
        whole += shown == entry
    return kept, len(value) - whole


def _is_trouble(entry: t.Any) -> bool:
    return isinstance(entry, dict) and not _TROUBLE.isdisjoint(
        value for value in (entry.get("state"), entry.get("action"), entry.get("status")) if isinstance(value, str)
    )


def _cut(value: t.Any, level: tuple[int, int, int]) -> t.Any:
    """The same with its long texts, lists and mappings cut; it shares what needs no cut."""
    text, entries, members = level
    if isinstance(value, str):
        return value if len(value) <= text else _cut_text(value, text)
    if isinstance(value, list | tuple):
        return [_cut(entry, level) for entry in value[:entries]]
    if not isinstance(value, dict):
        return value
    cut = {name: _cut(value[name], level) for name in list(value)[:members] if len(str(name)) <= text}
    for stream in _OUTPUT:
        if f"{stream}_truncated" in cut and cut.get(stream) != value.get(stream):
            cut[f"{stream}_truncated"] = True
    return cut


def _cut_text(text: str, length: int) -> str:
    """Its beginning and its end: a remedy, and what a command said last, are at the end."""
    head = length // 3
    tail = length - head
    return f"{text[:head]} ... ({len(text) - length} characters left out) ... {text[-tail:]}"


def _size(value: t.Any) -> int:
    """Bytes of the JSON that Ansible hands on."""
    return len(json.dumps(value, default=str))


__all__ = ("LIMIT", "SHOWN_OBJECTS", "are_long", "is_large", "room_for", "shorten", "shrink")
