# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a temporary pod says of itself, so that the next run can tell what a dead one has left."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import os

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.process_identity import has_ended, identify_process
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_finished

#: Its value is what the pod is for.
TEMPORARY_POD = "arkive.k8s/temporary-pod"
RUN_ID = "arkive.k8s/run-id"
#: From then on nobody waits for the pod any more.
EXPIRES = "arkive.k8s/expires"
#: Who made it: ``PID BOOT/NAMESPACE/START``.
PROCESS = "arkive.k8s/process"
_FIXED = {
    "createdBy": "kanister",
    "app.kubernetes.io/managed-by": "arkive.k8s",
    # No backup, of ours or of Velero, stores one.
    "velero.io/exclude-from-backup": "true",
}


def labels_of(purpose: str, run_id: str) -> dict[str, str]:
    """The labels of a pod of this run."""
    return {**_FIXED, TEMPORARY_POD: purpose, **({RUN_ID: label_value(run_id)} if run_id else {})}


def annotations_of(expires: dt.datetime) -> dict[str, str]:
    """The annotations of a pod of this process."""
    identity = identify_process()
    process = {PROCESS: f"{os.getpid()} {identity}"} if identity else {}
    return {EXPIRES: rfc3339(expires), **process}


def is_left(pod: ObjectView, now: dt.datetime) -> bool:
    """Whether nobody waits for a temporary pod any more: its process is gone, or its time is over."""
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    pid, _blank, identity = str(annotations.get(PROCESS, "")).partition(" ")
    if pid.isdecimal() and len(pid) < 20 and has_ended(int(pid), identity):
        return True
    try:
        return now > parse_rfc3339(str(annotations.get(EXPIRES, "")))
    except ValidationError:
        # Somebody has taken the time away. One that still works may be anybody's.
        return is_finished(pod)


__all__ = ("EXPIRES", "PROCESS", "RUN_ID", "TEMPORARY_POD", "annotations_of", "is_left", "labels_of")
