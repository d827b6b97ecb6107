# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero's Restore spec: options in, the validated ``spec`` of a Restore out (Velero 1.18, docs/compatibility 5.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration, parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._velero.include_exclude import IncludeExclude, list_errors
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import LONGEST_NAME
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import Spelling, as_option, near_names
from ansible_collections.arkive.k8s.plugins.module_utils._velero.namespace_patterns import namespace_pattern_errors
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_hook_rules import (
    RestoreHookRule,
    parse_restore_hook_rules,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import NON_RESTORABLE

#: ``none`` and ``update`` are Velero's, the others ours.
ExistingPolicy: t.TypeAlias = t.Literal["none", "update", "replace", "recreate"]
POLICIES = ("none", "update", "replace", "recreate")
_NAMESPACE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
#: Velero's default for ``itemOperationTimeout``, in seconds.
DEFAULT_ITEM_OPERATION_TIMEOUT = 4 * 3600.0
_LISTS = ("included_namespaces", "excluded_namespaces", "included_resources", "excluded_resources")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSpec:
    """What to bring back. Namespaces in the lists are those of the backup; empty lists mean everything.

    One of ``backup_name`` and ``schedule_name`` is given. ``existing_resource_policy`` None is Velero's unset, which
    acts as ``none``. ``restore_status`` None: no status is restored. ``resource_modifier``: ``kind`` and ``name`` of
    what holds the rules in the cluster. ``item_operation_timeout`` in seconds.
    """

    backup_name: str = ""
    schedule_name: str = ""
    included_namespaces: tuple[str, ...] = ()
    excluded_namespaces: tuple[str, ...] = ()
    included_resources: tuple[str, ...] = ()
    excluded_resources: tuple[str, ...] = ()
    namespace_mapping: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    label_selector: LabelSelector | None = None
    or_label_selectors: tuple[LabelSelector, ...] = ()
    include_cluster_resources: bool | None = None
    restore_pvs: bool | None = None
    restore_status: IncludeExclude | None = None
    existing_resource_policy: ExistingPolicy | None = None
    preserve_node_ports: bool | None = None
    hooks: tuple[RestoreHookRule, ...] = ()
    item_operation_timeout: float = DEFAULT_ITEM_OPERATION_TIMEOUT
    resource_modifier: t.Mapping[str, str] | None = None
    uploader_config: t.Mapping[str, t.Any] | None = None

    @classmethod
    def from_options(cls, options: t.Mapping[str, t.Any]) -> RestoreSpec:
        """From snake_case options; absent and None members take their defaults. Raises ``ValidationError``.

        Selectors may be text or mappings, ``item_operation_timeout`` seconds or a Go duration; ``hooks`` are the rules
        as written; ``restore_status`` has ``included_resources`` and ``excluded_resources``.
        """
        given: dict[str, t.Any] = {name: value for name, value in options.items() if value is not None}
        fields = {field.name for field in dataclasses.fields(cls)}
        for name in given:
            if name not in fields:
                raise ValidationError(f"A restore has no field '{name}'.", hint=near_names(name, fields))
        for name in _LISTS:
            given[name] = tuple(given.get(name, ()))
        selector = given.pop("label_selector", None)
        timeout = given.get("item_operation_timeout", DEFAULT_ITEM_OPERATION_TIMEOUT)
        if isinstance(timeout, str):
            timeout = parse_duration(timeout, "item_operation_timeout")
        return cls(
            **given
            | {
                "label_selector": LabelSelector.parse(selector) if selector else None,
                "or_label_selectors": tuple(map(LabelSelector.parse, given.get("or_label_selectors", ()))),
                "namespace_mapping": dict(given.get("namespace_mapping", {})),
                "restore_status": _status_filter(given.get("restore_status")),
                "hooks": parse_restore_hook_rules(given.get("hooks")),
                # Velero takes zero for its default.
                "item_operation_timeout": timeout or DEFAULT_ITEM_OPERATION_TIMEOUT,
            }
        )

    def validation_errors(self, spell: Spelling = as_option) -> list[str]:
        """What makes Velero answer FailedValidation, one sentence each."""
        errors: list[str] = []
        if bool(self.backup_name) == bool(self.schedule_name):
            errors.append("Either a backup or schedule must be specified as a source for the restore, but not both")
        forbidden = {str(resource) for resource in NON_RESTORABLE}
        errors.extend(f"{name} are non-restorable resources" for name in self.included_resources if name in forbidden)
        errors.extend(list_errors("resource", self.included_resources, self.excluded_resources))
        errors.extend(list_errors("namespace", self.included_namespaces, self.excluded_namespaces))
        errors.extend(namespace_pattern_errors((*self.included_namespaces, *self.excluded_namespaces)))
        if self.label_selector is not None and self.or_label_selectors:
            errors.append(
                f"encountered {spell('label_selector')} as well as {spell('or_label_selectors')} in restore spec, only "
                "one can be specified"
            )
        if self.existing_resource_policy not in (None, *POLICIES):
            errors.append(
                f"invalid {spell('existing_resource_policy')}: {self.existing_resource_policy}; it is one of "
                f"{', '.join(POLICIES)}"
            )
        if self.restore_status is not None:
            errors.extend(list_errors("status", self.restore_status.includes, self.restore_status.excludes))
        errors.extend(self._modifier_errors())
        for name in (*self.namespace_mapping, *self.namespace_mapping.values()):
            if len(name) > 63 or not _NAMESPACE_NAME.fullmatch(name):
                errors.append(f"'{name}' in the namespace mapping is not a namespace's name")
        return errors

    def _modifier_errors(self) -> t.Iterator[str]:
        if self.resource_modifier is None:
            return
        if str(self.resource_modifier.get("kind", "")).lower() != "configmap" or not self.resource_modifier.get("name"):
            yield "the resource modifier must have the kind configmap, and a name"

    def validate(self, spell: Spelling = as_option) -> None:
        """Raise ``ValidationError`` with everything that is wrong; ``spell`` names fields as the user does."""
        errors = self.validation_errors(spell)
        if errors:
            source = f"schedule '{self.schedule_name}'" if self.schedule_name else f"backup '{self.backup_name}'"
            raise ValidationError(
                f"The restore of {source} is not valid: {'; '.join(errors)}.",
                details={"phase": "FailedValidation", "validation_errors": errors},
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
        """The filter on the backup's namespaces, with its patterns."""
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
        status = self.restore_status
        spec: dict[str, t.Any] = {
            "backupName": self.backup_name or None,
            "scheduleName": self.schedule_name or None,
            "includedNamespaces": list(self.included_namespaces) or ["*"],
            "excludedNamespaces": list(self.excluded_namespaces),
            "includedResources": list(self.included_resources),
            "excludedResources": excluded,
            "namespaceMapping": dict(self.namespace_mapping),
            "labelSelector": self.label_selector.to_dict() if self.label_selector else None,
            "orLabelSelectors": [selector.to_dict() for selector in self.or_label_selectors],
            "includeClusterResources": self.include_cluster_resources,
            "restorePVs": self.restore_pvs,
            "existingResourcePolicy": self.existing_resource_policy,
            "preserveNodePorts": self.preserve_node_ports,
            "itemOperationTimeout": format_duration(self.item_operation_timeout),
            "resourceModifier": dict(self.resource_modifier or {}),
            "uploaderConfig": dict(self.uploader_config or {}),
        }
        stored = {name: value for name, value in spec.items() if value not in (None, [], {})}
        stored["hooks"] = {"resources": [rule.to_dict() for rule in self.hooks]} if self.hooks else {}
        if status is not None:
            lists = {"includedResources": list(status.includes), "excludedResources": list(status.excludes)}
            stored["restoreStatus"] = {name: names for name, names in lists.items() if names}
        return stored


def _status_filter(value: t.Mapping[str, t.Any] | None) -> IncludeExclude | None:
    """Without includes, a filter that is there takes every type."""
    if value is None:
        return None
    lists = (value.get(name) or () for name in ("included_resources", "excluded_resources"))
    return IncludeExclude(*(tuple(names) for names in lists))


def validate_restore_name(name: str) -> None:
    """Raise ``ValidationError`` unless ``name`` can name a Restore."""
    if not is_subdomain_name(name) or len(name) > LONGEST_NAME:
        raise ValidationError(
            f"'{name}' cannot name a restore.",
            hint=f"Use at most {LONGEST_NAME} lower-case letters, digits, '-' and '.', with a letter or digit"
            " at both ends.",
        )


__all__ = ("DEFAULT_ITEM_OPERATION_TIMEOUT", "POLICIES", "ExistingPolicy", "RestoreSpec", "validate_restore_name")
