# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The subject of an action, read from the cluster into template parameters (docs/compatibility 15.4)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.parameters import (
    NamedObject,
    TemplateParameters,
    WorkloadKind,
    WorkloadParameters,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reference_reading import ReferenceReader
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.workloads import WORKLOAD_KINDS, pods_owned_by
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import api_path


def read_parameters(run: ClusterRun, request: ActionRequest, mask: SecretMask) -> TemplateParameters:
    """All of it, before the first phase. Raises ``BlueprintError``."""
    reader = ReferenceReader(run, mask)
    where = f"action {request.action_name}"
    secrets = reader.secrets(request.secrets, where)
    config_maps = reader.config_maps(request.config_maps, where)
    client = run.client.with_cancel(run.cancel)
    obj = _read_subject(client, request.subject, may_be_missing=request.namespace_may_be_missing)
    if request.subject.kind == "Secret":
        mask.learn(obj)
    reference = request.subject.reference
    named = NamedObject(name=reference.name, namespace=reference.namespace or reference.name)
    try:
        workload = workload_parameters(client, request.subject, obj)
    except KubeError as exc:
        raise BlueprintError(f"The pods of {request.subject} cannot be read: {exc.message}", hint=exc.hint) from exc
    return TemplateParameters(
        object=obj,
        time=rfc3339_nano(run.now()),
        workload=workload,
        claim=named if request.subject.kind == "PersistentVolumeClaim" else None,
        namespace=named if request.subject.kind == "Namespace" else None,
        artifacts_in=request.artifacts_in,
        config_maps=config_maps,
        secrets=secrets,
        options=request.options,
    )


def workload_parameters(client: KubeClient, subject: Subject, obj: ObjectView) -> WorkloadParameters | None:
    """Its running pods, in the order of the API; None for a subject without pods of its own.

    Raises ``KubeError``, and ``BlueprintError`` where the current revision of a Deployment has no ReplicaSet.
    """
    known = WORKLOAD_KINDS.get(subject.kind.lower())
    if known is None:
        return None
    kind = t.cast(WorkloadKind, subject.kind)
    namespace, name = subject.reference.namespace, subject.reference.name
    owners = known.owners(client, obj)
    if not owners.current:
        raise BlueprintError(
            f"The current revision of {subject} has no pods' controller yet.",
            hint="Wait until it has been rolled out; one that is paused has none.",
        )
    pods = [pod for pod in pods_owned_by(client, namespace, owners.current) if _is_running(pod)]
    claims = {str(pod["metadata"]["name"]): found for pod in pods if (found := _mounted_claims(pod))}
    return WorkloadParameters(
        kind=kind,
        name=name,
        namespace=namespace,
        pods=tuple(str(pod["metadata"]["name"]) for pod in pods),
        containers=tuple(_container_names(pod) for pod in pods),
        claims=claims,
    )


def rfc3339_nano(moment: dt.datetime) -> str:
    """In UTC, the trailing zeros of the fraction dropped, as Go's RFC3339Nano has it."""
    utc = moment.astimezone(dt.UTC)
    fraction = f".{utc.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{utc:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _read_subject(client: KubeClient, subject: Subject, *, may_be_missing: bool) -> Object:
    reference = subject.reference
    group, version = reference.group, reference.api_version
    if "/" in version:
        # Many blueprints write group and version as a manifest does.
        group, _slash, version = version.partition("/")
    base = ("apis", group, version) if group else ("api", version)
    inside = ("namespaces", reference.namespace) if reference.namespace else ()
    try:
        found: Object = client.get(api_path(*base, *inside, reference.resource, reference.name))
    except KubeError as exc:
        if exc.not_found and may_be_missing and subject.kind == "Namespace":
            return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": reference.name}}
        if exc.not_found:
            raise BlueprintError(
                f"The subject {subject} is not there.", hint="A blueprint works on an object that is in the cluster."
            ) from exc
        raise BlueprintError(f"The subject {subject} cannot be read: {exc.message}", hint=exc.hint) from exc
    return found


def _is_running(pod: ObjectView) -> bool:
    return (pod.get("status") or {}).get("phase") == "Running"


def _container_names(pod: ObjectView) -> tuple[str, ...]:
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return tuple(str(each.get("name")) for each in statuses)


def _mounted_claims(pod: ObjectView) -> dict[str, str]:
    """The path of each claim; where containers mount it at several, that of the last one."""
    spec = pod.get("spec") or {}
    claims = {
        each["name"]: str(each["persistentVolumeClaim"].get("claimName"))
        for each in spec.get("volumes") or []
        if each.get("persistentVolumeClaim")
    }
    return {
        claims[mount["name"]]: str(mount.get("mountPath"))
        for container in spec.get("containers") or []
        for mount in container.get("volumeMounts") or []
        if mount.get("name") in claims
    }


__all__ = ("read_parameters", "rfc3339_nano", "workload_parameters")
