# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots that go: their manifests are removed; what they alone refer to goes with the repository's maintenance."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import ContainerTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobEnd, JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import PodWork, PodWorks

_ID = re.compile(r"[0-9a-f]{16,64}")
#: Of one Job: what it says of them must fit into its message.
MOST_IDS = 50
_SECONDS_EACH = 30.0
_SECONDS = 300.0


class ForgetJob:
    """Some snapshots of one repository as a task of the loop; the pod is one of ``namespace``."""

    def __init__(self, run: ClusterRun, works: PodWorks, repository: str, ids: t.Sequence[str], namespace: str) -> None:
        self._run = run
        self._works = works
        self._repository = repository
        self._ids = tuple(each for each in ids if _ID.fullmatch(each))
        self._bad = tuple(each for each in ids if not _ID.fullmatch(each))
        self._namespace = namespace

    def task(self) -> JobTask:
        """Raises ``MoverError``."""
        environment = {"MV_IDS": " ".join(self._ids)}
        work = PodWork(
            action="forget",
            namespace=self._namespace,
            repository=self._works.place(self._repository),
            works_on=self._works.works_on("forget", self._namespace, self._repository, *self._ids),
            tasks=(ContainerTask(name="mover", environment=environment),),
            seconds=_SECONDS + _SECONDS_EACH * len(self._ids),
        )
        return JobTask(
            namespace=self._namespace,
            works_on=work.works_on,
            where=f"repository of namespace {self._repository}",
            doing=f"forget snapshots of the repository {work.repository.where}",
            plan=lambda attempt: self._works.plan(work, attempt),
            secret_data=lambda: self._works.secret_data(work),
            bounded=False,
        )

    def left(self, end: JobEnd) -> dict[str, str]:
        """Why some are still there, by id; one that was gone already is fine."""
        why = dict.fromkeys(self._bad, "The id of its snapshot is none of kopia's.")
        outcome = end.outcomes[0] if end.outcomes else None
        gone = {*outcome.of("forgot"), *outcome.of("missing")} if outcome is not None else set()
        error = end.error or "Nobody knows whether it was forgotten."
        return why | {each: error for each in self._ids if each not in gone}


__all__ = ("MOST_IDS", "ForgetJob")
