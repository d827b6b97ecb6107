# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other storage classes for claims, volumes and stateful sets (Velero 1.18, docs/compatibility 5.9.9)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext

#: Where Kubernetes before 1.6 had the class.
_BETA_ANNOTATION = "volume.beta.kubernetes.io/storage-class"


def map_storage_class(draft: Draft, context: RuleContext) -> None:
    """Of a claim or a volume; one without a class stays without."""
    _map(draft, draft.body, context)


def map_template_classes(draft: Draft, context: RuleContext) -> None:
    """Of the claims that a stateful set makes."""
    for template in draft.spec.get("volumeClaimTemplates") or []:
        _map(draft, template, context)


def classes_in(obj: dict[str, t.Any]) -> t.Iterator[str]:
    """The classes that a claim, a volume or the templates of a stateful set name."""
    for holder in (obj, *((obj.get("spec") or {}).get("volumeClaimTemplates") or [])):
        for place, name in _places(holder):
            if place.get(name):
                yield str(place[name])


def _places(holder: dict[str, t.Any]) -> tuple[tuple[dict[str, t.Any], str], ...]:
    """Where an object has the name of its class."""
    annotations = (holder.get("metadata") or {}).get("annotations") or {}
    return (holder.get("spec") or {}, "storageClassName"), (annotations, _BETA_ANNOTATION)


def _map(draft: Draft, holder: dict[str, t.Any], context: RuleContext) -> None:
    for place, name in _places(holder):
        new = context.storage_class_mapping.get(place.get(name) or "")
        if new is None:
            continue
        if new in context.missing_storage_classes:
            draft.refusal = f"storage_class_mapping names the class '{new}', which the cluster does not have"
        place[name] = new


__all__ = ("classes_in", "map_storage_class", "map_template_classes")
