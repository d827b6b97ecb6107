# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims of a set that are snapshotted as one, because they have the same value of a label."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import secrets
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text, rules_text
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.groups import (
    GROUP,
    GroupApi,
    GroupSnapshots,
    TakenGroup,
    choose_group_class,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.snapshots import CsiSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import SnapshotSpec, TakenSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.set_names import (
    COMPLETE,
    SET_LABEL,
    is_complete,
    set_annotations,
    set_labels,
    set_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import (
    PlannedSnapshot,
    SetMember,
    SetSpec,
)

_MEMBER_SECONDS = 120.0

Group: t.TypeAlias = "tuple[TakenGroup, list[TakenSnapshot]]"


class SetGroups:
    """The groups of one set. ``api`` None: the cluster knows no groups."""

    def __init__(self, client: KubeClient, request: SetSpec, api: GroupApi | None, *, cancel: CancelToken) -> None:
        self._client = client
        self._request = request
        self._api = api
        self._groups = GroupSnapshots(client, api, cancel=cancel) if api else None
        self._begun: list[Group] = []
        self._found: list[TakenGroup] = []

    @property
    def taken(self) -> list[TakenSnapshot]:
        """The members; they have no names before they are sealed."""
        return [taken for _group, snapshots in self._begun for taken in snapshots]

    def plan(self, claims: t.Sequence[ClaimVolume]) -> list[PlannedSnapshot]:
        """Those of ``claims`` that have the label. Raises ``SnapshotError``."""
        label = self._request.group_label
        by_value: dict[str, list[ClaimVolume]] = collections.defaultdict(list)
        for claim in claims:
            if label and label in claim.labels:
                by_value[claim.labels[label]].append(claim)
        if not by_value:
            return []
        api = self._group_snapshots().api
        self._check_rights(api)
        classes = self._classes(api)
        return [plan for value, members in sorted(by_value.items()) for plan in self._plan_one(value, members, classes)]

    def begin(self, plans: t.Sequence[PlannedSnapshot]) -> None:
        """Ask for every group at once. What goes wrong with one is the state of its members."""
        by_group: dict[str, list[PlannedSnapshot]] = collections.defaultdict(list)
        for plan in plans:
            by_group[plan.group].append(plan)
        for value, members in by_group.items():
            group = TakenGroup(
                name=f"{self._request.name}-group-{secrets.token_hex(3)}",
                namespace=self._request.namespace,
                claims=frozenset(plan.claim.name for plan in members),
            )
            snapshots = [
                TakenSnapshot(spec=plan.spec, requested=utc_now(), driver=plan.spec.driver, state="pending")
                for plan in members
            ]
            self._begun.append((group, snapshots))
            self._group_snapshots().begin(
                group,
                label=(self._request.group_label, value),
                class_name=members[0].spec.class_name,
                metadata={
                    "labels": {**self._request.labels, **set_labels(self._request.name)},
                    "annotations": set_annotations(self._request.name),
                },
            )

    def await_taken(self, *, timeout: float) -> None:
        """Wait until each is taken, or failed. Raises ``Cancelled``."""
        if not self._begun:
            return
        self._group_snapshots().await_taken([group for group, _snapshots in self._begun], timeout=timeout)
        for group, snapshots in self._begun:
            for taken in snapshots:
                if group.error:
                    taken.fail(group.error)
                elif taken.state == "pending":
                    taken.state, taken.created = "cut", utc_now()

    def seal(self, csi: CsiSnapshots) -> list[TakenSnapshot]:
        """Note on the groups and on their members that they are good; the members. Raises an error of the area."""
        end = time.monotonic() + _MEMBER_SECONDS
        sealed = []
        metadata = {
            "labels": {**self._request.labels, **set_labels(self._request.name)},
            "annotations": set_annotations(self._request.name, COMPLETE),
        }
        for group, snapshots in self._begun:
            members = self._group_snapshots().members(group, timeout=max(1.0, end - time.monotonic()))
            by_claim = {item["spec"]["source"]["persistentVolumeClaimName"]: item for item in members}
            for taken in snapshots:
                member = by_claim[taken.spec.claim]
                taken.content = member["status"]["boundVolumeSnapshotContentName"]
                csi.adopt(taken, member)
                csi.read(taken)
            self._group_snapshots().mark(group, members, metadata=metadata)
            sealed += snapshots
        return sealed

    def find(self) -> list[SetMember]:
        """The groups of the set that are there; those that a run has left unfinished are members that are not good."""
        if self._api is None:
            return []
        label = f"{SET_LABEL}={set_labels(self._request.name)[SET_LABEL]}"
        try:
            pages = list_pages(self._client, self._api.groups, namespace=self._request.namespace, label_selector=label)
            found = [item for page in pages for item in page.items if set_of(item) == self._request.name]
        except KubeError as exc:
            if not exc.forbidden:
                raise
            return []
        self._found = [_group_of(item) for item in found]
        return [
            SetMember(
                snapshot=TakenSnapshot(
                    spec=SnapshotSpec(namespace=self._request.namespace, claim=""),
                    requested=utc_now(),
                    name=item["metadata"]["name"],
                ),
                complete=False,
            )
            for item in found
            if not is_complete(item)
        ]

    def owns(self, taken: TakenSnapshot) -> bool:
        """True for a member of a group of this run: it goes with it."""
        return any(taken is member for member in self.taken)

    def has(self, member: SetMember) -> bool:
        """True for a member of a group that was found: it goes with it."""
        return any(member.group == group.uid for group in self._found)

    def retain(self) -> bool:
        """Make the storage's groups outlive the objects; False when they all did. Raises ``KubeError``."""
        groups = [*(group for group, _snapshots in self._begun), *self._found]
        changed = [group for group in groups if self._group_snapshots().set_policy(group, "Retain")]
        return bool(changed)

    def discard(self) -> list[str]:
        """Remove what this run has started. Sentences for what stays."""
        left = []
        for group, snapshots in self._begun:
            text = self._group_snapshots().remove(group, retain=False) if group.uid or group.is_doubtful else ""
            if text:
                left.append(text)
            for taken in snapshots:
                taken.left = text
        return left

    def remove(self, *, retained: t.Container[str]) -> list[str]:
        """Remove the groups that were found; the storage keeps those whose uid is ``retained``."""
        left = [self._group_snapshots().remove(group, retain=group.uid in retained) for group in self._found]
        return [text for text in left if text]

    def _plan_one(
        self, value: str, claims: t.Sequence[ClaimVolume], classes: list[dict[str, t.Any]] | None
    ) -> list[PlannedSnapshot]:
        label = f"{self._request.group_label}={value}"
        drivers = sorted({claim.driver for claim in claims})
        if len(drivers) > 1:
            raise SnapshotError(
                f"The claims with label {label} are on volumes of different drivers ({', '.join(drivers)}): they "
                "cannot be cut as one group.",
                hint="Give those of each driver a value of their own.",
            )
        path = f"/api/v1/namespaces/{self._request.namespace}/persistentvolumeclaims"
        items = self._client.get(path, query={"labelSelector": label}).get("items") or []
        others = {item["metadata"]["name"] for item in items} - {claim.name for claim in claims}
        if others:
            raise SnapshotError(
                f"The group {label} has claims that the task leaves out: {', '.join(sorted(others))}.",
                hint="A group is cut as a whole: select them as well, or take their label away.",
            )
        name, why = "", "left to the snapshot controller"
        if classes is not None and drivers[0]:
            name, why = choose_group_class(drivers[0], classes, annotations=[claim.annotations for claim in claims])
        return [
            PlannedSnapshot(
                claim=claim,
                spec=SnapshotSpec(namespace=claim.namespace, claim=claim.name, driver=drivers[0], class_name=name),
                why=why,
                group=value,
            )
            for claim in claims
        ]

    def _group_snapshots(self) -> GroupSnapshots:
        if self._groups is None:
            raise SnapshotError(
                f"The cluster at {self._client.server} does not serve {GROUP}, so claims cannot be cut as a group.",
                hint="Leave group_label out, or install the CRDs and turn on the group feature of the controllers.",
            )
        return self._groups

    def _check_rights(self, api: GroupApi) -> None:
        namespace = self._request.namespace
        verbs = ("get", "list", "create", "patch", "delete")
        needs = [Need(verb, GROUP, api.groups.plural, namespace=namespace) for verb in verbs]
        if self._request.retain:
            needs += [Need(verb, GROUP, api.contents.plural) for verb in ("get", "patch", "delete")]
        missing = find_forbidden(self._client, needs, workers=len(needs))
        if missing:
            raise SnapshotError(
                f"To cut claims as a group, the API server does not let you {rights_text(missing)}.",
                hint=f"{rules_text(missing)} Or leave group_label out.",
            )

    def _classes(self, api: GroupApi) -> list[dict[str, t.Any]] | None:
        try:
            return [item for page in list_pages(self._client, api.classes) for item in page.items]
        except KubeError as exc:
            if not exc.forbidden:
                raise
            return None


def _group_of(item: t.Mapping[str, t.Any]) -> TakenGroup:
    metadata = item["metadata"]
    return TakenGroup(name=metadata["name"], namespace=metadata["namespace"], claims=frozenset(), uid=metadata["uid"])


__all__ = ("SetGroups",)
