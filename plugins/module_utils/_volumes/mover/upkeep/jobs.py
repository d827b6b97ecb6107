# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Jobs that look after a repository: each is one pod with one container, and mounts no volume."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import ContainerTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import Action
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import PodWork, PodWorks

#: What a pod may take that only lists, in seconds.
LOOK_SECONDS = 900.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepOrder:
    """``repository``: the namespace whose it is; ``namespace``: where the pod runs.

    ``words`` tell it from others. ``size``: bytes, for its progress. ``more_secrets``: what its environment gets beside
    keys and password.
    """

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


@dataclasses.dataclass(frozen=True, slots=True)
class UpkeepJob:
    """One such Job at a time, of whichever run."""

    works: PodWorks
    order: UpkeepOrder

    @property
    def namespace(self) -> str:
        return self.order.namespace

    def work(self) -> PodWork:
        """Raises ``MoverError``."""
        order, works = self.order, self.works
        return PodWork(
            action=order.action,
            namespace=order.namespace,
            repository=works.place(order.repository),
            works_on=works.works_on(order.action, order.namespace, order.repository, *order.words),
            tasks=(ContainerTask(name="mover", environment=order.environment),),
            write=order.write,
            seconds=order.seconds,
        )

    def task(self) -> JobTask:
        """Raises ``MoverError``."""
        order, work = self.order, self.work()
        return JobTask(
            namespace=order.namespace,
            works_on=work.works_on,
            where=f"repository of namespace {order.repository}",
            doing=f"{order.doing} {work.repository.where}",
            plan=lambda attempt: self.works.plan(work, attempt),
            secret_data=lambda: {**self.works.secret_data(work), **order.more_secrets()},
            size=order.size,
            wants_logs=True,
            bounded=False,
        )


__all__ = ("LOOK_SECONDS", "UpkeepJob", "UpkeepOrder")
