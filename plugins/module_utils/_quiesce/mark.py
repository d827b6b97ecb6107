# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""The mark: an annotation on the pod that says what is frozen. It survives what the lease does not: its container."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.lease import Lease

FROZEN_ANNOTATION = "arkive.k8s/frozen"
_TRIES = 4


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One entry of the annotation. ``until``: no live run holds the freeze after this moment."""

    run: str
    lease_id: str
    container: str
    path: str
    claim: str
    device: str
    thaw: tuple[str, ...]
    until: dt.datetime

    def to_json(self) -> dict[str, t.Any]:
        return {
            "run": self.run,
            "lease": self.lease_id,
            "container": self.container,
            "path": self.path,
            "claim": self.claim,
            "device": self.device,
            "thaw": list(self.thaw),
            "until": rfc3339(self.until),
        }


def make_marks(lease: Lease, *, run_id: str, seconds: float) -> list[Mark]:
    """The marks of one lease: a run that still lives renews or removes them within ``seconds``."""
    until = utc_now() + dt.timedelta(seconds=seconds)
    return [
        Mark(
            run=run_id,
            lease_id=lease.lease_id,
            container=target.container,
            path=target.path,
            claim=target.claim,
            device=target.device,
            thaw=thaw,
            until=until,
        )
        for target, thaw in zip(lease.targets, lease.thaws, strict=True)
    ]


def read_marks(pod: t.Mapping[str, t.Any]) -> list[Mark]:
    """The entries on ``pod``; what is not one of ours is left out."""
    text = ((pod.get("metadata") or {}).get("annotations") or {}).get(FROZEN_ANNOTATION, "")
    if not text:
        return []
    try:
        entries = json.loads(text)
    except ValueError:
        return []
    marks = []
    for entry in entries if isinstance(entries, list) else []:
        try:
            marks.append(
                Mark(
                    run=str(entry["run"]),
                    lease_id=str(entry["lease"]),
                    container=str(entry["container"]),
                    path=str(entry["path"]),
                    claim=str(entry.get("claim", "")),
                    device=str(entry.get("device", "")),
                    thaw=tuple(str(word) for word in entry["thaw"]),
                    until=parse_rfc3339(str(entry["until"])),
                )
            )
        except (KeyError, TypeError, ValidationError):
            continue
    return marks


def put_marks(client: KubeClient, namespace: str, pod: str, marks: t.Sequence[Mark]) -> None:
    """Add ``marks``, in the place of those with the same lease and path. Raises ``KubeError``."""
    keys = {(mark.lease_id, mark.path) for mark in marks}
    _edit(client, namespace, pod, lambda old: [m for m in old if (m.lease_id, m.path) not in keys] + list(marks))


def remove_marks(client: KubeClient, namespace: str, pod: str, lease_ids: t.Collection[str]) -> None:
    """Take the entries of ``lease_ids`` away; a pod that is gone is fine. Raises ``KubeError``."""
    try:
        _edit(client, namespace, pod, lambda old: [mark for mark in old if mark.lease_id not in lease_ids])
    except KubeError as exc:
        if not exc.not_found:
            raise


def _edit(client: KubeClient, namespace: str, pod: str, change: t.Callable[[list[Mark]], list[Mark]]) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}"
    for attempt in range(_TRIES):
        current = client.get(path)
        before = read_marks(current)
        after = change(before)
        if after == before:
            return
        text = json.dumps([mark.to_json() for mark in after], separators=(",", ":")) if after else None
        patch = {
            # The version makes two runs that edit the same pod see each other.
            "metadata": {
                "annotations": {FROZEN_ANNOTATION: text},
                "resourceVersion": current["metadata"]["resourceVersion"],
            }
        }
        try:
            client.patch(path, patch)
        except KubeError as exc:
            if exc.conflict and attempt + 1 < _TRIES:
                continue
            raise
        return


__all__ = ("FROZEN_ANNOTATION", "Mark", "make_marks", "put_marks", "read_marks", "remove_marks")
