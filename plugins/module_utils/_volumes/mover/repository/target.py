# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pods work with: the location, its store, the password, and the keys that each gets."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import ContainerTask, JobPlan
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import (
    annotations_of,
    digest,
    labels_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import Action
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobAttempt
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    MoverSettings,
    RepositoryPlace,
    WorkloadPlace,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.credentials import KeySource
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.place import (
    repository_place,
    require_bucket,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.repository import Repository

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MoverTarget:
    """Where data goes, or comes from. ``password`` is that of all repositories there (see ``find_password``)."""

    location: StorageLocation
    store: Store
    password: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodWork:
    """One kind of pod: what it does, where, and with which right to the repository."""

    action: Action
    namespace: str
    repository: RepositoryPlace
    works_on: str
    tasks: tuple[ContainerTask, ...]
    write: bool = True
    place: WorkloadPlace = dataclasses.field(default_factory=WorkloadPlace)
    node: str = ""
    seconds: float


class PodWorks:
    """Makes manifests and environments. Raises ``MoverError``, and where the location is one that pods cannot reach."""

    def __init__(self, run: ClusterRun, target: MoverTarget, settings: MoverSettings) -> None:
        self._run = run
        self._target = target
        self.settings = settings
        self._bucket = require_bucket(target.location)
        self._keys = KeySource(
            self._bucket.access,
            settings.credentials,
            location=target.location.name,
            cancel=run.cancel,
            now=run.now,
        )
        self.place = functools.lru_cache(maxsize=None)(self._place)

    def repository(self, namespace: str) -> Repository:
        return Repository(self._target.store, namespace)

    def opens(self, namespace: str) -> bool | None:
        """Whether that repository, which is there, opens with the password; None where only kopia can tell."""
        return self.repository(namespace).opens_with(self._target.password)

    @property
    def store(self) -> Store:
        return self._target.store

    def works_on(self, purpose: str, *words: str) -> str:
        """A digest of what a Job works on: the same for all runs that use the same location."""
        found = self._bucket
        return digest(purpose, found.access.endpoint_url or "", found.bucket, found.prefix, *words)

    def plan(self, work: PodWork, attempt: JobAttempt) -> JobPlan:
        """The manifests of one attempt."""
        settings = self.settings
        return JobPlan(
            action=work.action,
            namespace=work.namespace,
            name=attempt.name,
            secret=attempt.name,
            repository=work.repository,
            tasks=work.tasks,
            labels=labels_of(work.action, self._run.run_id, work.works_on),
            annotations=annotations_of(self._run.client.server_now()),
            place=work.place,
            node=work.node,
            slot=attempt.slot,
            seconds=work.seconds,
            job_seconds=work.seconds * max(1, settings.concurrency) + settings.pod_start_timeout,
        )

    def secret_data(self, work: PodWork) -> dict[str, str]:
        """Keys and password. That keys are not bound is said once in a run, which may use two locations."""
        lasts = work.seconds + self.settings.pod_start_timeout
        found = self._keys.keys(work.repository, write=work.write, seconds=lasts)
        if found.warning:
            self._run.issues.warning_once("static keys", found.warning)
        return found.secret_data(self._target.password)

    def _place(self, namespace: str) -> RepositoryPlace:
        return repository_place(self._target.location, namespace, s3_url=self.settings.s3_url)


__all__ = ("MoverTarget", "PodWork", "PodWorks")
