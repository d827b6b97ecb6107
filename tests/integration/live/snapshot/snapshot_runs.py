# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of snapshots of one application, by the engine."""

from __future__ import annotations

import json
import threading
import typing as t

from volume_lab import PATH, DataApp, Object, until

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.outcome import SnapshotOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.task import remove_snapshots, take_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet

RESTORED = "restored"


class SnapshotRuns:
    """Tasks on the claims of ``app``; each call is a run of its own."""

    def __init__(self, client: KubeClient, app: DataApp) -> None:
        self.client = client
        self.app = app

    def take(
        self,
        name: str = "one",
        *,
        check_mode: bool = False,
        cancel: CancelToken | None = None,
        client: KubeClient | None = None,
        freeze_max: float = 60.0,
        quiescing: Object | None = None,
        **options: t.Any,
    ) -> SnapshotOutcome:
        """All claims of the application, unless ``choice`` says others."""
        policy = FreezePolicy(lease_seconds=min(30.0, freeze_max), freeze_max_seconds=freeze_max)
        request = SnapshotRequest(
            **{
                "name": name,
                "namespace": self.app.namespace,
                "choice": ClaimChoice(claims=self.app.claims),
                "quiescing": Quiescing(policy=policy, **(quiescing or {})),
                "take_seconds": 60.0,
                "ready_seconds": 60.0,
                "run_id": "live",
                **options,
            }
        )
        token, caller = cancel or CancelToken(), client or self.client
        caller = caller.with_cancel(token)
        provider = CsiSet(caller, request, cancel=token)
        return take_snapshots(request, client=caller, provider=provider, cancel=token, check_mode=check_mode)

    def once_begun(self, act: t.Callable[[], object]) -> threading.Thread:
        """Act as soon as a snapshot of the application is there to be cut."""

        def wait_and_act() -> None:
            until(self.app.snapshot_objects, "the snapshot is begun", seconds=60)
            act()

        thread = threading.Thread(target=wait_and_act)
        thread.start()
        return thread

    def remove(self, name: str = "one", **options: t.Any) -> SnapshotOutcome:
        request = SnapshotRequest(name=name, namespace=self.app.namespace, **options)
        return remove_snapshots(request, provider=CsiSet(self.client, request, cancel=CancelToken()))

    def restored_files(self, snapshot: str, storage_class: str) -> dict[str, str]:
        """What is in a new volume that is made from a snapshot."""
        objects = self.restored_objects(snapshot, storage_class)
        self.app.kubectl("-n", self.app.namespace, "create", "-f", "-", stdin=objects)
        wait = ["wait", "--for=condition=Ready", "pod/" + RESTORED, "--timeout=100s"]
        self.app.kubectl("-n", self.app.namespace, *wait)
        script = f"cd {PATH} && for f in *; do [ ! -f $f ] || echo $f=$(cat $f); done"
        shell = ["exec", RESTORED, "--", "/bin/sh", "-c", script]
        lines = self.app.kubectl("-n", self.app.namespace, *shell).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def restored_objects(self, snapshot: str, storage_class: str) -> str:
        """A claim with the snapshot as its source, and a pod that mounts it."""
        source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": snapshot}
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": RESTORED},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": storage_class,
                "resources": {"requests": {"storage": "320Mi"}},
                "dataSource": source,
            },
        }
        container = {
            "name": "main",
            "image": "busybox:1",
            "command": ["sleep", "86400"],
            "volumeMounts": [{"name": "data", "mountPath": PATH}],
        }
        spec = {
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": RESTORED}}],
        }
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": RESTORED}, "spec": spec}
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": [claim, pod]})


__all__ = ("SnapshotRuns",)
