# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The domain error of this folder."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError


class MoverError(SnapshotError):
    """Data cannot be moved into a repository, or back."""


class JobTakenError(MoverError):
    """Another run works on the same. It ends, or counts as dead a few minutes after its death."""


__all__ = ("JobTakenError", "MoverError")
