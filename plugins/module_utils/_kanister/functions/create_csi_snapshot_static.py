# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CreateCSISnapshotStatic: a VolumeSnapshot for a snapshot that the storage has already (docs/compatibility 16.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import uuid

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.marked_objects import make_object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.snapshot_objects import (
    await_ready,
    read_snapshot_api,
    snapshot_outputs,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object

_API_VERSION = "snapshot.storage.k8s.io/v1"


class CreateCSISnapshotStatic:
    """A content with the handle, of the policy of the class, and the snapshot that is bound to it."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        arguments = Arguments(call)
        return PlannedWork(
            does=f"make VolumeSnapshot {arguments.text('name')} for the handle {arguments.text('snapshotHandle')}",
            namespace=arguments.text("namespace"),
        )

    def run(self, call: FunctionCall) -> Outputs:
        arguments = Arguments(call)
        api = read_snapshot_api(call)
        namespace, name, class_name = (arguments.text(each) for each in ("namespace", "name", "snapshotClass"))
        content = f"{name}-content-{uuid.uuid4()}"
        try:
            found = get_object(call.client, api.classes, class_name)
            if found is None:
                raise BlueprintError(f"There is no VolumeSnapshotClass {class_name}, which {call.place.words} names.")
            make_object(
                call, api.contents, content, None, _content_spec(call, str(found.get("deletionPolicy") or "Retain"))
            )
            spec = {"source": {"volumeSnapshotContentName": content}, "volumeSnapshotClassName": class_name}
            make_object(call, api.snapshots, name, namespace, spec)
        except KubeError as exc:
            raise BlueprintError(
                f"VolumeSnapshot {namespace}/{name} with its content {content} could not be made: {exc.message}",
                hint=exc.hint,
            ) from exc
        return snapshot_outputs(namespace, await_ready(call, api.snapshots, namespace, name))


def _content_spec(call: FunctionCall, policy: str) -> Object:
    arguments = Arguments(call)
    return {
        "source": {"snapshotHandle": arguments.text("snapshotHandle")},
        "driver": arguments.text("driver"),
        "deletionPolicy": policy,
        "volumeSnapshotClassName": arguments.text("snapshotClass"),
        "volumeSnapshotRef": {
            "apiVersion": _API_VERSION,
            "kind": "VolumeSnapshot",
            "name": arguments.text("name"),
            "namespace": arguments.text("namespace"),
        },
    }


__all__ = ("CreateCSISnapshotStatic",)
