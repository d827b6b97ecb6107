# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types that the API server in memory serves, and what its discovery says of them."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

Object = dict[str, t.Any]

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_AGGREGATED = "as=APIGroupDiscoveryList"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ApiType:
    """One resource in one version; the first version of a group is the preferred one.

    ``has_status``: status is a subresource, so that what is written to the object itself leaves it alone.
    ``first_status``: what a new object has there. ``custom``: of a CustomResourceDefinition, whose lists repeat the
    type in each item. ``deprecated``: the text of the warning that each answer carries.
    """

    group: str = ""
    version: str = "v1"
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    verbs: tuple[str, ...] = VERBS
    has_status: bool = False
    first_status: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    custom: bool = False
    deprecated: str = ""

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """As messages name it: ``leases.coordination.k8s.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def singular(self) -> str:
        return self.kind.lower()


def _status(plural: str, kind: str, *short: str, group: str = "", **more: t.Any) -> ApiType:
    return ApiType(group=group, plural=plural, kind=kind, short_names=short, has_status=True, **more)


_PENDING = {"phase": "Pending"}
_RBAC, _STORAGE, _SNAPSHOT = "rbac.authorization.k8s.io", "storage.k8s.io", "snapshot.storage.k8s.io"
_REVIEWS = ("create",)

#: No two groups of a table share a plural: objects are kept by it.
TYPES = (
    ApiType(plural="configmaps", kind="ConfigMap", short_names=("cm",)),
    ApiType(
        plural="endpoints",
        kind="Endpoints",
        short_names=("ep",),
        deprecated="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ),
    ApiType(plural="events", kind="Event", short_names=("ev",)),
    _status("namespaces", "Namespace", "ns", namespaced=False, first_status={"phase": "Active"}, verbs=tuple(
        verb for verb in VERBS if verb != "deletecollection")),
    _status("nodes", "Node", "no", namespaced=False),
    _status("persistentvolumeclaims", "PersistentVolumeClaim", "pvc", first_status=_PENDING),
    _status("persistentvolumes", "PersistentVolume", "pv", namespaced=False, first_status=_PENDING),
    _status("pods", "Pod", "po", first_status=_PENDING),
    ApiType(plural="secrets", kind="Secret"),
    ApiType(plural="serviceaccounts", kind="ServiceAccount", short_names=("sa",)),
    _status("services", "Service", "svc"),
    _status("deployments", "Deployment", "deploy", group="apps"),
    _status("replicasets", "ReplicaSet", "rs", group="apps"),
    _status("statefulsets", "StatefulSet", "sts", group="apps"),
    _status("cronjobs", "CronJob", "cj", group="batch"),
    _status("jobs", "Job", group="batch"),
    ApiType(group="coordination.k8s.io", plural="leases", kind="Lease"),
    ApiType(group=_RBAC, plural="clusterrolebindings", kind="ClusterRoleBinding", namespaced=False),
    ApiType(group=_RBAC, plural="clusterroles", kind="ClusterRole", namespaced=False),
    ApiType(group=_RBAC, plural="rolebindings", kind="RoleBinding"),
    ApiType(group=_RBAC, plural="roles", kind="Role"),
    ApiType(group="scheduling.k8s.io", plural="priorityclasses", kind="PriorityClass", namespaced=False,
            short_names=("pc",)),
    ApiType(group=_STORAGE, plural="csidrivers", kind="CSIDriver", namespaced=False),
    ApiType(group=_STORAGE, plural="storageclasses", kind="StorageClass", namespaced=False, short_names=("sc",)),
    _status("customresourcedefinitions", "CustomResourceDefinition", "crd", "crds", group="apiextensions.k8s.io",
            namespaced=False),
)  # fmt: skip

#: Which every server has.
REVIEWS = (
    ApiType(group="authorization.k8s.io", plural="selfsubjectaccessreviews", kind="SelfSubjectAccessReview",
            namespaced=False, verbs=_REVIEWS),
    ApiType(group="authorization.k8s.io", plural="selfsubjectrulesreviews", kind="SelfSubjectRulesReview",
            namespaced=False, verbs=_REVIEWS),
)  # fmt: skip

SNAPSHOT_TYPES = (
    ApiType(group=_SNAPSHOT, plural="volumesnapshotclasses", kind="VolumeSnapshotClass", namespaced=False, custom=True,
            short_names=("vsclass", "vsclasses")),
    _status("volumesnapshotcontents", "VolumeSnapshotContent", "vsc", "vscs", group=_SNAPSHOT, namespaced=False,
            custom=True),
    _status("volumesnapshots", "VolumeSnapshot", "vs", group=_SNAPSHOT, custom=True),
)  # fmt: skip


def types_named(*plurals: str) -> tuple[ApiType, ...]:
    """Those of the tables with these plurals."""
    known = {each.plural: each for each in TYPES + SNAPSHOT_TYPES}
    return tuple(known[plural] for plural in plurals)


def discover(types: t.Sequence[ApiType], path: str, accept: str) -> Object | None:
    """The answer to a discovery request; None when ``path`` is another."""
    by_group = _grouped(types)
    if path in ("/api", "/apis"):
        groups = {name: versions for name, versions in by_group.items() if (name == "") is (path == "/api")}
        return _aggregated(groups) if _AGGREGATED in accept else _plain(groups, core=path == "/api")
    for group, versions in by_group.items():
        for version, entries in versions.items():
            root = f"/apis/{group}/{version}" if group else f"/api/{version}"
            if path == root:
                return _listing(root.split("/", 2)[2] if group else version, entries)
    return None


_Grouped: t.TypeAlias = "dict[str, dict[str, list[ApiType]]]"


def _grouped(types: t.Sequence[ApiType]) -> _Grouped:
    """Group, version, types; in their order."""
    found: _Grouped = {}
    for each in types:
        found.setdefault(each.group, {}).setdefault(each.version, []).append(each)
    return found


def _aggregated(groups: _Grouped) -> Object:
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None},
                "versions": [
                    {"version": version, "freshness": "Current", "resources": [_entry(each) for each in entries]}
                    for version, entries in versions.items()
                ],
            }
            for name, versions in groups.items()
        ],
    }


def _entry(each: ApiType) -> Object:
    entry: Object = {
        "resource": each.plural,
        "responseKind": {"group": "", "version": "", "kind": each.kind},
        "scope": "Namespaced" if each.namespaced else "Cluster",
        "singularResource": each.singular,
        "verbs": list(each.verbs),
    }
    if each.short_names:
        entry["shortNames"] = list(each.short_names)
    if each.has_status:
        entry["subresources"] = [{"subresource": "status", "verbs": ["get", "patch", "update"]}]
    return entry


def _plain(groups: _Grouped, *, core: bool) -> Object:
    if core:
        return {"kind": "APIVersions", "versions": list(itertools.chain(*groups.values()))}
    found = []
    for name, versions in groups.items():
        entries = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
        found.append({"name": name, "versions": entries, "preferredVersion": entries[0]})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def _listing(group_version: str, entries: t.Sequence[ApiType]) -> Object:
    resources: list[Object] = []
    for each in entries:
        common = {"singularName": each.singular, "namespaced": each.namespaced, "kind": each.kind}
        names = {"shortNames": list(each.short_names)} if each.short_names else {}
        resources.append({"name": each.plural, **common, "verbs": list(each.verbs), **names})
        if each.has_status:
            verbs = ["get", "patch", "update"]
            resources.append({"name": f"{each.plural}/status", **common, "singularName": "", "verbs": verbs})
    return {"kind": "APIResourceList", "groupVersion": group_version, "resources": resources}


__all__ = ("REVIEWS", "SNAPSHOT_TYPES", "TYPES", "VERBS", "ApiType", "Object", "discover", "types_named")
