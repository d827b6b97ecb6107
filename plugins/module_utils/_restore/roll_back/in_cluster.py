# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of a roll-back in the cluster: read and written so that each write may have happened before."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, PODS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import some_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import is_bound
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import (
    create_object,
    delete_object,
    get_object,
    patch_object,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.roll_back import OldVolume

#: How often pods are looked at while they are waited for, in seconds.
_TICK_SECONDS = 0.5
_ATTEMPTS = 5
#: The volume controller looks at everything every 15 seconds.
_LEAST_SECONDS = 60.0
#: Of claims that were given a volume: which.
_GIVEN = "arkive.k8s/given-volume"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RollBackCluster:
    """``restore`` is the name of the run. ``gone_limit``: seconds for what goes, ``bound_limit`` for what comes."""

    client: KubeClient
    api: ApiTypes
    restore: str
    gone_limit: float
    bound_limit: float

    def resource(self, group_resource: GroupResource) -> ApiResource:
        found = self.api.find(group_resource)
        if found is None:
            raise KubeError(f"The API server serves no {group_resource}.", status=404)
        return found

    # -- claims and volumes -------------------------------------------------------------------------------------------

    def claim(self, namespace: str, name: str) -> Object | None:
        return get_object(self.client, self.resource(CLAIMS), name, namespace)

    def volume(self, old: OldVolume) -> Object:
        """The old volume. Raises ``RestoreError`` when it is not there any more."""
        found = get_object(self.client, self.resource(VOLUMES), old.volume)
        if found is None:
            raise RestoreError(f"PersistentVolume {old.volume}, which {old.title} had, is not there any more.")
        return found

    def is_moved(self, old: OldVolume) -> bool:
        """Whether the old volume belongs to the claim that keeps it."""
        reference = (self.volume(old).get("spec") or {}).get("claimRef") or {}
        return (reference.get("namespace"), reference.get("name")) == (old.namespace, old.kept_name)

    def has_old_volume(self, claim: ObjectView, old: OldVolume) -> bool:
        return bool((claim.get("spec") or {}).get("volumeName") == old.volume)

    def ensure_claim(self, body: Object, *, is_same: t.Callable[[Object], bool]) -> Object:
        """Create a claim, where it is not there already; one of its name that is going is waited for."""
        namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
        resource = self.resource(CLAIMS)
        for _attempt in range(_ATTEMPTS):
            there = self.claim(namespace, name)
            if there is not None and there["metadata"].get("deletionTimestamp"):
                self.await_claim_gone(namespace, name)
                there = None
            if there is not None:
                if not is_same(there):
                    raise RestoreError(f"PersistentVolumeClaim {namespace}/{name} is in the cluster, made by others.")
                return there
            try:
                return create_object(self.client, resource, body, namespace=namespace)
            except KubeError as exc:
                if not exc.already_exists:
                    raise
        raise RestoreError(f"PersistentVolumeClaim {namespace}/{name} comes and goes again and again.")

    def reserve(self, old: OldVolume, name: str) -> None:
        """Let the old volume belong to the claim of a name, whoever that is once it is there."""
        reference = (self.volume(old).get("spec") or {}).get("claimRef") or {}
        if reference.get("name") != name:
            self._refer(old, name, None)

    def give(self, old: OldVolume, claim: Object) -> None:
        """Let the old volume belong to ``claim``, and wait until they are bound."""
        namespace, name, uid = (claim["metadata"][field] for field in ("namespace", "name", "uid"))
        reference = (self.volume(old).get("spec") or {}).get("claimRef") or {}
        if reference.get("name") != name or reference.get("uid") not in (None, "", uid):
            self._refer(old, name, uid)
            self._nudge(claim, old)
        limit = max(self.bound_limit, _LEAST_SECONDS)
        self._wait(CLAIMS, name, namespace, lambda found: found is None or is_bound(found), limit=limit)

    def _refer(self, old: OldVolume, name: str, uid: str | None) -> None:
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": old.namespace, "name": name}
        patch = {"spec": {"claimRef": {**claim, "uid": uid, "resourceVersion": None}}}
        patch_object(self.client, self.resource(VOLUMES), old.volume, patch)

    def _nudge(self, claim: Object, old: OldVolume) -> None:
        """The controller looks at a claim that is changed, and else at all claims now and then."""
        patch = {"metadata": {"annotations": {_GIVEN: old.volume}}}
        name, namespace = claim["metadata"]["name"], claim["metadata"]["namespace"]
        patch_object(self.client, self.resource(CLAIMS), name, patch, namespace=namespace)

    def delete_claim(self, claim: ObjectView) -> None:
        metadata = claim["metadata"]
        namespace, name = str(metadata["namespace"]), str(metadata["name"])
        delete_object(self.client, self.resource(CLAIMS), name, namespace, uid=str(metadata["uid"]))
        self.await_claim_gone(namespace, name, uid=str(metadata["uid"]))

    def await_claim_gone(self, namespace: str, name: str, *, uid: str = "") -> None:
        def is_gone(found: Object | None) -> bool:
            return found is None or bool(uid and found["metadata"].get("uid") != uid)

        self._wait(CLAIMS, name, namespace, is_gone, limit=self.gone_limit)

    def set_reclaim(self, old: OldVolume, policy: str) -> None:
        found = self.volume(old)
        if (found.get("spec") or {}).get("persistentVolumeReclaimPolicy") != policy:
            patch = {"spec": {"persistentVolumeReclaimPolicy": policy}}
            patch_object(self.client, self.resource(VOLUMES), old.volume, patch)

    # -- pods ---------------------------------------------------------------------------------------------------------

    def pods_with(self, namespace: str, claims: t.Collection[str]) -> list[Object]:
        """The pods that mount one of some claims, whatever has become of them."""
        resource = self.resource(PODS)
        return [
            pod
            for page in list_pages(self.client, resource, namespace=namespace)
            for pod in page.items
            if not set(claims).isdisjoint(mounted_claims(pod))
        ]

    def await_no_pods(self, namespace: str, claims: t.Collection[str]) -> None:
        end = time.monotonic() + self.gone_limit
        while pods := self.pods_with(namespace, claims):
            if time.monotonic() > end:
                names = sorted(str(pod["metadata"]["name"]) for pod in pods)
                raise KubeTimeout(
                    f"Pods of namespace {namespace} still mount {', '.join(sorted(claims))} after "
                    f"{self.gone_limit:g} s: {some_of(names, most=5)}."
                )
            self.pause()

    def delete_pods(self, namespace: str, names: t.Iterable[str]) -> None:
        for name in names:
            delete_object(self.client, self.resource(PODS), name, namespace)

    def ensure_pod(self, body: Object) -> None:
        namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
        resource = self.resource(PODS)
        there = get_object(self.client, resource, name, namespace)
        if there is not None and there["metadata"].get("deletionTimestamp"):
            self._wait(PODS, name, namespace, lambda found: found is None, limit=self.gone_limit)
            there = None
        if there is None:
            try:
                create_object(self.client, resource, body, namespace=namespace)
            except KubeError as exc:
                if not exc.already_exists:
                    raise

    def pause(self) -> None:
        """Between two looks. Raises ``Cancelled``."""
        if self.client.cancel.wait(_TICK_SECONDS):
            self.client.cancel.check()

    # -- workloads ----------------------------------------------------------------------------------------------------

    def rewrite(
        self,
        resource: ApiResource,
        name: str,
        namespace: str,
        make_patch: t.Callable[[Object], Object],
    ) -> Object | None:
        """Patch an object as it is now, unless somebody is quicker, and then as it is after that.

        ``make_patch`` gives an empty patch for nothing to do. None where the object is not there.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            live = get_object(self.client, resource, name, namespace)
            if live is None:
                return None
            patch = make_patch(live)
            if not patch:
                return live
            metadata = {**(patch.get("metadata") or {}), "resourceVersion": live["metadata"]["resourceVersion"]}
            try:
                return patch_object(self.client, resource, name, {**patch, "metadata": metadata}, namespace=namespace)
            except KubeError as exc:
                if not exc.conflict or attempt == _ATTEMPTS:
                    raise
        return None

    def _wait(
        self,
        group_resource: GroupResource,
        name: str,
        namespace: str,
        is_done: t.Callable[[Object | None], bool],
        *,
        limit: float,
    ) -> None:
        wait_for_object(self.client, self.resource(group_resource), name, namespace, is_done, timeout=limit)


__all__ = ("RollBackCluster",)
