# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON that a stranger wrote: parsed only where neither its depth nor what it takes in memory gets out of hand."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json

#: A CustomResourceDefinition's schema has about 80 levels at the very most. What walks through objects needs up to
#: three frames a level, and Python has 1,000.
MAX_DEPTH = 200
MAX_MEMORY = 160 << 20
#: An object of a cluster is worked on in several copies. etcd takes 1.5 MiB of text, which is no more than this.
MAX_OBJECT_MEMORY = 96 << 20
#: What an API server takes as one request (Kubernetes 1.36, ``MaxRequestBodyBytes``): no object can be larger.
MAX_REQUEST = 3 << 20

#: No text takes more than this many times its size.
_MOST_GROWTH = 64
#: Bytes of a mapping or a list with one member, and of one member more.
_PER_MAPPING, _PER_LIST, _PER_MEMBER = 200, 90, 60
_HOLDERS = frozenset({dict, list})


def parse_bounded(data: bytes, *, most_memory: int = MAX_MEMORY) -> t.Any:
    """The document in ``data`` (UTF-8). Raises ``ValueError``, with a sentence without its end, when it is refused."""
    if len(data) > most_memory // _MOST_GROWTH and needed_memory(data) > most_memory:
        raise ValueError(f"it would take more than {most_memory >> 20} MiB of memory")
    value = parse_json(data)
    check_depth(value, data)
    return value


def check_depth(value: t.Any, text: bytes, *, outer: int = 0) -> None:
    """Raise ``ValueError`` when ``value``, parsed from ``text``, is too deep; ``outer`` levels around it are free."""
    limit = MAX_DEPTH + outer
    if text.count(b"{") + text.count(b"[") > limit and is_deeper(value, limit):
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")


def needed_memory(data: bytes) -> int:
    """About how many bytes the parsed document takes, from above; text that looks like JSON's signs counts as well."""
    members = data.count(b",") + data.count(b":")
    return data.count(b"{") * _PER_MAPPING + data.count(b"[") * _PER_LIST + members * _PER_MEMBER + 2 * len(data)


def text_size(value: t.Any, *, most: int) -> int:
    """About how many bytes the JSON of ``value`` has, from below; beyond ``most`` nothing more is counted."""
    size, rest = 0, [value]
    while rest and size <= most:
        each = rest.pop()
        if isinstance(each, str):
            size += len(each) + 2
            continue
        size += 2
        if isinstance(each, dict):
            size += sum(len(str(name)) + 4 for name in each)
            rest.extend(each.values())
        elif isinstance(each, list):
            size += len(each)
            rest.extend(each)
    return size


def is_deeper(value: t.Any, limit: int) -> bool:
    """True when mappings and lists lie in each other more than ``limit`` deep. Level by level: nothing recurses."""
    level = [value] if isinstance(value, dict | list) else []
    for _depth in range(limit):
        level = [
            member
            for holder in level
            for member in (holder.values() if isinstance(holder, dict) else holder)
            if type(member) in _HOLDERS
        ]
        if not level:
            return False
    return bool(level)


__all__ = (
    "MAX_DEPTH",
    "MAX_MEMORY",
    "MAX_OBJECT_MEMORY",
    "MAX_REQUEST",
    "check_depth",
    "is_deeper",
    "needed_memory",
    "parse_bounded",
    "text_size",
)
