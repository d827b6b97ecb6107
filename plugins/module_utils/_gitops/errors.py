# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps owners from being paused or resumed."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError


class GitOpsError(ArkiveError):
    """Why an owner cannot be paused or resumed, or why objects that it owns are not changed."""


__all__ = ("GitOpsError",)
