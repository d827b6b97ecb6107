# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod that lives for one phase: made, awaited, its log followed to the end, and removed whatever happens."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.freeze_checks import refuse_freeze
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.phase_output import PhaseOutput
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.place import placed_body
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_objects import (
    PODS,
    check_rights,
    create_pod,
    remove_pod,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_start import PodStart
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.request import PodRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.surroundings import who_deleted
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.waiting import await_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_logs import LogSource, follow_log
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_states import (
    has_started,
    last_seen,
    state_of,
    why_failed,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished

#: Lines of the log that an error carries (Kanister's number).
TAIL_LINES = 10
_LONGEST_TAIL_LINE = 500
#: A pod that is deleted and hangs this much longer than its grace is on a node that is lost.
_HANGING_SECONDS = 60.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodEnd:
    """``failure``: a sentence, empty for a pod that has succeeded. ``outputs``: what it said in its log.

    ``exit_code``: of the main container, None where it never ended by itself.
    """

    outputs: dict[str, t.Any]
    failure: str = ""
    exit_code: int | None = None


def run_pod(call: FunctionCall, request: PodRequest) -> PodEnd:
    """Run it to its end. Raises ``BlueprintError`` where it did not get that far, and ``Cancelled``.

    However it ends the pod is removed; what could not be removed is a warning, and ends by itself.
    """
    call.run.cancel.check()
    pod = create_pod(call, _fit_body(call, request))
    try:
        return PodRun(call, request, pod).until_end()
    except KubeError as exc:
        what = f"{request.function} lost sight of its pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
        raise BlueprintError(f"{what}: {exc.message}", hint=exc.hint) from exc
    finally:
        remove_pod(call, pod)


def plan_pod(call: FunctionCall, request: PodRequest) -> str:
    """The namespace that it would run in. Raises ``BlueprintError`` where it could not be made, as far as is known."""
    return str(_fit_body(call, request)["metadata"]["namespace"])


def _fit_body(call: FunctionCall, request: PodRequest) -> Object:
    body = placed_body(call, request)
    for each in body["spec"]["containers"]:
        refuse_freeze([*(each.get("command") or ()), *(each.get("args") or ())], call.place.words)
    check_rights(call, body["metadata"]["namespace"])
    return body


class PodRun:
    """One pod that was made."""

    def __init__(self, call: FunctionCall, request: PodRequest, pod: Object) -> None:
        self._call = call
        self._request = request
        self._made = pod
        self._pod: Object | None = pod
        self._began = time.monotonic()
        self._uid = str(pod["metadata"]["uid"])
        self._name = str(pod["metadata"]["name"])
        self._namespace = str(pod["metadata"]["namespace"])
        self._tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
        self._outputs = PhaseOutput(self._log)

    @property
    def where(self) -> str:
        return f"pod {self._namespace}/{self._name} of {self._request.function}"

    def until_end(self) -> PodEnd:
        self._call.run.progress(f"{self.where}: waiting for its start")
        self._pod = PodStart(self._call, self._made, self._request.main, self.where).wait()
        self._call.run.progress(f"{self.where}: running")
        unread = self._read_log()
        pod = self._await_finish()
        failed = (pod.get("status") or {}).get("phase") != "Succeeded"
        if unread is not None and not failed:
            # Outputs may be missing.
            raise unread
        return PodEnd(
            outputs=self._outputs.finish(),
            failure=self._failure(pod) if failed else "",
            exit_code=_exit_code(pod, self._request.main),
        )

    def _read_log(self) -> KubeError | None:
        """Returns why it could not be read to its end: a pod that has failed has a better reason to give."""
        request, call = self._request, self._call
        if is_finished(self._pod or {}) and not has_started(self._pod or {}, request.main):
            return None
        source = LogSource(namespace=self._namespace, pod=self._name, container=request.main)
        lines = follow_log(call.client, source, has_ended=self._main_has_ended, timeout=max(1.0, call.seconds_left))
        try:
            for line in lines:
                self._outputs.feed(line + b"\n")
        except KubeError as exc:
            if is_finished(self._pod or {}) and not exc.forbidden:
                return exc
            if isinstance(exc, KubeTimeout):
                raise self._late() from exc
            raise
        return None

    def _log(self, text: str) -> None:
        self._call.log(text, pod=self._name, namespace=self._namespace, container=self._request.main)
        if text.strip():
            self._tail.append(self._call.mask(text)[:_LONGEST_TAIL_LINE])

    def _main_has_ended(self, seconds: float) -> bool:
        """Whether it has by then; raises where that will never be known."""

        def has_ended(pod: Object | None) -> bool:
            self._note(pod)
            return is_finished(pod or {}) or "terminated" in state_of(pod or {}, self._request.main)

        client, namespace = self._call.client, self._namespace
        try:
            if not seconds:
                return has_ended(get_object(client, PODS, self._name, namespace))
            await_object(client, PODS, self._name, namespace, has_ended, timeout=seconds)
        except KubeError as exc:
            if exc.may_pass:
                return False
            raise
        return True

    def _await_finish(self) -> ObjectView:
        """After the main container: others may run on."""

        def is_over(pod: Object | None) -> bool:
            self._note(pod)
            return is_finished(pod or {})

        try:
            pod = await_object(
                self._call.client,
                PODS,
                self._name,
                self._namespace,
                is_over,
                timeout=max(1.0, self._call.seconds_left),
            )
        except KubeTimeout as exc:
            raise self._late() from exc
        return pod or {}

    def _note(self, pod: ObjectView | None) -> None:
        """Remember what it says; raise for one that is gone, or was replaced, or whose node lets it hang."""
        if pod is None or pod["metadata"].get("uid") != self._uid:
            raise BlueprintError(f"The {self.where} was deleted while it ran, {who_deleted(self._call, self._pod)}.")
        self._pod = dict(pod)
        overdue = _seconds_overdue(pod, self._call)
        if overdue > _HANGING_SECONDS and not is_finished(pod):
            node = (pod.get("spec") or {}).get("nodeName")
            raise BlueprintError(
                f"The {self.where} is deleted for {overdue:.0f} s and does not go: its node {node} does not answer."
            )

    def _late(self) -> BlueprintError:
        seconds = time.monotonic() - self._began
        return BlueprintError(
            f"The {self.where} did not end within the {seconds:.0f} s that its phase had left; last seen: "
            f"{last_seen(self._pod)}.{self._said()}"
        )

    def _failure(self, pod: ObjectView) -> str:
        return f"The {self.where} failed: {why_failed(pod)}.{self._said()}"

    def _said(self) -> str:
        if not self._tail:
            return " It has printed nothing."
        return self._call.mask(f" The last that it printed: {' | '.join(self._tail)}")


def _exit_code(pod: ObjectView, container: str) -> int | None:
    """None as well where the node ended the pod."""
    if (pod.get("status") or {}).get("reason"):
        return None
    code = (state_of(pod, container).get("terminated") or {}).get("exitCode")
    return code if isinstance(code, int) else None


def _seconds_overdue(pod: ObjectView, call: FunctionCall) -> float:
    """How long ago a pod that is being deleted should have gone; negative for any other."""
    deleted = pod["metadata"].get("deletionTimestamp")
    if not deleted:
        return -1.0
    return (call.client.server_now() - parse_rfc3339(str(deleted))).total_seconds()


__all__ = ("TAIL_LINES", "PodEnd", "PodRun", "plan_pod", "run_pod")
