# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mark of a restore that is at work in a namespace: a Lease object."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource

LEASES = GroupResource("leases", "coordination.k8s.io")
LEASE_NAME = "arkive-restore"

__all__ = ("LEASES", "LEASE_NAME")
