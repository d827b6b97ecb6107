# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod that does not run yet: what keeps it, and how long that may last."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_states import (
    Trouble,
    container_statuses,
    has_started,
    trouble_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished

#: The scheduler's words where the bound of each node is what keeps a pod waiting: it is not stuck.
_BOUND_OF_NODE = "didn't match pod anti-affinity rules"
#: The Secret of a Job is made after the Job, which owns it. A node that is faster tries again after 10 to 15 s
#: (``backOffPeriod`` of the kubelet 1.34), and later where it has much to do.
_NOT_MADE_YET = re.compile(r'secret "[^"]+" not found')
_NOT_MADE_YET_SECONDS = 120.0


class Stuck(t.NamedTuple):
    """What keeps a pod, a phrase; ``kind`` of the trouble, empty where nobody says what it is."""

    kind: str
    text: str


class Starting:
    """One pod that was made at ``began``, and may take ``limit`` seconds. Times are of the monotonic clock.

    ``bounded``: it is one of our Jobs, which wait without an end until the others on their nodes have ended. An anti-
    affinity of an application's pod is its own.
    """

    def __init__(self, began: float, *, limit: float, bounded: bool = True) -> None:
        self._began = self._since = began
        self._limit = limit
        self._bounded = bounded
        self._kind = ""

    def stuck(self, pod: ObjectView, now: float) -> Stuck | None:
        """Of one that waits: why it is not waited for any longer; None while it may still start."""
        trouble = trouble_of(pod)
        kind = trouble.kind if trouble is not None else ""
        if kind != self._kind:
            # A pod that has had a node for a while, and then lacks its image, has not waited for that so far.
            self._kind, self._since = kind, now
        bound = self._is_bound(trouble)
        if now - self._since < self._patience(trouble) and (bound or now - self._began < self._limit):
            return None
        return Stuck(kind, trouble.text if trouble is not None else f"it was not started{_waits_for(pod)}")

    def _patience(self, trouble: Trouble | None) -> float:
        if self._is_bound(trouble):
            return float("inf")
        # A cluster that grows on demand may take all the time that there is.
        if trouble is None or trouble.kind == "schedule":
            return self._limit
        patience = _NOT_MADE_YET_SECONDS if _NOT_MADE_YET.search(trouble.text) else trouble.patience
        return min(patience, self._limit)

    def _is_bound(self, trouble: Trouble | None) -> bool:
        return self._bounded and trouble is not None and trouble.kind == "schedule" and _BOUND_OF_NODE in trouble.text


def _waits_for(pod: ObjectView) -> str:
    """What its containers say that they wait for, in brackets."""
    waiting = ((each.get("state") or {}).get("waiting") or {} for each in container_statuses(pod))
    said = dict.fromkeys(": ".join(filter(None, (each.get("reason"), each.get("message")))) for each in waiting)
    words = one_line(", ".join(filter(None, said)))
    return f" ({words})" if words else ""


def is_waiting(pod: ObjectView) -> bool:
    """Whether no container has started so far, and the pod is not over."""
    return not is_finished(pod) and not any(has_started(pod, str(each.get("name"))) for each in container_statuses(pod))


__all__ = ("Starting", "Stuck", "is_waiting")
