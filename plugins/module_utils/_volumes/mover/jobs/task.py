# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One thing to be done by a Job, and how it ended."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import JobPlan
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import MORE_MEMORY, Outcome
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import OwnedObject


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class JobAttempt:
    """``number`` counts from 1. ``name`` is that of the Job."""

    number: int
    name: str
    slot: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """How a Job ended. ``outcomes``: what its containers said, in their order, None for one that said nothing.

    ``logs``: their logs, where the task wants them. ``error``: why it failed, a sentence, as far as that is known of
    outside of the containers; ``again``: another try may go well. ``problems``: of each container, empty where all went
    well.
    """

    outcomes: tuple[Outcome | None, ...] = ()
    logs: tuple[str, ...] = ()
    node: str = ""
    started: dt.datetime | None = None
    ended: dt.datetime | None = None
    error: str = ""
    again: bool = False
    problems: tuple[str, ...] = ()

    def refused(self, error: str, *, again: bool = False) -> JobEnd:
        """The same, which is no success after all."""
        return dataclasses.replace(self, error=error, again=again)


def _accepted(end: JobEnd) -> JobEnd:
    return end


def _nothing() -> None:
    """Nothing is to be looked at."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class JobTask:
    """What a Job is to do.

    ``works_on``: a digest of what it writes to: one Job at a time does, of whichever run. ``plan`` makes the manifests
    of an attempt, ``secret_data`` what its containers get as environment. ``check`` is called just before it is made,
    and raises ``MoverError`` where it must not be. ``accept`` looks at how it ended: a ``JobEnd`` with an ``error`` is
    tried again where that may help. ``where`` names it for people, ``doing`` says what it does (``copy shop/files``).
    ``size`` in bytes, for its progress, 0 where nobody knows. ``bounded``: it is one of those of which so many run at
    once. ``waits``: until another run has ended that works on the same, for as long as a Job may take. ``more_memory``:
    what helps where that runs out, from the middle of a sentence on.
    """

    namespace: str
    works_on: str
    where: str
    doing: str
    plan: t.Callable[[JobAttempt], JobPlan]
    secret_data: t.Callable[[], t.Mapping[str, str]]
    accept: t.Callable[[JobEnd], JobEnd] = _accepted
    check: t.Callable[[], None] = _nothing
    temporary_claim: ObjectView | None = None
    owned: tuple[OwnedObject, ...] = ()
    node: str = ""
    size: int = 0
    wants_logs: bool = False
    bounded: bool = True
    waits: bool = False
    attempts: int = 3
    more_memory: str = MORE_MEMORY

    @property
    def base_name(self) -> str:
        """The names of its Jobs begin so: they are those of whoever else works on the same."""
        return f"arkive-mover-{self.works_on}"


__all__ = ("JobAttempt", "JobEnd", "JobTask")
