# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One Job that was made, as its pod tells it: how far it is, and how it ended."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_logs import LogSource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_states import container_statuses, why_failed
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import JobPlan
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import (
    Explained,
    Outcome,
    explain,
    parse_outcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.progress import Amount, read_amount
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.starting import Stuck
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobEnd, JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import EVENTS, JOBS

#: Bytes of one log.
_LONGEST_LOG = 8 << 20
_READ_SECONDS = 30.0
#: What may be kept of a pod in memory.
_KEPT = ("name", "uid", "resourceVersion", "ownerReferences", "deletionTimestamp", "namespace", "labels")


def keep_pod(pod: Object) -> Object:
    """What of a pod is looked at."""
    spec = {"nodeName": (pod.get("spec") or {}).get("nodeName") or ""}
    metadata = {key: pod["metadata"][key] for key in _KEPT if key in pod["metadata"]}
    return {"metadata": metadata, "spec": spec, "status": pod.get("status") or {}}


def is_pod_of(pod: ObjectView, job: ObjectView) -> bool:
    owners = pod["metadata"].get("ownerReferences") or ()
    return any(each.get("uid") == job["metadata"]["uid"] for each in owners)


def has_ended(pod: ObjectView) -> bool:
    """Whether the pod is over, or all of its containers are."""
    statuses = container_statuses(pod)
    return is_finished(pod) or bool(statuses and all("terminated" in (each.get("state") or {}) for each in statuses))


class JobReader:
    """Reads how Jobs ended: messages, logs, events. An API server that is away costs words only."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def end_of(self, task: JobTask, plan: JobPlan, pod: ObjectView) -> JobEnd:
        """Of a pod that is over, or gone, as it was seen last."""
        states = {str(each.get("name")): (each.get("state") or {}) for each in container_statuses(pod)}
        ended = [states.get(each.name, {}).get("terminated") or {} for each in plan.tasks]
        logs = [self.log(pod, each.name) if task.wants_logs else "" for each in plan.tasks]
        outcomes = [self._outcome(pod, each.name, said) for each, said in zip(plan.tasks, ended, strict=True)]
        starts = [moment for moment in (read_moment(each.get("startedAt")) for each in ended) if moment]
        ends = [moment for moment in (read_moment(each.get("finishedAt")) for each in ended) if moment]
        end = JobEnd(
            outcomes=tuple(outcomes),
            logs=tuple(logs),
            node=str((pod.get("spec") or {}).get("nodeName") or ""),
            started=min(starts, default=None),
            ended=max(ends, default=None),
        )
        return judged(end, task, plan, pod, ended)

    def _outcome(self, pod: ObjectView, container: str, ended: ObjectView) -> Outcome | None:
        found = parse_outcome(str(ended.get("message") or ""))
        if found is None and ended:
            # A message may be lost, and is cut after 4 KiB.
            found = parse_outcome(self.log(pod, container, lines=60))
        return found

    def log(self, pod: ObjectView, container: str, *, lines: int = 0) -> str:
        """The last ``lines``, or all; empty where it cannot be read."""
        metadata = pod["metadata"]
        source = LogSource(namespace=metadata["namespace"], pod=metadata["name"], container=container)
        query = {"container": container, "limitBytes": str(_LONGEST_LOG)}
        query |= {"tailLines": str(lines)} if lines else {}
        pieces = bytearray()
        with contextlib.suppress(KubeError):
            stream = self._client.stream_bytes(source.path, query=query, accept="*/*", timeout=_READ_SECONDS)
            with contextlib.closing(stream):
                for piece in stream:
                    pieces += piece
        return pieces.decode(errors="replace")

    def amount(self, pod: ObjectView, container: str) -> Amount | None:
        """How much it has copied by its last line; None where that says nothing."""
        return read_amount(self.log(pod, container, lines=1))

    def failure_of(self, job: ObjectView) -> str:
        """Why a Job says that it has failed; empty where it does not, or cannot be asked."""
        metadata = job["metadata"]
        try:
            now = self._client.get(JOBS.path(metadata["namespace"], metadata["name"]))
        except KubeError as exc:
            return "its Job was deleted" if exc.not_found else ""
        for condition in (now.get("status") or {}).get("conditions") or ():
            if condition.get("type") == "Failed" and condition.get("status") == "True":
                return one_line(f"{condition.get('reason')}: {condition.get('message')}").rstrip(".")
        return ""

    def why_stuck(self, stuck: Stuck, pod: ObjectView) -> str:
        """Why a pod does not start, a phrase: where it says nothing itself, what the cluster warns of."""
        warned = self.warning_about(pod) if not stuck.kind else ""
        return f"{stuck.text}; the cluster warns: {warned}" if warned else stuck.text

    def warning_about(self, obj: ObjectView) -> str:
        """The last that the cluster warns of about an object; empty for nothing, or where it may not be asked."""
        metadata = obj["metadata"]
        selector = f"involvedObject.uid={metadata['uid']},type=Warning"
        try:
            found = self._client.get(EVENTS.path(metadata["namespace"]), query={"fieldSelector": selector})
        except KubeError:
            return ""
        events = sorted(found.get("items") or (), key=_last_seen)
        return one_line(str(events[-1].get("message") or "")).rstrip(".") if events else ""


def _last_seen(event: ObjectView) -> str:
    """When an event was seen last, which may be long after it was first: they are listed by their names."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return str(next(filter(None, times), "") or (event.get("metadata") or {}).get("creationTimestamp") or "")


def judged(end: JobEnd, task: JobTask, plan: JobPlan, pod: ObjectView, ended: t.Sequence[ObjectView]) -> JobEnd:
    """``end`` with why it failed; ``ended``: how the containers were terminated, in the order of the plan.

    One that cannot go well by another try decides for all.
    """
    found = [_problem(outcome, said, task, plan, pod) for outcome, said in zip(end.outcomes, ended, strict=True)]
    bad = [each for each in found if each.sentence]
    if not bad:
        return end
    first = next((each for each in bad if not each.again), bad[0])
    return dataclasses.replace(
        end, error=first.sentence, again=first.again, problems=tuple(each.sentence for each in found)
    )


_WELL = Explained("")


def _problem(outcome: Outcome | None, ended: ObjectView, task: JobTask, plan: JobPlan, pod: ObjectView) -> Explained:
    if outcome is not None and outcome.state == "done" and ended.get("exitCode") == 0:
        return _WELL
    if outcome is not None and outcome.state == "failed" and ended.get("reason") != "OOMKilled":
        return explain(
            outcome, plan.repository, namespace=plan.namespace, doing=task.doing, more_memory=task.more_memory
        )
    reason = str((pod.get("status") or {}).get("reason") or "")
    again = ended.get("reason") != "OOMKilled" and reason != "DeadlineExceeded"
    return Explained(_killed(task, pod, ended), again)


def _killed(task: JobTask, pod: ObjectView, ended: ObjectView) -> str:
    """Of a container that did not end by itself."""
    if ended.get("reason") == "OOMKilled":
        remedy = f"{task.more_memory[0].upper()}{task.more_memory[1:]}"
        return f"Cannot {task.doing}: the pod needs more memory than it may have. {remedy}"
    node = (pod.get("spec") or {}).get("nodeName") or "unknown"
    if pod["metadata"].get("deletionTimestamp") and not (pod.get("status") or {}).get("reason"):
        return f"Cannot {task.doing}: its pod on node {node} was deleted while it ran."
    return f"Cannot {task.doing}: its pod on node {node} was killed: {one_line(why_failed(pod)).rstrip('.')}."


__all__ = ("JobReader", "has_ended", "is_pod_of", "judged", "keep_pod")
