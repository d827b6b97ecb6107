# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the objects that move data say of themselves, so that the next run can tell what a dead one has left."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import hashlib
import os

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.process_identity import has_ended, identify_process

#: Its value is what the object is for (``upload``, ``download`` ...).
MOVER = "arkive.k8s/mover"
RUN_ID = "arkive.k8s/run-id"
#: A digest of the place that is written to: one Job at a time works for each.
WORKS_ON = "arkive.k8s/mover-source"
#: Among the pods of one node each has its own: so many run there.
SLOT = "arkive.k8s/mover-slot"
#: Who made it: ``PID BOOT/NAMESPACE/START``; and when its run was last seen alive.
PROCESS = "arkive.k8s/process"
RENEWED = "arkive.k8s/renewed"
#: Between two signs of life of a run, and how long after the last one it counts as dead, in seconds.
RENEW_SECONDS = 60.0
DEAD_SECONDS = 300.0
_FIXED = {
    "app.kubernetes.io/managed-by": "arkive.k8s",
    # No backup, of ours or of Velero, stores one: with it would go the keys.
    "velero.io/exclude-from-backup": "true",
}


def labels_of(purpose: str, run_id: str, works_on: str = "") -> dict[str, str]:
    """The labels of all objects of one Job; ``works_on`` as ``digest`` gives it."""
    more = {RUN_ID: label_value(run_id)} if run_id else {}
    return {**_FIXED, MOVER: purpose, **more, **({WORKS_ON: works_on} if works_on else {})}


def annotations_of(now: dt.datetime) -> dict[str, str]:
    """The annotations of a Job of this process. ``now``: by the API server's clock."""
    identity = identify_process()
    return {RENEWED: rfc3339(now), **({PROCESS: f"{os.getpid()} {identity}"} if identity else {})}


def digest(*words: str) -> str:
    """Sixteen letters that stand for ``words`` in names and labels."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def is_left(job: ObjectView, now: dt.datetime) -> bool:
    """Whether nobody waits for a Job any more: its process is gone, or has given no sign of life for too long."""
    metadata = job.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    pid, _blank, identity = str(annotations.get(PROCESS, "")).partition(" ")
    if pid.isdecimal() and len(pid) < 20 and has_ended(int(pid), identity):
        return True
    # Somebody may have taken the sign away.
    seen = read_moment(annotations.get(RENEWED)) or read_moment(metadata.get("creationTimestamp"))
    return seen is not None and now - seen > dt.timedelta(seconds=DEAD_SECONDS)


__all__ = (
    "DEAD_SECONDS",
    "MOVER",
    "PROCESS",
    "RENEWED",
    "RENEW_SECONDS",
    "RUN_ID",
    "SLOT",
    "WORKS_ON",
    "annotations_of",
    "digest",
    "is_left",
    "labels_of",
)
