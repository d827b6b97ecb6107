# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thaw what dead runs left frozen. A live run's freeze is never touched."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.active_freezes import MarkedFreezes
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_end import (
    FreezeEnd,
    end_by_claims,
    end_freeze,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import FreezeTimer
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, read_claim
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.marking import remove_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import HelperPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.thaw import Thawer, mount_path


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What became of one mark. ``state``: ``thawed``, ``not frozen``, ``live`` (left alone) or ``failed``."""

    mark: Mark
    state: t.Literal["thawed", "not frozen", "live", "failed"]
    error: str = ""

    @property
    def namespace(self) -> str:
        return self.mark.namespace

    @property
    def pod(self) -> str:
        return self.mark.pod

    def to_return(self) -> dict[str, t.Any]:
        mark = self.mark
        return {
            "namespace": mark.namespace,
            "pod": mark.pod,
            "node": mark.node,
            "container": mark.container,
            "path": mark.path,
            "claim": mark.claim,
            "lease_id": mark.lease_id,
            "run": mark.run,
            "until": rfc3339(mark.until),
            "state": self.state,
            "error": self.error,
        }


def judge_marks(found: MarkedFreezes, *, now: dt.datetime) -> list[Swept]:
    """The marks: ``live`` ones, and those past their time (state ``failed`` until they are swept)."""
    return [Swept(mark=mark, state="live" if found.is_live(mark, now) else "failed") for mark in found.marks]


def sweep(
    client: KubeClient,
    found: MarkedFreezes,
    *,
    pods: t.Iterable[ObjectView] = (),
    helper: HelperPod | None = None,
    own_run: str = "",
) -> list[Swept]:
    """Thaw every marked file system whose time is past; take its mark away once that is proven.

    ``pods``: what was read already; the others are read when they are needed. Marks of ``own_run`` do not count: it
    knows that it holds nothing there.
    """
    sweeper = _Sweeper(client, pods, helper, own_run=own_run, ended_run=found.ended_run)
    judged = judge_marks(found, now=client.server_now())
    return [each if each.state == "live" else sweeper.sweep(each) for each in judged]


class _Sweeper:
    def __init__(
        self,
        client: KubeClient,
        pods: t.Iterable[ObjectView],
        helper: HelperPod | None,
        *,
        own_run: str,
        ended_run: str,
    ) -> None:
        self._client = client
        self._own_run = own_run
        self._ended_run = ended_run
        self._thawer = Thawer(client, helper)
        self._pods = {(pod["metadata"]["namespace"], pod["metadata"]["name"]): pod for pod in pods}
        #: Of several marks of one file system, one is tried: who writes a hundred of them does not hold up the run.
        self._tried: dict[tuple[str, ...], tuple[t.Literal["not frozen", "failed"], str]] = {}

    def sweep(self, found: Swept) -> Swept:
        mark = found.mark
        place = (mark.claim, mark.node) if mark.claim else (mark.namespace, mark.pod, mark.container, mark.path)
        if place in self._tried:
            return self._as_before(found, *self._tried[place])
        if self._is_taken(mark):
            return dataclasses.replace(found, state="live")
        end = self._end(mark)
        if not end.proven:
            failure = f"{mark.target.where}{_on(mark)} could not be thawed: {end.reason}"
            self._tried[place] = "failed", failure
            return dataclasses.replace(found, error=failure)
        note = end.elsewhere.note if end.elsewhere is not None else ""
        if end.may_return:
            self._tried[place] = "not frozen", note
            return dataclasses.replace(found, state="not frozen", error=note)
        self._tried[place] = "not frozen", ""
        error = " ".join(part for part in (note, *remove_marks(self._client, [mark])) if part)
        return dataclasses.replace(found, state=_state_of(end), error=error)

    def _as_before(self, found: Swept, state: t.Literal["not frozen", "failed"], said: str) -> Swept:
        """Another mark of what was tried already; it stays where there is something to say."""
        error = said or " ".join(remove_marks(self._client, [found.mark]))
        return dataclasses.replace(found, state=state, error=error)

    def _end(self, mark: Mark) -> FreezeEnd:
        """Through its own container where that still mounts the claim; never at a path that only the mark names."""
        pod = self._pod_of(mark)
        path = mark.path
        if mark.claim:
            path = mount_path(pod, mark.container, mark.claim.partition("/")[2]) if pod else ""
            if pod is None or not path or (pod.get("spec") or {}).get("nodeName", "") != mark.node:
                return end_by_claims(FreezeTimer(mark.lease_id, (mark.target,), (mark.thaw_argv(),), 1.0), self._thawer)
        timer = FreezeTimer(mark.lease_id, (mark.target,), (mark.thaw_argv(path),), 1.0)
        return end_freeze(self._client, timer, self._thawer, insist=True)

    def _pod_of(self, mark: Mark) -> ObjectView | None:
        key = (mark.namespace, mark.pod)
        if key not in self._pods:
            try:
                self._pods[key] = self._client.get(f"/api/v1/namespaces/{mark.namespace}/pods/{mark.pod}")
            except KubeError:
                return None
        return self._pods[key]

    def _is_taken(self, mark: Mark) -> bool:
        """A run may have begun since the marks were read."""
        if not mark.claim:
            return False
        namespace, _slash, name = mark.claim.partition("/")
        try:
            claim = self._client.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}")
        except KubeError:
            return False
        now = MarkedFreezes((mark, *read_claim(claim).marks), ended_run=self._ended_run).without_run(self._own_run)
        return now.is_live(mark, self._client.server_now())


def _state_of(end: FreezeEnd) -> t.Literal["thawed", "not frozen"]:
    if end.report is not None:
        return "thawed" if end.report.thaw == "1" or end.report.fired_frozen else "not frozen"
    return "thawed" if end.elsewhere is not None and end.elsewhere.state == "thawed" else "not frozen"


def _on(mark: Mark) -> str:
    return f" (claim {mark.claim} on node {mark.node})" if mark.claim and mark.node else ""


__all__ = ("Swept", "judge_marks", "sweep")
