# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Velero's Backup object and its phases (Velero 1.18)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t
import uuid

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

BackupPhase: t.TypeAlias = t.Literal["Completed", "PartiallyFailed", "Failed", "FailedValidation"]

DEFAULT_NAMESPACE = "velero"
TERMINAL_PHASES = ("Completed", "PartiallyFailed", "Failed", "FailedValidation")
FAILED_PHASES = ("PartiallyFailed", "Failed", "FailedValidation")
FORMAT_VERSION = "1.1.0"
STORAGE_LOCATION_LABEL = "velero.io/storage-location"
_CLUSTER_VERSION_ANNOTATIONS = {
    "gitVersion": "velero.io/source-cluster-k8s-gitversion",
    "major": "velero.io/source-cluster-k8s-major-version",
    "minor": "velero.io/source-cluster-k8s-minor-version",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupTally:
    """What a run counted: log lines by level, items, hooks (``hookStatus`` as it is stored)."""

    warnings: int
    errors: int
    items: int
    hook_status: t.Mapping[str, int]

    @property
    def phase(self) -> BackupPhase:
        """Errors make PartiallyFailed; warnings change nothing."""
        return "PartiallyFailed" if self.errors else "Completed"


def build_backup(
    name: str,
    spec: BackupSpec,
    *,
    started: dt.datetime,
    completed: dt.datetime,
    tally: BackupTally,
    cluster_version: t.Mapping[str, str],
) -> dict[str, t.Any]:
    """A Backup in its final phase: what a Velero server takes over as it is."""
    annotations = {"velero.io/resource-timeout": "10m0s"}
    for member, annotation in _CLUSTER_VERSION_ANNOTATIONS.items():
        if cluster_version.get(member):
            annotations[annotation] = cluster_version[member]
    status: dict[str, t.Any] = {"version": 1, "formatVersion": FORMAT_VERSION}
    if spec.ttl_seconds is not None:
        status["expiration"] = rfc3339(started + dt.timedelta(seconds=spec.ttl_seconds))
    status["phase"] = tally.phase
    status["startTimestamp"] = rfc3339(started)
    status["completionTimestamp"] = rfc3339(completed)
    for member, count in (("warnings", tally.warnings), ("errors", tally.errors)):
        if count:
            status[member] = count
    progress = {"totalItems": tally.items, "itemsBackedUp": tally.items}
    status["progress"] = progress if tally.items else {}
    status["hookStatus"] = dict(tally.hook_status)
    return {
        "kind": "Backup",
        "apiVersion": "velero.io/v1",
        "metadata": {
            "name": name,
            "namespace": DEFAULT_NAMESPACE,
            "uid": str(uuid.uuid4()),
            "creationTimestamp": rfc3339(started),
            "labels": {STORAGE_LOCATION_LABEL: label_value(spec.storage_location)},
            "annotations": annotations,
        },
        "spec": spec.to_dict(),
        "status": status,
    }


__all__ = ("DEFAULT_NAMESPACE", "FAILED_PHASES", "TERMINAL_PHASES", "BackupPhase", "BackupTally", "build_backup")
