# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Progress lines of M(arkive.k8s.k8s_backup_repository)."""

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.plugin_utils._progress import ProgressAction


class ActionModule(ProgressAction):
    """What it does is done by the module of this name."""
