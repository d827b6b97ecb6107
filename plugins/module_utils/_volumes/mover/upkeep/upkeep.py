# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks after the repository of one namespace's volumes, by pods that are gone afterwards. Knows no backups.

Sizes are in bytes, times in seconds. What goes wrong is a ``MoverError``; a run that is cancelled raises ``Cancelled``.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.loop import JobLoop
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobEnd
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.told import told, told_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.repository import Repository
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import MoverTarget, PodWorks
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.copying import (
    Difference,
    compare_places,
    copy_job,
    why_not_copied,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.held_snapshots import (
    HeldSnapshot,
    read_snapshots,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.jobs import UpkeepJob, UpkeepOrder
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.state import UpkeepState, read_state
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.verified import Verified, read_verified

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What kopia says of a repository."""

    snapshots: tuple[HeldSnapshot, ...]
    state: UpkeepState


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CopyTarget:
    """The second location. ``s3_url``: its endpoint as pods reach it. ``delete``: what only the copy has goes."""

    target: MoverTarget
    s3_url: str = ""
    delete: bool = False


class Upkeep:
    """Of the repository of the volumes of ``repository``; pods run in ``namespace``."""

    def __init__(
        self, run: ClusterRun, target: MoverTarget, settings: MoverSettings, *, repository: str, namespace: str
    ) -> None:
        #: The same places and keys, for what it does itself: making a repository, forgetting snapshots.
        self.mover = Mover(run, target, settings)
        self._run = run
        self._target = target
        self._settings = settings
        self.repository = repository
        self._namespace = namespace
        self._works = PodWorks(run, target, settings)

    def sweep(self) -> None:
        """Remove what dead runs have left where the pods run."""
        for warning in self.mover.sweep([self._namespace]).warnings:
            self._run.issues.warning(warning)

    def look(self) -> Seen:
        """Read snapshots and schedule. Nothing changes."""
        job = self._job("look", "list what is in the repository", words=(self._run.run_id,))
        end = self._ended(job)
        return Seen(snapshots=read_snapshots(told(end, "snapshots")), state=read_state(told_object(end, "state")))

    def maintain(self, *, full: bool) -> UpkeepState:
        """Run kopia's maintenance, and return its state afterwards. Whether anybody else does is not asked."""
        job = self._job(
            "maintain",
            "maintain the repository",
            environment={"MV_FULL": "true" if full else ""},
            write=True,
            seconds=self._settings.timeout,
        )
        return read_state(told_object(self._ended(job), "state"))

    def verify(self, *, percentage: int, size: int) -> Verified:
        """Read everything back, or ``percentage`` of the files, chosen by chance. ``size``: of the repository."""
        job = self._job(
            "verify",
            "read back the repository",
            words=(self._run.run_id,),
            environment={"MV_PERCENT": str(percentage)},
            seconds=self._settings.timeout,
            size=size,
        )
        return read_verified(self._ended(job))

    def copy_target(self, store: Store, *, s3_url: str, delete: bool) -> CopyTarget:
        """A second location, which opens by the same password."""
        target = MoverTarget(location=store.location, store=store, password=self._target.password)
        return CopyTarget(target=target, s3_url=s3_url, delete=delete)

    def difference(self, copy: CopyTarget) -> Difference:
        """What the copy lacks. Raises ``StoreError``, and ``MoverError`` where something else lies there."""
        here = Repository(self._target.store, self.repository)
        there = Repository(copy.target.store, self.repository)
        if here.where == there.where and self._works.place(self.repository) == self._copies(copy).place(
            self.repository
        ):
            raise MoverError(f"The repository {here.where} cannot be copied to itself.")
        state = there.state()
        refusal = there.refusal(state, write=True)
        if refusal or (state != "absent" and there.unique_id() not in ("", here.unique_id())):
            why = refusal or f"At {there.where} lies another repository, which a copy would destroy."
            raise MoverError(why, hint="Copy to another bucket or prefix, where nothing or a copy of this one lies.")
        return compare_places(self._target.store, copy.target.store, here.folder)

    def copy(self, copy: CopyTarget, difference: Difference) -> Difference:
        """Copy what is missing. The copy was opened and is whole afterwards; what it lacks still is returned."""
        copies = self._copies(copy)
        job = copy_job(
            self._works,
            copies,
            repository=self.repository,
            namespace=self._namespace,
            delete=copy.delete,
            seconds=self._settings.timeout,
            difference=difference,
        )
        end = self._end(job)
        if error := why_not_copied(end, job, copies.place(self.repository)):
            raise MoverError(error)
        there = Repository(copy.target.store, self.repository)
        if there.state() == "new":
            there.mark()
        return compare_places(self._target.store, copy.target.store, there.folder)

    def _copies(self, copy: CopyTarget) -> PodWorks:
        return PodWorks(self._run, copy.target, dataclasses.replace(self._settings, s3_url=copy.s3_url))

    def _job(self, action: t.Literal["look", "maintain", "verify"], doing: str, **more: t.Any) -> UpkeepJob:
        order = UpkeepOrder(action=action, repository=self.repository, namespace=self._namespace, doing=doing, **more)
        return UpkeepJob(self._works, order)

    def _ended(self, job: UpkeepJob) -> JobEnd:
        end = self._end(job)
        if end.error:
            raise MoverError(end.error)
        return end

    def _end(self, job: UpkeepJob) -> JobEnd:
        return JobLoop(self._run, self._settings).run([job.task()])[0]


__all__ = ("CopyTarget", "Seen", "Upkeep")
