# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases by the example for Flux: its Kustomizations as they are, and its Job with another command."""

from __future__ import annotations

import json
import time
import typing as t
from pathlib import Path

import yaml
from flux_lab import NAMESPACE, REQUESTED, FluxLab, found
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

_EXAMPLES = Path(__file__).parents[4] / "examples" / "gitops"
_PATIENCE = 120.0
_SOURCE: Object = {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "Bucket"}


class Releases:
    """In one namespace, whose name all has; a bucket stands for the repository of the example."""

    def __init__(self, flux: FluxLab, namespace: str) -> None:
        self._flux = flux
        self._namespace = namespace
        spec = flux.source_of(namespace)
        source = {**_SOURCE, "metadata": {"name": namespace, "namespace": NAMESPACE}, "spec": spec}
        text = (_EXAMPLES / "flux-backup-before-release.yml").read_text(encoding="utf-8")
        text = text.replace("kind: GitRepository", "kind: Bucket").replace("name: fleet", f"name: {namespace}")
        text = text.replace("name: shop", f"name: {namespace}").replace("./shop/", f"./{namespace}/")
        self._put(source)
        self._objects = list(yaml.safe_load(text)["items"])

    def commit(self, release: str, command: str) -> None:
        """Another release of the application, and the Job of it, which runs ``command`` in the place of a backup."""
        text = (_EXAMPLES / "flux-backup-job.yml").read_text(encoding="utf-8").replace("2026.6.1", release)
        job = yaml.safe_load(text.replace("namespace: shop", f"namespace: {self._namespace}"))
        pod = job["spec"]["template"]["spec"]
        pod |= {"serviceAccountName": "default", "terminationGracePeriodSeconds": 1}
        pod["containers"] = [{"name": "backup", "image": "busybox:1", "command": ["sh", "-c", command]}]
        metadata = {"name": "app", "namespace": self._namespace}
        app = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"release": release}}
        for folder, obj in (("backup", job), ("app", app)):
            key = f"{self._namespace}/{folder}/{obj['kind'].lower()}.yaml"
            self._flux.bucket.put_object(Key=key, Body=json.dumps(obj).encode())
        self._put(*self._objects)
        asked = f"{REQUESTED}={time.time_ns()}"
        self._flux.kubectl("-n", NAMESPACE, "annotate", "bucket", self._namespace, asked, "--overwrite")

    def await_release(self, release: str) -> None:
        """Wait until the application has it; fails when it is there before its Job has succeeded."""

        def there() -> bool:
            has, done = self.release == release, self.jobs.get(f"backup-before-{release}", "")
            # Read after the application: what is done stays done.
            assert not has or done == "Complete", f"{release} was applied, and its Job is {done or 'not there'}"
            return has

        until(there, f"release {release}", seconds=_PATIENCE, pause=0.2)

    def await_failure(self) -> None:
        """Wait until the Kustomization of the application says that it waits for one whose Job has failed."""
        until(
            lambda: "health check failed" in self._said("-backup"), "the Job has failed", seconds=_PATIENCE, pause=0.2
        )
        until(lambda: "is not ready" in self._said(), "the application waits", seconds=_PATIENCE, pause=0.2)

    @property
    def release(self) -> str:
        app = found(self._flux.client, f"/api/v1/namespaces/{self._namespace}/configmaps/app") or {}
        return str((app.get("data") or {}).get("release") or "")

    @property
    def jobs(self) -> dict[str, str]:
        """How each Job ended; nothing for one that runs."""
        listed = self._flux.client.get(f"/apis/batch/v1/namespaces/{self._namespace}/jobs")["items"]
        return {job["metadata"]["name"]: _ended(job) for job in listed}

    def _said(self, suffix: str = "") -> str:
        kinds = f"/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{NAMESPACE}/kustomizations"
        status = (found(self._flux.client, f"{kinds}/{self._namespace}{suffix}") or {}).get("status") or {}
        return next((str(each["message"]) for each in status.get("conditions") or () if each["type"] == "Ready"), "")

    def _put(self, *objects: Object) -> None:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self._flux.kubectl("apply", "--server-side", "--field-manager=flux-user", "-f", "-", stdin=text)

    def remove(self) -> None:
        for obj in self._objects:
            name = obj["metadata"]["name"]
            self._flux.kubectl("-n", NAMESPACE, "delete", "kustomization", name, "--ignore-not-found", "--timeout=60s")
        self._flux.kubectl("-n", NAMESPACE, "delete", "bucket", self._namespace, "--ignore-not-found", "--timeout=60s")
        self._flux.bucket.objects.filter(Prefix=f"{self._namespace}/").delete()


def _ended(job: t.Mapping[str, t.Any]) -> str:
    conditions = (job.get("status") or {}).get("conditions") or ()
    kinds = [each["type"] for each in conditions if each["type"] in ("Complete", "Failed") and each["status"] == "True"]
    return next(iter(kinds), "")


__all__ = ("Releases",)
