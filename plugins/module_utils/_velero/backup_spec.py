# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Velero's Backup spec: options in, the validated ``spec`` of a Backup out (Velero 1.18)."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration, parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import (
    IncludeExclude,
    list_errors,
    namespace_pattern_errors,
)

#: Velero's default ``--default-backup-ttl``, in seconds.
DEFAULT_TTL_SECONDS = 720 * 3600.0
NEVER = "never"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupSpec:
    """What to back up. Empty lists mean everything. ``ttl_seconds`` None is ours: the backup never expires."""

    included_namespaces: tuple[str, ...] = ()
    excluded_namespaces: tuple[str, ...] = ()
    included_resources: tuple[str, ...] = ()
    excluded_resources: tuple[str, ...] = ()
    label_selector: LabelSelector | None = None
    include_cluster_resources: bool | None = None
    storage_location: str = "default"
    ttl_seconds: float | None = DEFAULT_TTL_SECONDS

    @classmethod
    def from_options(cls, options: t.Mapping[str, t.Any]) -> BackupSpec:
        """From snake_case options; absent and None members take their defaults. Raises ``ValidationError``.

        ``ttl`` is a Go duration or ``never``; ``label_selector`` may be text or a mapping.
        """
        given: dict[str, t.Any] = {name: value for name, value in options.items() if value is not None}
        ttl = given.pop("ttl", None)
        known = {field.name for field in dataclasses.fields(cls)} - {"ttl_seconds"}
        unknown = set(given) - known
        if unknown:
            raise ValidationError(f"A backup has no field '{min(unknown)}'.")
        for name in ("included_namespaces", "excluded_namespaces", "included_resources", "excluded_resources"):
            given[name] = tuple(given.get(name, ()))
        if given.get("label_selector"):
            given["label_selector"] = LabelSelector.parse(given["label_selector"])
        else:
            given.pop("label_selector", None)
        return cls(**given, ttl_seconds=parse_ttl(ttl))

    def validation_errors(self) -> list[str]:
        """What makes Velero answer FailedValidation, one sentence each."""
        return [
            *list_errors("namespace", self.included_namespaces, self.excluded_namespaces),
            *namespace_pattern_errors((*self.included_namespaces, *self.excluded_namespaces)),
            *list_errors("resource", self.included_resources, tuple(r for r in self.excluded_resources if r != "*")),
        ]

    def validate(self, name: str) -> None:
        """Raise ``ValidationError`` with everything that is wrong with this spec and with ``name``."""
        if not is_subdomain_name(name):
            raise ValidationError(
                f"'{name}' cannot name a backup.",
                hint="Use at most 253 lower-case letters, digits, '-' and '.', with a letter or digit at both ends.",
            )
        errors = self.validation_errors()
        if errors:
            raise ValidationError(
                f"The spec of backup '{name}' is not valid: {'; '.join(errors)}.", details={"validation_errors": errors}
            )

    @property
    def namespaces(self) -> IncludeExclude:
        return IncludeExclude(self.included_namespaces, self.excluded_namespaces)

    def to_dict(self) -> dict[str, t.Any]:
        """As Velero stores it, with its defaults filled in; unset members left out, the agent's features off."""
        spec: dict[str, t.Any] = {
            "metadata": {},
            "includedNamespaces": list(self.included_namespaces) or ["*"],
            "excludedNamespaces": list(self.excluded_namespaces),
            "includedResources": list(self.included_resources),
            "excludedResources": list(self.excluded_resources),
            "labelSelector": self.label_selector.to_dict() if self.label_selector else None,
            "includeClusterResources": self.include_cluster_resources,
            "snapshotVolumes": False,
            "ttl": None if self.ttl_seconds is None else format_duration(self.ttl_seconds),
            "hooks": {},
            "storageLocation": self.storage_location,
            "defaultVolumesToFsBackup": False,
            "csiSnapshotTimeout": "10m0s",
            "itemOperationTimeout": "4h0m0s",
            "snapshotMoveData": False,
            "volumeGroupSnapshotLabelKey": "velero.io/volume-group",
        }
        return {
            name: value for name, value in spec.items() if name in ("metadata", "hooks") or value not in (None, [], {})
        }


def parse_ttl(text: str | None) -> float | None:
    """Seconds; the default for an absent or zero ttl, as Velero; None for ``never``."""
    if text is None:
        return DEFAULT_TTL_SECONDS
    if text == NEVER:
        return None
    seconds = parse_duration(text)
    if seconds < 0:
        raise ValidationError(f"A ttl of '{text}' is in the past.", hint=f"Use a positive duration, or '{NEVER}'.")
    return seconds or DEFAULT_TTL_SECONDS


def differing_fields(asked: t.Mapping[str, t.Any], stored: t.Mapping[str, t.Any]) -> list[str]:
    """The fields in which two specs (as ``to_dict`` writes them) differ, sorted. Empty is absent; false is not."""
    names = set(asked) | set(stored)
    return sorted(name for name in names if _present(asked.get(name)) != _present(stored.get(name)))


def _present(value: t.Any) -> t.Any:
    if isinstance(value, list):
        return sorted(value, key=str) or None
    return None if value in ({}, "") else value


__all__ = ("DEFAULT_TTL_SECONDS", "NEVER", "BackupSpec", "differing_fields", "parse_ttl")
