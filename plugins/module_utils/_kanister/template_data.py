# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of an action as templates read them: Kanister's ``TemplateParams`` (docs/compatibility 15.4)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import Artifact
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import (
    NamedObject,
    PhaseParameters,
    TemplateParameters,
    WorkloadParameters,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template import types
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.later import LaterMap
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    Pointer,
    Struct,
    Tainted,
    TypedList,
    TypedMap,
)

#: Whether a value of JSON types has a secret in it that was read before.
IsSecret: t.TypeAlias = t.Callable[[t.Any], bool]

_NAMED = {"Name": types.STRING, "Namespace": types.STRING}
_LISTS_OF_TEXTS = types.slice_of(types.STRINGS)
_CLAIMS = types.map_of(types.map_of(types.STRING))
_WITH_PODS = {
    **_NAMED,
    "Pods": types.STRINGS,
    "Containers": _LISTS_OF_TEXTS,
    "PersistentVolumeClaims": _CLAIMS,
}
_STATEFUL_SET = types.struct_type("param.StatefulSetParams", _WITH_PODS)
_DEPLOYMENT = types.struct_type("param.DeploymentParams", _WITH_PODS)
_DEPLOYMENT_CONFIG = types.struct_type("param.DeploymentConfigParams", _WITH_PODS)
_CLAIM = types.struct_type("param.PVCParams", _NAMED)
_NAMESPACE = types.struct_type("param.NamespaceParams", _NAMED)
#: Hooks have none: each field of it is an error, which says so.
_PROFILE = types.struct_type("param.Profile", {})
_ARTIFACT = types.struct_type(
    "v1alpha1.Artifact",
    {"KeyValue": types.TEXTS, "KopiaSnapshot": types.STRING},
    {"KeyValue": "keyValue", "KopiaSnapshot": "kopiaSnapshot"},
)
_METADATA = {
    "Name": types.STRING,
    "GenerateName": types.STRING,
    "Namespace": types.STRING,
    "UID": types.STRING,
    "ResourceVersion": types.STRING,
    "Generation": types.INT64,
    "Labels": types.TEXTS,
    "Annotations": types.TEXTS,
}
_METADATA_NAMES = {
    "Name": "name",
    "GenerateName": "generateName",
    "Namespace": "namespace",
    "UID": "uid",
    "ResourceVersion": "resourceVersion",
    "Generation": "generation",
    "Labels": "labels",
    "Annotations": "annotations",
}
_OBJECT_META = types.struct_type("v1.ObjectMeta", _METADATA, _METADATA_NAMES)
_CONFIG_MAP = types.struct_type(
    "v1.ConfigMap",
    {
        "Kind": types.STRING,
        "APIVersion": types.STRING,
        **_METADATA,
        "ObjectMeta": _OBJECT_META,
        "Data": types.TEXTS,
        "BinaryData": types.DATA,
    },
)
_SECRET = types.struct_type(
    "v1.Secret",
    {
        "Kind": types.STRING,
        "APIVersion": types.STRING,
        **_METADATA,
        "ObjectMeta": _OBJECT_META,
        "Data": types.DATA,
        "StringData": types.TEXTS,
        "Type": types.STRING,
    },
)
_PHASE = types.struct_type(
    "param.Phase",
    {"Secrets": types.map_of(_SECRET), "ConfigMaps": types.map_of(_CONFIG_MAP), "Output": types.OBJECT},
)
_WORKLOADS = {"StatefulSet": _STATEFUL_SET, "Deployment": _DEPLOYMENT, "DeploymentConfig": _DEPLOYMENT_CONFIG}
_PARAMETERS = types.struct_type(
    "param.TemplateParams",
    {
        **{name: types.pointer_to(each) for name, each in _WORKLOADS.items()},
        "PVC": types.pointer_to(_CLAIM),
        "Namespace": types.pointer_to(_NAMESPACE),
        "ArtifactsIn": types.map_of(_ARTIFACT),
        "ConfigMaps": types.map_of(_CONFIG_MAP),
        "Secrets": types.map_of(_SECRET),
        "Time": types.STRING,
        "Profile": types.pointer_to(_PROFILE),
        "Options": types.TEXTS,
        "Object": types.OBJECT,
        "Phases": types.map_of(types.pointer_to(_PHASE)),
        "CurrentPhase": types.pointer_to(_PHASE),
        "DeferPhase": types.pointer_to(_PHASE),
        "PodOverride": types.OBJECT,
        "PodAnnotations": types.TEXTS,
        "PodLabels": types.TEXTS,
    },
)


def template_data(parameters: TemplateParameters, is_secret: IsSecret) -> Struct:
    """What ``.`` is in a template. Values of Secrets are tainted, and with them whatever has one in it."""
    marked = _Marking(is_secret)
    workload = parameters.workload
    phases = {name: marked.phase(phase) for name, phase in parameters.phases.items()}
    current = parameters.current_phase
    fields: dict[str, t.Any] = {
        "ArtifactsIn": _map(types.map_of(_ARTIFACT), parameters.artifacts_in, marked.artifact),
        "ConfigMaps": _map(types.map_of(_CONFIG_MAP), parameters.config_maps, marked.config_map),
        "Secrets": _map(types.map_of(_SECRET), parameters.secrets, marked.secret),
        "Time": parameters.time,
        "Options": TypedMap(parameters.options, types.TEXTS),
        "Object": marked.object(parameters.object),
        "Phases": TypedMap(phases, types.map_of(types.pointer_to(_PHASE))),
        "DeferPhase": marked.phase(parameters.defer_phase),
    }
    if workload is not None:
        fields[workload.kind] = _workload(workload)
    if parameters.claim is not None:
        fields["PVC"] = _named(_CLAIM, parameters.claim)
    if parameters.namespace is not None:
        fields["Namespace"] = _named(_NAMESPACE, parameters.namespace)
    if current is not None:
        fields["CurrentPhase"] = marked.phase(current)
    return Struct(_PARAMETERS, fields)


class _Marking:
    """Puts ``Tainted`` around what is secret."""

    def __init__(self, is_secret: IsSecret) -> None:
        self._is_secret = is_secret

    def value(self, value: t.Any) -> t.Any:
        return Tainted(value) if self._is_secret(value) else value

    def values(self, values: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        return {key: self.value(value) for key, value in values.items()}

    def object(self, obj: ObjectView) -> t.Any:
        """The subject; of a Secret everything is tainted."""
        return Tainted(dict(obj)) if obj.get("kind") == "Secret" else self.values(obj)

    def artifact(self, artifact: Artifact) -> Struct:
        fields = {
            "KeyValue": TypedMap(self.values(artifact.key_values), types.TEXTS),
            "KopiaSnapshot": self.value(artifact.kopia_snapshot),
        }
        return Struct(_ARTIFACT, fields)

    def phase(self, phase: PhaseParameters) -> Pointer:
        fields: dict[str, t.Any] = {
            "Secrets": _map(types.map_of(_SECRET), phase.secrets, self.secret),
            "ConfigMaps": _map(types.map_of(_CONFIG_MAP), phase.config_maps, self.config_map),
        }
        if isinstance(phase.output, LaterMap):
            fields["Output"] = phase.output
        elif phase.output is not None:
            fields["Output"] = self.values(phase.output)
        return Pointer(types.pointer_to(_PHASE), Struct(_PHASE, fields))

    def secret(self, secret: ObjectView) -> Struct:
        data = {key: Tainted(_bytes(value)) for key, value in (secret.get("data") or {}).items()}
        texts = {key: Tainted(str(value)) for key, value in (secret.get("stringData") or {}).items()}
        fields = {
            **_metadata(secret),
            "Data": TypedMap(data, types.DATA),
            "StringData": TypedMap(texts, types.TEXTS),
            "Type": str(secret.get("type") or ""),
        }
        return Struct(_SECRET, fields)

    def config_map(self, config_map: ObjectView) -> Struct:
        data = self.values({key: str(value) for key, value in (config_map.get("data") or {}).items()})
        binary = {key: _bytes(value) for key, value in (config_map.get("binaryData") or {}).items()}
        fields = {
            **_metadata(config_map),
            "Data": TypedMap(data, types.TEXTS),
            "BinaryData": TypedMap(binary, types.DATA),
        }
        return Struct(_CONFIG_MAP, fields)


def _map(go_type: types.GoType, items: t.Mapping[str, t.Any], make: t.Callable[[t.Any], Struct]) -> TypedMap:
    if isinstance(items, LaterMap):
        return items
    return TypedMap({name: make(item) for name, item in items.items()}, go_type)


def _named(struct: types.StructType, found: NamedObject) -> Pointer:
    return Pointer(types.pointer_to(struct), Struct(struct, {"Name": found.name, "Namespace": found.namespace}))


def _workload(workload: WorkloadParameters) -> Pointer:
    struct = _WORKLOADS[workload.kind]
    claims = {pod: TypedMap(mounts, types.map_of(types.STRING)) for pod, mounts in workload.claims.items()}
    fields = {
        "Name": workload.name,
        "Namespace": workload.namespace,
        "Pods": TypedList(workload.pods, types.STRINGS),
        "Containers": TypedList([TypedList(names, types.STRINGS) for names in workload.containers], _LISTS_OF_TEXTS),
        "PersistentVolumeClaims": TypedMap(claims, _CLAIMS),
    }
    return Pointer(types.pointer_to(struct), Struct(struct, fields))


def _metadata(obj: ObjectView) -> dict[str, t.Any]:
    metadata = obj.get("metadata") or {}
    found: dict[str, t.Any] = {}
    for field, name in _METADATA_NAMES.items():
        value = metadata.get(name)
        if field in ("Labels", "Annotations"):
            found[field] = TypedMap(value or {}, types.TEXTS)
        elif value is not None:
            found[field] = value
    whole = Struct(_OBJECT_META, found)
    return {
        "Kind": str(obj.get("kind") or ""),
        "APIVersion": str(obj.get("apiVersion") or ""),
        **found,
        "ObjectMeta": whole,
    }


def _bytes(value: t.Any) -> bytes:
    try:
        return base64.b64decode(str(value))
    except (binascii.Error, ValueError):
        return str(value).encode("utf-8", "surrogateescape")


__all__ = ("IsSecret", "template_data")
