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
    is_out_of_room,
    temporary_claims,
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
_HINTS = (
    ("failed quota", "The quota wants requests or limits: set mover.resources."),
    ("exceeded quota", "Free some of the quota or raise it, or ask for less by mover.resources."),
    ("no PriorityClass", "Name one that exists as mover.priority_class."),
    ("usage per", "Set mover.resources within the LimitRange of the namespace."),
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
        try:
            create_object(client, resource, obj, namespace=plan.namespace, dry_run=True)
        except KubeError as exc:
            if exc.already_exists or exc.without_dry_run:
                continue
            hint = next((text for words, text in hints if words in exc.message), exc.hint)
            raise MoverError(f"{what}: {exc.message}", hint=hint) from exc


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
                raise _no_room(f"{what}: {exc.message}", temporary_claims(client, namespace)) from exc
            hint = next((text for words, text in _CLAIM_HINTS if words in exc.message), exc.hint)
            raise MoverError(f"{what}: {exc.message}", hint=hint) from exc


def _no_room(said: str, holders: tuple[str, ...]) -> NoRoomError:
    if not holders:
        return NoRoomError(said, hint=_NO_ROOM, holders=())
    claims = some_of(holders, most=_SHOWN)
    text = f"{said.rstrip('.')}. Other backups hold room there by temporary claims as long as they read them: {claims}."
    return NoRoomError(text, hint=_HELD, holders=holders)


__all__ = ("require_admitted", "require_claims_admitted", "require_namespace")
