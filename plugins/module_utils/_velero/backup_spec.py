# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero's Backup spec: options in, the validated ``spec`` of a Backup out (Velero 1.18, docs/compatibility 3.2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration, parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import shown_value
from ansible_collections.arkive.k8s.plugins.module_utils._velero.data_movers import FILE_MOVERS
from ansible_collections.arkive.k8s.plugins.module_utils._velero.hook_rules import HookRule, parse_hook_rules
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import (
    ALWAYS_EXCLUDED,
    IncludeExclude,
    list_errors,
    old_filters,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import LONGEST_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import Spelling, as_option, near_names
from ansible_collections.arkive.k8s.plugins.module_utils._velero.namespace_patterns import namespace_pattern_errors

#: Velero's default ``--default-backup-ttl``, in seconds.
DEFAULT_TTL_SECONDS = 720 * 3600.0
DEFAULT_CSI_SNAPSHOT_SECONDS = 10 * 60.0
DEFAULT_ITEM_OPERATION_SECONDS = 4 * 3600.0
DEFAULT_VOLUME_GROUP_LABEL = "velero.io/volume-group"
NEVER = "never"

_OLD_FILTERS = ("included_resources", "excluded_resources")
_SCOPED_FILTERS = (
    "included_cluster_scoped_resources",
    "excluded_cluster_scoped_resources",
    "included_namespace_scoped_resources",
    "excluded_namespace_scoped_resources",
)
_LISTS = ("included_namespaces", "excluded_namespaces", *_OLD_FILTERS, *_SCOPED_FILTERS, "volume_snapshot_locations")
_MAPPINGS = ("labels", "resource_policy", "uploader_config")
_DURATIONS = {
    "csi_snapshot_timeout": DEFAULT_CSI_SNAPSHOT_SECONDS,
    "item_operation_timeout": DEFAULT_ITEM_OPERATION_SECONDS,
}

#: The fields that say what is in a backup. A server adds others to what it stores.
COMPARED_FIELDS = (
    "metadata",
    "includedNamespaces",
    "excludedNamespaces",
    "includedResources",
    "excludedResources",
    "includedClusterScopedResources",
    "excludedClusterScopedResources",
    "includedNamespaceScopedResources",
    "excludedNamespaceScopedResources",
    "labelSelector",
    "orLabelSelectors",
    "includeClusterResources",
    "orderedResources",
    "hooks",
    "resourcePolicy",
    "snapshotVolumes",
    "snapshotMoveData",
    "defaultVolumesToFsBackup",
    "ttl",
)

_DUMP = "let a pre hook write a dump of the data to where it is kept, or freeze the volume by k8s_hook_exec and copy it"
_COPIES = "files are copied by k8s_backup, or by Velero's node agent: leave it out, and"
_SNAPSHOT = "the snapshots of the volumes stay with the storage (snapshot_volumes)"
#: What cannot be done, with the reason and what to do instead.
_UNSUPPORTED = {
    "default_volumes_to_fs_backup": f"{_COPIES} {_DUMP}",
    "default_volumes_to_restic": f"{_COPIES} {_DUMP}",
    "snapshot_move_data": f"data is moved by k8s_backup alone here: leave it out, and {_SNAPSHOT}",
    "datamover": f"data is moved with snapshot_move_data only: leave it out, and {_SNAPSHOT}",
    "uploader_config": f"files are uploaded by k8s_backup alone here: leave it out, and {_DUMP}",
}
#: What moving does with them.
_FOLLOWED = ("snapshot_move_data", "datamover", "uploader_config")
#: What is followed where the files of volumes can be copied.
_OF_FILES = ("default_volumes_to_fs_backup", "default_volumes_to_restic", "uploader_config")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupSpec:
    """What to back up. Empty lists mean everything. ``ttl_seconds`` None is ours: the backup never expires.

    ``labels`` are those of ``spec.metadata``, which the Backup gets. ``ordered_resources``: for a plural, the names
    (``namespace/name``) in their order. ``resource_policy``: ``kind`` and ``name`` of what holds it in the cluster.
    """

    included_namespaces: tuple[str, ...] = ()
    excluded_namespaces: tuple[str, ...] = ()
    included_resources: tuple[str, ...] = ()
    excluded_resources: tuple[str, ...] = ()
    include_cluster_resources: bool | None = None
    included_cluster_scoped_resources: tuple[str, ...] = ()
    excluded_cluster_scoped_resources: tuple[str, ...] = ()
    included_namespace_scoped_resources: tuple[str, ...] = ()
    excluded_namespace_scoped_resources: tuple[str, ...] = ()
    label_selector: LabelSelector | None = None
    or_label_selectors: tuple[LabelSelector, ...] = ()
    ordered_resources: t.Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    hooks: tuple[HookRule, ...] = ()
    labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    storage_location: str = "default"
    volume_snapshot_locations: tuple[str, ...] = ()
    ttl_seconds: float | None = DEFAULT_TTL_SECONDS
    csi_snapshot_timeout_seconds: float = DEFAULT_CSI_SNAPSHOT_SECONDS
    item_operation_timeout_seconds: float = DEFAULT_ITEM_OPERATION_SECONDS
    volume_group_snapshot_label_key: str = DEFAULT_VOLUME_GROUP_LABEL
    resource_policy: t.Mapping[str, str] | None = None
    snapshot_volumes: bool | None = None
    default_volumes_to_fs_backup: bool | None = None
    default_volumes_to_restic: bool | None = None
    snapshot_move_data: bool | None = None
    datamover: str = ""
    uploader_config: t.Mapping[str, t.Any] | None = None

    @classmethod
    def from_options(cls, options: t.Mapping[str, t.Any]) -> BackupSpec:
        """From snake_case options; absent and None members take their defaults. Raises ``ValidationError``.

        Durations are Go's, ``ttl`` may be ``never``; selectors may be text or mappings; ``hooks`` are the rules as
        written; the names of ``ordered_resources`` are a list, or text with commas.
        """
        given: dict[str, t.Any] = {name: value for name, value in options.items() if value is not None}
        fields = {field.name.removesuffix("_seconds") for field in dataclasses.fields(cls)}
        for name in given:
            if name not in fields:
                raise ValidationError(f"A backup has no field '{name}'.", hint=near_names(name, fields))
        given["ttl_seconds"] = parse_ttl(given.pop("ttl", None))
        for name, default in _DURATIONS.items():
            given[f"{name}_seconds"] = _timeout(name, given.pop(name, None), default)
        for name in _LISTS:
            given[name] = tuple(given.get(name, ()))
        for name in _MAPPINGS:
            if name in given:
                given[name] = dict(given[name])
        selector = given.pop("label_selector", None)
        return cls(
            **given
            | {
                "label_selector": LabelSelector.parse(selector) if selector else None,
                "or_label_selectors": tuple(map(LabelSelector.parse, given.get("or_label_selectors", ()))),
                "ordered_resources": _ordered(given.get("ordered_resources", {})),
                "hooks": parse_hook_rules(given.get("hooks")),
                "volume_group_snapshot_label_key": given.get("volume_group_snapshot_label_key")
                or DEFAULT_VOLUME_GROUP_LABEL,
            }
        )

    @property
    def uses_old_filters(self) -> bool:
        """Which family of filters decides; without any filter, it is the scoped one."""
        return bool(self.included_resources or self.excluded_resources or self.include_cluster_resources is not None)

    @property
    def namespaces(self) -> IncludeExclude:
        """The filter as written, patterns and all."""
        return IncludeExclude(self.included_namespaces, self.excluded_namespaces)

    @property
    def selectors(self) -> tuple[LabelSelector, ...]:
        """One list for each; empty for one list of everything."""
        return self.or_label_selectors or ((self.label_selector,) if self.label_selector else ())

    def selects_labels(self, labels: t.Mapping[str, str] | None) -> bool:
        """True when the selectors accept an object with these labels."""
        return not self.selectors or any(selector.matches(labels) for selector in self.selectors)

    def validation_errors(self, spell: Spelling = as_option) -> list[str]:
        """What makes Velero answer FailedValidation, one sentence each; ``spell`` names fields as the user does."""
        errors = [
            *list_errors("namespace", self.included_namespaces, self.excluded_namespaces),
            *namespace_pattern_errors((*self.included_namespaces, *self.excluded_namespaces)),
            *list_errors("resource", self.included_resources, tuple(r for r in self.excluded_resources if r != "*")),
            *list_errors(
                "cluster-scoped resource",
                self.included_cluster_scoped_resources,
                self.excluded_cluster_scoped_resources,
                may_exclude_all=True,
            ),
            *list_errors(
                "namespace-scoped resource",
                self.included_namespace_scoped_resources,
                self.excluded_namespace_scoped_resources,
                may_exclude_all=True,
            ),
        ]
        if self.uses_old_filters and any(getattr(self, name) for name in _SCOPED_FILTERS):
            errors.append(
                f"{old_filters(spell)}, which cannot be used with those for cluster-scoped and namespace-scoped "
                "resources"
            )
        if self.label_selector is not None and self.or_label_selectors:
            errors.append(
                f"encountered {spell('label_selector')} as well as {spell('or_label_selectors')} in backup spec, only "
                "one can be specified"
            )
        policy = self.resource_policy
        if policy is not None and (policy.get("kind", "").lower() != "configmap" or not policy.get("name")):
            errors.append(
                f"{spell('resource_policy')} is {dict(policy)}; its kind must be configmap, and it needs a name"
            )
        return errors

    def validate(self, name: str, spell: Spelling = as_option) -> None:
        """Raise ``ValidationError`` with everything that is wrong with this spec and with ``name``."""
        if not is_subdomain_name(name) or len(name) > LONGEST_NAME:
            raise ValidationError(
                f"'{name}' cannot name a backup.",
                hint=f"Use at most {LONGEST_NAME} lower-case letters, digits, '-' and '.', with a letter or digit"
                " at both ends.",
            )
        errors = self.validation_errors(spell)
        if errors:
            raise ValidationError(
                f"The spec of backup '{name}' is not valid: {'; '.join(errors)}.",
                details={"phase": "FailedValidation", "validation_errors": errors},
            )

    @property
    def why_no_mover(self) -> str:
        """Why nobody here can move data as ``datamover`` says, a phrase; empty where it can be done."""
        if self.datamover in FILE_MOVERS:
            return ""
        return f"only Velero's own data mover is known, and not {shown_value(self.datamover)}: leave it out"

    @property
    def wants_files(self) -> bool:
        """Whether the files of all volumes are to be copied, by the field's name of today or the older one."""
        if self.default_volumes_to_fs_backup is not None:
            return self.default_volumes_to_fs_backup
        return bool(self.default_volumes_to_restic)

    def unsupported_fields(
        self, spell: Spelling = as_option, *, moves: bool = False, copies: bool = False
    ) -> list[str]:
        """A sentence for each field that cannot be followed, with what to use instead.

        ``moves``: the data of snapshots is moved. ``copies``: the files of volumes can be copied.
        """
        wanted = {name: why for name, why in _UNSUPPORTED.items() if getattr(self, name)}
        if copies:
            wanted = {name: why for name, why in wanted.items() if name not in _OF_FILES}
        if moves:
            wanted = {name: why for name, why in wanted.items() if name not in _FOLLOWED}
        elif self.snapshot_move_data and self.why_no_mover:
            wanted = {name: why for name, why in wanted.items() if name not in _FOLLOWED}
            wanted["datamover"] = self.why_no_mover
        return [f"{spell(name)}: {why}." for name, why in wanted.items()]

    def to_dict(self) -> dict[str, t.Any]:
        """As Velero stores it, with its defaults filled in; unset members left out, what cannot be done false."""
        excluded = list(self.excluded_resources)
        excluded_scoped = [list(self.excluded_cluster_scoped_resources), list(self.excluded_namespace_scoped_resources)]
        if self.uses_old_filters:
            excluded += [str(gr) for gr in ALWAYS_EXCLUDED if str(gr) not in excluded]
        else:
            for names, gr in zip(excluded_scoped, (VOLUME_SNAPSHOT_CONTENTS, VOLUME_SNAPSHOTS), strict=True):
                names += [str(gr)] if str(gr) not in names and "*" not in names else []
        spec: dict[str, t.Any] = {
            "metadata": {"labels": dict(self.labels)} if self.labels else {},
            "includedNamespaces": list(self.included_namespaces) or ["*"],
            "excludedNamespaces": list(self.excluded_namespaces),
            "includedResources": list(self.included_resources),
            "excludedResources": excluded,
            "includedClusterScopedResources": list(self.included_cluster_scoped_resources),
            "excludedClusterScopedResources": excluded_scoped[0],
            "includedNamespaceScopedResources": list(self.included_namespace_scoped_resources),
            "excludedNamespaceScopedResources": excluded_scoped[1],
            "labelSelector": self.label_selector.to_dict() if self.label_selector else None,
            "orLabelSelectors": [selector.to_dict() for selector in self.or_label_selectors],
            "snapshotVolumes": self.snapshot_volumes,
            "ttl": None if self.ttl_seconds is None else format_duration(self.ttl_seconds),
            "volumeGroupSnapshotLabelKey": self.volume_group_snapshot_label_key,
            "includeClusterResources": self.include_cluster_resources,
            "hooks": {"resources": [rule.to_dict() for rule in self.hooks]} if self.hooks else {},
            "storageLocation": self.storage_location,
            "volumeSnapshotLocations": list(self.volume_snapshot_locations),
            "defaultVolumesToFsBackup": self.wants_files,
            "orderedResources": {plural: ",".join(names) for plural, names in self.ordered_resources.items()},
            "csiSnapshotTimeout": format_duration(self.csi_snapshot_timeout_seconds),
            "itemOperationTimeout": format_duration(self.item_operation_timeout_seconds),
            "resourcePolicy": dict(self.resource_policy) if self.resource_policy else None,
            "snapshotMoveData": bool(self.snapshot_move_data),
            "datamover": self.datamover,
            "uploaderConfig": dict(self.uploader_config) if self.uploader_config else None,
        }
        return {
            name: value
            for name, value in spec.items()
            if name in ("metadata", "hooks") or value not in (None, "", [], {})
        }


def parse_ttl(text: str | None) -> float | None:
    """Seconds; the default for an absent or zero ttl, as Velero; None for ``never``."""
    if text is None:
        return DEFAULT_TTL_SECONDS
    if text == NEVER:
        return None
    seconds = parse_duration(text, "ttl")
    if seconds < 0:
        raise ValidationError(f"A ttl of '{text}' is in the past.", hint=f"Use a positive duration, or '{NEVER}'.")
    return seconds or DEFAULT_TTL_SECONDS


def compared_spec(spec: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What says what is in a backup, from a spec as Velero or ``to_dict`` wrote it, without what is always added."""
    always = [str(gr) for gr in ALWAYS_EXCLUDED]
    found = {name: spec.get(name) for name in COMPARED_FIELDS}
    found["includedNamespaces"] = found["includedNamespaces"] or ["*"]
    for name in ("snapshotMoveData", "defaultVolumesToFsBackup"):
        found[name] = bool(found[name])
    for name in ("excludedResources", "excludedClusterScopedResources", "excludedNamespaceScopedResources"):
        found[name] = [entry for entry in found[name] or () if entry not in always]
    return found


def differing_fields(asked: t.Mapping[str, t.Any], stored: t.Mapping[str, t.Any]) -> list[str]:
    """The fields in which two specs (as ``to_dict`` writes them) differ, sorted. Empty is absent; false is not."""
    names = set(asked) | set(stored)
    return sorted(name for name in names if _present(asked.get(name)) != _present(stored.get(name)))


def _present(value: t.Any) -> t.Any:
    if isinstance(value, list):
        return sorted(value, key=str) or None
    return None if value in ({}, "") else value


def _timeout(name: str, text: str | None, default: float) -> float:
    """Seconds; zero stands for the default."""
    if text is None:
        return default
    seconds = parse_duration(text, name)
    if seconds < 0:
        raise ValidationError(f"{name} is '{text}', which is negative.", hint="Use a positive duration.")
    return seconds or default


def _ordered(value: t.Mapping[str, t.Any]) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for plural, written in value.items():
        names = written.split(",") if isinstance(written, str) else written
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise ValidationError(
                f"ordered_resources has no list of names for '{plural}': {shown_value(written)}.",
                hint="Write namespace/name for each object, or its name alone where it is cluster-scoped.",
            )
        out[plural] = tuple(name.strip() for name in names if name.strip())
    return out


__all__ = (
    "COMPARED_FIELDS",
    "DEFAULT_TTL_SECONDS",
    "NEVER",
    "BackupSpec",
    "compared_spec",
    "differing_fields",
    "parse_ttl",
)
