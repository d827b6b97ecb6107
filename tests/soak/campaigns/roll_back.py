# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes of running applications are rolled back by processes that are killed after one of their writes.

Each case: an application of a random kind, whose backup has a snapshot that can be used or not; a restore that is
killed, or is over before; the same restore again. The application is up on the backup's data or, where the snapshot
cannot be used, on what it had, with nothing left that says otherwise. A database is written to until its pod goes.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kube_auth import KubeAuth
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from campaigns.light_kubectl import LightKubectl
from campaigns.live_support import KILLED_ROLL_BACK, Backups, Cluster, PostgresApp, SnapshotLab

_CLASS = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: NAME}
provisioner: loopfile.csi.test
volumeBindingMode: WaitForFirstConsumer
reclaimPolicy: Delete
"""
#: More writes than a restore makes: some cases are not killed.
_MOST_WRITES = 32
_USABLE_SECONDS, _UNUSABLE_SECONDS = 60.0, 6.0
_ROWS = 20


class FilesApp:
    """A workload with files, in a namespace of its own; ``go_on`` writes what the backup has not."""

    def __init__(self, lab: SnapshotLab, kind: str, storage_class: str) -> None:
        self._lab = lab
        self._kind = kind
        self.claim = "data" if kind == "deployment" else "data-web-0"
        self.namespace = lab.application(kind, storage_class)

    def await_up(self) -> None:
        self._lab.await_running(self.namespace, self._kind)

    def go_on(self) -> None:
        self._lab.write(self.namespace, self._kind, "after")

    def what_is_wrong(self, *, rolled_back: bool) -> str:
        found = sorted(self._lab.read(self.namespace, self._kind))
        wanted = ["before"] if rolled_back else ["after", "before"]
        return "" if found == wanted else f"its files are {found}"


class DatabaseApp:
    """PostgreSQL in a pod of its own, which is written to until the pod goes."""

    claim = "db"

    def __init__(self, lab: SnapshotLab, stack: contextlib.ExitStack) -> None:
        self.namespace = lab.cluster.new_name()
        lab.kubectl("create", "namespace", self.namespace)
        self._kubectl = lab.kubectl
        self._app = PostgresApp(lab.kubectl, self.namespace)
        self._app.create()
        stack.enter_context(self._app.written_to())
        self._before = self._app.acknowledged()
        self._after = 0

    def await_up(self) -> None:
        self._kubectl("-n", self.namespace, "wait", "--for=condition=Ready", "pod/db", "--timeout=110s")

    def go_on(self) -> None:
        """The writer does; rows from here on are not in the backup."""
        self._after = self._app.rows()[0] + 1
        while self._app.acknowledged() < self._after + _ROWS:
            pass

    def what_is_wrong(self, *, rolled_back: bool) -> str:
        newest, count = self._app.rows()
        damaged = self._app.check()
        if damaged or newest != count:
            return f"the database has {count} rows up to {newest}: {damaged}"
        is_old = self._before <= newest < self._after
        return "" if is_old is rolled_back else f"its newest row is {newest}, of {self._before} and {self._after}"


class RollBackCampaign:
    """Needs the local cluster."""

    def __enter__(self) -> t.Self:
        self._stack = contextlib.ExitStack()
        self._kubeconfig = os.environ["ARKIVE_TEST_KUBECONFIG"]
        self._client = connect(KubeAuth(kubeconfig=self._kubeconfig))
        self._kubectl = LightKubectl(self._kubeconfig)
        self._class = f"arkive-test-waits-{secrets.token_hex(3)}"
        self._kubectl("apply", "-f", "-", stdin=_CLASS.replace("NAME", self._class))
        self._stack.callback(self._kubectl, "delete", "storageclass", self._class)
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="arkive-soak-")))
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def run_case(self, chance: random.Random) -> str:
        kind = chance.choice(("deployment", "waiting deployment", "statefulset", "statefulset", "database"))
        usable = chance.random() < 0.75
        number = chance.randint(1, _MOST_WRITES)
        with contextlib.ExitStack() as stack:
            lab = SnapshotLab(Cluster(self._client), self._kubectl)
            stack.callback(self._remove, lab)
            app = self._app(lab, kind, stack)
            case = _Case(app, lab, Backups(self._folder / secrets.token_hex(4), self._client), usable=usable)
            try:
                wrong = case.run(self._kubeconfig, number)
            except (RuntimeError, AssertionError) as exc:
                wrong = f"{exc}"
        told = "" if usable else ", without its snapshot"
        print(f"roll-back: {kind}{told}, killed after write {number}: {'WRONG' if wrong else 'right'}", flush=True)
        return f"{kind}{told}, killed after write {number}: {wrong}" if wrong else ""

    def _app(self, lab: SnapshotLab, kind: str, stack: contextlib.ExitStack) -> FilesApp | DatabaseApp:
        if kind == "database":
            return DatabaseApp(lab, stack)
        storage_class = self._class if kind == "waiting deployment" else "loopfile"
        return FilesApp(lab, kind.rpartition(" ")[2], storage_class)

    def _remove(self, lab: SnapshotLab) -> None:
        lab.close()
        for namespace in lab.cluster.made:
            with contextlib.suppress(KubeError):
                self._client.delete(f"/api/v1/namespaces/{namespace}")


class _Case:
    """One case, once. ``usable``: the snapshot can be used."""

    def __init__(self, app: FilesApp | DatabaseApp, lab: SnapshotLab, backups: Backups, *, usable: bool) -> None:
        self._app = app
        self._lab = lab
        self._backups = backups
        self._usable = usable
        self._name = f"r{secrets.token_hex(3)}"
        self._timeout = _USABLE_SECONDS if usable else _UNUSABLE_SECONDS

    def run(self, kubeconfig: str, number: int) -> str:
        app, lab = self._app, self._lab
        objects, info = lab.stored(app.namespace, app.claim)
        for entry in info:
            entry["pvInfo"] = {"reclaimPolicy": "Delete", "labels": {}}
        self._backups.write("b", objects, spec={}, volume_info=info)
        app.go_on()
        old = self._volume(app.claim)
        if not self._usable:
            lab.delete_from_storage()
        argv = [sys.executable, str(KILLED_ROLL_BACK), kubeconfig, str(self._backups.path), "b", self._name]
        argv += [str(number), str(self._timeout)]
        killed = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
        if killed.returncode not in (0, -signal.SIGKILL):
            return f"it ended with {killed.returncode}: {killed.stderr}"
        if lab.cluster.get("persistentvolumes", old) is None:
            return "the old volume is gone"
        done = self._restore()
        return self._judge(done, old)

    def _restore(self) -> RestoreOutcome:
        return self._backups.restore(
            "b", name=self._name, existing_volume_policy="roll_back", resource_timeout=self._timeout
        )

    def _judge(self, done: RestoreOutcome, old: str) -> str:
        wanted = "Completed" if self._usable else "PartiallyFailed"
        if done.phase != wanted:
            return f"the next run is {done.phase}: {done.errors_list}"
        self._app.await_up()
        wrong = self._app.what_is_wrong(rolled_back=self._usable) or self._what_is_left()
        if wrong:
            return f"after the next run {wrong}"
        holder = f"{self._app.claim}-before-{self._name}" if self._usable else self._app.claim
        if self._volume(holder) != old:
            return f"claim {holder} has volume {self._volume(holder)}, and not {old}"
        volume = self._lab.cluster.get("persistentvolumes", old) or {}
        if volume["spec"]["persistentVolumeReclaimPolicy"] != "Delete":
            return "the reclaim policy of the old volume is not what it was"
        again = self._restore() if self._usable else None
        return f"the run after that changes something: {again.plan_items}" if again and again.changed else ""

    def _volume(self, claim: str) -> str:
        found = self._lab.cluster.get("persistentvolumeclaims", claim, self._app.namespace) or {}
        return str((found.get("spec") or {}).get("volumeName") or "")

    def _what_is_left(self) -> str:
        marked = []
        for kind in ("persistentvolumeclaims", "deployments", "statefulsets"):
            found: Object = json.loads(self._lab.kubectl("-n", self._app.namespace, "get", kind, "-o", "json"))
            marked += [
                f"{kind} {obj['metadata']['name']}"
                for obj in found["items"]
                if "arkive.k8s/roll-back" in (obj["metadata"].get("annotations") or {})
            ]
        return f"these are marked: {', '.join(marked)}" if marked else ""


__all__ = ("RollBackCampaign",)
