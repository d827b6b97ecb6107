# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Jobs that look after a repository: each is one pod with one container, and mounts no volume."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.job_manifest import ContainerTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.job_task import JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.scripts import Action
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.target import PodWork, PodWorks

#: What a pod may take that only lists, in seconds.
LOOK_SECONDS = 900.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepJob:
    """``repository``: the namespace whose it is; ``namespace``: where the pod runs.

    ``alone``: one such Job at a time, of whichever run; ``words`` tell it from others. ``size``: bytes, for its
    progress. ``more_secrets``: what its environment gets beside keys and password.
    """

    works: PodWorks
    action: Action
    repository: str
    namespace: str
    doing: str
    words: tuple[str, ...] = ()
    environment: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    write: bool = False
    seconds: float = LOOK_SECONDS
    size: int = 0
    more_secrets: t.Callable[[], t.Mapping[str, str]] = dict

    def work(self) -> PodWork:
        """Raises ``MoverError``."""
        return PodWork(
            action=self.action,
            namespace=self.namespace,
            repository=self.works.place(self.repository),
            works_on=self.works.works_on(self.action, self.namespace, self.repository, *self.words),
            tasks=(ContainerTask(name="mover", environment=self.environment),),
            write=self.write,
            seconds=self.seconds,
        )

    def task(self) -> JobTask:
        """Raises ``MoverError``."""
        work = self.work()
        return JobTask(
            namespace=self.namespace,
            works_on=work.works_on,
            where=f"repository of namespace {self.repository}",
            doing=f"{self.doing} {work.repository.where}",
            plan=lambda attempt: self.works.plan(work, attempt),
            secret_data=lambda: {**self.works.secret_data(work), **self.more_secrets()},
            size=self.size,
            wants_logs=True,
            bounded=False,
        )


__all__ = ("LOOK_SECONDS", "UpkeepJob")
