# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KubeOps: create, patch or delete an object (docs/compatibility 16.3).

Cluster-scoped objects are deleted as well, which Kanister itself cannot. An object that is in no namespace by what is
written is in that of the argument, else in ``default``.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall, Outputs, PlannedWork
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.arguments import Arguments
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions.cluster_types import (
    DEFAULT_NAMESPACE,
    ClusterTypes,
    in_words,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import ObjectReference
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.waiting import await_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import MERGE_PATCH, STRATEGIC_PATCH
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_object,
    delete_object,
    get_object,
    patch_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import create_surely

_UNSUPPORTED_PATCH = 415


class KubeOps:
    """Outputs name the object; of several that were created the last one."""

    def plan(self, call: FunctionCall) -> PlannedWork:
        operation = _operation(call)
        if operation == "create":
            what = ", ".join(_name_of(obj) for obj in _documents(call))
        else:
            reference = _reference(call)
            what = "/".join(filter(None, (reference.resource, reference.namespace, reference.name)))
        return PlannedWork(does=f"{operation} {what}", namespace=Arguments(call).text("namespace"))

    def run(self, call: FunctionCall) -> Outputs:
        operation = _operation(call)
        work = {"create": _create_all, "delete": _delete, "patch": _patch}[operation]
        try:
            return work(call, ClusterTypes(call))
        except KubeError as exc:
            raise BlueprintError(f"KubeOps could not {operation}: {exc.message}", hint=exc.hint) from exc


def _operation(call: FunctionCall) -> str:
    operation = Arguments(call).text("operation")
    if operation not in ("create", "patch", "delete"):
        raise Arguments(call).wrong("operation", f"is '{operation}', and not create, patch or delete")
    return operation


def _create_all(call: FunctionCall, types: ClusterTypes) -> Outputs:
    # All types are found before anything is made.
    wanted = [(types.of_object(obj), obj) for obj in _documents(call)]
    outputs: dict[str, t.Any] = {}
    made: list[str] = []
    for resource, obj in wanted:
        try:
            outputs = _create(call, resource, obj)
        except KubeError as exc:
            before = f" Made before it, and still there: {', '.join(made)}." if made else ""
            raise BlueprintError(
                f"KubeOps could not create {_name_of(obj)}: {exc.message.rstrip('.')}.{before}", hint=exc.hint
            ) from exc
        made.append(in_words(resource, outputs["name"], outputs.get("namespace")))
    return outputs


def _create(call: FunctionCall, resource: ApiResource, obj: Object) -> dict[str, t.Any]:
    metadata = obj["metadata"]
    namespace = None
    if resource.namespaced:
        namespace = metadata.get("namespace") or Arguments(call).text("namespace") or DEFAULT_NAMESPACE
        obj = {**obj, "metadata": {**metadata, "namespace": namespace}}
    if metadata.get("name"):
        began = call.client.server_now().replace(microsecond=0)
        made = create_surely(call.client, resource, obj, namespace=namespace, is_ours=lambda it: _is_new(it, began))
    else:
        made = create_object(call.client, resource, obj, namespace=namespace)
    name = str(made["metadata"]["name"])
    call.log(f"created {in_words(resource, name, namespace)}")
    # Kanister says no kind of what it has created.
    return _outputs(resource, name, namespace, kind="")


def _is_new(obj: Object, began: dt.datetime) -> bool:
    """Made since then: an answer was lost, and the object is there."""
    try:
        return parse_rfc3339(str(obj["metadata"].get("creationTimestamp"))) >= began
    except ValidationError:
        return False


def _delete(call: FunctionCall, types: ClusterTypes) -> Outputs:
    reference, resource, namespace = _target(call, types)
    where = in_words(resource, reference.name, namespace)
    found = get_object(call.client, resource, reference.name, namespace)
    if found is None:
        raise BlueprintError(f"KubeOps could not delete {where}: it is not there.")
    uid = str(found["metadata"]["uid"])
    delete_object(call.client, resource, reference.name, namespace, uid=uid)
    last = found

    def is_gone(obj: Object | None) -> bool:
        nonlocal last
        last = obj or last
        return obj is None or obj["metadata"].get("uid") != uid

    allowed = call.seconds_left
    try:
        await_object(call.client, resource, reference.name, namespace, is_gone, timeout=max(1.0, allowed))
    except KubeTimeout as exc:
        kept = ", ".join(last["metadata"].get("finalizers") or ()) or "none"
        raise BlueprintError(
            f"KubeOps has asked for the deletion of {where}, which was still there {allowed:.0f} s later; last seen: "
            f"finalizers {kept}."
        ) from exc
    call.log(f"deleted {where}")
    return _outputs(resource, reference.name, namespace, kind=reference.kind)


def _patch(call: FunctionCall, types: ClusterTypes) -> Outputs:
    reference, resource, namespace = _target(call, types)
    documents = _documents(call, whole=False)
    if len(documents) != 1:
        raise Arguments(call).wrong("spec", f"has {len(documents)} documents; a patch is one")
    try:
        patch_object(
            call.client, resource, reference.name, documents[0], namespace=namespace, patch_type=STRATEGIC_PATCH
        )
    except KubeError as exc:
        if exc.status != _UNSUPPORTED_PATCH:
            raise
        # Custom resources know no strategic merge.
        patch_object(call.client, resource, reference.name, documents[0], namespace=namespace, patch_type=MERGE_PATCH)
    call.log(f"patched {in_words(resource, reference.name, namespace)}")
    return _outputs(resource, reference.name, namespace, kind=reference.kind)


def _target(call: FunctionCall, types: ClusterTypes) -> tuple[ObjectReference, ApiResource, str | None]:
    reference = _reference(call)
    resource = types.of_reference(reference)
    namespace = reference.namespace or Arguments(call).text("namespace") or DEFAULT_NAMESPACE
    return reference, resource, namespace if resource.namespaced else None


def _reference(call: FunctionCall) -> ObjectReference:
    arguments = Arguments(call)
    reference = ObjectReference.of_members(arguments.mapping("objectReference"))
    missing = [name for name in ("name", "resource") if not getattr(reference, name)]
    if missing:
        raise arguments.wrong("objectReference", f"does not say {' and '.join(missing)}")
    return reference


def _documents(call: FunctionCall, *, whole: bool = True) -> list[Object]:
    """The objects of ``spec``; ``whole``: with a type and a name."""
    arguments = Arguments(call)
    try:
        found = read_yaml(arguments.text("spec"), source=f"the argument spec of {call.place.words}")
    except ValidationError as exc:
        raise BlueprintError(exc.message, hint=exc.hint) from exc
    if not found:
        raise arguments.wrong("spec", "is empty")
    documents = [_plain(each) for each in found]
    for each in documents:
        if not isinstance(each, dict):
            raise arguments.wrong("spec", "holds a document that is no mapping")
        metadata = each.get("metadata")
        if whole and not (isinstance(metadata, dict) and (metadata.get("name") or metadata.get("generateName"))):
            raise arguments.wrong("spec", f"holds {each.get('kind') or 'an object'} without a name in its metadata")
    return documents


def _plain(value: t.Any) -> t.Any:
    """JSON types only: what YAML reads as a time was written as a text."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _name_of(obj: Object) -> str:
    metadata = obj["metadata"]
    return f"{obj.get('kind')} {metadata.get('name') or metadata.get('generateName')}"


def _outputs(resource: ApiResource, name: str, namespace: str | None, *, kind: str) -> dict[str, t.Any]:
    outputs = {
        "apiVersion": resource.version,
        "group": resource.group,
        "resource": resource.plural,
        "kind": kind,
        "name": name,
    }
    return outputs | ({"namespace": namespace} if namespace else {})


__all__ = ("KubeOps",)
