# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The claims that live pods use."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t


def claims_in_use(pod: t.Mapping[str, t.Any]) -> set[str]:
    """The claims of a pod that has not ended; an ephemeral volume's is named after both."""
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return set()
    found = set()
    for volume in (pod.get("spec") or {}).get("volumes") or []:
        if "persistentVolumeClaim" in volume:
            found.add(str(volume["persistentVolumeClaim"].get("claimName")))
        elif "ephemeral" in volume:
            found.add(f"{pod['metadata']['name']}-{volume.get('name')}")
    return found


__all__ = ("claims_in_use",)
