# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs of AWX that end at random moments: nothing stays held past its lease, and the next job tells the truth.

A case is a backup in a pod of the execution environment, which freezes a file system or holds a database, and one of
the ways in which AWX or Kubernetes ends a job. None of them gives the module a signal. Then comes the next job.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import secrets
import tempfile
import time
import typing as t
from pathlib import Path

from campaigns.live_support import (  # isort: skip - makes the live tests' folders importable
    ContainerGroup,
    Job,
    JobBucket,
    JobResult,
    PostgresApp,
    execution_environment,
    in_cluster_spec,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freezes import CLOCK_SKEW
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, read_pod

from campaigns.freeze_app import FreezeApp, Kubectl, Outside  # isort: skip
from campaigns.freeze_case import LEASE_SECONDS, FreezeCase  # isort: skip

_WAYS = ("cancel", "delete now", "timeout", "kill the worker")
#: What the worker and the pod take to end.
_ENDS_WITHIN = 60.0
_POLL_SECONDS = 0.1


class Subject(t.Protocol):
    """What a backup holds."""

    namespace: str

    def create(self) -> None:
        """Make it, and wait until it runs."""

    def options(self) -> dict[str, t.Any]:
        """How the backup holds it."""

    def is_held(self) -> bool:
        """As seen without the collection."""

    def marks(self) -> list[Mark]:
        """What a run has noted of it that is not over."""

    def remove(self) -> None:
        """All of it."""


class FrozenSubject:
    """An application whose volume is frozen for some seconds."""

    def __init__(self, kubectl: Kubectl, namespace: str, state: Path, hold: int) -> None:
        case = FreezeCase(entry="backup", storage_class="loopfile", pods=1, claims=1, hold=hold, moments=())
        self._app = FreezeApp(kubectl, namespace, case)
        self._state = state
        self.namespace = namespace

    def create(self) -> None:
        self._app.create()
        self._outside = Outside(self._state, self._app)
        self._pods = self._app.pods()

    def options(self) -> dict[str, t.Any]:
        return {}

    def is_held(self) -> bool:
        return self._outside.writes_block(self._pods)

    def marks(self) -> list[Mark]:
        return [mark for pod in self._app.pods() for mark in read_pod(pod).marks]

    def remove(self) -> None:
        self._outside.thaw()
        self._app.remove()


class HeldSubject:
    """A PostgreSQL server that is in backup mode until the snapshot, which takes two seconds, is cut."""

    def __init__(self, kubectl: Kubectl, namespace: str) -> None:
        def strict(*words: str, stdin: str | None = None, check: bool = True) -> str:
            return kubectl(*words, stdin=stdin, seconds=150)

        self._kubectl = kubectl
        self._app = PostgresApp(strict, namespace, snapshot_class="loopfile-slow")
        self.namespace = namespace

    def create(self) -> None:
        self._kubectl("create", "namespace", self.namespace)
        end = time.monotonic() + 60
        while not self._kubectl("-n", self.namespace, "get", "sa", "default") and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
        self._app.create()

    def options(self) -> dict[str, t.Any]:
        return {"databases": [{"label_selector": "app=db", "kind": "postgresql", "mode": "backup"}]}

    def is_held(self) -> bool:
        return self._app.sessions > 0

    def marks(self) -> list[Mark]:
        return []

    def remove(self) -> None:
        self._kubectl("delete", "namespace", self.namespace, "--wait=false")


class JobsCampaign:
    """On the local cluster that the environment names."""

    def __enter__(self) -> t.Self:
        self._state = Path(os.environ["ARKIVE_TEST_STATE"])
        self._kubectl = Kubectl(
            os.environ.get("ARKIVE_TEST_KUBECTL") or "kubectl", os.environ["ARKIVE_TEST_KUBECONFIG"]
        )
        self._namespace = f"arkive-test-{secrets.token_hex(4)}"
        with contextlib.ExitStack() as made:
            folder = Path(made.enter_context(tempfile.TemporaryDirectory(prefix="arkive-soak-")))
            self._kubectl("create", "namespace", self._namespace)
            made.callback(self._kubectl, "delete", "namespace", self._namespace, "--wait=false")
            spec = made.enter_context(in_cluster_spec(self._namespace))
            self._bucket = made.enter_context(JobBucket(self._state))
            image = execution_environment(self._state, folder)
            self._group = ContainerGroup(folder, self._namespace, image, spec=spec)
            self._made = made.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._made.close()

    def run_case(self, chance: random.Random) -> str:
        way = chance.choice(_WAYS)
        hold = chance.choice((3, 6))
        namespace = f"arkive-test-{chance.getrandbits(48):012x}"
        subject: Subject = (
            FrozenSubject(self._kubectl, namespace, self._state, hold)
            if chance.random() < 0.6
            else HeldSubject(self._kubectl, namespace)
        )
        held = chance.random() < 0.8
        seconds = (
            chance.uniform(0.0, 2.0 if isinstance(subject, HeldSubject) else hold) if held else chance.uniform(1, 9)
        )
        said = f"{type(subject).__name__}, {way} {seconds:.1f} s after {'it is held' if held else 'the start'}"
        try:
            subject.create()
            found = self._run(subject, way, held, seconds)
        finally:
            subject.remove()
        return f"{said}: {found}" if found else ""

    def _run(self, subject: Subject, way: str, held: bool, seconds: float) -> str:
        killed, after = f"{subject.namespace}-1", f"{subject.namespace}-2"
        timeout = max(3, round(4 + seconds)) if way == "timeout" else 0
        job = self._group.launch(self._tasks(subject, killed), timeout=timeout, **self._bucket.environment)
        self._end(job, subject, way, held, seconds)
        job.end(_ENDS_WITHIN)
        late = _held_past_its_lease(subject)
        left = subject.marks()
        _await_over(left)
        done = self._group.launch(self._tasks(subject, after), **self._bucket.environment).result()
        return late or self._lie(done, killed, left) or _held_past_its_lease(subject)

    def _end(self, job: Job, subject: Subject, way: str, held: bool, seconds: float) -> None:
        """End the job in this way, unless it has ended already."""
        begin, since = time.monotonic(), 0.0 if held else time.monotonic()
        while job.runs and (not since or time.monotonic() - since < seconds) and time.monotonic() - begin < 60:
            if not since and subject.is_held():
                since = time.monotonic()
            time.sleep(_POLL_SECONDS)
        if way == "cancel":
            job.cancel()
        elif way == "delete now":
            job.delete_now()
        elif way == "kill the worker":
            job.sh("kill -KILL $(pgrep -f 'ansible-runner worker' | head -n 1)")

    def _tasks(self, subject: Subject, name: str) -> list[dict[str, t.Any]]:
        where = {"storage_location": self._bucket.location}
        options = {
            "name": name,
            "included_namespaces": [subject.namespace],
            "freeze_lease": f"{LEASE_SECONDS}s",
            **subject.options(),
            **where,
        }
        info = {"name": "Look", "arkive.k8s.k8s_backup_info": where}
        return [info, {"name": "Back up", "arkive.k8s.k8s_backup": options}]

    def _lie(self, done: JobResult, killed: str, left: list[Mark]) -> str:
        """What the next job has said that is not so, or has not said."""
        if done.status != "successful":
            return f"the next job is {done.status}: {' '.join(done.text.split())[-600:]}"
        (look,), (made,) = done.results("Look"), done.results("Back up")
        if made["phase"] != "Completed":
            return f"the next backup is {made['phase']}: {made['errors_list']}"
        whole = {backup["name"]: backup["phase"] for backup in look["backups"]}
        begun = {entry["name"] for entry in look["incomplete"]}
        files = {key.split("/")[1] for key in self._bucket.keys("backups/")}
        if killed in files and killed not in begun and whole.get(killed) != "Completed":
            return f"the backup that was killed is neither whole nor told of: {whole.get(killed)}"
        told = {entry["lease_id"] for entry in made["swept"]}
        untold = [mark.lease_id for mark in left if mark.lease_id not in told]
        return f"the next job does not say that it found a freeze: {untold} {made['swept']}" if untold else ""


def _await_over(marks: list[Mark]) -> None:
    """A mark belongs to a live run until its time is over, by the clock of whoever wrote it."""
    end = max((mark.until for mark in marks), default=None)
    while end is not None and dt.datetime.now(dt.UTC) <= end + CLOCK_SKEW:
        time.sleep(1.0)


def _held_past_its_lease(subject: Subject) -> str:
    end = time.monotonic() + LEASE_SECONDS + 10
    while subject.is_held():
        if time.monotonic() > end:
            return "it is held past its lease"
        time.sleep(_POLL_SECONDS)
    return ""


__all__ = ("JobsCampaign",)
