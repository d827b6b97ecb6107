# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository in a folder, a cluster in memory, and pods that say what kopia 0.22 does (docs/compatibility 18.6)."""

from __future__ import annotations

import base64
import gzip
import json
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.request import (
    RepositoryOutcome,
    RepositoryRequest,
    State,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.work import RepositoryWork
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import MOVER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import MoverTarget
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.upkeep import CopyTarget, Upkeep
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import Request
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import Object
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.mover_cluster import (
    NAMESPACE,
    MoverCluster,
    ended,
)

FOLDER = f"kopia/{NAMESPACE}/"
IDENTITY = json.dumps({"uniqueID": "aWQ="}).encode()
#: What kopia says of a repository that was never maintained.
NEVER = "0001-01-01T00:00:00Z"
LATER, EARLIER = "2099-01-01T00:00:00Z", "2026-01-01T00:00:00Z"


def held(name: str, claim: str = "files", *, made: str = EARLIER, **more: t.Any) -> Object:
    """An entry of ``snapshot list --json``; ``name`` is an id."""
    summary = {"size": 10, "files": 2, "symlinks": 0, "dirs": 1, "numFailed": 0}
    return {
        "id": name,
        "source": {"path": f"snapshot-data-upload-download/kopia/{NAMESPACE}/{claim}"},
        "startTime": made,
        "endTime": made,
        "rootEntry": {"summ": summary},
        **more,
    }


def info(*, full: str = LATER, quick: str = LATER, owner: str = "default@default", runs: t.Any = None) -> Object:
    """What ``maintenance info --json`` prints."""
    return {
        "owner": owner,
        "quick": {"enabled": True, "interval": 3600000000000},
        "full": {"enabled": True, "interval": 86400000000000},
        "schedule": {"nextFullMaintenance": full, "nextQuickMaintenance": quick, "runs": runs},
    }


def run_of(start: str = EARLIER, *, error: str = "") -> list[Object]:
    """The entry of one task of kopia's maintenance."""
    failed = {"error": error} if error else {}
    return [{"start": start, "end": start, "success": not error, **failed}]


class RepositoryLab:
    """``held`` and ``state``: what kopia says; ``verified``: what reading everything gives; ``did``: what pods did."""

    def __init__(self, folder: Path) -> None:
        self.cluster = MoverCluster(folder / "location", self._behave)
        self.store = self.cluster.store
        self.copy_store = LocalStore(LocalLocation(path=str(folder / "copy")))
        self.held: list[Object] = []
        self.state = info()
        self.maintained = info(runs={"snapshot-gc": run_of()})
        self.stats: Object = {"stats": {"processedObjectCount": 3, "readFileCount": 2, "readBytes": 10}}
        self.damage = ""
        self.did: list[str] = []
        self.lines: list[str] = []
        #: Those of the last run.
        self.issues = Issues()
        #: How the pod of an action ends, in the place of what it would say.
        self.ends: dict[str, Object] = {}
        self._logs: dict[str, bytes] = {}
        self.cluster.api.logs = self._log

    def make_repository(self, **blobs: bytes) -> None:
        for name, data in {"kopia.repository": IDENTITY, "udmrepo.Repository": IDENTITY, **blobs}.items():
            self.store.put(FOLDER + name, data)

    def put_backup(
        self, name: str, *ids: str, phase: str = "Completed", namespace: str = NAMESPACE, uploader: str = "kopia"
    ) -> None:
        """A backup of moved volumes."""
        entries = [
            {
                "pvcName": "files",
                "pvcNamespace": namespace,
                "snapshotDataMovementInfo": {"snapshotHandle": each, "uploaderType": uploader},
            }
            for each in ids
        ]
        backup = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": name}, "spec": {}}
        self.store.put(f"backups/{name}/{name}-volumeinfo.json.gz", gzip_json(entries))
        document = {**backup, "status": {"phase": phase}}
        self.store.put(f"backups/{name}/velero-backup.json", json.dumps(document).encode())

    def carry_out(
        self, state: State, *, check_mode: bool = False, delete: bool = False, **more: t.Any
    ) -> RepositoryOutcome:
        request = RepositoryRequest(state=state, namespace=NAMESPACE, mover_namespace=NAMESPACE, **more)
        run = self.cluster.run()
        self.issues = run.issues
        settings = MoverSettings(credentials="static", pod_start_timeout=30.0)
        upkeep = Upkeep(run, self._target("b", self.store), settings, repository=NAMESPACE, namespace=NAMESPACE)
        copy = CopyTarget(target=self._target("copies", self.copy_store), delete=delete) if state == "copied" else None
        work = RepositoryWork(
            request,
            store=self.store,
            upkeep=upkeep,
            client=run.client,
            run=RunContext(run_id="run1", progress=self.lines.append),
            check_mode=check_mode,
        )
        return work.carry_out(copy)

    @staticmethod
    def _target(bucket: str, store: LocalStore) -> MoverTarget:
        location = S3Location(
            bucket=bucket, prefix="p", region="r", endpoint_url="http://s3:9000", access_key="A", secret_key="S"
        )
        return MoverTarget(location=location, store=store, password="word")

    def _behave(self, job: Object) -> Object:
        action = job["metadata"]["labels"][MOVER]
        [container] = job["spec"]["template"]["spec"]["containers"]
        environment = {each["name"]: each["value"] for each in container["env"]}
        self.did.append(action)
        if action in self.ends:
            return self.ends[action]
        pod = f"{job['metadata']['name']}-pod"
        said: list[str] = getattr(self, f"_{action}")(environment, pod)
        return ended("\n".join([f"arkive-mover done {action} 0", *said, ""]))

    def _open(self, _environment: t.Mapping[str, str], _pod: str) -> list[str]:
        return []

    def _create(self, _environment: t.Mapping[str, str], _pod: str) -> list[str]:
        self.store.put(FOLDER + "kopia.repository", IDENTITY)
        return []

    def _look(self, _environment: t.Mapping[str, str], pod: str) -> list[str]:
        return self._tell(pod, snapshots=json.dumps(self.held), state=json.dumps(self.state))

    def _maintain(self, environment: t.Mapping[str, str], pod: str) -> list[str]:
        self.did[-1] += " full" if environment["MV_FULL"] else " quick"
        self.state = self.maintained
        return self._tell(pod, state=json.dumps(self.state))

    def _verify(self, environment: t.Mapping[str, str], pod: str) -> list[str]:
        self.did[-1] += f" {environment['MV_PERCENT']}"
        return self._tell(pod, snapshots=json.dumps(self.held), stats=json.dumps(self.stats), damage=self.damage)

    def _forget(self, environment: t.Mapping[str, str], _pod: str) -> list[str]:
        ids = environment["MV_IDS"].split()
        self.held = [each for each in self.held if each["id"] not in ids]
        return [f"forgot {each}" for each in ids]

    def _copy(self, environment: t.Mapping[str, str], _pod: str) -> list[str]:
        for found in self.store.list(FOLDER).objects:
            self.copy_store.put(found.key, self.store.get(found.key))
        if environment["MV_DELETE"]:
            kept = {found.key for found in self.store.list(FOLDER).objects}
            there = [found.key for found in self.copy_store.list(FOLDER).objects]
            self.copy_store.delete_many(key for key in there if key not in kept)
        return ["at copy"]

    def _tell(self, pod: str, **texts: str) -> list[str]:
        lines, said = [], []
        for name, text in texts.items():
            data = text.encode()
            packed = base64.b64encode(gzip.compress(data)).decode()
            lines += [f"arkive-told {name} {packed[start : start + 100]}" for start in range(0, len(packed), 100)]
            said.append(f"told {name} {len(data)}")
        self._logs[pod] = "\n".join([*lines, ""]).encode()
        return said

    def _log(self, request: Request) -> t.Iterable[bytes]:
        return [self._logs.get(request.path.split("/pods/")[1].split("/")[0], b"")]


__all__ = ("EARLIER", "FOLDER", "IDENTITY", "LATER", "NEVER", "RepositoryLab", "held", "info", "run_of")
