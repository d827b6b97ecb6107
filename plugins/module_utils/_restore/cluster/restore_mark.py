# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mark of a restore that is at work in a namespace: a Lease object."""

# Private: not for use outside of this collection.

from __future__ import annotations

LEASE_NAME = "arkive-restore"

__all__ = ("LEASE_NAME",)
