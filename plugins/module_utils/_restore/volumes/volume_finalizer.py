# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left to do for volumes once everything is written (Velero 1.18, docs/compatibility 5.8)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, PODS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.namespace_watch import NamespaceWatch
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claims_in_use
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.events import last_warning
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.findings import Findings
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._restore.volumes.restored_volumes import RestoredVolume

_TICK_SECONDS = 0.5
_REMINDER_SECONDS = 15.0
#: The scheduler, and controllers that make pods, have this long to say that somebody wants the volume.
_CONSUMER_SECONDS = 5.0
#: A driver that says twice, so far apart, that it cannot find a snapshot means it. In seconds.
_ERROR_SECONDS = 15.0
_AT_A_TIME = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Finished:
    """Volumes as they have become, and whether anything was written for them."""

    volumes: tuple[RestoredVolume, ...] = ()
    changed: bool = False


class VolumeFinalizer:
    """Waits for new volumes, makes them what the old ones were, and takes the snapshots' objects out again.

    The storage keeps its snapshots. What goes wrong is an error of the claim.
    """

    def __init__(self, run: RestoreRun, findings: Findings, api: ApiTypes) -> None:
        self._run = run
        self._client = run.client
        #: What is bound is finished, whatever happens.
        self._steady = run.client.with_cancel(CancelToken())
        self._api = api
        self._classes = findings.classes
        self._decisions = findings.volumes
        self._timeout = run.request.resource_timeout
        self._news = threading.Event()
        self._consumers: dict[str, frozenset[str]] = {}
        self._errors: dict[int, tuple[float, str]] = {}
        #: Those whose claims were deleted meanwhile, by their place in the plan.
        self._unclaimed: set[int] = set()

    def run(self, volumes: t.Iterable[RestoredVolume], *, unmade: t.Collection[str] = ()) -> Finished:
        """A run that is cancelled ends at once.

        ``volumes`` of claims that were written, or were meant to be; ``unmade`` snapshots could not be created.
        """
        waiting: list[RestoredVolume] = []
        done: list[RestoredVolume] = []
        failure: ArkiveError | None = None
        with concurrent.futures.ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="arkive-volumes") as pool:
            tasks: list[concurrent.futures.Future[Finished]] = []
            for volume in volumes:
                if volume.state != "created":
                    tasks.append(pool.submit(self._take_out, volume))
                elif volume.source is not None and volume.source.helper in unmade:
                    done.append(self._fail(volume, "its VolumeSnapshot could not be made"))
                else:
                    waiting.append(volume)
            try:
                if waiting:
                    self._run.progress(f"waiting for the volumes of {counted(len(waiting), 'claim')}")
                    done += self._await(waiting, lambda volume: tasks.append(pool.submit(self._finish, volume)))
            except ArkiveError as exc:
                failure = exc
        changed = False
        for task in tasks:
            try:
                finished = task.result()
            except ArkiveError as exc:
                failure = failure or exc
                continue
            done += finished.volumes
            changed = changed or finished.changed
        if failure is not None:
            self._run.issues.error(failure.message, hint=failure.hint or "")
        return Finished(tuple(done), changed)

    # -- waiting ------------------------------------------------------------------------------------------------------

    def _await(self, waiting: list[RestoredVolume], finish: t.Callable[[RestoredVolume], None]) -> list[RestoredVolume]:
        """``finish`` those that are bound, and those that nobody claims any more. Returns what became of the others."""
        watches = self._open_watches(waiting)
        done: list[RestoredVolume] = []
        begun = time.monotonic()
        reminder = begun + _REMINDER_SECONDS
        try:
            while waiting and not self._run.cancel.is_cancelled:
                self._news.clear()
                seconds = time.monotonic() - begun
                for volume in list(waiting):
                    found = self._look(volume, watches[volume.namespace], seconds)
                    if found is None:
                        continue
                    waiting.remove(volume)
                    if found.state == "bound" or found.item.number in self._unclaimed:
                        finish(found)
                    else:
                        done.append(found)
                if seconds >= self._timeout:
                    break
                if waiting and time.monotonic() > reminder:
                    self._run.progress(
                        f"still waiting for the volumes of {counted(len(waiting), 'claim')}: {self._say(waiting[0])}"
                    )
                    reminder = time.monotonic() + _REMINDER_SECONDS
                self._news.wait(min(_TICK_SECONDS, max(0.0, self._timeout - seconds)) if waiting else 0.0)
            for volume in waiting if not self._run.cancel.is_cancelled else ():
                live = watches[volume.namespace].current(volume.claim)
                why = f"it has no volume after {self._timeout:g} s: {self._explain(volume, live)}"
                done.append(self._fail(volume, why))
        finally:
            for watch in watches.values():
                watch.close()
        return done

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

    def _look(self, volume: RestoredVolume, watch: NamespaceWatch, seconds: float) -> RestoredVolume | None:
        """What became of it; None while it is to be waited for."""
        if watch.refused is not None:
            return self._fail(volume, f"nobody knows whether it has a volume: {watch.refused.sentence}")
        live = watch.current(volume.claim)
        if live is None:
            if not watch.is_gone(volume.claim):
                return None
            # Nothing is made from its snapshot any more, whose objects might hold their namespace.
            self._unclaimed.add(volume.item.number)
            return self._fail(volume, "somebody has deleted it", stays=False)
        phase = (live.get("status") or {}).get("phase")
        if phase == "Bound":
            name = str(live["spec"].get("volumeName") or "")
            return dataclasses.replace(volume, volume=name, state="bound")
        if phase == "Lost":
            return self._fail(volume, f"its volume '{live['spec'].get('volumeName')}' is lost")
        return self._if_idle(volume, live, seconds) or self._if_hopeless(volume, seconds)

    def _if_idle(self, volume: RestoredVolume, live: Object, seconds: float) -> RestoredVolume | None:
        """A claim that waits for a pod, where there is none."""
        why = self._classes.why_not_bound_yet(live)
        if not why or seconds < _CONSUMER_SECONDS:
            return None
        used = self._used_claims(volume.namespace)
        if used is None or volume.claim in used:
            return None
        if volume.source is not None and volume.source.helper:
            name = volume.source.helper
            self._run.issues.warning(
                f"PersistentVolumeClaim {volume.namespace}/{volume.claim}: {why}, from VolumeSnapshot {name}, which"
                " stays in the cluster until then, as does the VolumeSnapshotContent of that name.",
                **_where(volume),
                hint=self._run.resume_hint,
            )
        return dataclasses.replace(volume, state="waiting", message=why)

    def _used_claims(self, namespace: str) -> frozenset[str] | None:
        """The claims that pods of a namespace mount; empty where pods may not be listed, None for no answer."""
        if namespace not in self._consumers:
            resource = self._api.find(PODS)
            found: set[str] = set()
            try:
                for page in list_pages(self._client, resource, namespace=namespace) if resource else ():
                    for pod in page.items:
                        found.update(claims_in_use(pod))
            except KubeError as exc:
                if not exc.forbidden:
                    return None
            self._consumers[namespace] = frozenset(found)
        return self._consumers[namespace]

    def _if_hopeless(self, volume: RestoredVolume, seconds: float) -> RestoredVolume | None:
        """One whose driver keeps saying that the snapshot is of no use."""
        if volume.source is None:
            return None
        number = volume.item.number
        last, before = self._errors.setdefault(number, (seconds, ""))
        if seconds - last < _ERROR_SECONDS:
            return None
        error = self._decisions.provider_of(volume.source).error_of(volume.source)
        self._errors[number] = (seconds, error)
        if not (error and before):
            return None
        return self._fail(volume, f"its snapshot {volume.source.handle} cannot be used: {error}")

    def _explain(self, volume: RestoredVolume, live: Object | None) -> str:
        error = self._decisions.provider_of(volume.source).error_of(volume.source) if volume.source is not None else ""
        if error:
            return error
        try:
            said = last_warning(self._client, live) if live is not None else ""
        except KubeError:
            said = ""
        why = self._classes.why_not_bound_yet(live) if live is not None else ""
        return said or why or "its driver has not answered; is its csi-provisioner running?"

    @staticmethod
    def _say(volume: RestoredVolume) -> str:
        return f"{volume.namespace}/{volume.claim}" + (f" from {volume.source.handle}" if volume.source else "")

    # -- afterwards ---------------------------------------------------------------------------------------------------

    def _finish(self, volume: RestoredVolume) -> Finished:
        changed = False
        try:
            changed = volume.state == "bound" and self._set_traits(volume)
        except ArkiveError as exc:
            policy = f" (reclaim policy {volume.traits.reclaim_policy})" if volume.traits else ""
            why = f"its volume '{volume.volume}' was not made what it was{policy}: {exc.message}"
            volume = self._with_error(volume, why, exc.hint)
        finished = self._take_out(volume)
        return dataclasses.replace(finished, changed=changed or finished.changed)

    def _set_traits(self, volume: RestoredVolume) -> bool:
        """True when anything had to be set."""
        resource, traits = self._api.find(VOLUMES), volume.traits
        if traits is None or resource is None or not (traits.reclaim_policy or traits.labels):
            return False
        live = get_object(self._steady, resource, volume.volume) or {}
        there = (live.get("metadata") or {}).get("labels") or {}
        labels = {name: value for name, value in traits.labels.items() if name not in there}
        patch: Object = {"metadata": {"labels": labels}} if labels else {}
        policy = (live.get("spec") or {}).get("persistentVolumeReclaimPolicy")
        if traits.reclaim_policy and policy and policy != traits.reclaim_policy:
            patch["spec"] = {"persistentVolumeReclaimPolicy": traits.reclaim_policy}
        if not (live and patch):
            return False
        patch_object(self._steady, resource, volume.volume, patch)
        return True

    def _take_out(self, volume: RestoredVolume) -> Finished:
        """Remove what helped to make the volume."""
        source = volume.source
        if source is None:
            return Finished((volume,))
        provider = self._decisions.provider_of(source)
        left = provider.take_out(source, namespace=volume.namespace, claim=volume.claim)
        for sentence in left or ():
            self._run.issues.warning(sentence, **_where(volume), hint=self._run.resume_hint)
        return Finished((volume,), changed=left is not None)

    def _fail(self, volume: RestoredVolume, why: str, *, stays: bool = True) -> RestoredVolume:
        """``stays``: the objects of its snapshot do."""
        hint = self._run.resume_hint
        if volume.source is not None and volume.source.helper and stays:
            name = volume.source.helper
            hint += f" VolumeSnapshot and VolumeSnapshotContent {name} stay in the cluster until then."
        return dataclasses.replace(self._with_error(volume, why, hint), state="failed")

    def _with_error(self, volume: RestoredVolume, why: str, hint: str | None) -> RestoredVolume:
        self._run.issues.error(
            f"PersistentVolumeClaim {volume.namespace}/{volume.claim}: {why}", **_where(volume), hint=hint or ""
        )
        return dataclasses.replace(volume, message=why)


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


__all__ = ("Finished", "VolumeFinalizer")
