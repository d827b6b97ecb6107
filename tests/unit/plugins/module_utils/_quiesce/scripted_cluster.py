# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster whose containers answer by a script: what is executed is kept, the rest is said by the test."""

from __future__ import annotations

import collections
import copy
import dataclasses
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks import executor
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecResult
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce import (
    freeze_timer,
    guard,
    quiesce_block,
    quiesce_pod,
    release,
    timer_keeper,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import Answer as ApiAnswer
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import Request
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi

NAMESPACE = "shop"
_CLAIMS = "persistentvolumeclaims"

#: As seen in a container on a real node: the claim is a disk of its own, /etc/hosts lies on the node's.
MOUNTINFO = """\
500 400 0:45 / / rw,relatime master:1 - overlay overlay rw
501 500 0:48 / /proc rw,nosuid - proc proc rw
502 500 7:1 / /data rw,relatime - ext4 /dev/loop1 rw
503 500 254:0 /var/lib/kubelet/pods/x/etc-hosts /etc/hosts rw,relatime - ext4 /dev/vda rw
504 500 254:0 /var/lib/kubelet/pods/x/volumes/cache /cache rw,relatime - ext4 /dev/vda rw
"""

Answer: t.TypeAlias = "ExecResult | Exception | t.Callable[[Call], ExecResult | Exception]"


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """One command in a container. ``kind``: freeze, release, renew, disarm, probe, thaw, or hook."""

    kind: str
    pod: str
    container: str
    argv: tuple[str, ...]
    timeout: float | None

    @property
    def lease_id(self) -> str:
        return self.argv[4]

    @property
    def command(self) -> tuple[str, ...]:
        """The hook's own command inside a lease's program."""
        return {"freeze": self.argv[10:], "release": self.argv[7:]}.get(self.kind, self.argv)


def done(rc: int = 0, stderr: str = "", stdout: str = "") -> ExecResult:
    return ExecResult(
        rc=rc,
        stdout=stdout.encode(),
        stderr=stderr.encode(),
        stdout_truncated=False,
        stderr_truncated=False,
        duration_seconds=0.1,
    )


def freeze_answer(rc: int = 0, stderr: str = "", marker: str | None = None) -> t.Callable[[Call], ExecResult]:
    """What the freezing program says when its command ended with ``rc``."""
    return lambda call: done(rc, f"{stderr}arkive-lease {call.lease_id} {marker or f'rc={rc} up=100.00'}\n")


def release_answer(
    *, thaw: str = "", winner: str = "release", gone: int = 1, rc: int = 0, at: str = "100.00", fired: str = "- -"
) -> t.Callable[[Call], ExecResult]:
    """What the releasing program says; by default the post hook is the thaw when it is pure, else we thawed."""

    def answer(call: Call) -> ExecResult:
        how = thaw or ("p" if call.argv[5] == "1" and call.command else "1")
        text = f"winner={winner} gone={gone} thaw={how} rc={rc} at={at} up=103.50 fired={fired}"
        return done(rc, f"arkive-lease {call.lease_id} {text}\n")

    return answer


class Cluster(MemoryApi):
    """An API server in memory with pods and volumes; what containers answer by kind of call, used up one by one."""

    done = staticmethod(done)
    freeze_answer = staticmethod(freeze_answer)
    release_answer = staticmethod(release_answer)

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.answers: dict[str, list[Answer]] = collections.defaultdict(list)
        self.patches: list[t.Any] = []
        self.patch_errors: list[KubeError] = []
        self.refuse = self._refuse
        self._defaults: dict[str, Answer] = {
            "freeze": freeze_answer(),
            "release": release_answer(),
            "probe": lambda call: done(
                stdout="".join(f"path={path}\n" for path in call.argv[4:] if path.startswith("/"))
                + f"mountinfo\n{MOUNTINFO}"
            ),
        }

    def add_pod(self, name: str, *, claim: str = "data", **more: t.Any) -> dict[str, t.Any]:
        pod: dict[str, t.Any] = {
            "metadata": {"annotations": {}},
            "spec": {
                "nodeName": "node-1",
                "containers": [{"name": "db", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}],
            },
            "status": {"phase": "Running", "containerStatuses": [{"name": "db", "state": {"running": {}}}]},
        }
        for member in pod:
            pod[member] |= more.pop(member, {})
        if (_CLAIMS, NAMESPACE, claim) not in self.objects:
            self.add_claim(claim)
        return copy.deepcopy(self.add("pods", name, NAMESPACE, **pod))

    def add_claim(self, name: str) -> None:
        """With its volume, which a driver has made."""
        spec, status = {"volumeName": f"pv-{name}"}, {"phase": "Bound"}
        self.add(_CLAIMS, name, NAMESPACE, metadata={"annotations": {}}, spec=spec, status=status)
        self.add("persistentvolumes", f"pv-{name}", spec={"csi": {"driver": "loopfile"}})

    def kinds(self) -> list[str]:
        return [call.kind for call in self.calls]

    def pod(self, name: str) -> dict[str, t.Any]:
        return self.objects["pods", NAMESPACE, name]

    def claim(self, name: str = "data") -> dict[str, t.Any]:
        return self.objects[_CLAIMS, NAMESPACE, name]

    def marks(self, pod: str) -> list[dict[str, t.Any]]:
        return _marks(self.pod(pod))

    def claim_marks(self, name: str = "data") -> list[dict[str, t.Any]]:
        return _marks(self.claim(name))

    def answer(self, request: Request) -> ApiAnswer:
        answer = super().answer(request)
        if request.verb == "PATCH" and answer.status == 200:
            self.patches.append(request.body)
        return answer

    def _refuse(self, verb: str, _path: str, _dry_run: bool) -> KubeError | None:
        return self.patch_errors.pop(0) if verb == "PATCH" and self.patch_errors else None

    def exec_command(self, _client: t.Any, **given: t.Any) -> ExecResult:
        argv = tuple(given["argv"])
        word = argv[3] if argv[:2] == ("/bin/sh", "-c") and len(argv) > 3 else ""
        kind = word.removeprefix("arkive-") if word.startswith("arkive-") else "hook"
        call = Call(kind, given["pod"], given["container"], argv, given["timeout"])
        self.calls.append(call)
        answer = self.answers[kind].pop(0) if self.answers[kind] else self._defaults.get(kind, done())
        if callable(answer) and not isinstance(answer, Exception):
            answer = answer(call)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _marks(carrier: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    text = (carrier["metadata"].get("annotations") or {}).get(FROZEN_ANNOTATION)
    return json.loads(text) if text else []


class FakeTime:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def install_clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """Time that passes only when somebody sleeps."""
    fake = FakeTime()
    monkeypatch.setattr(release, "time", fake)
    monkeypatch.setattr(quiesce_pod, "time", fake)
    monkeypatch.setattr(quiesce_block, "time", fake)
    monkeypatch.setattr(timer_keeper, "time", fake)
    return fake


def install_cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Let every command go to a new cluster of this kind."""
    fake = Cluster()
    for module in (executor, freeze_timer, guard):
        monkeypatch.setattr(module, "exec_command", fake.exec_command)
    return fake
