# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims that are rolled back in place: what is known of each, who mounts them, and what became of them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource, label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.stop_mark import (
    ROLL_BACK_ANNOTATION,
    read_annotation,
)

#: Of a claim that keeps an old volume: the restore that has put another one in its place.
KEPT_LABEL = "arkive.k8s/kept-by-restore"
_NOT_BACKED_UP = "velero.io/exclude-from-backup"
_LONGEST_NAME = 253
#: What the volume controllers write, by which they would take a claim that is made anew for a bound one.
_CONTROLLERS = ("pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/")
_SPEC = ("accessModes", "resources", "volumeMode", "storageClassName", "volumeAttributesClassName")

RollBackState: t.TypeAlias = t.Literal["planned", "rolled back", "put back", "stuck"]


def kept_name(claim: str, restore: str) -> str:
    """The name of the claim that keeps the old volume of ``claim``: the same for each run of a restore."""
    name = f"{claim}-before-{restore}"
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9].rstrip('-.')}-{digest}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OldVolume:
    """The volume of a claim before it is rolled back, as the claim that keeps it says.

    ``claim``: the claim as it can be made again. ``reclaim``: the volume's policy. ``mounted``: pods mount it.
    ``workloads``: types and names of those that are stopped. ``pods``: those that nobody makes again, as they can be.
    """

    restore: str
    namespace: str
    name: str
    volume: str
    reclaim: str
    mounted: bool
    claim: Object
    workloads: tuple[tuple[str, str], ...] = ()
    pods: tuple[Object, ...] = ()

    @property
    def kept_name(self) -> str:
        return kept_name(self.name, self.restore)

    @property
    def title(self) -> str:
        return f"PersistentVolumeClaim {self.namespace}/{self.name}"

    @classmethod
    def of_live(cls, claim: ObjectView, volume: ObjectView, *, restore: str, mounted: bool) -> OldVolume:
        """Of a claim that is bound to ``volume``."""
        metadata = claim["metadata"]
        annotations = {
            name: text
            for name, text in (metadata.get("annotations") or {}).items()
            if not name.startswith(_CONTROLLERS)
        }
        kept = {name: metadata[name] for name in ("name", "namespace", "labels", "ownerReferences") if name in metadata}
        return cls(
            restore=restore,
            namespace=str(metadata["namespace"]),
            name=str(metadata["name"]),
            volume=str(volume["metadata"]["name"]),
            reclaim=str((volume.get("spec") or {}).get("persistentVolumeReclaimPolicy") or "Retain"),
            mounted=mounted,
            claim={
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": kept | ({"annotations": annotations} if annotations else {}),
                "spec": dict(claim["spec"]),
            },
        )

    @classmethod
    def of_kept(cls, kept: ObjectView) -> OldVolume | None:
        """What a claim says of the volume that it keeps; None where nothing is left to do.

        Raises ``RestoreError`` where somebody has spoilt it.
        """
        if ROLL_BACK_ANNOTATION not in (kept["metadata"].get("annotations") or {}):
            return None
        found, metadata = read_annotation(kept), kept["metadata"]
        try:
            return cls(
                restore=str(found["restore"]),
                namespace=str(metadata["namespace"]),
                name=str(found["claim"]["metadata"]["name"]),
                volume=str(found["volume"]),
                reclaim=str(found["reclaim"]),
                mounted=bool(found["mounted"]),
                claim=found["claim"],
                workloads=tuple((str(kind), str(name)) for kind, name in found["workloads"]),
                pods=tuple(dict(pod) for pod in found["pods"]),
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise RestoreError(
                f"The annotation {ROLL_BACK_ANNOTATION} of PersistentVolumeClaim {metadata['namespace']}/"
                f"{metadata['name']} cannot be read: it is to say what its volume is kept for.",
                hint="Bring the annotation back from an audit log, or put the volume back by hand.",
            ) from exc

    def kept_claim(self) -> Object:
        """The claim that keeps the volume, with all that is to be known after a kill. It binds once it is given it."""
        document = {
            "restore": self.restore,
            "volume": self.volume,
            "reclaim": self.reclaim,
            "mounted": self.mounted,
            "claim": self.claim,
            "workloads": [list(pair) for pair in self.workloads],
            "pods": list(self.pods),
        }
        spec = self.claim["spec"]
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": self.kept_name,
                "namespace": self.namespace,
                "labels": {KEPT_LABEL: label_value(self.restore), _NOT_BACKED_UP: "true"},
                "annotations": {ROLL_BACK_ANNOTATION: json.dumps(document, sort_keys=True, separators=(",", ":"))},
            },
            "spec": {name: spec[name] for name in _SPEC if name in spec} | {"volumeName": self.volume},
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What is stopped. ``patch``: how; empty for one that is at rest, or stopped already. ``told``: for people."""

    resource: ApiResource
    namespace: str
    name: str
    obj: ObjectView
    patch: Object = dataclasses.field(default_factory=dict)
    told: str = ""

    @property
    def title(self) -> str:
        return f"{self.resource.kind} {self.namespace}/{self.name}"

    @property
    def group_resource(self) -> GroupResource:
        return self.resource.group_resource


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RollBackGroup:
    """Claims that are rolled back together, because something mounts more than one of them.

    ``pods``: names of those that nobody makes again but this restore; ``finished``: of those that have ended, and that
    Kubernetes keeps a claim for. ``sources``: for each claim, where its new data comes from. ``notes``: for people.
    ``is_open``: an earlier run of the same restore has begun with it.
    """

    volumes: tuple[OldVolume, ...]
    workloads: tuple[Workload, ...] = ()
    pods: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    sources: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    is_open: bool = False

    @property
    def namespace(self) -> str:
        return self.volumes[0].namespace

    @property
    def claims(self) -> tuple[str, ...]:
        return tuple(volume.name for volume in self.volumes)

    @property
    def title(self) -> str:
        return ", ".join(f"{self.namespace}/{name}" for name in self.claims)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RollBackPlan:
    """``groups`` in the order of their claims. ``warnings``: sentences."""

    groups: tuple[RollBackGroup, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether an earlier run of the same restore has begun with something."""
        return any(group.is_open for group in self.groups)

    @property
    def stopped(self) -> dict[tuple[str, str], list[str]]:
        """What is stopped, for each claim by namespace and name."""
        return {
            (volume.namespace, volume.name): sorted([*(each.title for each in group.workloads), *group.pods])
            for group in self.groups
            for volume in group.volumes
        }

    @property
    def namespaces(self) -> list[str]:
        return sorted({group.namespace for group in self.groups})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ToldStep:
    """A step of a roll-back for people: ``what`` is a phrase. ``name`` is one of the table of steps."""

    name: str
    what: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RollBackResult:
    """What became of a group. ``failure``: why it was not rolled back."""

    group: RollBackGroup
    state: RollBackState
    steps: tuple[ToldStep, ...] = ()
    failure: str = ""
    keeps: bool = True

    def to_return(self) -> dict[str, t.Any]:
        """The entry of a task's result."""
        group = self.group
        return {
            "namespace": group.namespace,
            "claims": list(group.claims),
            "state": self.state,
            "message": self.failure,
            "workloads": [workload.title for workload in group.workloads],
            "steps": [{"step": step.name, "what": step.what} for step in self.steps],
            "kept": [
                {
                    "claim": volume.name,
                    "kept_as": volume.kept_name,
                    "volume": volume.volume,
                    "command": f"kubectl -n {volume.namespace} delete {CLAIMS} {volume.kept_name}",
                }
                for volume in group.volumes
                if self.state == "rolled back" and self.keeps
            ],
        }

    def lines(self) -> list[str]:
        """For people, beside the table of a plan."""
        told = f": {self.failure}" if self.failure else ""
        head = f"roll-back of {self.group.title}: {self.state}{told}"
        return [head, *(f"  {number}. {step.what}" for number, step in enumerate(self.steps, 1))]


__all__ = (
    "KEPT_LABEL",
    "OldVolume",
    "RollBackGroup",
    "RollBackPlan",
    "RollBackResult",
    "RollBackState",
    "ToldStep",
    "Workload",
    "kept_name",
)
