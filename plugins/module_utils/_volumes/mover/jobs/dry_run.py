# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the namespace would let in what a Job needs: its pod, its claims. Asked before anything is frozen.

A Job that Pod Security or a quota refuses is made all the same, and its pod never comes: only events say so. The same
pod by itself, as a dry run, is refused at once.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import some_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object, get_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import (
    JobPlan,
    job_manifest,
    pod_template,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.room import (
    NoRoomError,
    holders_of_room,
    is_out_of_room,
    is_too_large,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import CLAIMS, JOBS, NAMESPACES, PODS

_REFUSES_ROOT = "violates PodSecurity"
_BASELINE = "let the namespace admit the level 'baseline' (label pod-security.kubernetes.io/enforce)"
_AS_WORKLOAD = f"Set mover.security_context to 'workload', by which owners of files are not kept, or {_BASELINE}."
#: Of a backup, whose pods read what the user of the workload may read then.
_READ_AS_WORKLOAD = (
    "Set mover.security_context to 'workload', by which volumes are read as the users of their pods and owners of "
    f"files are not kept, or {_BASELINE}, or leave its volumes to snapshots, in a backup of their own."
)
_WITHIN = "Set mover.resources within the LimitRange of the namespace."
_HINTS = (
    ("failed quota", "The quota wants requests or limits: set mover.resources."),
    ("exceeded quota", "Free some of the quota or raise it, or ask for less by mover.resources."),
    ("no PriorityClass", "Name one that exists as mover.priority_class."),
    ("usage per", _WITHIN),
    ("ratio per", _WITHIN),
    # The default of a LimitRange is the limit of a container that has none.
    ("must be less than or equal to", _WITHIN),
)
#: Of a claim, which is there as long as its volume is being read.
_NO_ROOM = "Free some of the quota or raise it: while a volume is moved there is one more of its size."
_HELD = "Run it again when these have gone, or raise the quota: while a volume is moved there is one more of its size."
_SHOWN = 3
_CLAIM_HINTS = (
    ("per PersistentVolumeClaim", "Let the LimitRange of the namespace admit one more volume of that size."),
)


def require_admitted(client: KubeClient, plan: JobPlan, settings: MoverSettings) -> None:
    """Raise ``MoverError`` where its pod would not be let in, or the Job not. Nothing is made."""
    hints = ((_REFUSES_ROOT, _READ_AS_WORKLOAD if plan.action == "upload" else _AS_WORKLOAD), *_HINTS)
    what = f"Data of volumes cannot be moved in namespace {plan.namespace}"
    template = pod_template(plan, settings)
    metadata = {**template["metadata"], "name": plan.name, "namespace": plan.namespace}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    for resource, obj in ((PODS, pod), (JOBS, job_manifest(plan, settings))):
        if (refusal := _refusal(client, resource, obj)) is not None:
            raise MoverError(f"{what}: {refusal.message}", hint=_hint(refusal, hints)) from refusal


def require_pod_admitted(client: KubeClient, pod: ObjectView, without: ObjectView) -> None:
    """Raise ``MoverError`` where a pod that is to wait for data would not be let in. Nothing is made.

    ``without``: the same pod without the container in which it waits. One that is refused as well is not ours to tell
    of: it may lack what the restore brings before it.
    """
    refusal = _refusal(client, PODS, pod)
    if refusal is None or _refusal(client, PODS, without) is not None:
        return
    metadata = pod["metadata"]
    if is_out_of_room(refusal) and _is_there(client, metadata["namespace"], metadata["name"]):
        return  # the one that goes before gives its room back
    raise MoverError(
        f"Pod {metadata['namespace']}/{metadata['name']} would not be let in with the container in which it waits for "
        f"the data of its volumes: {refusal.message}",
        hint=_hint(refusal, ((_REFUSES_ROOT, _AS_WORKLOAD), *_HINTS)),
    ) from refusal


def _is_there(client: KubeClient, namespace: str, pod: str) -> bool:
    try:
        return get_object(client, PODS, pod, namespace) is not None
    except KubeError:
        return False


def _refusal(client: KubeClient, resource: ApiResource, obj: ObjectView) -> KubeError | None:
    """What a dry run says against an object that is to be made."""
    try:
        create_object(client, resource, obj, namespace=obj["metadata"]["namespace"], dry_run=True)
    except KubeError as exc:
        return None if exc.already_exists or exc.without_dry_run else exc
    return None


def _hint(refusal: KubeError, hints: t.Iterable[tuple[str, str]]) -> str | None:
    return next((text for words, text in hints if words in refusal.message), refusal.hint)


def require_namespace(client: KubeClient, namespace: str, *, doing: str, option: str) -> None:
    """Raise ``MoverError`` where there is no such namespace, in which a pod is to be ``doing`` something.

    ``option``: by which another one is named. Who may not look is told by the pods.
    """
    try:
        if get_object(client, NAMESPACES, namespace) is not None:
            return
    except KubeError:
        return
    raise MoverError(
        f"Namespace {namespace} is not there, in which a pod would {doing}.",
        hint=f"Name one that is there as {option}.",
    )


def require_claims_admitted(client: KubeClient, claims: t.Iterable[ObjectView]) -> None:
    """Raise ``MoverError`` where one of these claims would not be let in. Nothing is made.

    Each is asked about as if it came alone. Where a quota refuses one, it is a ``NoRoomError``.
    """
    for claim in claims:
        namespace = claim["metadata"]["namespace"]
        try:
            create_object(client, CLAIMS, claim, namespace=namespace, dry_run=True)
        except KubeError as exc:
            if exc.without_dry_run:
                continue
            what = f"Data of volumes cannot be moved in namespace {namespace}, where a claim is made of each snapshot"
            if is_out_of_room(exc):
                holders = holders_of_room(client, exc, namespace)
                raise _no_room(f"{what}: {exc.message}", holders, never=is_too_large(exc)) from exc
            raise MoverError(f"{what}: {exc.message}", hint=_hint(exc, _CLAIM_HINTS)) from exc


def _no_room(said: str, holders: tuple[str, ...], *, never: bool) -> NoRoomError:
    if not holders:
        return NoRoomError(said, hint=_NO_ROOM, holders=(), never=never)
    claims = some_of(holders, most=_SHOWN)
    text = f"{said.rstrip('.')}. Other backups hold room there by temporary claims as long as they read them: {claims}."
    return NoRoomError(text, hint=_HELD, holders=holders)


__all__ = ("require_admitted", "require_claims_admitted", "require_namespace", "require_pod_admitted")
