# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volume group snapshots: several claims snapshotted as one by the storage (external-snapshotter 8, Velero 1.18).

The members are VolumeSnapshots like others, but they live and go with their group: the snapshot controller lets none of
them be deleted alone, and the storage has them as one.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import delete_object, get_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import CreateUnknown, create_surely
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.classes import ChosenClass
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.nudge import NUDGE_SECONDS, nudge
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

GROUP = "groupsnapshot.storage.k8s.io"
#: On a claim, the name of the class.
CLASS_ANNOTATION = "velero.io/csi-volume-group-snapshot-class"
_CLASS_LABEL = "velero.io/csi-volumegroupsnapshot-class"
#: An error of a controller may pass with its next try. In seconds.
_ERROR_PATIENCE = 10.0
_PAUSE = 0.1
_MEMBER_PAUSE = 0.5
#: How long a young group is waited for before it is deleted, and how long it may take to be gone. In seconds.
_COMPLETE_SECONDS = 10.0
_GONE_SECONDS = 60.0
_MEMBER_FINALIZER = "snapshot.storage.kubernetes.io/volumesnapshot-in-group-protection"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GroupApi:
    """The types as the cluster serves them; ``snapshots`` are plain VolumeSnapshots."""

    groups: ApiResource
    contents: ApiResource
    classes: ApiResource
    snapshots: ApiResource


@dataclasses.dataclass(slots=True, kw_only=True)
class TakenGroup:
    """One group. ``uid`` is empty until it was made. ``error``: a sentence; empty while all is well.

    ``is_doubtful``: nobody knows whether it was made.
    """

    name: str
    namespace: str
    claims: frozenset[str]
    uid: str = ""
    is_taken: bool = False
    is_doubtful: bool = False
    error: str = ""


def find_group_api(discovery: Discovery, snapshots: ApiResource) -> GroupApi | None:
    """None where the cluster does not serve it."""
    plurals = ("volumegroupsnapshots", "volumegroupsnapshotcontents", "volumegroupsnapshotclasses")
    groups, contents, classes = (discovery.find(GroupResource(plural, GROUP)) for plural in plurals)
    if groups is None or contents is None or classes is None:
        return None
    return GroupApi(groups=groups, contents=contents, classes=classes, snapshots=snapshots)


def choose_group_class(
    driver: str, classes: t.Sequence[t.Mapping[str, t.Any]], *, annotations: t.Iterable[t.Mapping[str, str]] = ()
) -> ChosenClass:
    """The VolumeGroupSnapshotClass: what an annotation of one of the claims names, else the one that is marked.

    Beyond Velero: the driver's only class needs no mark. Raises ``SnapshotError``.
    """
    fitting = sorted(entry["metadata"]["name"] for entry in classes if entry.get("driver") == driver)
    for found in annotations:
        if found.get(CLASS_ANNOTATION) in fitting:
            return ChosenClass(found[CLASS_ANNOTATION], "named by an annotation of the claim")
    marked = [
        entry["metadata"]["name"]
        for entry in classes
        if entry.get("driver") == driver and (entry["metadata"].get("labels") or {}).get(_CLASS_LABEL) == "true"
    ]
    if len(marked) == 1:
        return ChosenClass(marked[0], f"it has the label {_CLASS_LABEL}")
    if len(fitting) == 1:
        return ChosenClass(fitting[0], "it is the driver's only class")
    if not fitting:
        raise SnapshotError(
            f"The driver {driver} has no VolumeGroupSnapshotClass.", hint="Make one, or do without groups."
        )
    raise SnapshotError(
        f"The driver {driver} has {len(fitting)} VolumeGroupSnapshotClasses ({', '.join(fitting)}), and "
        f"{len(marked) or 'none'} of them are marked.",
        hint=f'Label one of them with {_CLASS_LABEL}: "true".',
    )


class GroupSnapshots:
    """Begins groups, waits for them and removes them. No rights on the groups' contents are needed to take one."""

    def __init__(self, client: KubeClient, api: GroupApi, *, cancel: CancelToken) -> None:
        self._client = client.with_cancel(CancelToken())
        self.api = api
        self._cancel = cancel

    def begin(self, group: TakenGroup, *, label: tuple[str, str], class_name: str, metadata: Object) -> None:
        """Ask for a snapshot of all claims of the namespace that have ``label``. What goes wrong is its ``error``."""
        spec: Object = {"source": {"selector": {"matchLabels": {label[0]: label[1]}}}}
        if class_name:
            spec["volumeGroupSnapshotClassName"] = class_name
        api = self.api.groups
        named = {**metadata, "name": group.name, "namespace": group.namespace}
        body = {"apiVersion": api.api_version, "kind": api.kind, "metadata": named, "spec": spec}
        client = self._client.with_cancel(self._cancel)
        try:
            # Its name is its own.
            made = create_surely(client, api, body, namespace=group.namespace, is_ours=lambda _found: True)
        except CreateUnknown as exc:
            group.error, group.is_doubtful = exc.sentence, True
            return
        except KubeError as exc:
            group.error = f"The VolumeGroupSnapshot {group.namespace}/{group.name} was not made: {exc.sentence}"
            return
        group.uid = made["metadata"]["uid"]

    def await_taken(self, groups: t.Sequence[TakenGroup], *, timeout: float) -> None:
        """Wait until the storage has taken each of them, or it failed. Raises ``Cancelled``."""
        end = time.monotonic() + timeout
        errors: dict[str, float] = {}
        while True:
            pending = [group for group in groups if not group.is_taken and not group.error]
            if not pending:
                return
            for group in pending:
                self._look(group, errors)
            self._cancel.check()
            if time.monotonic() >= end:
                for group in pending:
                    if not group.is_taken and not group.error:
                        group.error = (
                            f"The VolumeGroupSnapshot {group.namespace}/{group.name} was not cut within {timeout:g} s."
                        )
                return
            self._cancel.wait(_PAUSE)

    def members(self, group: TakenGroup, *, timeout: float) -> list[Object]:
        """The VolumeSnapshots of its claims, as soon as all are there. Raises ``SnapshotError`` and ``Cancelled``."""
        end = time.monotonic() + timeout
        while True:
            found = self._members(group)
            claims = {str(item["spec"]["source"].get("persistentVolumeClaimName")) for item in found}
            if claims >= group.claims and all(map(_is_made, found)):
                return found
            if time.monotonic() >= end:
                raise SnapshotError(
                    f"The VolumeGroupSnapshot {group.namespace}/{group.name} has no members for "
                    f"{', '.join(sorted(group.claims - claims)) or 'all of its claims'} after {timeout:g} s."
                )
            self._cancel.check()
            self._cancel.wait(_MEMBER_PAUSE)

    def mark(self, group: TakenGroup, members: t.Sequence[Object], *, metadata: Object) -> None:
        """Put labels and annotations on the group and on its members. Raises ``KubeError``."""
        body = {"metadata": dict(metadata)}
        for member in members:
            patch_object(self._client, self.api.snapshots, member["metadata"]["name"], body, namespace=group.namespace)
        patch_object(self._client, self.api.groups, group.name, body, namespace=group.namespace)

    def set_policy(self, group: TakenGroup, policy: t.Literal["Delete", "Retain"]) -> bool:
        """Say what becomes of the storage's group when the objects go. False when it was so. Raises ``KubeError``."""
        name = self._content_of(group)
        found = get_object(self._client, self.api.contents, name) if name else None
        if found is None or (found.get("spec") or {}).get("deletionPolicy") == policy:
            return False
        patch_object(self._client, self.api.contents, name, {"spec": {"deletionPolicy": policy}})
        return True

    def remove(self, group: TakenGroup, *, retain: bool) -> str:
        """Remove it with its members; what the storage has of it too, unless that is retained.

        Empty, or a sentence that says what stays.
        """
        where = f"VolumeGroupSnapshot {group.namespace}/{group.name}"
        try:
            if not group.uid and not self._was_made(group):
                return ""
            content = self._await_content(group)
            self._prepare_removal(group, retain=retain)
            delete_object(self._client, self.api.groups, group.name, group.namespace)
            if not self._is_gone(group, "" if retain else content):
                return f"The {where} is being removed, and is still there."
            if retain and content:
                delete_object(self._client, self.api.contents, content)
        except KubeError as exc:
            return f"The {where} could not be removed: {exc.sentence}"
        return ""

    def _was_made(self, group: TakenGroup) -> bool:
        """Whether one of which nobody knew is there; its uid is noted then."""
        found = get_object(self._client, self.api.groups, group.name, group.namespace)
        group.uid = str(((found or {}).get("metadata") or {}).get("uid") or "")
        return found is not None

    def _await_content(self, group: TakenGroup) -> str:
        """The name of its content, empty when there is none; a young group is given time to be complete.

        The controller loses what is deleted while it is being made (external-snapshotter 8): a content that is not
        bound yet is forgotten, and a member that does not name its group yet keeps its finalizer.
        """
        end = time.monotonic() + _COMPLETE_SECONDS
        while True:
            found = get_object(self._client, self.api.groups, group.name, group.namespace)
            status, content = (found or {}).get("status") or {}, _content_name(found)
            complete = content and status.get("readyToUse") and all(map(_is_made, self._members(group)))
            if complete or found is None or status.get("error") or time.monotonic() >= end:
                return content
            time.sleep(_MEMBER_PAUSE)

    def _prepare_removal(self, group: TakenGroup, *, retain: bool) -> None:
        try:
            self.set_policy(group, "Retain" if retain else "Delete")
        except KubeError as exc:
            # Without rights on contents, the class has said what becomes of them.
            if retain or not exc.forbidden:
                raise

    def _look(self, group: TakenGroup, errors: dict[str, float]) -> None:
        try:
            found = get_object(self._client, self.api.groups, group.name, group.namespace)
        except KubeError as exc:
            if exc.status is not None and exc.status < 500:
                group.error = exc.sentence
            return
        if found is None:
            group.error = f"The VolumeGroupSnapshot {group.namespace}/{group.name} is gone."
            return
        status = found.get("status") or {}
        if status.get("creationTime"):
            group.is_taken = True
            return
        said = (status.get("error") or {}).get("message")
        if not said:
            errors.pop(group.name, None)
        elif time.monotonic() - errors.setdefault(group.name, time.monotonic()) >= _ERROR_PATIENCE:
            group.error = f"The VolumeGroupSnapshot {group.namespace}/{group.name} failed: {said}"

    def _members(self, group: TakenGroup) -> list[Object]:
        pages = list_pages(self._client, self.api.snapshots, namespace=group.namespace)
        return [
            item
            for page in pages
            for item in page.items
            if any(owner.get("uid") == group.uid for owner in item["metadata"].get("ownerReferences") or ())
        ]

    def _content_of(self, group: TakenGroup) -> str:
        return _content_name(get_object(self._client, self.api.groups, group.name, group.namespace))

    def _is_gone(self, group: TakenGroup, content: str) -> bool:
        """Wait for that; ``content`` empty: it stays, or there is none."""
        start = last_nudge = time.monotonic()
        while True:
            members = self._members(group)
            gone = get_object(self._client, self.api.groups, group.name, group.namespace) is None
            if gone and not members and not self._is_there(content):
                return True
            now = time.monotonic()
            if now >= start + _GONE_SECONDS:
                return False
            if now >= last_nudge + NUDGE_SECONDS:
                last_nudge = now
                nudge(self._client, self.api.groups, group.name, group.namespace)
                for member in members if gone else ():
                    self._let_go(member)
                if content:
                    nudge(self._client, self.api.contents, content)
            time.sleep(_MEMBER_PAUSE)

    def _let_go(self, member: Object) -> None:
        """Take the finalizer away that guards it as long as its group is there, which is gone."""
        metadata = member["metadata"]
        if _MEMBER_FINALIZER not in (metadata.get("finalizers") or ()):
            nudge(self._client, self.api.snapshots, metadata["name"], metadata["namespace"])
            return
        kept = [name for name in metadata["finalizers"] if name != _MEMBER_FINALIZER]
        change = {"metadata": {"finalizers": kept, "resourceVersion": metadata.get("resourceVersion")}}
        try:
            patch_object(self._client, self.api.snapshots, metadata["name"], change, namespace=metadata["namespace"])
        except KubeError as exc:
            if not (exc.not_found or exc.conflict):
                raise

    def _is_there(self, content: str) -> bool:
        """False as well where the caller may not see contents."""
        try:
            return bool(content) and get_object(self._client, self.api.contents, content) is not None
        except KubeError as exc:
            if not exc.forbidden:
                raise
            return False


def _content_name(group: Object | None) -> str:
    return str(((group or {}).get("status") or {}).get("boundVolumeGroupSnapshotContentName") or "")


def _is_made(member: Object) -> bool:
    """The controller writes that last: nothing of the member depends on the group from then on."""
    return bool((member.get("status") or {}).get("creationTime"))


__all__ = (
    "CLASS_ANNOTATION",
    "GROUP",
    "GroupApi",
    "GroupSnapshots",
    "TakenGroup",
    "choose_group_class",
    "find_group_api",
)
