# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an API server and a location with backups must have for whole restores without a cluster."""

from __future__ import annotations

import gzip
import io
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_writer import TarballWriter
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import plan_restore, run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import types_named


class RestoreApi(MemoryApi):
    """What restores here deal with; ``types`` takes more."""

    def __init__(self) -> None:
        super().__init__(
            types_named(
                "configmaps",
                "secrets",
                "serviceaccounts",
                "persistentvolumes",
                "persistentvolumeclaims",
                "pods",
                "namespaces",
                "leases",
                "customresourcedefinitions",
            )
        )

    def discovery(self) -> Discovery:
        return Discovery.read(self.client)


def write_backup(store: t.Any, name: str, *objects: tuple[str, Object]) -> None:
    """Pairs of a group-resource and an object."""
    stream = io.BytesIO()
    with TarballWriter(stream) as writer:
        for kind, obj in objects:
            writer.add_items(
                GroupResource.parse(kind), [(obj, None)], preferred_version=obj["apiVersion"].rpartition("/")[2]
            )
        writer.close()
    backup = {
        "apiVersion": "velero.io/v1",
        "kind": "Backup",
        "metadata": {"name": name, "namespace": "velero"},
        "spec": {"snapshotVolumes": False},
        "status": {"phase": "Completed", "formatVersion": "1.1.0", "version": 1},
    }
    store.put(f"backups/{name}/{name}.tar.gz", stream.getvalue())
    store.put(f"backups/{name}/velero-backup.json", json.dumps(backup).encode())


def config(name: str, namespace: str = "shop", **data: str) -> tuple[str, Object]:
    metadata = {"name": name, "namespace": namespace}
    return "configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"a": "1"}}


def _request(backup: str, options: Object) -> RestoreRequest:
    fields = set(RestoreRequest.__dataclass_fields__) - {"spec"}
    own: Object = {"workers": 2} | {name: options.pop(name) for name in list(options) if name in fields}
    return RestoreRequest(spec=RestoreSpec.from_options({"backup_name": backup, **options}), **own)


def run_of(
    client: t.Any,
    *,
    issues: t.Any = None,
    progress: ProgressSink = no_progress,
    cancel: CancelToken | None = None,
    **options: t.Any,
) -> RestoreRun:
    """The restore ``r``, for what is tried without the stages before it."""
    request = _request("b", options)
    context = ClusterRun(client=client, issues=issues, progress=progress, cancel=cancel or CancelToken())
    return RestoreRun(request=request, name="r", context=context)


def plan(api: RestoreApi, store: t.Any, backup: str = "b", **options: t.Any) -> RestoreOutcome:
    return plan_restore(_request(backup, options), client=api.client, store=store)


def restore(
    api: RestoreApi, store: t.Any, backup: str = "b", *, cancel: CancelToken | None = None, **options: t.Any
) -> RestoreOutcome:
    return run_restore(_request(backup, options), client=api.client, store=store, cancel=cancel)


def actions(outcome: RestoreOutcome) -> dict[str, str]:
    """Action by name."""
    return {item["name"]: item["action"] for item in outcome.plan_items}


def record_of(store: t.Any, name: str) -> Object:
    """Our own record of a restore."""
    document: Object = json.loads(gzip.decompress(store.get(f"restores/{name}/{name}-arkive.json.gz")))
    return document
