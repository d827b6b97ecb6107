# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.


"""What is left to do for volumes once everything is written (Velero 1.18, docs/compatibility 5.8)."""

from __future__ import annotations

import concurrent.futures
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.namespace_watch import NamespaceWatch
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.csi_sources import CLAIMS, CsiSource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.csi_target import CsiTarget
from ansible_collections.arkive.k8s.plugins.module_utils._restore.events import last_warning
from ansible_collections.arkive.k8s.plugins.module_utils._restore.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.pod_claims import claims_in_use
from ansible_collections.arkive.k8s.plugins.module_utils._restore.restored_volumes import RestoredVolume
from ansible_collections.arkive.k8s.plugins.module_utils._restore.results import RestoreIssues
from ansible_collections.arkive.k8s.plugins.module_utils._restore.selection import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes import VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi_removal import SnapshotRemoval
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi_status import stated_error
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.model import CutSnapshot, SnapshotWish

_TICK_SECONDS = 0.5
_REMINDER_SECONDS = 15.0
#: The scheduler, and controllers that make pods, have so long to say that somebody wants the volume.
_CONSUMER_SECONDS = 5.0
#: A driver that says twice, so far apart, that it cannot find a snapshot means it. In seconds.
_ERROR_SECONDS = 15.0
_AT_A_TIME = 8

Object: t.TypeAlias = "dict[str, t.Any]"


class VolumeFinalizer:
    """Waits for new volumes, makes them what the old ones were, and takes the snapshots' objects out again.

    The storage keeps its snapshots. What goes wrong is an error of the claim. ``resume_hint`` says how to have this
    done later.
    """

    def __init__(
        self,
        client: KubeClient,
        *,
        api: ApiTypes,
        target: CsiTarget,
        timeout: float,
        resume_hint: str,
        issues: RestoreIssues,
        progress: ProgressSink,
        cancel: CancelToken,
    ) -> None:
        self._client = client
        #: What is bound is finished, whatever happens.
        self._steady = client.with_cancel(CancelToken())
        self._api = api
        self._target = target
        self._timeout = timeout
        self._resume_hint = resume_hint
        self._issues = issues
        self._progress = progress
        self._cancel = cancel
        self._news = threading.Event()
        self._consumers: dict[str, frozenset[str]] = {}
        self._errors: dict[int, tuple[float, str]] = {}
        #: Those whose claims were deleted meanwhile.
        self._unclaimed: list[RestoredVolume] = []
        self._changed = False

    def run(self, volumes: t.Iterable[RestoredVolume], *, unmade: t.Collection[str] = ()) -> bool:
        """True when it wrote anything. A run that is cancelled ends at once.

        ``volumes`` of claims that were written, or were meant to be; ``unmade`` snapshots could not be created.
        """
        waiting: list[RestoredVolume] = []
        with concurrent.futures.ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="arkive-volumes") as pool:
            tasks = []
            for volume in volumes:
                if volume.state != "created":
                    tasks.append(pool.submit(self._take_out, volume))
                elif volume.source is not None and volume.source.restored_name in unmade:
                    self._fail(volume, "its VolumeSnapshot could not be made")
                else:
                    waiting.append(volume)
            try:
                if waiting:
                    self._progress(f"waiting for the volumes of {counted(len(waiting), 'claim')}")
                    self._await(waiting, lambda volume: tasks.append(pool.submit(self._finish, volume)))
                for task in tasks:
                    task.result()
            except ArkiveError as exc:
                self._issues.error(exc.message, hint=exc.hint or "")
        return self._changed

    # -- waiting ------------------------------------------------------------------------------------------------------

    def _await(self, waiting: list[RestoredVolume], finish: t.Callable[[RestoredVolume], None]) -> None:
        watches = self._open_watches(waiting)
        begun = time.monotonic()
        reminder = begun + _REMINDER_SECONDS
        try:
            while waiting and not self._cancel.is_cancelled:
                self._news.clear()
                seconds = time.monotonic() - begun
                for volume in list(waiting):
                    if self._look(volume, watches[volume.namespace], seconds):
                        waiting.remove(volume)
                        if volume.state == "bound" or any(volume is each for each in self._unclaimed):
                            finish(volume)
                if seconds >= self._timeout:
                    break
                if waiting and time.monotonic() > reminder:
                    self._progress(
                        f"still waiting for the volumes of {counted(len(waiting), 'claim')}: {self._say(waiting[0])}"
                    )
                    reminder = time.monotonic() + _REMINDER_SECONDS
                self._news.wait(min(_TICK_SECONDS, max(0.0, self._timeout - seconds)) if waiting else 0.0)
            for volume in waiting if not self._cancel.is_cancelled else ():
                live = watches[volume.namespace].current(volume.claim)
                self._fail(volume, f"it has no volume after {self._timeout:g} s: {self._explain(volume, live)}")
        finally:
            for watch in watches.values():
                watch.close()

    def _open_watches(self, volumes: t.Iterable[RestoredVolume]) -> dict[str, NamespaceWatch]:
        names: dict[str, list[str]] = {}
        for volume in volumes:
            names.setdefault(volume.namespace, []).append(volume.claim)
        resource = self._api.find(CLAIMS)
        if resource is None:
            raise KubeError("The API server serves no persistentvolumeclaims.", status=404)
        watches = {}
        for namespace, claims in names.items():
            watch = NamespaceWatch(self._client, resource, namespace, keep=_keep, on_change=self._news.set)
            watch.follow(claims)
            watches[namespace] = watch
        return watches

    def _look(self, volume: RestoredVolume, watch: NamespaceWatch, seconds: float) -> bool:
        """True when nothing more is to be waited for."""
        if watch.refused is not None:
            self._fail(volume, f"nobody knows whether it has a volume: {watch.refused.sentence}")
            return True
        live = watch.current(volume.claim)
        if live is None:
            if not watch.is_complete:
                return False
            # Nothing is made from its snapshot any more, whose objects might hold their namespace.
            self._unclaimed.append(volume)
            self._fail(volume, "somebody has deleted it", stays=False)
            return True
        phase = (live.get("status") or {}).get("phase")
        if phase == "Bound":
            volume.volume, volume.state = str(live["spec"].get("volumeName") or ""), "bound"
            return True
        if phase == "Lost":
            self._fail(volume, f"its volume '{live['spec'].get('volumeName')}' is lost")
            return True
        return self._is_idle(volume, live, seconds) or self._is_hopeless(volume, seconds)

    def _is_idle(self, volume: RestoredVolume, live: Object, seconds: float) -> bool:
        """Whether the claim waits for a pod, and there is none."""
        why = self._target.why_not_bound_yet(live)
        if not why or seconds < _CONSUMER_SECONDS:
            return False
        used = self._used_claims(volume.namespace)
        if used is None or volume.claim in used:
            return False
        volume.state, volume.message = "waiting", why
        if volume.source is not None:
            name = volume.source.restored_name
            self._issues.warning(
                f"PersistentVolumeClaim {volume.namespace}/{volume.claim}: {why}, from VolumeSnapshot {name}, which"
                " stays in the cluster until then, as does the VolumeSnapshotContent of that name.",
                **_where(volume),
                hint=self._resume_hint,
            )
        return True

    def _used_claims(self, namespace: str) -> frozenset[str] | None:
        """The claims that pods of a namespace mount; empty where pods may not be listed, None for no answer."""
        if namespace not in self._consumers:
            resource, found = self._api.find(PODS), set()
            try:
                for page in list_pages(self._client, resource, namespace=namespace) if resource else ():
                    for pod in page.items:
                        found |= claims_in_use(pod)
            except KubeError as exc:
                if not exc.forbidden:
                    return None
            self._consumers[namespace] = frozenset(found)
        return self._consumers[namespace]

    def _is_hopeless(self, volume: RestoredVolume, seconds: float) -> bool:
        """Whether the driver keeps saying that the snapshot is of no use."""
        if volume.source is None:
            return False
        last, before = self._errors.setdefault(id(volume), (seconds, ""))
        if seconds - last < _ERROR_SECONDS:
            return False
        error = self._snapshot_error(volume.source)
        self._errors[id(volume)] = (seconds, error)
        if error and before:
            self._fail(volume, f"its snapshot {volume.source.handle} cannot be used: {error}")
            return True
        return False

    def _snapshot_error(self, source: CsiSource) -> str:
        if self._target.api is None:
            return ""
        try:
            return stated_error(None, get_object(self._client, self._target.api.contents, source.restored_name))
        except KubeError:
            return ""  # only the explanation is missing

    def _explain(self, volume: RestoredVolume, live: Object | None) -> str:
        error = self._snapshot_error(volume.source) if volume.source is not None else ""
        if error:
            return error
        try:
            said = last_warning(self._client, live) if live is not None else ""
        except KubeError:
            said = ""
        why = self._target.why_not_bound_yet(live) if live is not None else ""
        return said or why or "its driver has not answered; is its csi-provisioner running?"

    @staticmethod
    def _say(volume: RestoredVolume) -> str:
        return f"{volume.namespace}/{volume.claim}" + (f" from {volume.source.handle}" if volume.source else "")

    # -- afterwards ---------------------------------------------------------------------------------------------------

    def _finish(self, volume: RestoredVolume) -> None:
        try:
            if volume.state == "bound":
                self._set_traits(volume)
        except ArkiveError as exc:
            policy = f" (reclaim policy {volume.traits.reclaim_policy})" if volume.traits else ""
            self._error(
                volume, f"its volume '{volume.volume}' was not made what it was{policy}: {exc.message}", exc.hint
            )
        self._take_out(volume)

    def _set_traits(self, volume: RestoredVolume) -> None:
        resource, traits = self._api.find(VOLUMES), volume.traits
        if traits is None or resource is None or not (traits.reclaim_policy or traits.labels):
            return
        live = get_object(self._steady, resource, volume.volume) or {}
        there = (live.get("metadata") or {}).get("labels") or {}
        labels = {name: value for name, value in traits.labels.items() if name not in there}
        patch: Object = {"metadata": {"labels": labels}} if labels else {}
        policy = (live.get("spec") or {}).get("persistentVolumeReclaimPolicy")
        if traits.reclaim_policy and policy and policy != traits.reclaim_policy:
            patch["spec"] = {"persistentVolumeReclaimPolicy": traits.reclaim_policy}
        if live and patch:
            patch_object(self._steady, resource, volume.volume, patch)
            self._changed = True

    def _take_out(self, volume: RestoredVolume) -> None:
        """Remove VolumeSnapshot and content; the policy of the content is Retain."""
        source, api = volume.source, self._target.api
        if source is None or api is None:
            return
        wish = SnapshotWish(namespace=volume.namespace, claim=volume.claim)
        name = source.restored_name
        objects = CutSnapshot(wish=wish, requested=utc_now(), name=name, content=name)
        removal = SnapshotRemoval(self._steady, api, with_contents=True)
        for sentence in removal.release([objects]):
            self._issues.warning(sentence, **_where(volume), hint=self._resume_hint)
        self._changed = True

    def _fail(self, volume: RestoredVolume, why: str, *, stays: bool = True) -> None:
        """``stays``: the objects of its snapshot do."""
        volume.state, hint = "failed", self._resume_hint
        if volume.source is not None and stays:
            name = volume.source.restored_name
            hint += f" VolumeSnapshot and VolumeSnapshotContent {name} stay in the cluster until then."
        self._error(volume, why, hint)

    def _error(self, volume: RestoredVolume, why: str, hint: str | None) -> None:
        volume.message = why
        self._issues.error(
            f"PersistentVolumeClaim {volume.namespace}/{volume.claim}: {why}", **_where(volume), hint=hint or ""
        )


def _keep(claim: Object) -> Object:
    metadata, spec = claim["metadata"], claim.get("spec") or {}
    names = ("name", "namespace", "uid", "resourceVersion", "annotations")
    return {
        "metadata": {name: metadata[name] for name in names if name in metadata},
        "spec": {name: spec[name] for name in ("volumeName", "storageClassName") if name in spec},
        "status": {"phase": (claim.get("status") or {}).get("phase")},
    }


def _where(volume: RestoredVolume) -> dict[str, str]:
    return {"resource": str(CLAIMS), "namespace": volume.namespace, "name": volume.claim}


__all__ = ("VolumeFinalizer",)
