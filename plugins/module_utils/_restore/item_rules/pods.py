# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pods (Velero 1.18, docs/compatibility 5.6, 5.9, 6.2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import JOBS
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_init import (
    add_init_containers,
    drop_wait_containers,
    init_containers_of_pod,
    waited_volumes,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import FINISHED_PHASES, claim_of_volume
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    FILLED_MARK,
    WAIT_CONTAINER,
    WANTED_MARK,
    PodData,
)

_MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
_NO_RECORD = "its files were saved in a way that is not read here (by restic, or without a record of them)"
_TAKEN_OUT = "resource modifiers have left the pod no volume of that name"
#: What brings the data of a pod in whose place its controller has made another one.
LEFT_EMPTY_HINT = (
    "Delete what makes it, a ReplicaSet with its Deployment, and run the restore again: it comes back with its data "
    "then."
)
_LEFT_TO_VELERO = "its container is kept that waits for a Velero with its node agent"
#: Says that a run has a volume of this pod frozen now; never true of a restored pod.
_FROZEN_MARK = "arkive.k8s/frozen"


def skip_finished_pod(draft: Draft, context: RuleContext) -> None:
    phase = draft.stored_status.get("phase")
    if phase in FINISHED_PHASES:
        draft.skip = f"the pod had run to its end ({phase})"


def skip_mirror_pod(draft: Draft, context: RuleContext) -> None:
    if (draft.stored_metadata.get("annotations") or {}).get(_MIRROR_ANNOTATION):
        draft.skip = "a mirror pod: the kubelet makes it from a file of its node"


def skip_pod_of_job(draft: Draft, context: RuleContext) -> None:
    """A restored Job gets a new uid and never adopts its old pods: an old one would do the work twice."""
    owner = draft.owner
    if (
        owner
        and owner.get("kind") == "Job"
        and str(owner.get("name")) in context.archive.names(JOBS, draft.source_namespace)
    ):
        begins = begins_empty(context.volumes.of_pod(draft.body, draft.source_namespace))
        draft.skip = f"its Job '{owner.get('name')}' makes a new pod{begins}"


def begins_empty(data: t.Iterable[PodData]) -> str:
    """What is lost where another pod is made in place of the stored one, which had ``data``: the end of a sentence."""
    # What is behind other kinds of volumes is there without the pod; what was not saved is not lost by this.
    volumes = ", ".join(f"'{each.volume}'" for each in data if not each.missing)
    return f", with empty volumes: what was in {volumes} is not brought" if volumes else ""


def reset_pod(draft: Draft, context: RuleContext) -> None:
    """Let the new cluster's scheduler, admission and kubelet decide again what the old one's decided."""
    spec = draft.spec
    for name in ("nodeName", "priority", "ephemeralContainers"):
        spec.pop(name, None)
    draft.drop_annotations(_FROZEN_MARK, WANTED_MARK, FILLED_MARK)
    drop_wait_container(spec)
    _drop_token_volumes(spec)


def replace_init_containers(draft: Draft, context: RuleContext) -> None:
    """Stale wait containers out, the init hooks of the annotations or of the rules in."""
    draft.awaited = tuple(waited_volumes(draft.body))
    if not context.keep_wait_containers:
        drop_wait_containers(draft.body)
    add_init_containers(draft.body, init_containers_of_pod(draft.body, draft.target_namespace, context.hook_rules))


def await_pod_data(draft: Draft, context: RuleContext) -> None:
    """The data comes before everything else in the pod, the init hooks too (Velero 1.18, docs/compatibility 5.12).

    The pod is as the user wants it by now: a modifier that counts init containers does not meet ours.
    """
    kept = set(draft.awaited) if context.keep_wait_containers else set()
    stored = {"metadata": draft.stored_metadata, "spec": draft.spec}
    draft.pod_data = tuple(
        dataclasses.replace(each, missing=_LEFT_TO_VELERO) if each.volume in kept else each
        for each in context.volumes.of_pod(stored, draft.source_namespace)
    )
    where = f"Pod {draft.target_namespace}/{draft.name}"
    missing = _missing(draft, context, kept)
    draft.warnings += [
        f"{where}: volume '{name}' does not get its data: {why}." for name, why in missing.items() if why
    ]
    if not context.keep_wait_containers:
        draft.warnings += [
            f"{where}: the init container that waits for the data of volume '{volume}' was dropped: no agent would "
            "bring that data."
            for volume in draft.awaited
            if volume not in missing and not _is_brought(volume, draft, context)
        ]
    filling, brought = context.volumes.pod_filling, [each for each in draft.pod_data if not each.missing]
    if filling is not None and brought:
        draft.warnings += [f"{where}: {warning}" for warning in filling.prepare(draft.body, brought)]


def _missing(draft: Draft, context: RuleContext, kept: t.Collection[str]) -> dict[str, str]:
    """The volumes of which the backup has, or should have, data: why that is not brought, empty where it is."""
    found = {each.volume: each.missing for each in draft.pod_data}
    saved = context.volumes.saved_of_pod(draft.source_namespace, str(draft.stored_metadata.get("name", "")))
    there = {str(each.get("name")) for each in draft.spec.get("volumes") or ()}
    found = {name: _NO_RECORD if name in there else _TAKEN_OUT for name in saved} | found
    return found | {name: _LEFT_TO_VELERO for name in kept if name in found}


def drop_wait_container(spec: dict[str, t.Any]) -> None:
    """That of an earlier restore of ours: it would wait for data that nobody brings."""
    existing = spec.get("initContainers") or []
    kept = [container for container in existing if container.get("name") != WAIT_CONTAINER]
    if kept:
        spec["initContainers"] = kept
    elif existing:
        del spec["initContainers"]


def _is_brought(name: str, draft: Draft, context: RuleContext) -> bool:
    """Whether the restore itself brings the data of a volume of the pod, before the pod is made."""
    pod = str(draft.stored_metadata.get("name", ""))
    volume = next((each for each in draft.spec.get("volumes") or () if each.get("name") == name), None)
    claim = claim_of_volume(pod, volume) if volume is not None else ""
    return bool(claim) and context.volumes.brings(draft.source_namespace, claim)


def _drop_token_volumes(spec: dict[str, t.Any]) -> None:
    """Token volumes of clusters before 1.22; ``kube-api-access-*`` volumes name no Secret and stay."""
    prefix = f"{spec.get('serviceAccountName', '')}-token-"
    if prefix == "-token-":
        return
    for holder in (spec, *(spec.get("containers") or []), *(spec.get("initContainers") or [])):
        field = "volumes" if holder is spec else "volumeMounts"
        if holder.get(field):
            holder[field] = [entry for entry in holder[field] if not (entry.get("name") or "").startswith(prefix)]


__all__ = (
    "LEFT_EMPTY_HINT",
    "await_pod_data",
    "begins_empty",
    "drop_wait_container",
    "replace_init_containers",
    "reset_pod",
    "skip_finished_pod",
    "skip_mirror_pod",
    "skip_pod_of_job",
)
