# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshots of a set, by the CSI driver of each volume."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import secrets
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.admission import require_room
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.api import (
    GROUP,
    SnapshotApi,
    find_snapshot_api,
    list_classes,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.classes import choose_class
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.groups import GroupApi, find_group_api
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.rights import set_needs
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.set_groups import SetGroups
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.snapshots import CsiSnapshots, deleted_meanwhile
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.status import stated_error, take_status
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_names import (
    COMPLETE,
    RUN_ANNOTATION,
    SET_LABEL,
    STATE_ANNOTATION,
    is_complete,
    known_snapshot,
    set_annotations,
    set_labels,
    set_of,
    snapshot_name,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import (
    PlannedSnapshot,
    SetMember,
    SetSpec,
)

_UNPROCESSABLE = 422
_AT_A_TIME = 16


class CsiSet:
    """A ``SetSnapshots``."""

    def __init__(self, client: KubeClient, request: SetSpec, *, cancel: CancelToken) -> None:
        self._client = client
        self._never_cancelled = client.with_cancel(CancelToken())
        self._request = request
        self._run = secrets.token_hex(8)
        self._api, group_api = find_apis(client)
        self._groups = SetGroups(client, request, group_api, cancel=cancel)
        self._missing = self._find_missing()
        self._snapshots = CsiSnapshots(client, self._api, with_contents=self.with_contents, cancel=cancel)
        self.warnings: list[str] = []

    def __enter__(self) -> CsiSet:
        self._snapshots.__enter__()
        return self

    def __exit__(self, *exc: t.Any) -> None:
        self._snapshots.__exit__(*exc)

    @property
    def with_contents(self) -> bool:
        """Whether VolumeSnapshotContents may be read; else nothing but a creationTime shows that one is taken."""
        return not any(need.verb in ("get", "list", "watch") for need in self._missing if not need.namespace)

    @property
    def taken(self) -> list[TakenSnapshot]:
        members = self._groups.taken
        return [*(taken for taken in self._snapshots.taken if not any(taken is member for member in members)), *members]

    def check(self, *, removing: bool = False) -> None:
        request = self._request
        unneeded = ("create", "patch") if removing else ()
        missing = [need for need in self._missing if need.namespace and need.verb not in unneeded]
        if missing:
            raise SnapshotError(f"The API server does not let you {rights_text(missing)}.", hint=rules_text(missing))
        if request.retain and self._missing:
            raise SnapshotError(
                f"For retain, the API server does not let you {rights_text(self._missing)}.",
                hint=f"{rules_text(self._missing)} Or use a class with deletionPolicy Retain.",
            )
        if not self.with_contents and not removing:
            self.warnings.append(
                f"The API server does not let you {rights_text(self._missing)}: the creationTime of a VolumeSnapshot "
                "tells that it is cut, and its handle stays unknown."
            )

    def plan(self, claims: t.Sequence[ClaimVolume]) -> list[PlannedSnapshot]:
        grouped = self._groups.plan(claims)
        in_groups = {plan.claim.name for plan in grouped}
        classes = list_classes(self._client, self._api)
        plans = [*(self._plan_one(claim, classes) for claim in claims if claim.name not in in_groups), *grouped]
        require_room(self._client, self._api.snapshots, [plan.spec for plan in plans])
        return plans

    def find(self) -> list[SetMember]:
        """Also those that are of a set whose long name has the same label are distinguished."""
        request = self._request
        label = set_labels(request.name)[SET_LABEL]
        pages = list_pages(
            self._client, self._api.snapshots, namespace=request.namespace, label_selector=f"{SET_LABEL}={label}"
        )
        found = [item for page in pages for item in page.items if set_of(item) == request.name]
        with concurrent.futures.ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="arkive-members") as pool:
            members = [*pool.map(self._member, found), *self._groups.find()]
        return sorted(members, key=lambda member: (member.snapshot.spec.claim, member.snapshot.name))

    def take(self, plans: t.Sequence[PlannedSnapshot], *, timeout: float) -> None:
        end = time.monotonic() + timeout
        self._groups.begin([plan for plan in plans if plan.group])
        specs = [plan.spec for plan in plans if not plan.group]
        self._snapshots.take(self._request.namespace, specs, timeout=timeout)
        self._groups.await_taken(timeout=max(0.0, end - time.monotonic()))

    def seal(self, snapshots: t.Sequence[TakenSnapshot]) -> None:
        sealed = self._groups.seal(self._snapshots)
        self._for_each([taken for taken in snapshots if not any(taken is other for other in sealed)], self._seal)

    def _seal(self, taken: TakenSnapshot) -> None:
        # With its uid the server refuses to change another one of its name.
        patch = {"metadata": {"uid": taken.uid, "annotations": {STATE_ANNOTATION: COMPLETE}}}
        try:
            patch_object(self._never_cancelled, self._api.snapshots, taken.name, patch, namespace=taken.spec.namespace)
        except KubeError as exc:
            # Another uid is a conflict for Kubernetes' own types, and a change of what cannot be changed for others.
            if not (exc.not_found or exc.conflict or exc.status == _UNPROCESSABLE):
                raise
            raise SnapshotError(
                f"The VolumeSnapshot {taken.spec.namespace}/{taken.name} was deleted by somebody before it was done."
            ) from exc

    def retain(self, snapshots: t.Sequence[TakenSnapshot]) -> bool:
        open_ones = [taken for taken in snapshots if taken.content and self._policy_of(taken) != "Retain"]
        self._for_each(open_ones, self._snapshots.retain)
        return self._groups.retain() or bool(open_ones)

    def wait_ready(
        self, snapshots: t.Sequence[TakenSnapshot], *, timeout: float, progress: ProgressSink
    ) -> list[TakenSnapshot]:
        for taken in snapshots:
            if not taken.ready and (found := self._read(taken)):
                self._snapshots.adopt(taken, found[0])
        self._snapshots.wait_ready(snapshots, timeout=timeout, progress=progress)
        late = [taken for taken in snapshots if taken.failed and self._is_there_without_error(taken)]
        for taken in late:
            taken.state = "cut"
        return late

    def _is_there_without_error(self, taken: TakenSnapshot) -> bool:
        found = self._read(taken)
        return found is not None and not stated_error(*found)

    def _read(self, taken: TakenSnapshot) -> tuple[Object, Object | None] | None:
        """The objects as they are now; one that somebody has deleted is failed, and None."""
        try:
            return self._snapshots.read(taken)
        except KubeError as exc:
            if not exc.not_found:
                raise
            taken.fail(deleted_meanwhile(taken))
            return None

    def discard(self, snapshots: t.Sequence[TakenSnapshot]) -> list[str]:
        alone = [taken for taken in snapshots if not self._groups.owns(taken)]
        return [*self._groups.discard(), *self._snapshots.discard(alone)]

    def remove(self, members: t.Sequence[SetMember]) -> list[str]:
        """What is not retained goes with all that the storage has of it."""
        if not self.with_contents:
            self.warnings.append(
                f"The API server does not let you {rights_text(self._missing)}: a snapshot whose class says "
                "deletionPolicy Retain stays in the storage."
            )
        known = [member for member in members if member.snapshot.spec.claim]
        if self._request.retain:
            self.retain([member.snapshot for member in known])
        kept = [
            member
            for member in known
            if member.snapshot.content and (self._request.retain or member.policy == "Retain")
        ]
        for member in kept:
            taken = member.snapshot
            self.warnings.append(
                f"The storage snapshot {taken.handle} of claim {taken.where} stays (driver {taken.driver})."
            )
        gone = [
            member.snapshot
            for member in known
            if not any(member is other for other in kept) and not self._groups.has(member)
        ]
        left = self._groups.remove(retained={member.group for member in kept})
        left += self._snapshots.release_objects([member.snapshot for member in kept])
        return [*left, *self._snapshots.discard(gone)]

    def _plan_one(self, claim: ClaimVolume, classes: list[dict[str, t.Any]] | None) -> PlannedSnapshot:
        request = self._request
        driver = claim.driver
        if claim.volume is not None and not driver:
            kind = next((key for key in claim.volume.get("spec") or {} if key in _OTHER_SOURCES), "another kind")
            raise SnapshotError(
                f"The claim {claim.where} is bound to volume {claim.volume_name} of kind {kind}, which no CSI driver "
                "can snapshot.",
                hint="Leave it out, or take the provider of its storage.",
            )
        name, why = self._class_of(claim, driver, classes)
        spec = SnapshotSpec(
            namespace=claim.namespace,
            claim=claim.name,
            driver=driver,
            class_name=name,
            name=snapshot_name(request.name, claim.name),
            labels={**request.labels, **set_labels(request.name)},
            annotations={**set_annotations(request.name), RUN_ANNOTATION: self._run},
        )
        return PlannedSnapshot(claim=claim, spec=spec, why=why)

    def _class_of(self, claim: ClaimVolume, driver: str, classes: list[dict[str, t.Any]] | None) -> tuple[str, str]:
        wanted = self._request.snapshot_class
        if classes is None or not driver:
            # The controller looks itself.
            return wanted, "given with the task" if wanted else "left to the snapshot controller"
        if not wanted:
            return choose_class(driver, classes, claim_annotations=claim.annotations)
        found = next((entry for entry in classes if entry["metadata"]["name"] == wanted), None)
        if found is None:
            known = ", ".join(entry["metadata"]["name"] for entry in classes) or "none"
            raise SnapshotError(f"The VolumeSnapshotClass {wanted} does not exist.", hint=f"The cluster has: {known}.")
        if str(found.get("driver")) != driver:
            raise SnapshotError(
                f"The VolumeSnapshotClass {wanted} is of the driver {found.get('driver')}, and the volume of claim "
                f"{claim.where} is of {driver}.",
                hint="Name a class of that driver, or none.",
            )
        return wanted, "given with the task"

    def _member(self, snapshot: t.Mapping[str, t.Any]) -> SetMember:
        taken = known_snapshot(snapshot)
        take_status(taken, snapshot, None)
        content = None
        if self.with_contents and taken.content:
            content = get_object(self._client, self._api.contents, taken.content)
            take_status(taken, snapshot, content)
        error = stated_error(snapshot, content)
        if error and not taken.ready:
            taken.fail(error)
        return SetMember(
            snapshot=taken,
            complete=is_complete(snapshot),
            policy=str(((content or {}).get("spec") or {}).get("deletionPolicy") or ""),
            leaving="deletionTimestamp" in snapshot["metadata"],
            group=_group_uid(snapshot),
        )

    def _policy_of(self, taken: TakenSnapshot) -> str:
        content = get_object(self._client, self._api.contents, taken.content) if taken.content else None
        return str(((content or {}).get("spec") or {}).get("deletionPolicy") or "")

    def _find_missing(self) -> list[Need]:
        """The rights that the caller lacks: those on VolumeSnapshots have a namespace, those on contents none."""
        needs = set_needs(self._request.namespace, retain=self._request.retain)
        return find_forbidden(self._client, needs, workers=_AT_A_TIME)

    def _for_each(self, snapshots: t.Sequence[TakenSnapshot], work: t.Callable[[TakenSnapshot], t.Any]) -> None:
        with concurrent.futures.ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="arkive-snapshots") as pool:
            list(pool.map(work, snapshots))


_OTHER_SOURCES = frozenset(
    {
        "awsElasticBlockStore",
        "gcePersistentDisk",
        "azureDisk",
        "hostPath",
        "local",
        "nfs",
        "iscsi",
        "fc",
        "rbd",
        "cephfs",
    }
)


def _group_uid(snapshot: t.Mapping[str, t.Any]) -> str:
    owners = snapshot["metadata"].get("ownerReferences") or ()
    return next((str(owner["uid"]) for owner in owners if owner.get("kind") == "VolumeGroupSnapshot"), "")


def find_apis(client: KubeClient) -> tuple[SnapshotApi, GroupApi | None]:
    """The CSI snapshot API of the cluster, and that of groups. Raises ``SnapshotError`` where there is none."""
    discovery = Discovery.read(client)
    api = find_snapshot_api(discovery)
    if api is None:
        raise SnapshotError(
            f"The cluster at {client.server} does not serve {GROUP}/v1, so no CSI snapshot can be taken.",
            hint="Install the CRDs and the snapshot controller of kubernetes-csi/external-snapshotter.",
        )
    return api, find_group_api(discovery, api.snapshots)


__all__ = ("CsiSet", "find_apis")
