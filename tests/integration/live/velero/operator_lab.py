# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes of ours over the objects of a namespace, and Velero's own command line, which finds no server there."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import threading
import typing as t
from pathlib import Path

from velero_judge import until

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import KINDS
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    OperationsOutcome,
    OperationsRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_run import run_operations

_SECRET = "cloud"
_KINDS = {plural: kind for kind, plural in KINDS.items()}


class Operator:
    """A context manager: passes are made while it is entered. Called, it is the command line."""

    def __init__(self, program: str, *, kubeconfig: str, namespace: str, home: Path) -> None:
        self.namespace = namespace
        self._program = program
        self._kubeconfig = kubeconfig
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": kubeconfig}
        self._home = home
        self._cancel = CancelToken()
        self._thread: threading.Thread | None = None
        self.problems: list[str] = []
        self.client = connect(KubeAuth(kubeconfig=kubeconfig))

    def add_location(self, bucket: str, s3: t.Any) -> None:
        """The location ``default``, with its Secret."""
        text = f"[default]\naws_access_key_id={s3.access_key}\naws_secret_access_key={s3.secret_key}\n"
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": _SECRET},
            "data": {"cloud": base64.b64encode(text.encode()).decode()},
        }
        self.client.post(f"/api/v1/namespaces/{self.namespace}/secrets", body)
        spec = {
            "provider": "aws",
            "default": True,
            "objectStorage": {"bucket": bucket},
            "credential": {"name": _SECRET, "key": "cloud"},
            "config": {"region": "us-east-1", "s3Url": s3.endpoint, "s3ForcePathStyle": "true"},
        }
        location = {
            "apiVersion": "velero.io/v1",
            "kind": "BackupStorageLocation",
            "metadata": {"name": "default"},
            "spec": spec,
        }
        self.client.post(self._path("backupstoragelocations"), location)

    def pass_once(self, **asked: t.Any) -> OperationsOutcome:
        return run_operations(OperationsRequest(namespace=self.namespace, **asked), client=self.client)

    def __enter__(self) -> Operator:
        self._thread = threading.Thread(target=self._work, name="passes")
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._remove_restores()
        self._cancel.cancel("the test has ended")
        if self._thread is not None:
            self._thread.join()

    def _remove_restores(self) -> None:
        """While somebody sees to their finalizers: the namespace would never go otherwise."""
        for name in self.names("restores"):
            self.client.delete(f"{self._path('restores')}/{name}")
        until(lambda: not self.names("restores") or self.problems, "the restores go", seconds=60)

    def _work(self) -> None:
        client = connect(KubeAuth(kubeconfig=self._kubeconfig), cancel=self._cancel)
        request = OperationsRequest(namespace=self.namespace, duration=600.0, interval=0.5)
        try:
            run_operations(request, client=client, cancel=self._cancel)
        except Cancelled:
            return
        except Exception as exc:  # pylint: disable=broad-exception-caught
            self.problems.append(repr(exc))

    def __call__(self, *arguments: str) -> str:
        """Its standard output. What it fails with, or does not come back from, fails the test."""
        done = subprocess.run(
            [self._program, "-n", self.namespace, *arguments],
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            env=self._environment,
            cwd=self._home,
        )
        assert done.returncode == 0, f"velero {' '.join(arguments)}: {done.stdout}{done.stderr} {self.problems}"
        assert "An error occurred" not in done.stderr, done.stderr
        return done.stdout

    def create(self, plural: str, name: str, spec: t.Mapping[str, t.Any], **members: t.Any) -> None:
        body = {"apiVersion": "velero.io/v1", "kind": _KINDS[plural], "metadata": {"name": name}, "spec": dict(spec)}
        self.client.post(self._path(plural), {**body, **members})

    def path(self, plural: str, name: str) -> str:
        return f"{self._path(plural)}/{name}"

    def get(self, plural: str, name: str) -> Object | None:
        try:
            return self.client.get(f"{self._path(plural)}/{name}")
        except KubeError as exc:
            if exc.not_found:
                return None
            raise

    def names(self, plural: str) -> list[str]:
        return [item["metadata"]["name"] for item in self.client.get(self._path(plural))["items"]]

    def await_phase(self, plural: str, name: str, phase: str) -> Object:
        def reached() -> Object | None:
            found = self.get(plural, name)
            return found if ((found or {}).get("status") or {}).get("phase") == phase else None

        return t.cast(Object, until(reached, f"{plural} {name} is {phase}", seconds=60))

    def events(self) -> set[tuple[str, str]]:
        """The reason of each, and the object that it is of."""
        items = self.client.get(f"/api/v1/namespaces/{self.namespace}/events")["items"]
        return {(item["reason"], item["involvedObject"]["name"]) for item in items}

    def _path(self, plural: str) -> str:
        return f"/apis/velero.io/v1/namespaces/{self.namespace}/{plural}"


def new_name(what: str) -> str:
    return f"{what}{secrets.token_hex(3)}"


__all__ = ("Operator", "new_name")
