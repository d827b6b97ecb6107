# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Velero's Restore spec: options in, the validated ``spec`` of a Restore out (Velero 1.18)."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import IncludeExclude, list_errors
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import NON_RESTORABLE

ExistingPolicy: t.TypeAlias = t.Literal["none", "update"]
_POLICIES = ("none", "update")
_NAMESPACE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
#: Velero's default for ``itemOperationTimeout``, in seconds.
DEFAULT_ITEM_OPERATION_TIMEOUT = 4 * 3600.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSpec:
    """What to bring back. Namespaces in the lists are those of the backup; empty lists mean everything.

    ``existing_resource_policy`` None is Velero's unset, which acts as ``none``. ``item_operation_timeout`` in seconds.
    """

    backup_name: str
    included_namespaces: tuple[str, ...] = ()
    excluded_namespaces: tuple[str, ...] = ()
    included_resources: tuple[str, ...] = ()
    excluded_resources: tuple[str, ...] = ()
    namespace_mapping: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    label_selector: LabelSelector | None = None
    or_label_selectors: tuple[LabelSelector, ...] = ()
    include_cluster_resources: bool | None = None
    existing_resource_policy: ExistingPolicy | None = None
    preserve_node_ports: bool | None = None
    item_operation_timeout: float = DEFAULT_ITEM_OPERATION_TIMEOUT

    @classmethod
    def from_options(cls, options: t.Mapping[str, t.Any]) -> RestoreSpec:
        """From snake_case options; absent and None members take their defaults. Selectors may be text or mappings."""
        given: dict[str, t.Any] = {name: value for name, value in options.items() if value is not None}
        unknown = set(given) - {field.name for field in dataclasses.fields(cls)}
        if unknown:
            raise ValidationError(f"A restore has no field '{min(unknown)}'.")
        for name in ("included_namespaces", "excluded_namespaces", "included_resources", "excluded_resources"):
            given[name] = tuple(given.get(name, ()))
        if given.get("label_selector"):
            given["label_selector"] = LabelSelector.parse(given["label_selector"])
        else:
            given.pop("label_selector", None)
        given["or_label_selectors"] = tuple(LabelSelector.parse(each) for each in given.get("or_label_selectors", ()))
        given["namespace_mapping"] = dict(given.get("namespace_mapping", {}))
        return cls(**given)

    def validation_errors(self) -> list[str]:
        """What makes Velero answer FailedValidation, one sentence each."""
        errors: list[str] = []
        if not self.backup_name:
            errors.append("A backup name must be given.")
        forbidden = {str(resource) for resource in NON_RESTORABLE}
        errors.extend(f"{name} are non-restorable resources" for name in self.included_resources if name in forbidden)
        errors.extend(list_errors("resource", self.included_resources, self.excluded_resources))
        errors.extend(list_errors("namespace", self.included_namespaces, self.excluded_namespaces))
        if self.label_selector is not None and self.or_label_selectors:
            errors.append(
                "encountered labelSelector as well as orLabelSelectors in restore spec, only one can be specified"
            )
        if self.existing_resource_policy not in (None, *_POLICIES):
            errors.append(
                f"invalid ExistingResourcePolicy: {self.existing_resource_policy}; it is one of {', '.join(_POLICIES)}"
            )
        for name in (*self.namespace_mapping, *self.namespace_mapping.values()):
            if len(name) > 63 or not _NAMESPACE_NAME.fullmatch(name):
                errors.append(f"'{name}' in the namespace mapping is not a namespace's name")
        return errors

    def validate(self) -> None:
        """Raise ``ValidationError`` with everything that is wrong."""
        errors = self.validation_errors()
        if errors:
            raise ValidationError(
                f"The restore of backup '{self.backup_name}' is not valid: {'; '.join(errors)}.",
                details={"validation_errors": errors},
            )

    def target_namespace(self, namespace: str) -> str:
        """Where objects of ``namespace`` go."""
        return self.namespace_mapping.get(namespace, namespace)

    @property
    def policy(self) -> ExistingPolicy:
        return self.existing_resource_policy or "none"

    @property
    def all_namespaces(self) -> bool:
        """True when the namespace filter is exactly "everything"."""
        return self.namespaces.is_everything

    @property
    def namespaces(self) -> IncludeExclude:
        """The filter on the backup's namespaces."""
        return IncludeExclude(self.included_namespaces, self.excluded_namespaces)

    def selects_labels(self, labels: t.Mapping[str, str] | None) -> bool:
        """True when the selectors (of which at most one kind is set) accept an object with these stored labels."""
        if self.label_selector is not None:
            return self.label_selector.matches(labels)
        return not self.or_label_selectors or any(selector.matches(labels) for selector in self.or_label_selectors)

    @property
    def has_selector(self) -> bool:
        return self.label_selector is not None or bool(self.or_label_selectors)

    def to_dict(self) -> dict[str, t.Any]:
        """As Velero stores it: non-restorable types added to ``excludedResources``, unset members left out."""
        excluded = list(self.excluded_resources)
        excluded += [str(resource) for resource in NON_RESTORABLE if str(resource) not in excluded]
        spec: dict[str, t.Any] = {
            "backupName": self.backup_name,
            "includedNamespaces": list(self.included_namespaces) or ["*"],
            "excludedNamespaces": list(self.excluded_namespaces),
            "includedResources": list(self.included_resources),
            "excludedResources": excluded,
            "namespaceMapping": dict(self.namespace_mapping),
            "labelSelector": self.label_selector.to_dict() if self.label_selector else None,
            "orLabelSelectors": [selector.to_dict() for selector in self.or_label_selectors],
            "includeClusterResources": self.include_cluster_resources,
            "existingResourcePolicy": self.existing_resource_policy,
            "preserveNodePorts": self.preserve_node_ports,
            "itemOperationTimeout": format_duration(self.item_operation_timeout),
            "hooks": {},
        }
        return {name: value for name, value in spec.items() if name == "hooks" or value not in (None, [], {})}


def validate_restore_name(name: str) -> None:
    """Raise ``ValidationError`` unless ``name`` can name a Restore."""
    if not is_subdomain_name(name):
        raise ValidationError(
            f"'{name}' cannot name a restore.",
            hint="Use at most 253 lower-case letters, digits, '-' and '.'; begin and end with a letter or digit.",
        )


__all__ = ("DEFAULT_ITEM_OPERATION_TIMEOUT", "ExistingPolicy", "RestoreSpec", "validate_restore_name")
