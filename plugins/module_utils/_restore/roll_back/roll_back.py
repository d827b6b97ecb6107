# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries groups of claims through the steps of a roll-back; what is not proven in the end is put back."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import (
    RollBackGroup,
    RollBackPlan,
    RollBackResult,
    RollBackState,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.in_cluster import RollBackCluster
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.steps import (
    AFTER,
    BEFORE,
    Settle,
    Step,
    has_room,
    put_back,
    tell_steps,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun

#: Claims that stay as they were, by namespace and name: why.
Failures: t.TypeAlias = "dict[tuple[str, str], str]"


@dataclasses.dataclass(slots=True)
class _Progress:
    """How far a group is. ``begun``: it may have been changed; ``proven``: the new claims are used.

    ``has_room``: its old claims have given way already, in an earlier run.
    """

    group: RollBackGroup
    state: RollBackState = "planned"
    begun: bool = False
    has_room: bool = False
    proven: bool = False
    failure: str = ""
    keeps: bool = True


class RollBack:
    """One restore's. As a context, it puts back what was begun and is not proven, however the restore ends."""

    def __init__(self, run: RestoreRun, plan: RollBackPlan, api: ApiTypes) -> None:
        self._run = run
        self._api = api
        self._groups = [_Progress(group=group, begun=group.is_open) for group in plan.groups]

    def __enter__(self) -> RollBack:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        for one in self._open():
            if one.begun and one.proven:
                self._settle(one, keeps=True)
            elif one.begun:
                self._fail(one, "the restore was broken off")

    @property
    def has_changed(self) -> bool:
        """Whether claims have other volumes now, or may have."""
        return any(one.state in ("rolled back", "stuck") for one in self._groups)

    def make_room(self) -> Failures:
        """All old claims give way. Returns those that did not, and were put back. Raises ``Cancelled``."""
        cluster = self._cluster(self._run.client)
        for one in self._open():
            one.begun = True
            with self._putting_back(one):
                one.has_room = has_room(one.group, cluster)
        for step in BEFORE:
            for one in self._open():
                if not one.has_room:
                    self._do(step, one, cluster)
        return self._failures()

    def give_up(self, failed: Failures) -> Failures:
        """Put back the groups of claims that did not come; all claims of these."""
        for one in self._open():
            claims = [(one.group.namespace, name) for name in one.group.claims]
            why = next((failed[claim] for claim in claims if claim in failed), "")
            if why:
                self._fail(one, why)
        return self._failures()

    def start(self) -> Failures:
        """Start what was stopped, and wait until the new claims are used; groups that fail are put back."""
        cluster = self._cluster(self._run.client)
        for step in AFTER:
            for one in self._open():
                self._do(step, one, cluster)
        for one in self._open():
            one.proven = True
        return self._failures()

    def new_pods(self) -> list[Object]:
        """The pods that mount the new claims."""
        cluster = self._cluster(self._run.client)
        return [
            pod
            for one in self._open()
            if one.proven
            for pod in cluster.pods_with(one.group.namespace, one.group.claims)
            if not is_finished(pod) and not pod["metadata"].get("deletionTimestamp")
        ]

    def started(self) -> list[PlanItem]:
        """The workloads that were started again, for whoever waits until they are ready."""
        return [
            PlanItem(
                number=-1,
                group_resource=workload.group_resource,
                name=workload.name,
                namespace=workload.namespace,
                kind=workload.resource.kind,
                resource=workload.resource,
            )
            for one in self._open()
            if one.proven
            for workload in one.group.workloads
        ]

    def settle(self, *, keeps: bool) -> None:
        """The old volumes have their policy back, and stay where ``keeps`` is true, or where a new one is not bound."""
        for one in self._open():
            if one.proven:
                self._settle(one, keeps=keeps)

    def results(self) -> list[RollBackResult]:
        """In the order of the plan."""
        asked = self._run.request.keep_old_volumes
        return [
            RollBackResult(
                group=one.group,
                state=one.state,
                steps=tell_steps(one.group, keeps=one.keeps if one.state == "rolled back" else asked),
                failure=one.failure,
                keeps=one.keeps,
            )
            for one in self._groups
        ]

    def _open(self) -> list[_Progress]:
        return [one for one in self._groups if one.state == "planned"]

    def _failures(self) -> Failures:
        return {
            (one.group.namespace, name): one.failure for one in self._groups if one.failure for name in one.group.claims
        }

    def _cluster(self, client: KubeClient) -> RollBackCluster:
        request = self._run.request
        return RollBackCluster(
            client=client,
            api=self._api,
            restore=self._run.name,
            gone_limit=request.terminating_timeout,
            bound_limit=request.resource_timeout,
        )

    def _tell(self, group: RollBackGroup, step: Step) -> None:
        what = step.say(group)
        if what:
            self._run.issues.info(f"roll-back of {group.title}: {what}")
            self._run.progress(f"roll-back of {group.title}: {what}")

    def _do(self, step: Step, one: _Progress, cluster: RollBackCluster) -> None:
        with self._putting_back(one):
            if not step.is_done(one.group, cluster):
                self._tell(one.group, step)
                step.do(one.group, cluster)

    @contextlib.contextmanager
    def _putting_back(self, one: _Progress) -> t.Iterator[None]:
        """What fails is put back at once; a run that is cancelled ends first."""
        try:
            yield
        except Cancelled:
            raise
        except ArkiveError as exc:
            self._fail(one, exc.message, hint=exc.hint or "")

    def _fail(self, one: _Progress, why: str, *, hint: str = "") -> None:
        """Put back, although the run may be cancelled."""
        one.failure = why.rstrip(".")
        try:
            put_back(one.group, self._cluster(self._run.context.uncancelled().client))
        except ArkiveError as exc:
            one.state = "stuck"
            kept = ", ".join(f"{volume.volume} (claim {volume.kept_name})" for volume in one.group.volumes)
            why = f"was not rolled back: {one.failure}; and it could not be put back: {exc.message}"
            self._report(one.group, f"{why} The old data is in {kept}.", self._run.resume_hint)
            return
        one.state = "put back"
        self._report(one.group, f"was not rolled back, and has its old volume: {one.failure}.", hint)

    def _settle(self, one: _Progress, *, keeps: bool) -> None:
        """Raises nothing: an old volume that is kept too long does no harm, and the next run looks at it again."""
        cluster = self._cluster(self._run.context.uncancelled().client)
        one.keeps = keeps or any(not volume.mounted for volume in one.group.volumes)
        step = Settle(keeps=one.keeps)
        self._tell(one.group, step)
        try:
            step.do(one.group, cluster)
        except ArkiveError as exc:
            one.keeps = True
            why = f"is rolled back, and what it had before is not settled: {exc.message}"
            self._report(one.group, why, self._run.resume_hint)
        one.state = "rolled back"
        for volume in one.group.volumes if one.keeps else ():
            self._run.issues.info(
                f"The old volume of {volume.title} is kept as claim {volume.kept_name}; to delete it: "
                f"kubectl -n {volume.namespace} delete {CLAIMS} {volume.kept_name}"
            )

    def _report(self, group: RollBackGroup, what: str, hint: str) -> None:
        for volume in group.volumes:
            self._run.issues.error(
                f"{volume.title} {what}", resource=str(CLAIMS), namespace=volume.namespace, name=volume.name, hint=hint
            )


__all__ = ("Failures", "RollBack")
