# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait until a temporary pod runs, and give up early where it never will."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.pod_objects import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.surroundings import (
    look_around,
    warnings_about,
    who_deleted,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_states import (
    Trouble,
    has_started,
    last_seen,
    trouble_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished, pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object

#: The longest wait for a start, in seconds (Kanister's).
START_SECONDS = 900.0
#: Between two looks at what the pod itself does not say, in seconds.
_LOOK_SECONDS = 3.0


class PodStart:
    """The start of one pod that was made. ``where`` names it in sentences."""

    def __init__(self, call: FunctionCall, pod: Object, main: str, where: str) -> None:
        self._call = call
        self._main = main
        self._where = where
        self._pod = pod
        self._since: dict[str, float] = {}

    def wait(self) -> Object:
        """The pod when its main container runs or has run, or when it has ended. Raises ``BlueprintError``."""
        call = self._call
        namespace, name = pod_identity(self._pod)
        uid = self._pod["metadata"]["uid"]
        allowed = min(START_SECONDS, call.seconds_left)
        end = time.monotonic() + allowed

        def is_there(pod: Object | None) -> bool:
            if pod is None or pod["metadata"].get("uid") != uid:
                raise BlueprintError(f"The {self._where} was deleted before it ran, {who_deleted(call, self._pod)}.")
            self._pod = pod
            if has_started(pod, self._main) or is_finished(pod):
                return True
            self._judge(trouble_of(pod))
            return False

        while True:
            limit = min(_LOOK_SECONDS, end - time.monotonic())
            try:
                found = wait_for_object(call.client, PODS, name, namespace, is_there, timeout=max(0.1, limit))
                return found or {}
            except KubeError as exc:
                if not exc.may_pass:
                    raise
                self._look_around()
            if time.monotonic() >= end:
                raise BlueprintError(
                    f"The {self._where} did not start within {allowed:.0f} s; last seen: {last_seen(self._pod)}"
                    f"{self._warnings()}."
                )

    def _look_around(self) -> None:
        self._judge(trouble_of(self._pod))
        found = look_around(self._call.client, self._pod)
        self._judge(found, others=("node", "claim"))

    def _judge(self, trouble: Trouble | None, *, others: tuple[str, ...] = ("image", "container", "schedule")) -> None:
        """Raise for what has lasted too long; what is over by now begins anew the next time."""
        for kind in others:
            if trouble is None or trouble.kind != kind:
                self._since.pop(kind, None)
        if trouble is None:
            return
        since = self._since.setdefault(trouble.kind, time.monotonic())
        if time.monotonic() - since >= trouble.patience:
            raise BlueprintError(f"The {self._where} does not start: {trouble.text}.", hint=_HINTS.get(trouble.kind))

    def _warnings(self) -> str:
        said = warnings_about(self._call.client, self._pod)
        return f"; the cluster warns: {said}" if said else ""


_HINTS = {
    "image": "Check the name of the image, that the node reaches its registry, and imagePullSecrets in podOverride.",
    "schedule": "Check what the pod asks for in podOverride, and that the claims that it mounts exist.",
}

__all__ = ("START_SECONDS", "PodStart")
