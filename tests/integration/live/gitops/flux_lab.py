# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications that Flux's own controllers reconcile from a bucket, and waits for what the controllers say they did."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

LAB = Path(__file__).parents[3] / "cluster" / "lab.py"
#: Where the sources and the Kustomizations are, as Flux's own installation has them: not among what is backed up.
NAMESPACE = "flux-system"
REQUESTED = "reconcile.fluxcd.io/requestedAt"
_KUSTOMIZATIONS = f"/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{NAMESPACE}/kustomizations"
_BUCKETS = f"/apis/source.toolkit.fluxcd.io/v1/namespaces/{NAMESPACE}/buckets"
_CREDENTIALS = "bucket-credentials"
_PATIENCE = 90.0  # seconds; a reconciliation takes a tenth of one on a machine that has nothing else to do


class FluxLab:
    """The controllers, and the bucket that their sources read."""

    def __init__(self, state: Path, client: KubeClient, kubectl: Kubectl, s3: S3Access, bucket: t.Any) -> None:
        self._state = state
        self.client = client
        self.kubectl = kubectl
        self.s3 = s3
        self.bucket = bucket
        self.log = Path()

    def build(self) -> None:
        """Build the controllers, or wait for the build that runs; nothing happens when they have been built."""
        self._lab("build", "flux")

    def start(self) -> None:
        started = json.loads(self._lab("flux", "start", "--state", str(self._state)))
        self.log = Path(started["logs"]["kustomize-controller"])
        keys = {"accesskey": self.s3.access_key, "secretkey": self.s3.secret_key}
        self._apply({"apiVersion": "v1", "kind": "Secret", "metadata": _named(_CREDENTIALS), "stringData": keys})

    def stop(self) -> None:
        self._lab("flux", "stop", "--state", str(self._state))

    @staticmethod
    def _lab(*arguments: str) -> str:
        argv = [sys.executable, str(LAB), *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"lab.py {' '.join(arguments)}: {done.stderr}", pytrace=False)
        return done.stdout

    def _apply(self, *objects: Object) -> None:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("apply", "--server-side", "--field-manager=flux-user", "-f", "-", stdin=text)

    def source_of(self, name: str) -> Object:
        """The spec of a source: the folder ``name`` of the bucket."""
        return {
            "provider": "generic",
            "bucketName": self.bucket.name,
            "endpoint": self.s3.endpoint.removeprefix("http://"),
            "insecure": True,
            "prefix": f"{name}/",
            "interval": "10m",
            "secretRef": {"name": _CREDENTIALS},
        }

    def follow(self, name: str, *, prune: bool = True) -> FluxApplication:
        """Let Flux reconcile each second what is in the folder ``name`` of the bucket."""
        source = self.source_of(name)
        application = {
            "interval": "1s",
            "retryInterval": "1s",
            "path": f"./{name}",
            "prune": prune,
            "sourceRef": {"kind": "Bucket", "name": name},
            "force": False,
            "timeout": "30s",
        }
        self._apply(
            {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "Bucket", "metadata": _named(name), "spec": source},
            {
                "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
                "kind": "Kustomization",
                "metadata": _named(name),
                "spec": application,
            },
        )
        return FluxApplication(self, name)


class FluxApplication:
    """One folder of the bucket, and the Kustomization that keeps the cluster like it."""

    def __init__(self, lab: FluxLab, name: str) -> None:
        self._lab = lab
        self.name = name

    def commit(self, *objects: Object) -> None:
        """Make these objects all that the folder holds, and wait until the source has it."""
        names = {f"{self.name}/{obj['kind'].lower()}-{obj['metadata']['name']}.yaml": obj for obj in objects}
        for old in self._lab.bucket.objects.filter(Prefix=f"{self.name}/"):
            if old.key not in names:
                old.delete()
        for key, obj in names.items():
            self._lab.bucket.put_object(Key=key, Body=json.dumps(obj, indent=1).encode())
        self._fetch()

    def commit_tree(self, folder: Path) -> None:
        """The same with the files of an exported tree."""
        files = {f"{self.name}/{file.relative_to(folder)}": file for file in folder.rglob("*.yaml")}
        for old in self._lab.bucket.objects.filter(Prefix=f"{self.name}/"):
            if old.key not in files:
                old.delete()
        for key, file in files.items():
            self._lab.bucket.put_object(Key=key, Body=file.read_bytes())
        self._fetch()

    def _fetch(self) -> None:
        """Ask the source to look into the bucket now, and wait until it says that it did."""
        token = str(time.time_ns())
        self._lab.kubectl("-n", NAMESPACE, "annotate", "bucket", self.name, f"{REQUESTED}={token}", "--overwrite")

        def fetched() -> bool:
            status = self.source().get("status") or {}
            return status.get("lastHandledReconcileAt") == token and is_ready(self.source())

        self._until(fetched, "the source has read the bucket")

    def source(self) -> Object:
        return self._lab.client.get(f"{_BUCKETS}/{self.name}")

    def kustomization(self) -> Object:
        return self._lab.client.get(f"{_KUSTOMIZATIONS}/{self.name}")

    def await_applied(self) -> None:
        """Wait until the controller says that it applied what the source has."""

        def applied() -> bool:
            revision = ((self.source().get("status") or {}).get("artifact") or {}).get("revision", "")
            found = self.kustomization()
            return is_ready(found) and bool(revision) and found["status"].get("lastAppliedRevision") == revision

        self._until(applied, "the tree is applied")

    def set_interval(self, interval: str) -> None:
        """How long the controller waits before it looks again; it looks once when it hears of this."""
        before = self.kustomization()["metadata"]["generation"]
        patch = f'{{"spec":{{"interval":"{interval}"}}}}'
        self._lab.kubectl("-n", NAMESPACE, "patch", "kustomization", self.name, "--type=merge", "-p", patch)

        def heard() -> bool:
            found = self.kustomization()
            return found["metadata"]["generation"] > before and is_ready(found)

        self._until(heard, "the new interval")

    def reconciliations(self) -> int:
        """How often the controller says that it has reconciled what it last reconciled."""
        history = (self.kustomization().get("status") or {}).get("history") or [{}]
        return int(history[0].get("totalReconciliations", 0))

    def await_reconciliations(self, count: int, each: t.Callable[[], None] = lambda: None) -> None:
        """Wait until the controller's status shows this many more, all of them good; ``each`` is called whenever."""
        before = self.reconciliations()

        def done() -> bool:
            each()
            return self.reconciliations() >= before + count

        self._until(done, f"{count} reconciliations")
        found = self.kustomization()
        assert is_ready(found), found["status"]

    def owned(self) -> set[str]:
        """What the controller says that it applied: names of its inventory."""
        inventory = (self.kustomization().get("status") or {}).get("inventory") or {}
        return {entry["id"] for entry in inventory.get("entries") or []}

    def corrections(self, obj: str) -> int:
        """How often the controller's log says that it changed this object, written ``kind/namespace/name``."""
        lines = (json.loads(line) for line in self._lab.log.read_text().splitlines() if line.startswith("{"))
        outputs = (line.get("output") for line in lines if line.get("name") == self.name)
        return sum(isinstance(output, dict) and output.get(obj) == "configured" for output in outputs)

    def remove(self) -> None:
        """End the reconciliation, and wait until the controller has removed what it applied."""
        kubectl = self._lab.kubectl
        patch = '{"spec":{"suspend":false}}'  # a Kustomization that is suspended removes nothing
        kubectl("-n", NAMESPACE, "patch", "kustomization", self.name, "--type=merge", "-p", patch, check=False)
        for kind in ("kustomization", "bucket"):
            kubectl("-n", NAMESPACE, "delete", kind, self.name, "--ignore-not-found", "--timeout=60s")
        self._lab.bucket.objects.filter(Prefix=f"{self.name}/").delete()

    def _until(self, condition: t.Callable[[], bool], what: str) -> None:
        try:
            until(condition, f"{self.name}: {what}", seconds=_PATIENCE, pause=0.1)
        except AssertionError as exc:
            states = [(obj["kind"], obj.get("status")) for obj in (self.source(), self.kustomization())]
            raise AssertionError(f"{exc}; {json.dumps(states)[:3000]}") from None


def is_ready(obj: Object) -> bool:
    """Whether the controller says so, of what is asked now."""
    status = obj.get("status") or {}
    ready = [each for each in status.get("conditions") or [] if each["type"] == "Ready"]
    return (
        bool(ready)
        and ready[0]["status"] == "True"
        and status.get("observedGeneration") == obj["metadata"]["generation"]
    )


def found(client: KubeClient, path: str) -> Object | None:
    """An object; None when it is not there."""
    try:
        return client.get(path)
    except KubeError as exc:
        if exc.not_found:
            return None
        raise


def _named(name: str) -> Object:
    return {"name": name, "namespace": NAMESPACE}


__all__ = ("NAMESPACE", "REQUESTED", "FluxApplication", "FluxLab", "found", "is_ready")
