# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the store campaign backs up: a namespace with a few objects, and one with a volume as well."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
import typing as t
from pathlib import Path

_LAB = Path(__file__).parents[2] / "cluster" / "lab.py"
_CLASS_ANNOTATION = "velero.io/csi-volumesnapshot-class"
_CLASS = "loopfile"


class StoreCluster:
    """The local cluster, with two namespaces that are gone afterwards."""

    def __init__(self) -> None:
        self.kubeconfig = os.environ["ARKIVE_TEST_KUBECONFIG"]
        self._kubectl = os.environ["ARKIVE_TEST_KUBECTL"]
        self._state = os.environ["ARKIVE_TEST_STATE"]
        self.plain = f"arkive-test-{secrets.token_hex(4)}"
        self.with_volume = f"arkive-test-{secrets.token_hex(4)}"
        self._volume = ""

    def __enter__(self) -> t.Self:
        for namespace in (self.plain, self.with_volume):
            self.kubectl("create", "namespace", namespace)
            self.kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(_objects()))
        self.kubectl("-n", self.with_volume, "create", "-f", "-", stdin=json.dumps(_with_volume()))
        self.kubectl("-n", self.with_volume, "wait", "pod/app", "--for=condition=Ready", "--timeout=100s")
        where = ["-n", self.with_volume, "get", "pvc", "data", "-o", "jsonpath={.spec.volumeName}"]
        volume = self.kubectl(*where)
        self._volume = self.kubectl("get", "pv", volume, "-o", "jsonpath={.spec.csi.volumeHandle}")
        return self

    def __exit__(self, *_exc: object) -> None:
        with contextlib.suppress(subprocess.SubprocessError):
            self.kubectl("delete", "namespace", self.plain, self.with_volume, "--wait=false")

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        argv = [self._kubectl, "--kubeconfig", self.kubeconfig, *arguments]
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=120, check=True)
        return done.stdout

    def snapshots(self) -> set[str]:
        """What the storage has of the volume."""
        script = f'for f in {self._state}/volumes/pool/snap-*.json; do [ ! -e "$f" ] || {{ cat "$f"; echo; }}; done'
        argv = [sys.executable, str(_LAB), "shell", "--state", self._state, "--", "sh", "-c", script]
        text = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout
        found, decoder = set(), json.JSONDecoder()
        while text := text.lstrip():
            entry, end = decoder.raw_decode(text)
            text = text[end:]
            if entry["source"] == self._volume:
                found.add(str(entry["id"]))
        return found

    def await_no_snapshots(self, but: set[str], seconds: float = 20.0) -> list[str]:
        """What is left of them after a while, beside those of ``but``."""
        end = time.monotonic() + seconds
        while (left := self.snapshots() - but) and time.monotonic() < end:
            time.sleep(0.5)
        return sorted(left)


def _objects() -> dict[str, t.Any]:
    maps = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"m{number}"}, "data": {"key": "x" * 200}}
        for number in range(5)
    ]
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "of nobody"}}
    return {"apiVersion": "v1", "kind": "List", "items": [*maps, secret]}


def _with_volume() -> dict[str, t.Any]:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "annotations": {_CLASS_ANNOTATION: _CLASS}},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "loopfile",
            "resources": {"requests": {"storage": "32Mi"}},
        },
    }
    container = {
        "name": "main",
        "image": "busybox:1",
        "command": ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait; done"],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app"},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        },
    }
    return {"apiVersion": "v1", "kind": "List", "items": [claim, pod]}


__all__ = ("StoreCluster",)
