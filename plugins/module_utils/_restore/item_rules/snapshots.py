# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Objects by which volumes are restored from snapshots or by Velero's data mover."""

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext


def skip_without_volume_data(draft: Draft, context: RuleContext) -> None:
    """``restorePVs: false`` leaves the objects of CSI snapshots out."""
    if not context.restore_volume_data:
        draft.skip = "restore_pvs is false: no volume comes from a snapshot"


def skip_data_upload(draft: Draft, context: RuleContext) -> None:
    """``velero.io/dataupload``: the object itself never comes back."""
    draft.skip = "a record of Velero's data mover"


__all__ = ("skip_data_upload", "skip_without_volume_data")
