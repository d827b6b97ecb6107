# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CreateCSISnapshot: a VolumeSnapshot of a claim, awaited until it is ready (docs/compatibility 16.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.marked_objects import CLAIMS, make_object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.snapshot_objects import (
    await_ready,
    read_snapshot_api,
    snapshot_outputs,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class CreateCSISnapshot:
    """The snapshot stays: it is what the phase is for."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        arguments = Arguments(call)
        return PlannedWork(
            does=f"snapshot the claim {arguments.text('pvc')} with the class {arguments.text('snapshotClass')}",
            namespace=arguments.text("namespace"),
        )

    def run(self, call: FunctionCall) -> Outputs:
        arguments = Arguments(call)
        api = read_snapshot_api(call)
        namespace, claim = arguments.text("namespace"), arguments.text("pvc")
        name = arguments.text("name") or f"{claim}-snapshot-{_random_letters()}"
        spec = {
            "source": {"persistentVolumeClaimName": claim},
            "volumeSnapshotClassName": arguments.text("snapshotClass"),
        }
        try:
            call.client.get(CLAIMS.path(namespace, claim))
            make_object(call, api.snapshots, name, namespace, spec, labels=arguments.text_mapping("labels"))
        except KubeError as exc:
            raise BlueprintError(
                f"VolumeSnapshot {namespace}/{name} of claim {claim} could not be made: {exc.message}", hint=exc.hint
            ) from exc
        ready = await_ready(call, api.snapshots, namespace, name)
        call.log(f"VolumeSnapshot {namespace}/{name} of claim {claim} is ready")
        return {**snapshot_outputs(namespace, ready), "pvc": claim}


def _random_letters() -> str:
    return "".join(secrets.choice(_LETTERS) for _each in range(5))


__all__ = ("CreateCSISnapshot",)
