# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero's resource policies: what to do with which volume, and more includes and excludes.

The rules: Velero 1.18, docs/compatibility 3.13.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import decimal
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import quoted, shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import (
    read_labels,
    read_mapping,
    read_members,
    read_text,
    read_texts,
)

ActionType: t.TypeAlias = t.Literal["skip", "snapshot", "fs-backup", "custom"]


_ACTIONS = ("skip", "snapshot", "fs-backup", "custom")
_PHASES = ("Pending", "Bound", "Lost")
_CONDITIONS = ("capacity", "storageClass", "nfs", "csi", "volumeTypes", "pvcLabels", "pvcPhase")
#: Members of a volume's spec, or of a pod's volume, that hold an object and are not the source of its data.
_NO_SOURCES = ("capacity", "claimRef", "nodeAffinity")


@dataclasses.dataclass(frozen=True, slots=True)
class VolumeAction:
    """What a policy wants for a volume."""

    type: ActionType
    parameters: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VolumeFacts:
    """What conditions look at. ``volume_type`` is the member that holds the source, such as ``csi`` or ``emptyDir``."""

    capacity: decimal.Decimal = decimal.Decimal(0)
    storage_class: str = ""
    volume_type: str = ""
    source: ObjectView = dataclasses.field(default_factory=dict)
    claim_labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    claim_phase: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VolumeConditions:
    """All that are given must hold; None is not given. ``capacity``: least and most, None for no bound."""

    capacity: tuple[decimal.Decimal | None, decimal.Decimal | None] | None = None
    storage_classes: tuple[str, ...] = ()
    nfs: t.Mapping[str, str] | None = None
    csi: t.Mapping[str, t.Any] | None = None
    volume_types: tuple[str, ...] = ()
    claim_labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    claim_phases: tuple[str, ...] = ()

    def match(self, facts: VolumeFacts) -> bool:
        return (
            self._match_capacity(facts.capacity)
            and (not self.storage_classes or facts.storage_class in self.storage_classes)
            and (not self.volume_types or facts.volume_type in self.volume_types)
            and (not self.claim_phases or facts.claim_phase in self.claim_phases)
            and self.claim_labels.items() <= facts.claim_labels.items()
            and self._match_nfs(facts)
            and self._match_csi(facts)
        )

    def _match_capacity(self, capacity: decimal.Decimal) -> bool:
        least, most = self.capacity or (None, None)
        return (least is None or least <= capacity) and (most is None or capacity <= most)

    def _match_nfs(self, facts: VolumeFacts) -> bool:
        if self.nfs is None:
            return True
        return facts.volume_type == "nfs" and self.nfs.items() <= facts.source.items()

    def _match_csi(self, facts: VolumeFacts) -> bool:
        if self.csi is None:
            return True
        driver = facts.source.get("driver")
        if facts.volume_type != "csi" or self.csi.get("driver", driver) != driver:
            return False
        attributes: ObjectView = self.csi.get("volumeAttributes") or {}
        return attributes.items() <= (facts.source.get("volumeAttributes") or {}).items()


@dataclasses.dataclass(frozen=True, slots=True)
class VolumePolicy:
    """One rule."""

    conditions: VolumeConditions
    action: VolumeAction


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class IncludeExcludePolicy:
    """Entries for the scoped filters of a backup. Those that conflict with its spec lose."""

    included_cluster_scoped_resources: tuple[str, ...] = ()
    excluded_cluster_scoped_resources: tuple[str, ...] = ()
    included_namespace_scoped_resources: tuple[str, ...] = ()
    excluded_namespace_scoped_resources: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """A whole document. ``include_exclude`` is None where the document has none."""

    volume_policies: tuple[VolumePolicy, ...] = ()
    include_exclude: IncludeExcludePolicy | None = None

    def volume_action(
        self, claim: ObjectView | None = None, volume: ObjectView | None = None, pod_volume: ObjectView | None = None
    ) -> VolumeAction | None:
        """What the first rule that matches wants; None when none does.

        ``claim`` and ``volume`` are a PersistentVolumeClaim and its PersistentVolume, ``pod_volume`` an entry of a
        pod's ``spec.volumes``, which counts where there is no volume.
        """
        facts = _facts(claim, volume, pod_volume)
        return next((policy.action for policy in self.volume_policies if policy.conditions.match(facts)), None)

    @property
    def wants_files(self) -> bool:
        """Whether a rule has files of volumes copied."""
        return any(policy.action.type == "fs-backup" for policy in self.volume_policies)

    def unsupported_actions(self) -> list[str]:
        """What this policy asks for that cannot be had where no files of volumes are copied: a sentence each."""
        sentences = []
        if self.wants_files:
            sentences.append(
                "The action fs-backup of a volume policy is carried out by k8s_backup, or by a node agent of "
                "Velero: use the action skip, and let a pre hook write a dump of the data to where it is kept."
            )
        return sentences


def parse_policy(document: str | t.Mapping[str, t.Any], *, source: str = "the resource policy") -> ResourcePolicy:
    """A policy document: YAML as Velero takes it, or a mapping, whose names may be in snake_case too.

    ``source`` names it in sentences. Raises ``ValidationError`` for unknown and duplicate keys and for wrong values.
    """
    snake = not isinstance(document, str)
    document = _read(document, source)
    given = read_members(document, ("version", "volumePolicies", "includeExcludePolicy"), source, snake=snake)
    if given.get("version") != "v1":
        raise ValidationError(
            f"The version of {source} is {quoted(given.get('version'))}.", hint="Write 'version: v1'."
        )
    policies = given.get("volumePolicies", [])
    if not isinstance(policies, list | tuple):
        raise ValidationError(f"The volumePolicies of {source} are not a list: {shown_value(policies)}.")
    return ResourcePolicy(
        tuple(_policy(entry, f"{source}, volumePolicies[{at}]", snake=snake) for at, entry in enumerate(policies)),
        _include_exclude(given.get("includeExcludePolicy"), f"{source}, includeExcludePolicy", snake=snake),
    )


def policy_text(document: str | t.Mapping[str, t.Any], *, source: str = "the resource policy") -> str:
    """The document in one line of JSON, the same for whatever means the same in YAML."""
    read = _read(document, source)
    return json.dumps(read, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def policy_of_config_map(config_map: ObjectView) -> ResourcePolicy:
    """The policy in the only key of a ConfigMap; raises ``ValidationError``."""
    metadata = config_map["metadata"]
    source = f"the resource policy in ConfigMap {metadata.get('namespace', '')}/{metadata['name']}"
    data: t.Mapping[str, str] = config_map.get("data") or {}
    if len(data) != 1:
        raise ValidationError(f"{source} has {counted(len(data), 'key')}; it must have one.")
    return parse_policy(next(iter(data.values())), source=source)


def _read(document: str | t.Mapping[str, t.Any], source: str) -> t.Mapping[str, t.Any]:
    if not isinstance(document, str):
        return document
    documents = read_yaml(document, source=source)
    if len(documents) != 1:
        raise ValidationError(f"{source} has {counted(len(documents), 'document')}; it must have one.")
    return t.cast("t.Mapping[str, t.Any]", documents[0])


def _policy(value: t.Any, where: str, *, snake: bool) -> VolumePolicy:
    given = read_members(value, ("conditions", "action"), where, snake=snake)
    action = read_members(given.get("action"), ("type", "parameters"), f"{where}.action", snake=snake)
    if action.get("type") not in _ACTIONS:
        raise ValidationError(
            f"The action of {where} is {quoted(action.get('type'))}.", hint=f"Actions are {', '.join(_ACTIONS)}."
        )
    parameters = read_mapping(action.get("parameters"), f"{where}.action.parameters")
    conditions = _conditions(given.get("conditions"), f"{where}.conditions", snake=snake)
    return VolumePolicy(conditions, VolumeAction(action["type"], parameters))


def _conditions(value: t.Any, where: str, *, snake: bool) -> VolumeConditions:
    given = read_members(value, _CONDITIONS, where, snake=snake)
    nfs, csi = given.get("nfs"), given.get("csi")
    if nfs is not None:
        members = read_members(nfs, ("server", "path"), f"{where}.nfs", snake=snake)
        nfs = {name: text for name, each in members.items() if (text := read_text(each, f"{where}.nfs.{name}"))}
    if csi is not None:
        csi = read_members(csi, ("driver", "volumeAttributes"), f"{where}.csi", snake=snake)
        if "driver" in csi:
            read_text(csi["driver"], f"{where}.csi.driver")
        if "volumeAttributes" in csi:
            csi["volumeAttributes"] = read_labels(csi["volumeAttributes"], f"{where}.csi.volumeAttributes")
            if not csi.get("driver"):
                raise ValidationError(f"{where}.csi has volumeAttributes and no driver.", hint="Name the driver.")
        csi = {name: member for name, member in csi.items() if member}
    phases = read_texts(given.get("pvcPhase", ()), f"{where}.pvcPhase")
    for phase in phases:
        if phase not in _PHASES:
            raise ValidationError(
                f"{where}.pvcPhase has '{phase}', which no claim is in.", hint=f"Phases are {', '.join(_PHASES)}."
            )
    return VolumeConditions(
        capacity=_capacity(given.get("capacity", ","), f"{where}.capacity"),
        storage_classes=read_texts(given.get("storageClass", ()), f"{where}.storageClass"),
        nfs=nfs,
        csi=csi,
        volume_types=read_texts(given.get("volumeTypes", ()), f"{where}.volumeTypes"),
        claim_labels=read_labels(given.get("pvcLabels"), f"{where}.pvcLabels"),
        claim_phases=phases,
    )


def _capacity(value: t.Any, where: str) -> tuple[decimal.Decimal | None, decimal.Decimal | None]:
    """Least and most; an empty or zero side has no bound, as in Velero."""
    parts = [part.strip() for part in read_text(value, where).split(",")]
    if len(parts) != 2:
        raise ValidationError(f"{where} is '{value}'.", hint="Write least and most, such as '1Gi,10Gi' or ',10Gi'.")
    try:
        least, most = (parse_quantity(part) if part else None for part in parts)
    except ValidationError as exc:
        raise ValidationError(f"{where}: {exc.message}", hint=exc.hint) from exc
    if least and most and least > most:
        raise ValidationError(f"{where} is '{value}', whose least is more than its most.")
    return least or None, most or None


def _include_exclude(value: t.Any, where: str, *, snake: bool) -> IncludeExcludePolicy | None:
    if value is None:
        return None
    names = {
        "includedClusterScopedResources": "included_cluster_scoped_resources",
        "excludedClusterScopedResources": "excluded_cluster_scoped_resources",
        "includedNamespaceScopedResources": "included_namespace_scoped_resources",
        "excludedNamespaceScopedResources": "excluded_namespace_scoped_resources",
    }
    given = read_members(value, names, where, snake=snake)
    lists = {names[name]: read_texts(entries, f"{where}.{name}") for name, entries in given.items()}
    if any("*" in entries for entries in lists.values()):
        raise ValidationError(f"{where} has a list with '*'.", hint="Name the resources.")
    return IncludeExcludePolicy(**lists)


def _facts(claim: ObjectView | None, volume: ObjectView | None, pod_volume: ObjectView | None) -> VolumeFacts:
    found: dict[str, t.Any] = {}
    if claim is not None:
        found["claim_labels"] = (claim.get("metadata") or {}).get("labels") or {}
        found["claim_phase"] = (claim.get("status") or {}).get("phase", "")
    spec: ObjectView = pod_volume or {}
    if volume is not None:
        spec = volume.get("spec") or {}
        found["capacity"] = parse_quantity((spec.get("capacity") or {}).get("storage", 0))
        found["storage_class"] = spec.get("storageClassName") or ""
    for name, member in spec.items():
        if isinstance(member, t.Mapping) and name not in _NO_SOURCES:
            found |= {"volume_type": name, "source": member}
    return VolumeFacts(**found)


__all__ = (
    "ActionType",
    "IncludeExcludePolicy",
    "ResourcePolicy",
    "VolumeAction",
    "VolumePolicy",
    "parse_policy",
    "policy_of_config_map",
    "policy_text",
)
