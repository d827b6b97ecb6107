# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The volumes of a restored pod, filled by commands in the init container in which it waits, one after the other.

Only when all volumes are whole, the pod is marked so, and let go on. What was filled in memory is gone where the node
starts anew: it counts only as long as the container is the one in which it was filled.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import time

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecStreamLost
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.commands import (
    OPEN_SECONDS,
    pause,
    run_program,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.images import start_hint
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.remedies import made_anew, out_of_memory
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.volume_fill import VolumeFill
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_container import (
    mounts_memory,
    wait_state,
    wait_status,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_scripts import let_go_script
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.waiting_pod import (
    Life,
    PodGoneError,
    PodReader,
    WaitingPod,
    life_of,
    wait_view,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.run import JobReader
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.starting import Starting
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobEnd
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.turns import Turns
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import FILLED_MARK, WAIT_CONTAINER

#: How often its volumes are filled, where its container is started anew meanwhile.
_ROUNDS = 3
#: How often it is tried to mark a pod that somebody changes at that time.
_MARK_TRIES = 5
#: From when the pod is let go until its container has ended, in seconds.
_GOING_SECONDS = 30.0
#: Troubles of a start that may be those of how the container was made.
_OF_CONTAINER = ("image", "container")
_CONTAINER_HINT = "See mover.image, mover.resources and mover.security_context."
_AGAIN = "Run the restore again with the same name."


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodFilled:
    """``ends``: how each of the volumes came out, as far as it came. ``error``: why the pod does not go on.

    ``gone``: since it is not there any more, has ended, or another one is in its place.
    """

    ends: tuple[JobEnd, ...] = ()
    error: str = ""
    gone: bool = False


class PodFill:
    """One pod. Raises ``Cancelled``: the pod waits on then."""

    def __init__(self, run: ClusterRun, settings: MoverSettings, turns: Turns, pod: WaitingPod) -> None:
        self._run = run
        self._client = run.client
        self._settings = settings
        self._turns = turns
        self._pod = pod
        self._reader = PodReader(run.client, pod)
        self._volumes = VolumeFill(run, settings, pod, self._reader)
        self._starting = self._new_start()
        self._failure: MoverError | KubeError | None = None
        self._node = ""

    def is_due(self) -> bool:
        """Whether there is something to ``run``: it waits by now, or never will."""
        try:
            return self._failure is not None or self._runs()
        except (MoverError, KubeError) as exc:
            self._failure = exc
            return True

    def run(self) -> PodFilled:
        """Fill its volumes, and let it go on. The pod has come to wait."""
        ends: list[JobEnd] = []
        gone = False
        try:
            if self._failure is not None:
                raise self._failure
            error = self._bring(ends)
        except MoverError as exc:
            error, gone = exc.sentence, isinstance(exc, PodGoneError)
        except KubeError as exc:
            error = f"{self._pod.cannot}: {exc.sentence}"
        return PodFilled(ends=tuple(ends), error=error, gone=gone)

    # -- the container in which it waits ------------------------------------------------------------------------------

    def _new_start(self) -> Starting:
        return Starting(time.monotonic(), limit=self._settings.pod_start_timeout, bounded=False)

    def _runs(self) -> bool:
        """Whether its container does. Raises ``MoverError`` for one that does not start, or has ended."""
        pod = self._reader.read()
        if "running" in wait_state(pod):
            self._node = str((pod.get("spec") or {}).get("nodeName") or "")
            return True
        view = wait_view(pod)
        stuck = self._starting.stuck(view, time.monotonic())
        if stuck is None:
            return False
        cannot = f"{self._pod.cannot}: it does not come to wait for them"
        ended = _end_of(wait_status(pod))
        if ended.get("reason") == "OOMKilled":
            raise MoverError(f"{cannot}: {out_of_memory(pod)}")
        what = _how_it_ended(ended) or JobReader(self._client).why_stuck(stuck, view)
        hint = start_hint(stuck.kind, pod.get("spec") or {}, self._settings)
        if stuck.kind in _OF_CONTAINER:
            hint = f"{hint or _CONTAINER_HINT} {made_anew(pod)}"
        raise MoverError(f"{cannot}: {what}.", hint=hint)

    # -- its volumes --------------------------------------------------------------------------------------------------

    def _bring(self, ends: list[JobEnd]) -> str:
        """Why it does not go on, a sentence; ``ends`` has how each of its volumes came out."""
        for _round in range(_ROUNDS):
            while not self._runs():
                pause(self._run.cancel)
            ends.clear()
            with self._turns.turn(self._node):
                life = life_of(self._reader.read())
                if error := self._fill(ends):
                    return error
            if self._mark(life):
                return self._let_go(life)
            self._run.issues.info(
                f"The container in which pod {self._pod.where} waits was started anew while its volumes were filled. "
                "They are looked at again."
            )
            self._starting = self._new_start()
        raise MoverError(
            f"{self._pod.cannot}: the container in which it waits was started anew {_ROUNDS} times meanwhile.",
            hint=f"Look at the node of the pod, {self._node}. {_AGAIN}",
        )

    def _fill(self, ends: list[JobEnd]) -> str:
        for number in range(len(self._pod.tasks)):
            end = dataclasses.replace(self._volumes.run(number), node=self._node)
            ends.append(end)
            if end.error:
                return end.error
        return ""

    # -- when all is there --------------------------------------------------------------------------------------------

    def _mark(self, life: Life) -> bool:
        """Whether it is marked: not where its container is another one by now than that which was filled."""
        tries = 0
        while True:
            tries += 1
            pod = self._reader.read()
            if life_of(pod) != life:
                return False
            try:
                self._annotate(pod, self._pod.wanted)
            except KubeError as exc:
                if not exc.conflict or tries >= _MARK_TRIES:
                    raise
            else:
                return True

    def _annotate(self, pod: ObjectView, mark: str | None) -> None:
        """Of the pod as it was read: what has changed since may be its container."""
        known = {key: pod["metadata"][key] for key in ("uid", "resourceVersion") if key in pod["metadata"]}
        change = {"metadata": {**known, "annotations": {FILLED_MARK: mark}}}
        patch_object(self._client, PODS, self._pod.name, change, namespace=self._pod.namespace)

    def _let_go(self, life: Life) -> str:
        """Why it does not go on, or not with all of its data."""
        end = time.monotonic() + _GOING_SECONDS
        told = False
        while True:
            pod = self._reader.read()
            in_memory = mounts_memory(pod)
            if in_memory and life_of(pod) != life:
                self._take_back(pod)
                raise MoverError(
                    f"The container in which pod {self._pod.where} waits was started anew before the pod went on: what "
                    "had come into its volumes in memory is gone.",
                    hint=f"{_AGAIN} Where the pod has started by then, delete it before.",
                )
            if "running" not in wait_state(pod):
                return ""  # it has ended, or is started again, and knows by its mark
            if time.monotonic() >= end:
                if in_memory:  # whoever looks at it later does not know which container that was
                    self._take_back(pod)
                raise MoverError(
                    f"The volumes of pod {self._pod.where} have their data, and the pod waits still.", hint=_AGAIN
                )
            told = told or self._tell()
            pause(self._run.cancel)

    def _take_back(self, pod: Object) -> None:
        with contextlib.suppress(KubeError):  # it is told in any case
            self._annotate({"metadata": {"uid": pod["metadata"].get("uid")}}, None)

    def _tell(self) -> bool:
        try:
            stream = run_program(self._run, self._pod.place, let_go_script(), refused="It is not let go")
        except (KubeError, MoverError):
            return False  # it may be gone already, which is looked at
        try:
            return not stream.go_on(OPEN_SECONDS, cancel=self._run.cancel)
        except ExecStreamLost:
            return False
        finally:
            stream.abort()


def _end_of(status: ObjectView) -> ObjectView:
    """How a container has ended that does not run, and is not kept from starting by anything else; empty elsewhere."""
    state = status.get("state") or {}
    if (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff":
        state = status.get("lastState") or {}
    return state.get("terminated") or {}


def _how_it_ended(ended: ObjectView) -> str:
    """Of a container that has ended, a phrase; empty for one that has not."""
    if not ended:
        return ""
    said = one_line(str(ended.get("message") or "")).strip().rstrip(".")
    return f"its container {WAIT_CONTAINER} ended with exit code {ended.get('exitCode')}{f' ({said})' if said else ''}"


__all__ = ("PodFill", "PodFilled")
