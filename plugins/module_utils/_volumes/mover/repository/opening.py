# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether pods can use repositories, asked before anything is frozen; and how one is made where there is none.

kopia makes two at once into one that nobody can open (docs/compatibility 18.5). So one run at a time makes one: it
holds an object beside it, in the bucket, as the others may be in other clusters. A second pod, which has cached nothing
of it, must open what was made before anybody writes to it; Velero, which holds no lock, may have made one too.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import (
    WriteLock,
    WriteLockHeld,
    read_write_lock,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.dry_run import require_admitted
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.loop import JobLoop
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import ContainerTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import Action
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobAttempt, JobEnd, JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Probe, Probed, RepositoryState
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.password_trial import PasswordTrial
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.place import (
    lock_key,
    require_reachable,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import PodWork, PodWorks

#: What a pod that only opens a repository, or makes one, may take, in seconds.
_SECONDS = 300.0
#: Whoever makes the same repository is waited for so long, in seconds; and looked at so often.
_OTHER_SECONDS = 600.0
_LOOK_SECONDS = 1.0
_TRIES = 3
_UNREADABLE = "cannot be opened by anybody"
_MOUNT_VOLUMES: tuple[Action, ...] = ("upload", "download")


class Opening:
    """All probes of a run."""

    def __init__(self, run: ClusterRun, works: PodWorks) -> None:
        self._run = run
        self._works = works
        self._trial = PasswordTrial(run, works)

    def preview(self, probes: t.Sequence[Probe]) -> list[Probed]:
        """Without a pod: whether the namespace admits them, the state of the repository, and its password.

        A namespace that is not there yet is left out by an empty name.
        """
        refusals = {probe: self._refusal(probe) for probe in dict.fromkeys(probes)}
        good = [probe for probe, refusal in refusals.items() if not refusal]
        # Those that are there say first whether the password is a wrong one, as where pods open them.
        absent = any(probe.write and self._state(probe) == "absent" for probe in good)
        wrong = self._opens_none(good) if absent else ""
        return [Probed(probe=probe, error=refusals[probe] or self._wrong_password(probe, wrong)) for probe in probes]

    def open(self, probes: t.Sequence[Probe]) -> list[Probed]:
        """With pods. Repositories that are not there are made, one after the other, the others opened side by side."""
        found = {probe: Probed(probe=probe, error=self._refusal(probe)) for probe in dict.fromkeys(probes)}
        good = [probe for probe, probed in found.items() if not probed.error]
        absent = [probe for probe in good if probe.write and self._state(probe) == "absent"]
        wrong = self._opens_none(good) if absent else ""
        for probe in absent:
            # One that is made with a wrong password keeps it.
            error = "" if probe.any_password else wrong or self._trial.refusal_of_new(probe.source_namespace)
            found[probe] = Probed(probe=probe, error=error) if error else self._made(probe)
        # One that was made has been opened by its proof.
        rest = [probe for probe in good if not (found[probe].error or found[probe].created)]
        ends = JobLoop(self._run, self._works.settings).run([self._task(probe, "open") for probe in rest])
        for probe, end in zip(rest, ends, strict=True):
            found[probe] = self._opened(probe, end)
        return [found[probe] for probe in probes]

    def _opened(self, probe: Probe, end: JobEnd) -> Probed:
        if not end.error and probe.write and self._state(probe) == "new":
            try:
                self._works.repository(probe.source_namespace).mark()
            except ArkiveError as exc:
                return Probed(probe=probe, error=exc.sentence)
        return Probed(probe=probe, error=end.error)

    def _refusal(self, probe: Probe) -> str:
        try:
            if probe.namespace:
                require_reachable(self._works.place(probe.source_namespace), probe.namespace)
                self._require_admitted(probe)
            return self._works.repository(probe.source_namespace).refusal(self._state(probe), write=probe.write)
        except ArkiveError as exc:
            return exc.sentence

    def _opens_none(self, probes: t.Iterable[Probe]) -> str:
        """Why the password, which is that of all, is a wrong one; empty where no repository says so."""
        return next(filter(None, (self._trial.refusal(probe.source_namespace) for probe in probes)), "")

    def _wrong_password(self, probe: Probe, wrong: str) -> str:
        """Empty where the repository opens, or may be made, and where that cannot be known without a pod.

        ``wrong``: why the password opens one of the run's others.
        """
        namespace = probe.source_namespace
        if refusal := self._trial.refusal(namespace):
            return refusal
        is_made = probe.write and not probe.any_password and self._state(probe) == "absent"
        return (wrong or self._trial.refusal_of_new(namespace)) if is_made else ""

    def _require_admitted(self, probe: Probe) -> None:
        tasks = (ContainerTask(name="mover", claim="any" if probe.action in _MOUNT_VOLUMES else ""),)
        work = dataclasses.replace(self._work(probe, probe.action), tasks=tasks)
        plan = self._works.plan(work, JobAttempt(number=1, name=f"arkive-mover-{work.works_on}-1", slot=0))
        require_admitted(self._run.client, plan, self._works.settings)

    def _state(self, probe: Probe) -> RepositoryState:
        """What is being made, or was by a run that died, counts as absent."""
        state = self._works.repository(probe.source_namespace).state()
        locked = state == "foreign" and read_write_lock(self._works.store, lock_key(probe.source_namespace)) is not None
        return "absent" if locked else state

    def _made(self, probe: Probe) -> Probed:
        try:
            return self._make(probe)
        except ArkiveError as exc:
            self._run.cancel.check()
            return Probed(probe=probe, error=exc.sentence)

    def _make(self, probe: Probe) -> Probed:
        """Make it under the lock, or wait for whoever does."""
        end = time.monotonic() + _OTHER_SECONDS
        maker = ""
        while True:
            try:
                with WriteLock.acquire(
                    self._works.store, lock_key(probe.source_namespace), run_id=self._run.run_id
                ) as lock:
                    return self._make_alone(probe, lock)
            except WriteLockHeld as exc:
                if time.monotonic() >= end:
                    raise
                maker = exc.holder.who
            if self._state(probe) in ("usable", "corrupted"):
                return Probed(probe=probe)
            self._run.progress(f"{probe.source_namespace}: its repository is being made by {maker}")
            if self._run.cancel.wait(_LOOK_SECONDS):
                self._run.cancel.check()

    def _make_alone(self, probe: Probe, lock: WriteLock) -> Probed:
        repository = self._works.repository(probe.source_namespace)
        # A dead run may have left one half made.
        may_drop = lock.took_over is not None
        error = ""
        for _try in range(_TRIES):
            state = repository.state()
            if state in ("usable", "corrupted"):
                return Probed(probe=probe, error=repository.refusal(state, write=True))
            if state == "foreign" and not (may_drop and repository.drop_unreadable()):
                return Probed(probe=probe, error=repository.refusal(state, write=True))
            if state != "new":
                may_drop = True
                error = self._run_one(probe, "create")
                lock.require_held()
                if repository.state() != "new":
                    if error and repository.state() == "absent":
                        return Probed(probe=probe, error=error)
                    continue
            # The proof: a pod that has cached nothing of it.
            error = self._run_one(probe, "open")
            lock.require_held()
            if not error:
                repository.mark()
                return Probed(probe=probe, created=True)
            if _UNREADABLE not in error or not may_drop or not repository.drop_unreadable():
                break
        return Probed(probe=probe, error=error or f"The repository at {repository.where} could not be made.")

    def _run_one(self, probe: Probe, action: Action) -> str:
        task = self._task(probe, action)
        return JobLoop(self._run, self._works.settings).run([task])[0].error

    def _task(self, probe: Probe, action: Action) -> JobTask:
        work = self._work(probe, action)
        return JobTask(
            namespace=probe.namespace,
            works_on=work.works_on,
            where=f"repository of namespace {probe.source_namespace}",
            doing=f"{'make' if action == 'create' else 'open'} the repository {work.repository.where}",
            plan=lambda attempt: self._works.plan(work, attempt),
            secret_data=lambda: self._works.secret_data(work),
            bounded=False,
            attempts=1,
        )

    def _work(self, probe: Probe, action: Action) -> PodWork:
        # Each run has probes of its own; of those that make a repository there is one.
        words = (probe.namespace, probe.source_namespace, *(() if action == "create" else (self._run.run_id,)))
        environment = {"MV_READONLY": "" if probe.write else "--readonly"}
        return PodWork(
            action=action,
            namespace=probe.namespace,
            repository=self._works.place(probe.source_namespace),
            works_on=self._works.works_on(action, *words),
            tasks=(ContainerTask(name="mover", environment=environment),),
            write=probe.write,
            seconds=_SECONDS,
        )


__all__ = ("Opening",)
