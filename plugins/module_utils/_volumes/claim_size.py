# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How large a volume a claim asks for. Sizes are in bytes."""

# Private: not for use outside of this collection.

from __future__ import annotations

import decimal
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity


def requested_bytes(claim: ObjectView) -> decimal.Decimal:
    """Zero where nobody can tell."""
    return _bytes((((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage"))


def volume_bytes(claim: ObjectView) -> decimal.Decimal:
    """Of the volume that it has got, which may be larger than what it asks for; zero where nobody can tell."""
    return _bytes(((claim.get("status") or {}).get("capacity") or {}).get("storage"))


def ask_for_room(claim: Object, size_bytes: int | None) -> None:
    """Let ``claim`` ask for no less than ``size_bytes``: a volume that is made of a snapshot must not be smaller."""
    if size_bytes is not None and size_bytes > requested_bytes(claim):
        claim["spec"].setdefault("resources", {}).setdefault("requests", {})["storage"] = str(size_bytes)


def _bytes(text: t.Any) -> decimal.Decimal:
    try:
        return parse_quantity(text or 0)
    except ValidationError:
        return decimal.Decimal(0)


__all__ = ("ask_for_room", "requested_bytes", "volume_bytes")
