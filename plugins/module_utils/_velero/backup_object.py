# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero's Backup object and its phases (Velero 1.18)."""

# Private: not for use outside of this collection.

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
#: Ours: which of the stored excludes came from labels of the namespaces, not from the one who asked.
EXCLUDED_BY_LABEL_ANNOTATION = "arkive.k8s/excluded-by-label"
#: Ours, on a Backup: the policy that was given with the task, for which Velero's spec has no field.
POLICY_ANNOTATION = "arkive.k8s/resource-policies"
_CLUSTER_VERSION_ANNOTATIONS = {
    "gitVersion": "velero.io/source-cluster-k8s-gitversion",
    "major": "velero.io/source-cluster-k8s-major-version",
    "minor": "velero.io/source-cluster-k8s-minor-version",
}
_RESOURCE_TIMEOUT_ANNOTATION = "velero.io/resource-timeout"
_SERVER_ANNOTATIONS = frozenset({_RESOURCE_TIMEOUT_ANNOTATION, EXCLUDED_BY_LABEL_ANNOTATION}).union(
    _CLUSTER_VERSION_ANNOTATIONS.values()
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupTally:
    """What a run counted: log lines by level, items, hooks (``hookStatus`` as it is stored).

    Among the ``items`` are those whose pre hook failed: Velero lists and counts them, though it does not store them.
    """

    warnings: int
    errors: int
    items: int
    hook_status: t.Mapping[str, int]
    #: Members of the status that count snapshots; none that is zero.
    snapshots: t.Mapping[str, int] = dataclasses.field(default_factory=dict)

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
    namespace: str = DEFAULT_NAMESPACE,
    uid: str = "",
    labels: t.Mapping[str, str] | None = None,
    annotations: t.Mapping[str, str] | None = None,
    excluded_by_label: t.Sequence[str] = (),
) -> dict[str, t.Any]:
    """A Backup in its final phase: what a Velero server takes over as it is.

    ``labels``, those of the spec and ``annotations`` are the user's: they never replace what a server sets.
    ``excluded_by_label``: namespaces that exclude themselves; they join the excludes, as in Velero, and are named by an
    annotation of ours. ``uid``: the object's own, empty for a new one.
    """
    own = server_annotations(cluster_version)
    stored_spec = spec.to_dict()
    added = [each for each in excluded_by_label if each not in spec.excluded_namespaces]
    if added:
        stored_spec["excludedNamespaces"] = [*spec.excluded_namespaces, *added]
        own[EXCLUDED_BY_LABEL_ANNOTATION] = ",".join(added)
    status: dict[str, t.Any] = {"version": 1, "formatVersion": FORMAT_VERSION}
    if spec.ttl_seconds is not None:
        status["expiration"] = rfc3339(started + dt.timedelta(seconds=spec.ttl_seconds))
    status["phase"] = tally.phase
    status["startTimestamp"] = rfc3339(started)
    status["completionTimestamp"] = rfc3339(completed)
    for member, count in (("warnings", tally.warnings), ("errors", tally.errors)):
        if count:
            status[member] = count
    status |= tally.snapshots
    progress = {"totalItems": tally.items, "itemsBackedUp": tally.items}
    status["progress"] = progress if tally.items else {}
    status["hookStatus"] = dict(tally.hook_status)
    metadata = _metadata(name, spec, namespace=namespace, started=started, labels=labels or {})
    metadata["uid"] = uid or metadata["uid"]
    users = {key: text for key, text in (annotations or {}).items() if key not in _SERVER_ANNOTATIONS}
    metadata["annotations"] = users | own
    return {"kind": "Backup", "apiVersion": "velero.io/v1", "metadata": metadata, "spec": stored_spec, "status": status}


def server_annotations(cluster_version: t.Mapping[str, str]) -> dict[str, str]:
    """What a server writes into each Backup that it looks at."""
    own = {_RESOURCE_TIMEOUT_ANNOTATION: "10m0s"}
    for member, annotation in _CLUSTER_VERSION_ANNOTATIONS.items():
        if cluster_version.get(member):
            own[annotation] = cluster_version[member]
    return own


def build_failed_backup(
    name: str,
    spec: BackupSpec,
    *,
    namespace: str,
    started: dt.datetime,
    failed: dt.datetime,
    reason: str = "",
    validation_errors: t.Sequence[str] = (),
) -> dict[str, t.Any]:
    """A Backup that came to nothing: FailedValidation with its errors, or Failed with the reason. It is not stored."""
    status: dict[str, t.Any] = {"version": 1, "formatVersion": FORMAT_VERSION}
    if validation_errors:
        status |= {"phase": "FailedValidation", "validationErrors": list(validation_errors)}
    else:
        status |= {"phase": "Failed", "failureReason": reason}
        status |= {"startTimestamp": rfc3339(started), "completionTimestamp": rfc3339(failed)}
    metadata = _metadata(name, spec, namespace=namespace, started=started, labels={})
    return {
        "kind": "Backup",
        "apiVersion": "velero.io/v1",
        "metadata": metadata,
        "spec": spec.to_dict(),
        "status": status,
    }


def _metadata(
    name: str, spec: BackupSpec, *, namespace: str, started: dt.datetime, labels: t.Mapping[str, str]
) -> dict[str, t.Any]:
    """The uid is new: the object belongs to no cluster."""
    return {
        "name": name,
        "namespace": namespace,
        "uid": str(uuid.uuid4()),
        "creationTimestamp": rfc3339(started),
        "labels": {**labels, **spec.labels, STORAGE_LOCATION_LABEL: label_value(spec.storage_location)},
    }


__all__ = (
    "DEFAULT_NAMESPACE",
    "EXCLUDED_BY_LABEL_ANNOTATION",
    "FAILED_PHASES",
    "POLICY_ANNOTATION",
    "TERMINAL_PHASES",
    "BackupPhase",
    "BackupTally",
    "build_backup",
    "build_failed_backup",
    "server_annotations",
)
