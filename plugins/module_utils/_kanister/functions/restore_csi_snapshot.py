# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RestoreCSISnapshot: a new claim with the data of a VolumeSnapshot (docs/compatibility 16.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.marked_objects import CLAIMS, make_object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.snapshot_objects import read_snapshot_api
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object

_ACCESS_MODES = ("ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany")
_VOLUME_MODES = ("Filesystem", "Block")


class RestoreCSISnapshot:
    """The claim is not awaited, as in Kanister: many a class makes the volume for the first pod only."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        arguments = Arguments(call)
        _spec(arguments)
        return PlannedWork(
            does=f"make the claim {arguments.text('pvc')} from VolumeSnapshot {arguments.text('name')}",
            namespace=arguments.text("namespace"),
        )

    def run(self, call: FunctionCall) -> Outputs:
        arguments = Arguments(call)
        spec = _spec(arguments)
        namespace, name, snapshot = (arguments.text(each) for each in ("namespace", "pvc", "name"))
        where = f"Claim {namespace}/{name}"
        try:
            if get_object(call.client, read_snapshot_api(call).snapshots, snapshot, namespace) is None:
                raise BlueprintError(f"{where} was not made: there is no VolumeSnapshot {namespace}/{snapshot}.")
            make_object(call, CLAIMS, name, namespace, spec, labels=arguments.text_mapping("labels"))
        except KubeError as exc:
            raise BlueprintError(f"{where} could not be made: {exc.message}", hint=exc.hint) from exc
        call.log(f"{where} made from VolumeSnapshot {namespace}/{snapshot}")
        return None


def _spec(arguments: Arguments) -> Object:
    modes = arguments.texts("accessModes") or ["ReadWriteOnce"]
    for mode in modes:
        if mode not in _ACCESS_MODES:
            raise arguments.wrong("accessModes", f"has '{mode}', and knows {', '.join(_ACCESS_MODES)}")
    volume_mode = arguments.text("volumeMode") or "Filesystem"
    if volume_mode not in _VOLUME_MODES:
        raise arguments.wrong("volumeMode", f"is '{volume_mode}', and not one of {', '.join(_VOLUME_MODES)}")
    return {
        "storageClassName": arguments.text("storageClass"),
        "accessModes": modes,
        "volumeMode": volume_mode,
        "resources": {"requests": {"storage": _size(arguments)}},
        "dataSource": {
            "apiGroup": "snapshot.storage.k8s.io",
            "kind": "VolumeSnapshot",
            "name": arguments.text("name"),
        },
    }


def _size(arguments: Arguments) -> str:
    text = arguments.text("restoreSize")
    try:
        if parse_quantity(text) > 0:
            return text
    except ValidationError as exc:
        raise arguments.wrong("restoreSize", f"is '{text}', and no quantity such as 10Gi") from exc
    raise arguments.wrong("restoreSize", f"is '{text}', and has to be more than nothing")


__all__ = ("RestoreCSISnapshot",)
