# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An object in the cluster beside the one that the archive wants: equal, or the patch between them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import SERVICE_ACCOUNTS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import OUR_LABELS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.server_owned import (
    carry_over,
    is_controller_annotation,
)

#: Of the metadata, labels and annotations are compared.
_NOT_COMPARED = frozenset({"apiVersion", "kind", "metadata", "status"})


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """``patch`` is a JSON merge patch from the live object, None when nothing differs.

    ``always`` marks a patch that is applied under every policy; ``reason`` says why.
    """

    patch: Object | None = None
    always: bool = False
    reason: str = ""

    @property
    def equal(self) -> bool:
        return self.patch is None


def compare(group_resource: GroupResource, live: t.Mapping[str, t.Any], desired: Object) -> Comparison:
    """Compare, leaving out our labels, managedFields, status, system metadata and what the cluster itself decides.

    The patch sets the labels of ``desired``, which takes over fields of ``live`` on the way. Service accounts are
    merged, never replaced (Velero 1.18, docs/compatibility 5.7).
    """
    labels = {name: value for name, value in _labels(desired).items() if name in OUR_LABELS}
    if group_resource == SERVICE_ACCOUNTS:
        merge = merge_service_account(live, desired)
        return (
            Comparison(_with_labels(merge, labels), always=True, reason="service accounts are merged")
            if merge
            else Comparison()
        )
    if is_plainly_equal(live, desired):
        return Comparison()
    if group_resource == VOLUMES and (given_back := _give_back(live, desired)) is not None:
        return Comparison(
            _with_labels(given_back, labels), always=True, reason="the released volume is given back to its claim"
        )
    carry_over(group_resource, live, desired)
    before, after = _view(live), _view(desired)
    if _without_empty(before) == _without_empty(after):
        return Comparison()
    return Comparison(_with_labels(merge_patch(before, after), labels))


def is_same_to_server(live: t.Mapping[str, t.Any], answer: t.Mapping[str, t.Any]) -> bool:
    """Whether the server's answer to a dry run is the object that is there: both are as the server writes them."""
    return bool(_without_empty(_view(live)) == _without_empty(_view(answer)))


def merge_patch(before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> Object:
    """The JSON merge patch (RFC 7386) that makes ``after`` of ``before``; lists are replaced whole."""
    patch: Object = {name: None for name in before if name not in after}
    for name, value in after.items():
        if name not in before:
            patch[name] = value
        elif isinstance(value, dict) and isinstance(before[name], dict):
            inner = merge_patch(before[name], value)
            if inner:
                patch[name] = inner
        elif value != before[name]:
            patch[name] = value
    return patch


def merge_service_account(live: t.Mapping[str, t.Any], desired: t.Mapping[str, t.Any]) -> Object:
    """What a service account lacks: secrets by name, labels and annotations; what it has already wins."""
    patch: Object = {}
    for field in ("secrets", "imagePullSecrets"):
        there = live.get(field) or []
        names = {entry.get("name") for entry in there}
        missing = [entry for entry in desired.get(field) or [] if entry.get("name") not in names]
        if missing:
            patch[field] = [*there, *missing]
    metadata: Object = {}
    for field in ("labels", "annotations"):
        present = (live.get("metadata") or {}).get(field) or {}
        wanted = (desired.get("metadata") or {}).get(field) or {}
        more = {name: value for name, value in wanted.items() if name not in present and name not in OUR_LABELS}
        if more:
            metadata[field] = more
    return patch | ({"metadata": metadata} if metadata else {})


def is_plainly_equal(live: t.Mapping[str, t.Any], desired: t.Mapping[str, t.Any]) -> bool:
    """The quick answer for nearly all objects that are equal; False where nobody knows without a closer look."""
    for name, value in desired.items():
        if name not in _NOT_COMPARED and live.get(name) != value:
            return False
    if not live.keys() <= desired.keys() | _NOT_COMPARED:
        return False
    there, wanted = live["metadata"], desired["metadata"]
    if (there.get("annotations") or {}) != (wanted.get("annotations") or {}):
        return False
    labels = there.get("labels") or {}
    after = wanted.get("labels") or {}
    return all(labels.get(name) == value for name, value in after.items() if name not in OUR_LABELS) and (
        labels.keys() - OUR_LABELS <= after.keys()
    )


def _give_back(live: t.Mapping[str, t.Any], desired: t.Mapping[str, t.Any]) -> Object | None:
    """A retained volume remembers the uid of its deleted claim; a new claim of that name binds once it is gone."""
    held = (live.get("spec") or {}).get("claimRef") or {}
    wanted = (desired.get("spec") or {}).get("claimRef") or {}
    same = held and all(held.get(name) == wanted.get(name) for name in ("namespace", "name"))
    if same and held.get("uid") and (live.get("status") or {}).get("phase") == "Released":
        return {"spec": {"claimRef": {"uid": None, "resourceVersion": None}}}
    return None


def _view(obj: t.Mapping[str, t.Any]) -> Object:
    """What is compared and patched: no status, of the metadata only labels and annotations."""
    metadata = obj.get("metadata") or {}
    annotations = metadata.get("annotations") or {}
    view = {name: value for name, value in obj.items() if name not in _NOT_COMPARED}
    view["metadata"] = {
        "labels": {name: value for name, value in _labels(obj).items() if name not in OUR_LABELS},
        "annotations": {name: value for name, value in annotations.items() if not is_controller_annotation(name)},
    }
    return view


def _labels(obj: t.Mapping[str, t.Any]) -> dict[str, str]:
    return (obj.get("metadata") or {}).get("labels") or {}


def _with_labels(patch: Object, labels: t.Mapping[str, str]) -> Object:
    metadata = patch.setdefault("metadata", {})
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    return patch


def _without_empty(value: t.Any) -> t.Any:
    """Absent, null and empty are the same to the API server's semantic comparison; members of lists are kept."""
    if isinstance(value, dict):
        cleaned = {name: _without_empty(inner) for name, inner in value.items()}
        return {name: inner for name, inner in cleaned.items() if inner is not None and inner != {} and inner != []}
    if isinstance(value, list):
        return [_without_empty(inner) for inner in value]
    return value


__all__ = ("Comparison", "compare", "is_plainly_equal", "is_same_to_server", "merge_patch", "merge_service_account")
