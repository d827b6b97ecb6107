# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What campaigns ask of a cluster, many times a case: the program itself only for what is seldom."""

from __future__ import annotations

import os
import subprocess

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command

_EXEC_SECONDS = 60.0
_PROGRAM_SECONDS = 150.0


class LightKubectl:
    """Called as ``kubectl``, it gives stdout. Raises ``RuntimeError``."""

    def __init__(self, kubeconfig: str) -> None:
        self._kubeconfig = kubeconfig
        self._client = connect(KubeAuth(kubeconfig=kubeconfig))
        self._containers: dict[tuple[str, str], str] = {}

    def __call__(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        words = list(arguments)
        if words[:1] == ["-n"] and words[2:3] == ["exec"] and words[4:5] == ["--"] and "/" not in words[3]:
            return self._exec(words[1], words[3], words[5:], check=check)
        return self._run(arguments, stdin, check=check)

    def exists(self, namespace: str, pod: str) -> bool:
        try:
            self._client.get(f"/api/v1/namespaces/{namespace}/pods/{pod}")
        except KubeError as exc:
            if exc.not_found:
                return False
            raise
        return True

    def _exec(self, namespace: str, pod: str, argv: list[str], *, check: bool) -> str:
        try:
            container = self._container(namespace, pod)
            done = exec_command(
                self._client, namespace=namespace, pod=pod, container=container, argv=argv, timeout=_EXEC_SECONDS
            )
        except ArkiveError as exc:
            if not check:
                return ""
            raise RuntimeError(f"{argv} in pod {namespace}/{pod}: {exc.sentence}") from exc
        if check and done.rc:
            raise RuntimeError(f"{argv} in pod {namespace}/{pod}: code {done.rc}, {done.stderr!r}")
        return done.stdout.decode("utf-8", "replace")

    def _container(self, namespace: str, pod: str) -> str:
        """The first one, as kubectl has it."""
        found = self._containers.get((namespace, pod))
        if found is None:
            spec = self._client.get(f"/api/v1/namespaces/{namespace}/pods/{pod}")["spec"]
            found = self._containers[namespace, pod] = str(spec["containers"][0]["name"])
        return found

    def _run(self, arguments: tuple[str, ...], stdin: str | None, *, check: bool) -> str:
        command = [os.environ.get("ARKIVE_TEST_KUBECTL") or "kubectl", "--kubeconfig", self._kubeconfig, *arguments]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=_PROGRAM_SECONDS, check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout


__all__ = ("LightKubectl",)
