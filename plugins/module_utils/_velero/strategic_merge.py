# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strategic merge patches of Kubernetes' built-in types: lists are merged by the keys that the types declare."""

# Private: not for use outside of this collection.

from __future__ import annotations

import copy
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import PatchError, equal_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import quoted, readable, shown_value

_PATCH = "$patch"
_RETAIN = "$retainKeys"
_DELETE_VALUES = "$deleteFromPrimitiveList/"


@dataclasses.dataclass(frozen=True, slots=True)
class MergedList:
    """A list that is merged: objects by ``key``, plain values (``key`` empty) as a set."""

    key: str = ""
    fields: Fields = dataclasses.field(default_factory=dict)


#: The members of a type that are merged lists, or lead to some. Other objects are merged, other lists replaced.
Fields: t.TypeAlias = "t.Mapping[str, t.Mapping[str, t.Any] | MergedList]"

_METADATA: Fields = {"ownerReferences": MergedList("uid"), "finalizers": MergedList()}
_CONTAINER: Fields = {
    "env": MergedList("name"),
    "ports": MergedList("containerPort"),
    "volumeDevices": MergedList("devicePath"),
    "volumeMounts": MergedList("mountPath"),
}
_POD_SPEC: Fields = {
    "containers": MergedList("name", _CONTAINER),
    "ephemeralContainers": MergedList("name", _CONTAINER),
    "hostAliases": MergedList("ip"),
    "imagePullSecrets": MergedList("name"),
    "initContainers": MergedList("name", _CONTAINER),
    "resourceClaims": MergedList("name"),
    "schedulingGates": MergedList("name"),
    "topologySpreadConstraints": MergedList("topologyKey"),
    "volumes": MergedList("name"),
}
_POD: Fields = {"metadata": _METADATA, "spec": _POD_SPEC}
_WITH_TEMPLATE: Fields = {"metadata": _METADATA, "spec": {"template": _POD}}
_WEBHOOKS: Fields = {"webhooks": MergedList("name", {"matchConditions": MergedList("name")})}
_ADMISSION_POLICY: Fields = {"spec": {"matchConditions": MergedList("name"), "variables": MergedList("name")}}

#: By kind; the names of built-in kinds are not used twice with different lists.
_KINDS: dict[str, Fields] = {
    "CSINode": {"spec": {"drivers": MergedList("name")}},
    "CronJob": {"spec": {"jobTemplate": _WITH_TEMPLATE}},
    "DaemonSet": _WITH_TEMPLATE,
    "Deployment": _WITH_TEMPLATE,
    "Job": _WITH_TEMPLATE,
    "MutatingAdmissionPolicy": _ADMISSION_POLICY,
    "MutatingWebhookConfiguration": _WEBHOOKS,
    "Node": {"spec": {"podCIDRs": MergedList()}},
    "Pod": _POD,
    "PodTemplate": {"template": _POD},
    "ReplicaSet": _WITH_TEMPLATE,
    "ReplicationController": _WITH_TEMPLATE,
    "Service": {"spec": {"ports": MergedList("port")}},
    "ServiceAccount": {"secrets": MergedList("name")},
    "StatefulSet": _WITH_TEMPLATE,
    "ValidatingAdmissionPolicy": _ADMISSION_POLICY,
    "ValidatingWebhookConfiguration": _WEBHOOKS,
}
#: Groups that are compiled into Kubernetes and Velero: their types alone have a strategy.
_BUILT_IN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "snapshot.storage.k8s.io",
        "storage.k8s.io",
        "velero.io",
    }
)


def apply_strategic_merge(obj: t.Mapping[str, t.Any], patch: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``obj`` with ``patch`` applied; ``obj`` is not changed. Raises ``PatchError``, also for a type without strategy.

    Understood are ``$patch`` (delete, replace, merge), ``$retainKeys`` and ``$deleteFromPrimitiveList/<field>``.
    """
    api_version, kind = str(obj.get("apiVersion", "")), str(obj.get("kind", ""))
    if api_version.rpartition("/")[0] not in _BUILT_IN_GROUPS:
        raise PatchError(
            f"A strategic patch does not fit {api_version} {kind}: only Kubernetes' built-in types have a strategy.",
            hint="Use mergePatches or patches.",
        )
    fields = {"metadata": _METADATA, **_KINDS.get(kind, {})}
    return _merge(copy.deepcopy(dict(obj)), copy.deepcopy(dict(patch)), fields, kind)


def _merge(original: dict[str, t.Any], patch: dict[str, t.Any], fields: Fields, where: str) -> dict[str, t.Any]:
    directive = patch.pop(_PATCH, "merge")
    if directive == "delete":
        return {}
    if directive == "replace":
        return patch
    if directive != "merge":
        raise PatchError(f"{where} has the directive $patch: {quoted(directive)}; there are delete, replace and merge.")
    if _RETAIN in patch:
        keep = _listed(patch.pop(_RETAIN), _RETAIN, where)
        original = {name: value for name, value in original.items() if name in keep}
    for name in list(patch):
        if name.startswith(_DELETE_VALUES):
            field, values = name.removeprefix(_DELETE_VALUES), _listed(patch.pop(name), name, where)
            before = _listed(original.get(field) or [], field, where)
            original[field] = [entry for entry in before if entry not in values]
        elif name.startswith("$"):
            raise PatchError(
                f"{where} has the directive {quoted(name)}, which is not understood.",
                hint="Use $patch, $retainKeys or $deleteFromPrimitiveList.",
            )
    for name, value in patch.items():
        if value is None:
            original.pop(name, None)
        else:
            original[name] = _merge_member(original.get(name), value, fields.get(name, {}), f"{where}.{name}")
    return original


def _merge_member(before: t.Any, value: t.Any, how: t.Mapping[str, t.Any] | MergedList, where: str) -> t.Any:
    if isinstance(value, dict):
        return _merge(
            before if isinstance(before, dict) else {}, value, {} if isinstance(how, MergedList) else how, where
        )
    if not isinstance(value, list) or not isinstance(how, MergedList):
        return value
    entries = before if isinstance(before, list) else []
    return _merge_objects(entries, value, how, where) if how.key else _merge_values(entries, value)


def _listed(value: t.Any, name: str, where: str) -> list[t.Any]:
    if not isinstance(value, list):
        raise PatchError(f"{readable(name)} of {where} is not a list: {shown_value(value)}.")
    return value


def _merge_values(original: list[t.Any], patch: list[t.Any]) -> list[t.Any]:
    merged: list[t.Any] = []
    for value in (*original, *patch):
        if not any(equal_json(value, known) for known in merged):
            merged.append(value)
    return merged


def _merge_objects(original: list[t.Any], patch: list[t.Any], how: MergedList, where: str) -> list[t.Any]:
    """Objects with the same key are merged; the order is that of kubectl: new ones come before the rest."""
    if any(isinstance(entry, dict) and entry.keys() == {_PATCH} and entry[_PATCH] == "replace" for entry in patch):
        return [entry for entry in patch if not (isinstance(entry, dict) and entry.keys() == {_PATCH})]
    rest = list(enumerate(original))
    changed: list[tuple[int | None, dict[str, t.Any]]] = []
    for entry in patch:
        key = entry.get(how.key) if isinstance(entry, dict) else None
        if key is None:
            raise PatchError(f"An entry of {where} lacks '{how.key}', by which the list is merged.")
        same = [(place, before) for place, before in rest if isinstance(before, dict) and before.get(how.key) == key]
        if entry.get(_PATCH) == "delete":
            rest = [pair for pair in rest if pair not in same]
            continue
        place, before = same[0] if same else (None, {})
        rest = [pair for pair in rest if pair[0] != place]
        changed.append((place, _merge(before, entry, how.fields, f"{where}[{quoted(key)}]")))
    return _interleave(rest, changed)


def _interleave(
    untouched: list[tuple[int, dict[str, t.Any]]], changed: list[tuple[int | None, dict[str, t.Any]]]
) -> list[t.Any]:
    """An untouched entry comes before a changed one only where the original has both in that order."""
    merged: list[t.Any] = []
    for place, entry in changed:
        while place is not None and untouched and untouched[0][0] < place:
            merged.append(untouched.pop(0)[1])
        merged.append(entry)
    return merged + [entry for _place, entry in untouched]


__all__ = ("MergedList", "apply_strategic_merge")
