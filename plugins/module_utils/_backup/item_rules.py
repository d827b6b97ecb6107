# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is changed in an object before it is stored (Velero 1.18, docs/compatibility 3.9)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource, label_value
from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import bound_volume
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.annotated import FROZEN_ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.pod_files import ADDED_CONTAINER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    FILLED_MARK,
    WAIT_CONTAINER,
    WANTED_MARK,
)

#: Left by an earlier restore or backup; they would mislead whoever reads this one.
_STALE_LABELS = (
    "velero.io/restore-name",
    "backup.velero.io/must-include-additional-items",
    "velero.io/volume-snapshot-name",
)
_BACKUP_NAME = "velero.io/backup-name"


def clean_item(gr: GroupResource, obj: dict[str, t.Any], *, backup_name: str) -> bool:
    """Change ``obj`` as it is to be stored. True when it was changed."""
    if gr == PODS:
        marks = [_take_annotation(obj, name) for name in (FROZEN_ANNOTATION, WANTED_MARK, FILLED_MARK)]
        return any([_take_movers(obj), _take_wait_container(obj), *marks])
    if gr != CLAIMS:
        return False
    unmarked = _take_annotation(obj, FROZEN_ANNOTATION)
    return (bool(bound_volume(obj)) and _clean_claim(obj, label_value(backup_name))) or unmarked


def _take_movers(pod: dict[str, t.Any]) -> bool:
    """The containers that copied its volumes: with them in it, no API server makes the pod again, and Velero none."""
    added = (pod.get("spec") or {}).get("ephemeralContainers") or []
    left = [each for each in added if not str(each.get("name")).startswith(ADDED_CONTAINER)]
    if len(left) == len(added):
        return False
    pod["spec"]["ephemeralContainers"] = left
    if not left:
        del pod["spec"]["ephemeralContainers"]
    return True


def _take_wait_container(pod: dict[str, t.Any]) -> bool:
    """That of a restore, which would wait for data in the next one, whoever makes that."""
    spec = pod.get("spec") or {}
    first = spec.get("initContainers") or []
    left = [each for each in first if each.get("name") != WAIT_CONTAINER]
    if len(left) == len(first):
        return False
    spec["initContainers"] = left
    if not left:
        del spec["initContainers"]
    return True


def _take_annotation(obj: dict[str, t.Any], name: str) -> bool:
    annotations = obj["metadata"].get("annotations") or {}
    if annotations.pop(name, None) is None:
        return False
    if not annotations:
        del obj["metadata"]["annotations"]
    return True


def _clean_claim(claim: dict[str, t.Any], backup_label: str) -> bool:
    """A bound claim is restored to its volume: where its first data came from must not be asked for again."""
    spec = claim["spec"]
    changed = [spec.pop(member, None) is not None for member in ("dataSource", "dataSourceRef")]
    changed.append(_clean_selector(spec))
    labels = claim["metadata"].get("labels") or {}
    stale = [name for name in _STALE_LABELS if name in labels]
    if labels.get(_BACKUP_NAME, backup_label) != backup_label:
        stale.append(_BACKUP_NAME)
    for name in stale:
        del labels[name]
    if stale and not labels:
        del claim["metadata"]["labels"]
    return any(changed) or bool(stale)


def _clean_selector(spec: dict[str, t.Any]) -> bool:
    """A selector picks a volume among existing ones: it is kept only where the class is explicitly empty."""
    selector = spec.get("selector")
    if selector is None:
        return False
    if spec.get("storageClassName") != "":
        del spec["selector"]
        return True
    labels = selector.get("matchLabels") or {}
    ours = [name for name in labels if name.startswith("velero.io/")]
    for name in ours:
        del labels[name]
    return bool(ours)


__all__ = ("clean_item",)
