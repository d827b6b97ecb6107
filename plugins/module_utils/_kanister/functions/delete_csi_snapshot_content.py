# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DeleteCSISnapshotContent: a VolumeSnapshotContent goes (docs/compatibility 16.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.snapshot_objects import read_snapshot_api, remove


class DeleteCSISnapshotContent:
    """One that is not there is no error. Its end is not awaited: a bound one stays until its snapshot goes."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        return PlannedWork(does=f"delete VolumeSnapshotContent {Arguments(call).text('name')}")

    def run(self, call: FunctionCall) -> Outputs:
        remove(call, read_snapshot_api(call).contents, None, Arguments(call).text("name"), wait=False)
        return None


__all__ = ("DeleteCSISnapshotContent",)
