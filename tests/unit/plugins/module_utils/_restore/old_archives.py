# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives as Velero makes them of clusters from 1.16 to 1.33: one object of each type that has moved, and more.

Written without our own writer. Sources: cluster_versions.py for the versions, old_objects.py for the objects;
docs/compatibility 2.1 for the paths; ``pkg/backup/actions/remap_crd_version_action.go`` of Velero for definitions,
which it stores in v1beta1 under the paths of v1 while the server has both.
"""

from __future__ import annotations

import copy
import io
import json
import tarfile
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.cluster_versions import TYPES, Versions
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.old_objects import OLD, Old

_DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
#: A request for a certificate has to be a real one; an API service that nobody answers for is an error of discovery to
#: everybody; from a range of addresses every service takes them.
_LEFT_OUT = {
    "apiservices.apiregistration.k8s.io",
    "certificatesigningrequests.certificates.k8s.io",
    "servicecidrs.networking.k8s.io",
}
#: Once for each form of the definition: v1beta1, v1 without a schema, v1 with one that is not structural. Servers take
#: two seconds over a new type.
_WITH_OBJECTS = (16, 22, 23)
_IDLE = {"nodeSelector": {"no": "where"}, "containers": [{"name": "main", "image": "registry.example/kiosk:1"}]}
_METRICS = [{"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "1Gi"}}]
_CONDITIONS = [
    {"type": "AbleToScale", "status": "True", "lastTransitionTime": "2020-05-01T02:00:00Z", "reason": "Ready"}
]


class Stored(t.NamedTuple):
    """One object in one version, in the ``directory`` of its type that a version has (``v1-preferredversion``)."""

    group_resource: str
    directory: str
    preferred: bool
    obj: Object

    @property
    def title(self) -> str:
        return f"{self.group_resource} {self.obj['metadata']['name']}"


class OldCluster:
    """A cluster of 1.``minor`` with an application in ``namespace``; ``mark`` is in the names of what lies outside."""

    def __init__(self, minor: int, namespace: str, mark: str) -> None:
        self.minor = minor
        self.namespace = namespace
        self.mark = mark

    def stored(self, *, everything: bool = False) -> list[Stored]:
        """``everything``: with the feature EnableAPIGroupVersions, which stores each object in all versions."""
        found = [self._core(plural, obj) for plural, obj in self._beside()]
        for one in TYPES:
            versions = one.at(self.minor)
            for version in versions if everything else versions[:1]:
                obj = self._object(one, version)
                if obj is not None:
                    first = version == versions[0]
                    directory = f"{version}-preferredversion" if first else version
                    found.append(Stored(one.group_resource, directory, first, self._as_stored(obj)))
        return [*found, self._custom()] if self.minor in _WITH_OBJECTS else found

    @property
    def outside(self) -> list[tuple[str, str]]:
        """Type and name of each object that lies in no namespace, and of this application only."""
        return [
            (one.group_resource, str(one.obj["metadata"]["name"]))
            for one in self.stored()
            if "namespace" not in one.obj["metadata"] and self.mark in one.obj["metadata"]["name"]
        ]

    def _object(self, one: Versions, version: str) -> Object | None:
        if one.group_resource in _LEFT_OUT:
            return None
        obj = _BY_HAND.get((one.group_resource, version)) or _in_version(one, version)
        if obj is None:
            return None
        obj = copy.deepcopy(obj)
        if one.group_resource == _DEFINITIONS:
            return self._definition()
        if one.namespaced:
            obj["metadata"] = {**obj["metadata"], "name": f"moved-{one.kind.lower()}", "namespace": self.namespace}
        else:
            obj["metadata"] = {**obj["metadata"], "name": f"{self.mark}-{one.kind.lower()}"}
        if one.kind == "DaemonSet":
            obj["spec"]["template"]["spec"] |= copy.deepcopy(_IDLE)
        if one.kind == "ValidatingAdmissionPolicyBinding":
            obj["spec"]["policyName"] = f"{self.mark}-validatingadmissionpolicy"
        return obj

    def _definition(self) -> Object:
        """Made by way of v1beta1, in a time when there was nothing else."""
        obj = copy.deepcopy(next(row.obj for row in OLD if row.plural == _DEFINITIONS))
        obj["metadata"]["name"] = f"kiosks.{self.mark}.example.org"
        spec = obj["spec"]
        spec |= {"group": f"{self.mark}.example.org", "preserveUnknownFields": True}
        spec["versions"] = [{"name": spec["version"], "served": True, "storage": True}]
        if self.minor > 21:
            schema = spec.pop("validation")
            version = spec["versions"][0]
            if self.minor % 2:
                version["schema"] = schema
            version["subresources"] = spec.pop("subresources")
            del spec["version"], spec["additionalPrinterColumns"]
            spec["conversion"] = {"strategy": "None"}
            obj["apiVersion"] = "apiextensions.k8s.io/v1"
        return {**obj, "status": {"storedVersions": ["v1"], "acceptedNames": spec["names"], "conditions": []}}

    def _custom(self) -> Stored:
        obj: Object = {
            "apiVersion": f"{self.mark}.example.org/v1",
            "kind": "Kiosk",
            "metadata": {"name": "kiosk", "namespace": self.namespace},
            "spec": {"size": 2, "unknown": {"to": ["the", "schema"]}},
        }
        return Stored(f"kiosks.{self.mark}.example.org", "v1-preferredversion", True, self._as_stored(obj))

    def _beside(self) -> t.Iterator[tuple[str, Object]]:
        """What a namespace of that time held whether anybody wanted it or not, and what uses the types that moved."""
        token, labels = "default-token-x7k2p", {"app": "web"}
        tokens = self.minor < 24
        volumes = [{"name": token, "secret": {"secretName": token, "defaultMode": 420}}] if tokens else []
        yield "namespaces", {"kind": "Namespace", "metadata": {"name": self.namespace}, "status": {"phase": "Active"}}
        yield (
            "serviceaccounts",
            _plain("ServiceAccount", "default", **({"secrets": [{"name": token}]} if tokens else {})),
        )
        if tokens:
            note = {"kubernetes.io/service-account.name": "default", "kubernetes.io/service-account.uid": "u"}
            secret = _plain("Secret", token, type="kubernetes.io/service-account-token", data={"token": "YQ=="})
            secret["metadata"]["annotations"] = note
            yield "secrets", secret
        if self.minor >= 20:
            yield "configmaps", _plain("ConfigMap", "kube-root-ca.crt", data={"ca.crt": "of the old cluster"})
        yield "configmaps", _plain("ConfigMap", "settings", data={"a": "1"})
        ports = [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 80}]
        address: Object = {"clusterIP": "10.96.3.4", **({"clusterIPs": ["10.96.3.4"]} if self.minor >= 20 else {})}
        yield (
            "services",
            _plain("Service", "web", spec={"type": "ClusterIP", "ports": ports, "selector": labels, **address}),
        )
        yield "pods", _plain("Pod", "web", spec={**copy.deepcopy(_IDLE), "volumes": volumes})
        yield "events", _plain("Event", "web.1", involvedObject={"kind": "Pod", "name": "web"}, reason="Pulled")
        template = {"metadata": {"creationTimestamp": None, "labels": labels}, "spec": copy.deepcopy(_IDLE)}
        spec: Object = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
        note = {"deployment.kubernetes.io/revision": "1"}
        web: Object = {"kind": "Deployment", "metadata": {"name": "web", "annotations": note}, "spec": spec}
        yield "deployments.apps", {"apiVersion": "apps/v1", **web}

    def _core(self, group_resource: str, obj: Object) -> Stored:
        obj = {"apiVersion": "v1", **copy.deepcopy(obj)}
        if group_resource != "namespaces":
            obj["metadata"]["namespace"] = self.namespace
        return Stored(group_resource, "v1-preferredversion", True, self._as_stored(obj))

    def _as_stored(self, obj: Object) -> Object:
        """With what servers of that time wrote into the metadata."""
        metadata: Object = {
            "uid": "9b7f4c0e-0000-4000-8000-000000000001",
            "resourceVersion": "4711",
            "creationTimestamp": "2020-05-01T02:00:00Z",
        }
        if self.minor < 20:
            metadata["selfLink"] = f"/apis/{obj['apiVersion']}/somewhere"
        if self.minor >= 18:
            fields: Object = {"f:metadata": {"f:labels": {}}}
            metadata["managedFields"] = [
                {"manager": "kubectl", "operation": "Update", "apiVersion": obj["apiVersion"], "fieldsV1": fields}
            ]
        return {**obj, "metadata": {**metadata, **obj["metadata"]}}


def tarball_of(stored: t.Iterable[Stored]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        _add(tar, "metadata/version", b"1.1.0\n")
        for one in stored:
            data, metadata = json.dumps(one.obj).encode(), one.obj["metadata"]
            where = f"namespaces/{metadata['namespace']}" if "namespace" in metadata else "cluster"
            place = f"{where}/{metadata['name']}.json"
            if one.preferred:
                _add(tar, f"resources/{one.group_resource}/{place}", data)
            _add(tar, f"resources/{one.group_resource}/{one.directory}/{place}", data)
    return stream.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o755
    tar.addfile(member, io.BytesIO(data))


def _plain(kind: str, name: str, **members: t.Any) -> Object:
    return {"kind": kind, "metadata": {"name": name}, **members}


def _in_version(one: Versions, version: str) -> Object | None:
    """The row of that version, or what a row of another one becomes."""
    rows = [row for row in OLD if row.obj["kind"] == one.kind and row.plural.partition(".")[0] == one.plural]
    wanted = one.api_version(version)
    own = next((row.obj for row in rows if row.obj["apiVersion"] == wanted), None)
    return own or next((_become(row) for row in rows if row.target == wanted), None)


def _become(row: Old) -> Object:
    old = row.obj
    if old["kind"] == "RuntimeClass" and "spec" in old:
        old = {name: value for name, value in old.items() if name != "spec"}
    return {**old, **row.becomes, "apiVersion": row.target}


#: What is stored in a version that no row of old_objects.py is of.
_BY_HAND: dict[tuple[str, str], Object] = {
    ("horizontalpodautoscalers.autoscaling", "v1"): {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {
            "annotations": {
                "autoscaling.alpha.kubernetes.io/metrics": json.dumps(_METRICS),
                "autoscaling.alpha.kubernetes.io/conditions": json.dumps(_CONDITIONS),
            }
        },
        "spec": {
            "scaleTargetRef": {"apiVersion": "extensions/v1beta1", "kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 2,
        },
    },
    ("podsecuritypolicies.policy", "v1beta1"): {
        "apiVersion": "policy/v1beta1",
        "kind": "PodSecurityPolicy",
        "metadata": {},
        "spec": {
            "privileged": False,
            "seLinux": {"rule": "RunAsAny"},
            "runAsUser": {"rule": "MustRunAsNonRoot"},
            "fsGroup": {"rule": "RunAsAny"},
            "supplementalGroups": {"rule": "RunAsAny"},
            "volumes": ["configMap"],
        },
    },
    ("events.events.k8s.io", "v1beta1"): {
        "apiVersion": "events.k8s.io/v1beta1",
        "kind": "Event",
        "metadata": {},
        "reason": "Pulled",
        "type": "Normal",
    },
    ("csinodes.storage.k8s.io", "v1beta1"): {
        "apiVersion": "storage.k8s.io/v1beta1",
        "kind": "CSINode",
        "metadata": {},
        "spec": {"drivers": []},
    },
    ("volumeattachments.storage.k8s.io", "v1"): {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": {},
        "spec": {"attacher": "kiosk.example.org", "nodeName": "n", "source": {"persistentVolumeName": "pv"}},
    },
}

__all__ = ("OldCluster", "Stored", "tarball_of")
