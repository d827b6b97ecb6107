# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a PersistentVolumeClaim says: whether it has a volume, and which."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView


def is_bound(claim: ObjectView) -> bool:
    """True when its phase is Bound."""
    return (claim.get("status") or {}).get("phase") == "Bound"


def bound_volume(claim: ObjectView) -> str:
    """The PersistentVolume of a bound claim; empty for any other claim."""
    return str((claim.get("spec") or {}).get("volumeName") or "") if is_bound(claim) else ""


__all__ = ("bound_volume", "is_bound")
