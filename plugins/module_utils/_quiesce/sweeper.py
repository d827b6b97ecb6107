# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Thaw what dead runs left frozen. A live run's freeze is never touched."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.lease import (
    Lease,
    parse_release,
    release_argv,
    run_script,
    take_marker,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.mark import Mark, read_marks, remove_marks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeTarget
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.thaw import thaw_claim

#: Two controllers' clocks may differ by this much.
CLOCK_SKEW = dt.timedelta(seconds=10)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What became of one mark. ``state``: ``thawed``, ``not frozen``, ``live`` (left alone) or ``failed``."""

    namespace: str
    pod: str
    mark: Mark
    state: t.Literal["thawed", "not frozen", "live", "failed"]
    error: str = ""

    def to_return(self) -> dict[str, t.Any]:
        return {
            "namespace": self.namespace,
            "pod": self.pod,
            "container": self.mark.container,
            "path": self.mark.path,
            "claim": self.mark.claim,
            "lease_id": self.mark.lease_id,
            "run": self.mark.run,
            "until": rfc3339(self.mark.until),
            "state": self.state,
            "error": self.error,
        }


def find_marks(
    pods: t.Iterable[t.Mapping[str, t.Any]], *, path: str = "", now: dt.datetime | None = None
) -> list[Swept]:
    """The marks on ``pods``: ``live`` ones, and those past their time (state ``failed`` until they are swept).

    With ``path``, only the marks of file systems that were frozen there.
    """
    moment = now or utc_now()
    found = []
    for pod in pods:
        metadata = pod["metadata"]
        for mark in read_marks(pod):
            if path and mark.path != path:
                continue
            over = mark.until < moment - CLOCK_SKEW
            found.append(
                Swept(
                    namespace=metadata["namespace"], pod=metadata["name"], mark=mark, state="failed" if over else "live"
                )
            )
    return found


def sweep(client: KubeClient, pods: t.Iterable[t.Mapping[str, t.Any]], *, path: str = "") -> list[Swept]:
    """Thaw every marked file system (at ``path``) whose time is past; take its mark away once that is proven."""
    nodes: dict[tuple[str, str], str] = {}
    kept = []
    for pod in pods:
        kept.append(pod)
        nodes[pod["metadata"]["namespace"], pod["metadata"]["name"]] = (pod.get("spec") or {}).get("nodeName", "")
    return [
        found if found.state == "live" else _sweep_one(client, found, nodes[found.namespace, found.pod])
        for found in find_marks(kept, path=path)
    ]


def _sweep_one(client: KubeClient, found: Swept, node: str) -> Swept:
    mark = found.mark
    state: t.Literal["thawed", "not frozen", "failed"] = "failed"
    target = FreezeTarget(
        namespace=found.namespace,
        pod=found.pod,
        node=node,
        container=mark.container,
        path=mark.path,
        claim=mark.claim,
        device=mark.device,
    )
    lease = Lease(mark.lease_id, (target,), (mark.thaw,), 1.0)
    error = ""
    try:
        result = run_script(client, target, release_argv(lease, (), pure=False))
        report = parse_release(take_marker(result.stderr, mark.lease_id)[1])
        if report is not None and report.proven:
            state = "thawed" if report.thaw == "1" or report.fired_frozen else "not frozen"
        else:
            error = result.stderr.decode("utf-8", "replace").strip()[:200] or f"exit code {result.rc}"
    except KubeError as exc:
        error = exc.message
    if state == "failed" and mark.claim:
        elsewhere = thaw_claim(client, claim=mark.claim, node=node)
        state = elsewhere.state
        error = "; ".join(part for part in (error, *elsewhere.tries) if part)
    if state == "failed":
        return dataclasses.replace(found, state=state, error=f"{target.where} could not be thawed: {error}")
    try:
        remove_marks(client, found.namespace, found.pod, {mark.lease_id})
    except KubeError as exc:
        return dataclasses.replace(found, state=state, error=f"the mark could not be removed: {exc.message}")
    return dataclasses.replace(found, state=state)


__all__ = ("CLOCK_SKEW", "Swept", "find_marks", "sweep")
