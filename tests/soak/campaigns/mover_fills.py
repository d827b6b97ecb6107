# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods whose emptyDir volumes are filled while something goes wrong: they never start without their data.

One pod is its own, one is of a Deployment; each has a volume on the disk of its node and one in memory. A pod that a
fault deletes and that something owns is replaced by one that begins empty: then the run has to say so.
"""

from __future__ import annotations

import json
import secrets
import time

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import FILLED_MARK, WANTED_MARK

from campaigns.live_support import LIST  # isort: skip - makes the live tests' folders importable
from campaigns.light_kubectl import LightKubectl  # isort: skip
from campaigns.mover_judged import Judged  # isort: skip
from campaigns.mover_outside import Object  # isort: skip
from campaigns.wrong import Wrong  # isort: skip

_OWNED, _ALONE = "owned", "alone"
_PATHS = ("/disk", "/memory")
_WRITE = """set -eu
for path in /disk /memory; do
  mkdir -p $path/many
  head -c 1500000 /dev/urandom >$path/large
  for number in $(seq 1 20); do echo "$number" >$path/many/$number; done
  chown -R 1234:5678 $path/many; chmod 0604 $path/many/7
done
"""
_UP_SECONDS = 100.0
_POLL_SECONDS = 0.3


class FillsApp:
    """In a namespace of its own, with one backup, which is made when it is first asked for."""

    def __init__(self, kubectl: LightKubectl) -> None:
        self._kubectl = kubectl
        self.namespace = f"arkive-test-f-{secrets.token_hex(3)}"
        self.prefix = f"p{secrets.token_hex(4)}"
        self.backup = ""
        self.trees: dict[str, list[str]] = {}

    def create(self) -> None:
        self._kubectl("create", "namespace", self.namespace)
        self._kubectl("-n", self.namespace, "create", "-f", "-", stdin=json.dumps(_manifest()))
        for name in self.await_up(self.namespace):
            self._sh(self.namespace, name, _WRITE)

    def remove(self) -> None:
        self._kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false")

    def pods(self, namespace: str) -> list[Object]:
        found = json.loads(self._kubectl("-n", namespace, "get", "pods", "-o", "json"))
        return [each for each in found["items"] if not each["metadata"].get("deletionTimestamp")]

    def await_up(self, namespace: str) -> list[str]:
        """The names of both pods, once they run. Raises ``Wrong``."""
        end = time.monotonic() + _UP_SECONDS
        while time.monotonic() < end:
            pods = self.pods(namespace)
            if sorted(map(kind_of, pods)) == [_ALONE, _OWNED] and all(map(has_started, pods)):
                return [str(pod["metadata"]["name"]) for pod in pods]
            time.sleep(_POLL_SECONDS)
        phases = [f"{pod['metadata']['name']} {pod['status'].get('phase')}" for pod in self.pods(namespace)]
        raise Wrong(f"the pods do not come up: {phases}")

    def tree(self, namespace: str, pod: str) -> list[str]:
        """Both volumes of a pod, in the order of their paths."""
        return [line for path in _PATHS for line in sorted(self._sh(namespace, pod, LIST, path).splitlines())]

    def _sh(self, namespace: str, pod: str, script: str, *arguments: str) -> str:
        return self._kubectl("-n", namespace, "exec", pod, "-c", "main", "--", "bash", "-c", script, "bash", *arguments)


def kind_of(pod: Object) -> str:
    return str(pod["metadata"]["labels"]["app"])


def has_started(pod: Object) -> bool:
    """Whether the application in it runs, or has run."""
    statuses = pod["status"].get("containerStatuses") or ()
    return any("running" in each["state"] or "terminated" in each["state"] for each in statuses)


def judge_fill(judged: Judged, app: FillsApp) -> None:
    """Raises ``Wrong``."""
    copy = f"arkive-test-f-{secrets.token_hex(3)}"
    _require_backup(judged, app)
    judged.namespaces.append(copy)
    try:
        told = judged.run(judged.case, faulty=True, name=copy, backup=app.backup)
        _require_none_early(app, copy, judged)
        if told is None or told.msg or told.phase != "Completed":
            told = judged.again(name=copy, backup=app.backup)
        lost = any("with empty volumes" in warning for warning in told.warnings) or told.phase != "Completed"
        if lost and not _may_lose(judged):
            raise Wrong(f"the next run is {told.words}")
        if told.phase == "Completed":
            app.await_up(copy)
        for pod in filter(has_started, app.pods(copy)):
            kind, name = kind_of(pod), str(pod["metadata"]["name"])
            found = app.tree(copy, name)
            if found == app.trees[kind]:
                continue
            if kind == _OWNED and lost:
                continue
            raise Wrong(f"pod {name} runs after a restore that is {told.phase}, and has {len(found)} lines of files")
        judged.require_all_ended()
    finally:
        judged.campaign.outside.remove_namespace(copy)


def _require_backup(judged: Judged, app: FillsApp) -> None:
    if app.backup:
        return
    name = judged.campaign.new_name()
    told = judged.run(judged.case, faulty=False, do="files", name=name)
    if told is None or told.phase != "Completed":
        raise Wrong(f"a backup that nothing happens to is {told.words if told else 'killed'}")
    app.trees = {kind_of(pod): app.tree(app.namespace, pod["metadata"]["name"]) for pod in app.pods(app.namespace)}
    app.backup = name


def _may_lose(judged: Judged) -> bool:
    """Whether a pod may have been deleted, which its owner replaces at once."""
    return bool(judged.case.faults & {"delete pod", "delete pod now"})


def _require_none_early(app: FillsApp, copy: str, judged: Judged) -> None:
    """A pod that was made to wait has all of its data before its application starts."""
    for pod in app.pods(copy):
        marks = pod["metadata"].get("annotations") or {}
        if WANTED_MARK not in marks:
            if not _may_lose(judged):
                raise Wrong(f"pod {pod['metadata']['name']} does not wait for its data")
        elif has_started(pod) and marks.get(FILLED_MARK) != marks[WANTED_MARK]:
            raise Wrong(f"pod {pod['metadata']['name']} has started without its data")


def _manifest() -> Object:
    spec = {
        "terminationGracePeriodSeconds": 1,
        "containers": [
            {
                "name": "main",
                "image": "debian:bookworm",
                "command": ["bash", "-c", "trap exit TERM; while :; do sleep 1 & wait; done"],
                "volumeMounts": [{"name": path.strip("/"), "mountPath": path} for path in _PATHS],
            }
        ],
        "volumes": [{"name": "disk", "emptyDir": {}}, {"name": "memory", "emptyDir": {"medium": "Memory"}}],
    }
    alone = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": _ALONE, "labels": {"app": _ALONE}}, "spec": spec}
    labels = {"app": _OWNED}
    owned = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": _OWNED},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
    return {"apiVersion": "v1", "kind": "List", "items": [alone, owned]}


__all__ = ("FillsApp", "judge_fill")
