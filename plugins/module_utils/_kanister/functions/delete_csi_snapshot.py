# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DeleteCSISnapshot: a VolumeSnapshot goes, and is seen gone (docs/compatibility 16.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.snapshot_objects import read_snapshot_api, remove


class DeleteCSISnapshot:
    """One that is not there is no error."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        arguments = Arguments(call)
        return PlannedWork(
            does=f"delete VolumeSnapshot {arguments.text('name')}", namespace=arguments.text("namespace")
        )

    def run(self, call: FunctionCall) -> Outputs:
        arguments = Arguments(call)
        api = read_snapshot_api(call)
        remove(call, api.snapshots, arguments.text("namespace"), arguments.text("name"), wait=True)
        return None


__all__ = ("DeleteCSISnapshot",)
