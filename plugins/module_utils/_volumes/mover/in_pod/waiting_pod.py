# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restored pod that waits for the data of its volumes, as it is in the cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.commands import Place
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_container import (
    has_wait_container,
    require_same_data,
    wait_status,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import WAIT_CONTAINER, WANTED_MARK

#: What becomes of it where somebody owns it.
_REPLACED = "Where something owns it, that makes another pod, which begins with empty volumes."


class PodGoneError(MoverError):
    """The pod is not there any more, has ended, or is not the one that was made to wait."""


class Life(t.NamedTuple):
    """One start of the container: what it has filled in memory ends with it, or with its node."""

    container: str
    restarts: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPod:
    """``tasks``: how its volumes are filled, in the order in which its container mounts them; ``wanted``: its mark."""

    namespace: str
    name: str
    wanted: str
    tasks: tuple[JobTask, ...]

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def place(self) -> Place:
        return Place(self.namespace, self.name, WAIT_CONTAINER)

    @property
    def cannot(self) -> str:
        return f"Cannot fill the volumes of pod {self.where}"


class PodReader:
    """Reads one pod again and again: it is the same one each time."""

    def __init__(self, client: KubeClient, pod: WaitingPod) -> None:
        self._client = client
        self._pod = pod
        self._uid = ""

    def find(self) -> Object | None:
        """Whatever is there under its name."""
        return get_object(self._client, PODS, self._pod.name, self._pod.namespace)

    def read(self) -> Object:
        """Raises ``PodGoneError``, ``MoverError`` where it does not wait for what is brought, and ``KubeError``."""
        cannot, pod = self._pod.cannot, self.find()
        uid = str(pod["metadata"].get("uid") or "") if pod is not None else ""
        if pod is None or pod["metadata"].get("deletionTimestamp") or (self._uid and uid != self._uid):
            raise PodGoneError(f"{cannot}: the pod is gone.", hint=_REPLACED)
        if not has_wait_container(pod):
            raise PodGoneError(f"{cannot}: the pod of that name does not wait for them.", hint=_REPLACED)
        if is_finished(pod):
            status = pod.get("status") or {}
            words = (one_line(str(status.get(key) or "")).strip().rstrip(".") for key in ("reason", "message"))
            why = ": ".join(filter(None, words))
            said = f"{cannot}: the pod has ended{f' ({why})' if why else ''}."
            raise PodGoneError(said, hint=f"Delete it, and restore it again. {_REPLACED}")
        mark = str((pod["metadata"].get("annotations") or {}).get(WANTED_MARK) or "")
        require_same_data(cannot, mark, self._pod.wanted)
        self._uid = uid
        return pod


def life_of(pod: ObjectView) -> Life:
    """By which one start of its container is known from the next one."""
    status = wait_status(pod)
    return Life(str(status.get("containerID") or ""), int(status.get("restartCount") or 0))


def wait_view(pod: ObjectView) -> Object:
    """The pod as if the container in which it waits was its only one."""
    status = pod.get("status") or {}
    statuses = [each for each in status.get("initContainerStatuses") or () if each.get("name") == WAIT_CONTAINER]
    kept = {key: status[key] for key in ("phase", "reason", "message", "conditions") if key in status}
    return {"metadata": dict(pod["metadata"]), "spec": {}, "status": {**kept, "containerStatuses": statuses}}


__all__ = ("Life", "PodGoneError", "PodReader", "WaitingPod", "life_of", "wait_view")
