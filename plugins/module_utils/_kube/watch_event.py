# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One line of a watch."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import parse_bounded
from ansible_collections.arkive.k8s.plugins.module_utils._kube.answer_shapes import check_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError


class WatchEvent(t.NamedTuple):
    """``ADDED``, ``MODIFIED``, ``DELETED`` or ``BOOKMARK``, and its object."""

    kind: str
    obj: dict[str, t.Any]


def parse_event(line: bytes) -> WatchEvent:
    """Raises ``KubeError`` for an ERROR event, and for a line that is no event (a proxy's page, or endlessly deep)."""
    try:
        event = parse_bounded(line)
    except ValueError as exc:
        raise KubeError(f"The watch ended: what came is no event: {exc}.", status=500) from exc
    kind, obj = (event.get("type"), event.get("object") or {}) if isinstance(event, dict) else (None, None)
    if not isinstance(kind, str) or not isinstance(obj, dict):
        raise KubeError("The watch ended: what came is no event.", status=500)
    if kind == "ERROR":
        code = obj.get("code")
        status = code if isinstance(code, int) and not isinstance(code, bool) and code else 500
        raise KubeError(f"The watch ended: {obj.get('message')}", status=status, reason=str(obj.get("reason") or ""))
    try:
        check_object(obj)
    except ValueError as exc:
        raise KubeError(f"The watch ended: what came is no event: {exc}.", status=500) from exc
    return WatchEvent(kind, obj)


__all__ = ("WatchEvent", "parse_event")
