# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes that are read as the user of their own pods, where nothing may run as root (Pod Security ``restricted``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

_OR_ROOT = "Say it there, or leave mover.security_context out: then the volume is read as root."


def why_no_user(where: str, user: ObjectView) -> str:
    """Why the volume of claim ``where`` cannot be read as its pod's user, a sentence; empty where it can."""
    number = user.get("runAsUser")
    if number is None:
        return f"No pod of the backup that mounts {where} says as which user it runs (runAsUser). {_OR_ROOT}"
    if number == 0:
        return f"The pod that mounts {where} runs as root, and mover.security_context is 'workload'. Leave that out."
    return ""


__all__ = ("why_no_user",)
