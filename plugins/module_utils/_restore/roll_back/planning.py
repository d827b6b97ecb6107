# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which claims are rolled back, with whom, and why that cannot be: found out before anything is changed."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import AUTOSCALERS, CLAIMS, PODS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.judge.held_back import claims_named_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem, RestorePlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import (
    OldVolume,
    RollBackGroup,
    RollBackPlan,
    Workload,
    kept_name,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.stop_mark import StopMark
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import made_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.rights import STOPPABLE, roll_back_needs, stop_needs
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.bare_pods import pod_to_make_again
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.grouping import connect
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.scalers import find_scalers
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.stopping import (
    say_stop,
    stop_patch,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.roll_back.users import (
    Key,
    Objects,
    Users,
    controller_of,
    find_users,
    say_reference,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun

_PROTECTION = "kubernetes.io/pvc-protection"
#: All annotations of an object may have 256 KiB.
_MOST_RECORD = 200 * 1024


@dataclasses.dataclass(slots=True)
class _Claims:
    """Of one namespace: those to roll back by name, with their places in the plan; why some cannot be."""

    items: dict[str, PlanItem] = dataclasses.field(default_factory=dict)
    volumes: dict[str, OldVolume] = dataclasses.field(default_factory=dict)
    open: set[str] = dataclasses.field(default_factory=set)
    refused: dict[str, str] = dataclasses.field(default_factory=dict)


def plan_roll_back(
    run: RestoreRun, plan: RestorePlan, api: ApiTypes, kept: t.Iterable[ObjectView]
) -> tuple[RestorePlan, RollBackPlan]:
    """The plan, with claims that cannot be rolled back as conflicts because of which nothing is begun.

    ``kept``: the claims of the namespaces that keep old volumes. Reads only. Raises ``KubeError``, and
    ``RestoreError`` where a killed restore has left what this one must not touch.
    """
    records = [record for claim in kept if (record := OldVolume.of_kept(claim)) is not None]
    items = [item for item in plan.of_types(CLAIMS) if item.namespace]
    wanted = {item.namespace for item in items if item.method == "roll_back"}
    ours = [record for record in records if record.restore == run.name]
    if ours and run.request.existing_volume_policy != "roll_back":
        raise RestoreError(
            f"Restore '{run.name}' has begun to roll back {ours[0].title}, and has not ended.",
            hint="Run it again with existing_volume_policy: roll_back, which ends it.",
        )
    refused: list[PlanItem] = []
    groups: list[RollBackGroup] = []
    for namespace in sorted({*filter(None, wanted), *(record.namespace for record in ours)}):
        here = {item.name: item for item in items if item.namespace == namespace}
        there = [record for record in records if record.namespace == namespace]
        found, why = _NamespacePlan(run, api, namespace, here, there).find()
        groups += found
        refused += [here[name].decided("conflict", text, forbids_all=True) for name, text in why.items()]
    warnings = tuple(note for group in groups for note in group.notes)
    return plan.replacing(refused), RollBackPlan(groups=tuple(groups), warnings=warnings)


class _NamespacePlan:
    """Plans one namespace. ``items``: the claims of the plan there."""

    def __init__(
        self,
        run: RestoreRun,
        api: ApiTypes,
        namespace: str,
        items: t.Mapping[str, PlanItem],
        records: t.Sequence[OldVolume],
    ) -> None:
        self._run = run
        self._client = run.client
        self._api = api
        self._namespace = namespace
        self._items = items
        self._records = records
        self._found = _Claims()

    def find(self) -> tuple[list[RollBackGroup], dict[str, str]]:
        """Groups, and phrases about claims that cannot be rolled back."""
        wanted = {name: item for name, item in self._items.items() if item.method == "roll_back"}
        self._check_rights(roll_back_needs(self._namespace))
        claims = self._list(CLAIMS)
        self._take_records(self._records, claims)
        objects: Objects = {kind: self._list(kind) for kind in (PODS, *STOPPABLE)}
        users = find_users({*wanted, *self._found.volumes}, objects)
        for name, item in wanted.items():
            if name not in self._found.volumes and name not in self._found.refused:
                self._take_live(name, item, claims, users)
        for name, why in users.refusals.items():
            self._found.refused.setdefault(name, why)
        scalers = find_scalers(self._list(AUTOSCALERS).values(), users)
        for name, why in scalers.refusals.items():
            self._found.refused.setdefault(name, why)
        groups = self._make_groups(users, objects, set(claims), scalers.notes)
        for group in groups:
            types = {workload.group_resource: None for workload in group.workloads}
            deletes, creates = bool(group.pods or group.finished), bool(group.pods)
            self._check_rights(stop_needs(self._namespace, types, deletes=deletes, creates=creates))
        return groups, {name: why for name, why in self._found.refused.items() if name in self._items}

    # -- claims -------------------------------------------------------------------------------------------------------

    def _take_records(self, records: t.Iterable[OldVolume], claims: t.Mapping[str, ObjectView]) -> None:
        """What killed runs have left: of this restore it is gone on with, of another it is in the way."""
        for record in records:
            item = self._items.get(record.name)
            if record.restore != self._run.name:
                if item is not None and item.method == "roll_back":
                    self._found.refused[record.name] = (
                        f"restore '{record.restore}' has begun to roll it back, and has not ended; run that again with "
                        f"name: {record.restore}"
                    )
                continue
            if item is None:
                raise RestoreError(
                    f"Restore '{record.restore}' has begun to roll back {record.title}, which it does not restore now.",
                    hint="Run it again with the selection that it had.",
                )
            live = claims.get(record.name)
            theirs = live is not None and (live.get("spec") or {}).get("volumeName") != record.volume
            if live is not None and theirs and not made_by(live, self._run.name):
                self._found.refused[record.name] = (
                    f"its volume is kept as claim '{record.kept_name}', and somebody has made another claim in its "
                    "place; delete that, and run this again"
                )
                continue
            self._found.volumes[record.name] = record
            self._found.open.add(record.name)

    def _take_live(self, name: str, item: PlanItem, claims: t.Mapping[str, ObjectView], users: Users) -> None:
        claim = claims.get(name)
        if claim is None:
            return  # It has gone since it was listed, and is made as any other.
        volume_name = str((claim.get("spec") or {}).get("volumeName") or "")
        why = self._why_not(claim, claims)
        resource = self._api.find(VOLUMES)
        volume = get_object(self._client, resource, volume_name) if resource and volume_name and not why else None
        if not why and volume is None:
            why = "it has no volume that could be kept; delete it, and restore again"
        if why or volume is None:
            self._found.refused[name] = why
            return
        self._found.volumes[name] = OldVolume.of_live(
            claim, volume, restore=self._run.name, mounted=name in users.mounted
        )

    def _why_not(self, claim: ObjectView, claims: t.Mapping[str, ObjectView]) -> str:
        metadata = claim["metadata"]
        others = [each for each in metadata.get("finalizers") or () if each != _PROTECTION]
        if others:
            return f"it has the finalizer {others[0]}, by which it could not go; find out who has set it"
        owner = controller_of(claim)
        if owner is not None and owner.get("kind") == "Pod":
            return f"it is an ephemeral volume of {say_reference(owner)}, and goes with that"
        kept = kept_name(str(metadata["name"]), self._run.name)
        if kept in claims:
            return f"its old volume was to be kept as claim '{kept}', which is in the cluster; delete or rename that"
        return ""

    def _check_rights(self, needs: t.Iterable[Need]) -> None:
        forbidden = find_forbidden(self._client, needs, workers=self._run.workers)
        if forbidden:
            raise RestoreError(
                f"Volumes in namespace {self._namespace} cannot be rolled back without the right to "
                f"{rights_text(forbidden)}.",
                hint=f"{rules_text(forbidden)} Or set existing_volume_policy: keep.",
                details={"forbidden": [need._asdict() for need in forbidden]},
            )

    # -- groups -------------------------------------------------------------------------------------------------------

    def _make_groups(
        self, users: Users, objects: Objects, claims: t.Collection[str], notes: t.Mapping[Key, str]
    ) -> list[RollBackGroup]:
        volumes = self._found.volumes
        links = [*users.workloads.values(), *users.pods.values()]
        links += [{name, *others} for name, others in self._recorded_links().items()]
        groups = []
        for names in connect(volumes, links):
            bad = [name for name in names if name in self._found.refused]
            if bad:
                for name in names:
                    why = f"it is rolled back with claim '{bad[0]}', which cannot be: {self._found.refused[bad[0]]}"
                    self._found.refused.setdefault(name, why)
                continue
            group = self._make_group(names, users, objects, claims, notes)
            too_large = max(len(json.dumps(volume.kept_claim())) for volume in group.volumes) > _MOST_RECORD
            if too_large:
                why = "the pods that are to be made again are too large to be kept in an annotation"
                self._found.refused |= dict.fromkeys(names, why)
                continue
            groups.append(group)
        return groups

    def _recorded_links(self) -> dict[str, set[str]]:
        """Claims that shared a workload or a pod when the roll-back began."""
        by_user: dict[object, set[str]] = {}
        for name in self._found.open:
            record = self._found.volumes[name]
            for user in (*record.workloads, *(str(pod["metadata"]["name"]) for pod in record.pods)):
                by_user.setdefault(user, set()).add(name)
        return {min(names): names for names in by_user.values()}

    def _make_group(
        self,
        names: t.Sequence[str],
        users: Users,
        objects: Objects,
        claims: t.Collection[str],
        notes: t.Mapping[Key, str],
    ) -> RollBackGroup:
        keys = {key: None for key, used in users.workloads.items() if used.intersection(names)}
        for name in names:
            for kind, other in self._found.volumes[name].workloads:
                key = (GroupResource.parse(kind), other)
                if other in objects.get(key[0], {}):
                    keys[key] = None
        workloads = [workload for key in keys if (workload := self._workload(key, objects, notes)) is not None]
        pods = sorted(name for name, used in users.pods.items() if used.intersection(names))
        bodies = {name: pod_to_make_again(objects[PODS][name]) for name in pods}
        for name in names:
            bodies = {str(pod["metadata"]["name"]): pod for pod in self._found.volumes[name].pods} | bodies
        shared = tuple((str(kind), name) for kind, name in keys)
        volumes = [
            self._found.volumes[name]
            if name in self._found.open
            else dataclasses.replace(self._found.volumes[name], workloads=shared, pods=tuple(bodies.values()))
            for name in names
        ]
        beside = sorted(
            {
                claim
                for kind, name in keys
                for claim in claims_named_by(kind, objects[kind][name], claims)
                if claim not in names and not any(claim == volume.kept_name for volume in volumes)
            }
        )
        told = []
        if beside:
            titles = ", ".join(f"{self._namespace}/{name}" for name in names)
            told.append(f"Of the claims that workloads of {titles} mount, {', '.join(beside)} stay as they are.")
        return RollBackGroup(
            volumes=tuple(volumes),
            workloads=tuple(workloads),
            pods=tuple(sorted(bodies)),
            finished=tuple(sorted(name for name, used in users.finished.items() if used.intersection(names))),
            sources={name: _source(self._items[name]) for name in names},
            notes=tuple(told),
            is_open=any(name in self._found.open for name in names),
        )

    def _workload(self, key: Key, objects: Objects, notes: t.Mapping[Key, str]) -> Workload | None:
        resource = self._api.find(key[0])
        obj = objects[key[0]][key[1]]
        if resource is None:
            return None
        mark = StopMark.of(obj)
        if mark is not None and mark.restore != self._run.name:
            raise RestoreError(
                f"{resource.kind} {self._namespace}/{key[1]} was stopped by restore '{mark.restore}', which has not "
                "ended.",
                hint=f"Run that again with name: {mark.restore}.",
            )
        patch = stop_patch(key[0], obj, self._run.name) if mark is None else {}
        if mark is None and not patch:
            return None
        told = say_stop(key[0], obj) if mark is None else "was stopped by an earlier run"
        told = ", ".join(filter(None, (told, notes.get(key))))
        return Workload(resource=resource, namespace=self._namespace, name=key[1], obj=obj, patch=patch, told=told)

    # -- reading ------------------------------------------------------------------------------------------------------

    def _list(self, group_resource: GroupResource) -> dict[str, Object]:
        resource = self._api.find(group_resource)
        if resource is None:
            return {}
        found = {}
        for page in list_pages(self._client, resource, namespace=self._namespace):
            for item in page.items:
                item.setdefault("kind", resource.kind)
                item.setdefault("apiVersion", resource.api_version)
                found[str(item["metadata"]["name"])] = item
        return found


def _source(item: PlanItem) -> str:
    """The storage's name of the snapshot that its new volume is made from."""
    decision = item.facts.volume
    return decision.snapshot.handle if decision is not None and decision.snapshot is not None else ""


__all__ = ("plan_roll_back",)
