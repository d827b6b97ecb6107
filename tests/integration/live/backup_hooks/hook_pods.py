# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods to run hooks in, and the way from rules to results: find hooks, build blocks, one section for each block."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.blocks import Block, build_blocks, find_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookPolicy, HookResult, OnError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import resolve_rules
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import exec_command
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ApiObjectReader
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy, FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.prepared_pods import prepare_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import parse_hook_rules

PATH = "/data"


def pod(name: str, *, image: str = "busybox:1", claim: str = "", **metadata: t.Any) -> Object:
    """A pod with one container ``main`` that does nothing; with ``claim`` it may freeze what is mounted at /data."""
    container: Object = {"name": "main", "image": image}
    spec: Object = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    if image.startswith("busybox"):
        container["command"] = ["/bin/sh", "-c", "while :; do sleep 3600; done"]
    if claim:
        container |= {
            "securityContext": {"privileged": True},
            "volumeMounts": [{"name": "data", "mountPath": PATH}],
        }
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    metadata = {"name": name, "labels": {"app": "hooks"}} | metadata
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def claim(name: str) -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def run(*argv: str, **more: t.Any) -> Object:
    """An entry of a rule's ``pre`` or ``post``."""
    return {"exec": {"command": list(argv), **more}}


def shell(script: str, **more: t.Any) -> Object:
    return run("/bin/sh", "-c", script, **more)


@dataclasses.dataclass(slots=True)
class HookRun:
    """What became of the hooks of a namespace."""

    results: list[HookResult] = dataclasses.field(default_factory=list)
    freezes: list[FreezeRecord] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)
    stored: dict[str, bool] = dataclasses.field(default_factory=dict)
    issues: Issues = dataclasses.field(default_factory=Issues)
    most_threads: int = 0

    def of(self, pod_name: str) -> list[HookResult]:
        return [result for result in self.results if result.pod == pod_name]


class HookPods:
    """The pods of one namespace."""

    def __init__(self, client: KubeClient, kubectl: t.Callable[..., str], namespace: str) -> None:
        self.client = client
        self.namespace = namespace
        self._kubectl = kubectl

    def create(self, *objects: Object, seconds: int = 110) -> None:
        """Make them, and wait until every pod is ready."""
        self._kubectl(
            "-n",
            self.namespace,
            "apply",
            "-f",
            "-",
            stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}),
        )
        self._kubectl("-n", self.namespace, "wait", "--for=condition=Ready", "pod", "--all", f"--timeout={seconds}s")

    def delete(self, name: str) -> None:
        """Take a pod away at once, and wait until it is gone."""
        self._kubectl("-n", self.namespace, "delete", "pod", name, "--grace-period=0", "--force", "--wait=true")

    def delete_all(self) -> None:
        """Take all pods away at once, and wait until they are gone: many of them would keep the node busy."""
        self._kubectl("-n", self.namespace, "delete", "pod", "--all", "--grace-period=0", "--force", "--timeout=110s")

    def all(self) -> list[Object]:
        found = self.client.get(f"/api/v1/namespaces/{self.namespace}/pods")["items"]
        return sorted(found, key=lambda each: str(each["metadata"]["name"]))

    def sh(self, name: str, script: str) -> str:
        result = exec_command(
            self.client,
            namespace=self.namespace,
            pod=name,
            container="main",
            argv=["/bin/sh", "-c", script],
            timeout=20,
        )
        assert result.rc == 0, (script, result)
        return result.stdout.decode()

    def is_frozen(self, name: str) -> bool:
        """A thaw finds something: then it is thawed now."""
        script = f"fsfreeze --unfreeze {PATH} 2>/dev/null && echo frozen || echo thawed"
        return self.sh(name, script).strip() == "frozen"

    def blocks(self, rules: list[Object], **order: t.Any) -> list[Block]:
        resolved = resolve_rules(parse_hook_rules(rules), lambda name: "pods" if name in ("po", "pods") else None)
        return build_blocks([found for found in (find_hooks(each, resolved) for each in self.all()) if found], **order)

    def back_up(
        self,
        rules: list[Object],
        *,
        work: t.Callable[[], None] = lambda: None,
        default_on_error: OnError = "Fail",
        workers: int = 8,
        cancel: CancelToken | None = None,
        together: bool = False,
        **order: t.Any,
    ) -> HookRun:
        """Run the hooks as a backup does; ``together``: all pods as one block."""
        done = HookRun()
        settings = SectionSettings(
            run=ClusterRun(client=self.client, run_id="live-test", issues=done.issues, cancel=cancel or CancelToken()),
            policy=FreezePolicy(lease_seconds=30),
            hooks=HookPolicy(default_on_error=default_on_error),
            workers=workers,
        )
        preflight = Preflight(self.client, ApiObjectReader(self.client), policy=settings.policy)
        blocks = self.blocks(rules, **order)
        prepared = [([prepare_pod(each, preflight, settings) for each in block.pods], block) for block in blocks]
        if together:
            everybody = [entry for entries, _block in prepared for entry in entries]
            prepared = [(everybody, Block([]))]
        watch = _ThreadWatch()
        with watch:
            for entries, block in prepared:
                self._run_block(entries, block, settings, work, done)
        done.most_threads = watch.most
        return done

    def _run_block(
        self,
        entries: list[QuiescedPod],
        block: Block,
        settings: SectionSettings,
        work: t.Callable[[], None],
        done: HookRun,
    ) -> None:
        section = CriticalSection(entries, settings, sequential=block.sequential)
        try:
            with section:
                work()
        finally:
            done.results += section.results
            done.freezes += section.freezes
            done.errors += section.errors
            done.stored |= {entry.pod["metadata"]["name"]: entry.stored for entry in entries}


#: Beside the workers: a connection that is being made, so that it can be given up, and the watch over all requests.
_OF_CONNECTIONS = frozenset({"arkive-abandonable", "arkive-request-guard"})


class _ThreadWatch:
    """How many threads more than before worked on pods at most."""

    def __init__(self) -> None:
        self.most = 0
        self._before = _working_threads() + 1
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.005):
            self.most = max(self.most, _working_threads() - self._before)


def _working_threads() -> int:
    return sum(thread.name not in _OF_CONNECTIONS for thread in threading.enumerate())


def until(condition: t.Callable[[], t.Any], what: str, *, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)
