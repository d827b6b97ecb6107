# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects as they were, and as they came back: read by kubectl, compared without what a server or a controller owns."""

from __future__ import annotations

import copy
import json
import re
import typing as t

Object = dict[str, t.Any]


class Key(t.NamedTuple):
    """As Velero names an item in its lists: ``apps/v1/Deployment`` and ``namespace/name``."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}".replace(" /", " ")


Objects = dict[Key, Object]

#: Owned by the server. Velero drops owners and generated names: owners find their own again, by labels.
_SYSTEM = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "generateName",
    "managedFields",
    "ownerReferences",
)
#: What happens to objects, which is not restored; what a controller names anew; what brings the data of a volume back.
_FLEETING = (
    "events",
    "events.events.k8s.io",
    "endpointslices.discovery.k8s.io",
    "volumesnapshots.snapshot.storage.k8s.io",
)
EVENT_KINDS = ("v1/Event", "events.k8s.io/v1/Event")
SNAPSHOT_KINDS = tuple(
    f"snapshot.storage.k8s.io/v1/VolumeSnapshot{suffix}" for suffix in ("", "Content", "Class")
)  # fmt: skip
FLEETING_KINDS = (*EVENT_KINDS, *SNAPSHOT_KINDS, "discovery.k8s.io/v1/EndpointSlice")


def key_of(obj: Object) -> Key:
    meta = obj["metadata"]
    return Key(f"{obj['apiVersion']}/{obj['kind']}", meta.get("namespace", ""), meta["name"])


def namespaced_types(kubectl: t.Any) -> tuple[str, ...]:
    """All types in namespaces that can be made again."""
    verbs = "--verbs=list,get,create,delete"
    types = kubectl("api-resources", "--namespaced=true", verbs, "-o", "name").split()
    return tuple(name for name in types if name not in _FLEETING)


def read_namespace(kubectl: t.Any, namespace: str, types: t.Iterable[str]) -> Objects:
    """All objects of these types in a namespace, and the Namespace itself."""
    listed = json.loads(kubectl("-n", namespace, "get", ",".join(types), "-o", "json"))["items"]
    found = {key_of(obj): obj for obj in listed}
    return found | read_objects(kubectl, ("namespace", namespace))


def read_objects(kubectl: t.Any, *names: tuple[str, str]) -> Objects:
    """Objects without a namespace, by type and name; those that do not exist are left out."""
    found: Objects = {}
    for kind, name in names:
        shown = kubectl("get", kind, name, "--ignore-not-found", "-o", "json")
        if shown:
            found[key_of(json.loads(shown))] = json.loads(shown)
    return found


def steady_path(path: str, obj: Object) -> str:
    """The path of an object in a tarball, without what is new in the name of each snapshot of a volume."""
    if obj["kind"] == "VolumeSnapshot":
        return re.sub(r"-[a-z0-9]+\.json$", "-NEW.json", path)
    if obj["kind"] == "VolumeSnapshotContent":
        of = obj["spec"]["volumeSnapshotRef"]
        name = re.sub(r"-[a-z0-9]+$", "-NEW", of["name"])
        return f"{path.rpartition('/')[0]}/content-of-{of['namespace']}-{name}.json"
    return path


def moved(objects: Objects, *, old: str, new: str) -> Objects:
    """The same objects as they are to be in another namespace."""
    found = json.loads(json.dumps(list(objects.values())))
    for obj in found:
        meta = obj["metadata"]
        if obj["kind"] == "Namespace" and meta["name"] == old:
            meta["name"] = new
        if meta.get("namespace") == old:
            meta["namespace"] = new
    return {key_of(obj): obj for obj in found}


def essence(obj: Object) -> Object:
    """What a restore has to bring back."""
    found = copy.deepcopy(obj)
    found.pop("status", None)
    meta = found["metadata"]
    for member in _SYSTEM:
        meta.pop(member, None)
    for member in ("labels", "annotations"):
        kept = {k: v for k, v in (meta.pop(member, None) or {}).items() if not _is_of_a_server(k)}
        if kept:
            meta[member] = kept
    strip = _STRIP.get(found["kind"])
    if strip:
        strip(found)
    return found


def _is_of_a_server(name: str) -> bool:
    """Labels of the restore, the namespace's own name, the binding of a claim, what controllers find their own by."""
    prefixes = ("velero.io/", "pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/")
    return name.startswith(prefixes) or name in (
        "backup.velero.io/must-include-additional-items",  # a word of Velero's server to its plugin
        "controller-revision-hash",
        "endpoints.kubernetes.io/last-change-trigger-time",
        "kubernetes.io/metadata.name",
    )


def _strip_service(obj: Object) -> None:
    spec = obj["spec"]
    for member in ("clusterIP", "clusterIPs", "healthCheckNodePort"):
        spec.pop(member, None)
    for port in spec.get("ports", ()):
        port.pop("nodePort", None)


def _strip_claim(obj: Object) -> None:
    for member in ("volumeName", "dataSource", "dataSourceRef"):
        obj["spec"].pop(member, None)


def _strip_content(obj: Object) -> None:
    """It and what it belongs to have a new name in each backup. Ours is stored when it has its new policy already."""
    obj["metadata"].pop("name")
    obj["spec"].pop("deletionPolicy")
    for member in ("name", "uid", "resourceVersion"):
        obj["spec"]["volumeSnapshotRef"].pop(member, None)


def _strip_snapshot(obj: Object) -> None:
    """Its name is new in each backup. Ours is stored without what controllers would leave on it forever."""
    obj["metadata"].pop("name")
    obj["metadata"].pop("finalizers", None)


def _strip_pod(obj: Object) -> None:
    """The node, and the volume with the token that every new pod gets."""
    spec = obj["spec"]
    for member in ("nodeName", "priority", "preemptionPolicy"):
        spec.pop(member, None)
    token = {volume["name"] for volume in spec.get("volumes", ()) if volume["name"].startswith("kube-api-access-")}
    spec["volumes"] = [volume for volume in spec.get("volumes", ()) if volume["name"] not in token]
    for container in (*spec["containers"], *spec.get("initContainers", ())):
        container["volumeMounts"] = [m for m in container.get("volumeMounts", ()) if m["name"] not in token]


def _strip_endpoints(obj: Object) -> None:
    """Addresses of pods, which are new."""
    obj.pop("subsets", None)


def _strip_revision(obj: Object) -> None:
    """Its number, which is a new one when its owner is new."""
    obj.pop("revision", None)


_STRIP: dict[str, t.Callable[[Object], None]] = {
    "Service": _strip_service,
    "PersistentVolumeClaim": _strip_claim,
    "Pod": _strip_pod,
    "ControllerRevision": _strip_revision,
    "Endpoints": _strip_endpoints,
    "VolumeSnapshot": _strip_snapshot,
    "VolumeSnapshotContent": _strip_content,
}


def differences(expected: Objects, found: Objects) -> list[str]:
    """One line for each object that is missing, is too many or is not what it was."""
    lines = [f"missing: {key}" for key in sorted(set(expected) - set(found))]
    lines += [f"too many: {key}" for key in sorted(set(found) - set(expected))]
    for key in sorted(set(expected) & set(found)):
        before, after = essence(expected[key]), essence(found[key])
        if before != after:
            lines.append(f"{key} was {json.dumps(before, sort_keys=True)}, is {json.dumps(after, sort_keys=True)}")
    return lines


__all__ = (
    "EVENT_KINDS",
    "FLEETING_KINDS",
    "SNAPSHOT_KINDS",
    "Key",
    "Object",
    "Objects",
    "differences",
    "essence",
    "key_of",
    "moved",
    "namespaced_types",
    "read_namespace",
    "read_objects",
    "steady_path",
)
