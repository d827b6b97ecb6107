# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about a node port that is taken."""

# Private: not for use outside of this collection.

from __future__ import annotations

#: The API server's words for it (Kubernetes 1.34, ``pkg/registry/core/service/portallocator``).
TAKEN = "provided port is already allocated"


def node_port_hint(*, preserved: bool) -> str:
    """``preserved``: ``preserve_node_ports`` has brought it; else somebody had chosen it."""
    if preserved:
        return "Leave preserve_node_ports out, so that the Service gets another one."
    return (
        "The port had been chosen by hand, and is kept. Take it away by a rule of resource_modifiers: groupResource "
        "services, resourceNameRegex for this one, and the patch {operation: remove, path: /spec/ports/0/nodePort}."
    )


__all__ = ("TAKEN", "node_port_hint")
