# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects as text for people: YAML, or JSON in lines for those of very many values."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

#: The largest objects of etcd (1.5 MiB) have about as many; YAML needs 3 KiB and 0.1 ms for each.
_MOST_VALUES = 20_000


def is_large(obj: ObjectView | None) -> bool:
    """Whether it has more values than YAML can be written of in little time and memory."""
    count = 0
    level: list[t.Any] = [obj]
    while level and count <= _MOST_VALUES:
        count += len(level)
        level = [
            member
            for holder in level
            if isinstance(holder, dict | list)
            for member in (holder.values() if isinstance(holder, dict) else holder)
        ]
    return count > _MOST_VALUES


def object_text(obj: ObjectView, *, as_json: bool = False, sort_keys: bool = True, ascii_only: bool = False) -> str:
    """YAML; with ``as_json``, for a large object and where PyYAML is not there, JSON, which is YAML as well."""
    if as_json or is_large(obj):
        return _json(obj, sort_keys, ascii_only)
    try:
        import yaml
    except ImportError:
        return _json(obj, sort_keys, ascii_only)
    return str(yaml.safe_dump(obj, default_flow_style=False, sort_keys=sort_keys, allow_unicode=not ascii_only))


def _json(obj: ObjectView, sort_keys: bool, ascii_only: bool) -> str:
    return json.dumps(obj, indent=2, sort_keys=sort_keys, ensure_ascii=ascii_only) + "\n"


__all__ = ("is_large", "object_text")
