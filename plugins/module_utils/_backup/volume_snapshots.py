# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshots of one backup, and its copies of files: taken in the windows of the blocks, kept when the backup is."""

# Private: not for use outside of this collection.

from __future__ import annotations

import collections
import concurrent.futures
import functools
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_plan import VolumePlan
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._databases.cuts import VolumeCuts
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.decision import NOT_WANTED, PRE_HOOK_FAILED
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import FILES, BackupVolumes, Key

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import CriticalSection

_CLAIMS = "persistentvolumeclaims"


class VolumeSnapshots:
    """Thread-safe where blocks use it. ``begin`` first, ``close`` last; in between ``release`` or ``abandon``."""

    def __init__(
        self,
        run: RunContext,
        request: BackupRequest,
        providers: t.Mapping[str, BackupVolumes],
        *,
        sweeps: bool = True,
    ) -> None:
        """``sweeps`` False leaves alone what runs of this name have left: a backup that is there may need it."""
        self.providers = providers
        self._sweeps = sweeps
        self._request = request
        self._issues = run.issues
        self._progress = run.progress
        self._lock = threading.Lock()
        self._plan = VolumePlan()
        #: Claims whose snapshot this run has dealt with: taken, or left out.
        self._handled: set[Key] = set()
        self._left_out: dict[Key, str] = {}
        #: Claims whose files are not copied inside the window of their pod, because something is frozen or held there.
        self._late: set[Key] = set()
        self._pod_volumes: list[dict[str, t.Any]] = []
        #: Volumes without a claim that are copied, by namespace and name of their pod.
        self._of_pods: dict[tuple[str, str], list[Key]] = {}

    # -- life ---------------------------------------------------------------------------------------------------------

    def begin(self, plan: VolumePlan, *, dry_run: bool = False) -> None:
        """Take over what was decided, and report what will have no data. A dry run makes and removes nothing."""
        self._plan = plan
        for key, decision in plan.volumes.items():
            if _is_of_pod(key):
                self._of_pods.setdefault((key[0], key[1].partition("/")[0]), []).append(key)
            if decision.error:
                self._report_error(key, decision.error, what=_COPYING if decision.of_files else _SNAPSHOTTING)
            elif not decision.provider and not decision.on_purpose:
                self._issues.warning(
                    f"The data of the volume is not in this backup: {decision.reason.rstrip(';')}", **_fields(key)
                )
        namespaces = sorted({key[0] for key in plan.volumes})
        for volumes, keys in self._by_provider(plan.volumes):
            plans = {key: found for key in keys if (found := plan.volumes[key].plan) is not None}
            if dry_run:
                self._warn(volumes.foresee(plans))
                continue
            self._warn(volumes.begin(plans, namespaces=namespaces, sweeps=self._sweeps))

    @property
    def planned(self) -> int:
        """How many volumes are to be snapshotted."""
        return sum(decision.provider not in ("", FILES) for decision in self._plan.volumes.values())

    @property
    def to_copy(self) -> int:
        """Of how many volumes the files are to be copied."""
        return sum(decision.provider == FILES for decision in self._plan.volumes.values())

    @property
    def to_move(self) -> int:
        """Of how many of them the data is to be moved."""
        return sum(self._is_moved(key) for key in self._plan.volumes)

    @property
    def cuts(self) -> VolumeCuts:
        """What is planned, for databases whose files are on several volumes. A copy is of no single moment."""
        volumes = {key: found for key, found in self._plan.volumes.items() if found.provider not in ("", FILES)}
        plans = {"/".join(key): found.plan for key, found in volumes.items()}
        groups = {name: plan.group for name, plan in plans.items() if plan is not None and plan.group}
        return VolumeCuts(taken=frozenset(plans), groups=groups)

    def close(self) -> None:
        for volumes in self.providers.values():
            volumes.close()

    def release(self) -> list[str]:
        """The backup is stored: what only taking the snapshots needed goes.

        Returns a sentence for each object that is still there.
        """
        return [text for volumes in self.providers.values() for text in volumes.release()]

    def abandon(self) -> list[str]:
        """The backup is not stored: everything that was made goes. What could not be removed, a sentence each."""
        return [text for volumes in self.providers.values() for text in volumes.abandon()]

    # -- windows ------------------------------------------------------------------------------------------------------

    def of_pod(self, pod: tuple[str, str], claims: t.Iterable[str]) -> list[Key]:
        """The volumes of a pod (namespace, name) that mounts these claims, with those that have no claim."""
        return [*((pod[0], claim) for claim in claims), *self._of_pods.get(pod, ())]

    def leave_out(self, keys: t.Iterable[Key]) -> None:
        """The volumes of a pod whose pre hook failed."""
        with self._lock:
            for key in keys:
                if key not in self._handled:
                    self._handled.add(key)
                    self._left_out[key] = PRE_HOOK_FAILED

    def take(self, keys: t.Iterable[Key], *, longest: float | None = None) -> list[Key]:
        """Take what is planned for these claims, within ``longest`` seconds. Returns those that were started.

        What fails is reported by ``account``, which is for after the window. With ``longest``, something is frozen or
        held: files are not copied as long as that, but by ``take_rest``.
        """
        wanted = list(keys)
        if longest is not None:
            late = {key for key in wanted if self._is_copied(key)}
            with self._lock:
                self._late |= late
            wanted = [key for key in wanted if key not in late]
        taken = self._take(wanted)
        timeout, too_late = self._request.spec.csi_snapshot_timeout_seconds, ""
        if longest is not None and longest < timeout:
            timeout, too_late = longest, _LEASE_RAN_OUT
        jobs = [
            functools.partial(volumes.take, found, timeout=timeout, too_late=too_late)
            for volumes, found in self._by_provider(taken)
        ]
        if len(jobs) == 1:
            jobs[0]()
        elif jobs:
            with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
                for job in [pool.submit(job) for job in jobs]:
                    job.result()
        return taken

    def account(self, keys: t.Sequence[Key], section: CriticalSection | None = None) -> None:
        """After the window: what did not hold is removed, what failed is reported."""
        broken = section.why_broken if section is not None else ""
        groups = self._by_provider(keys)
        for volumes, found in groups if broken else ():
            volumes.spoil(found, why=broken)
        for key in keys:
            error = self.providers[self._plan.volumes[key].provider].error_of(key)
            if error:
                self._report_error(key, error, what=_COPYING if self._is_copied(key) else _SNAPSHOTTING)
        for volumes, found in groups:
            self._warn(volumes.drop_failed(found))

    def take_rest(self) -> None:
        """The volumes that no block has to do with, and those whose files could not be copied in theirs."""
        for key in sorted(self._late):
            self._issues.warning(COPIED_LATE.format(which=_which(key), verb="were"), **_fields(key))
        keys = self.take(self._plan.volumes)
        self.account(keys)

    def foresee_late(self, keys: t.Iterable[Key]) -> None:
        """Check mode: in the window of their pods something would be frozen or held."""
        for key in keys:
            if self._is_copied(key):
                self._issues.warning(COPIED_LATE.format(which=_which(key), verb="would be"), **_fields(key))

    # -- what is stored -----------------------------------------------------------------------------------------------

    def mark_claim(self, claim: dict[str, t.Any]) -> bool:
        """Change a claim on its way into the archive. True when it was changed."""
        key = (claim["metadata"].get("namespace", ""), claim["metadata"]["name"])
        volumes = self._provider_of(key)
        return volumes is not None and volumes.mark_claim(key, claim)

    def waits(self, claim: dict[str, t.Any]) -> bool:
        """Whether a claim is stored when the data of its volume was moved: its mark says that it was."""
        return self._is_moved((claim["metadata"].get("namespace", ""), claim["metadata"]["name"]))

    def finish(self, sink: ItemSink) -> None:
        """Wait until the snapshots can be used, make them outlive the cluster, and store their objects."""
        for name, volumes in self.providers.items():
            if not volumes.moves:
                self._keep(volumes, sink, done="copied" if name == FILES else "snapshotted")

    def move(self, sink: ItemSink) -> None:
        """Move the data of snapshots whose data is to be moved, and store what says where it is."""
        for volumes in self.providers.values():
            if volumes.moves:
                self._keep(volumes, sink, done="moved")

    def _keep(self, volumes: BackupVolumes, sink: ItemSink, *, done: str) -> None:
        kept = volumes.keep(timeout=self._request.spec.item_operation_timeout_seconds, progress=self._progress)
        if kept is None:
            return
        for key, error in sorted(kept.errors.items()):
            self._report_error(key, error, what=_MOVING if volumes.moves else _SNAPSHOTTING)
        for key, warnings in sorted(kept.warnings.items()):
            for text in warnings:
                self._issues.warning(text, **_fields(key))
        for resource, obj in kept.objects:
            _store(sink, resource, obj)
        for resource, obj in kept.records:
            sink.store_record(resource, obj)
        self._warn([*volumes.drop_failed(list(kept.errors)), *kept.left])
        self._pod_volumes += kept.pod_volumes
        self._progress(f"{counted(kept.count, 'volume')} {done}")

    def describe(self, key: Key) -> dict[str, t.Any]:
        """What volumeinfo says of a claim's volume, beside its names."""
        skipped = {"snapshotDataMoved": False, "preserveLocalSnapshot": False, "skipped": True}
        if key in self._left_out:
            return skipped | {"skippedReason": self._left_out[key]}
        volumes = self._provider_of(key)
        found = volumes.describe(key) if volumes is not None else None
        if found is not None:
            return found
        if volumes is not None:
            # Nothing was done yet: check mode.
            return skipped | {"skipped": False, "backupMethod": volumes.method}
        decision = self._plan.volumes.get(key)
        if decision is None:
            why = NOT_WANTED if self._request.spec.snapshot_volumes is False else _FOUND_LATE
            return skipped | {"skippedReason": why}
        return skipped | {"skippedReason": decision.reason}

    def describe_of_pods(self) -> list[dict[str, t.Any]]:
        """The entries of volumes without a claim; of one that was left out there is none, as with Velero."""
        keys = [key for _pod, found in sorted(self._of_pods.items()) for key in found]
        return [entry for key in keys if "pvbInfo" in (entry := self.describe(key))]

    def counts(self) -> dict[str, int]:
        """The members of a Backup's status that are not zero."""
        found: collections.Counter[str] = collections.Counter()
        for volumes in self.providers.values():
            found.update(volumes.counts())
        return {name: count for name, count in found.items() if count}

    def records(self, backup_uid: str) -> list[dict[str, t.Any]]:
        """``volumesnapshots.json.gz``."""
        return [entry for volumes in self.providers.values() for entry in volumes.records(backup_uid)]

    def pod_volumes(self) -> list[dict[str, t.Any]]:
        """``podvolumebackups.json.gz``."""
        return self._pod_volumes

    def operations(self) -> list[dict[str, t.Any]]:
        """``itemoperations.json.gz``."""
        return [entry for volumes in self.providers.values() for entry in volumes.operations()]

    # -- one claim ----------------------------------------------------------------------------------------------------

    def _take(self, keys: t.Iterable[Key]) -> list[Key]:
        with self._lock:
            fresh = [
                key for key in dict.fromkeys(keys) if key not in self._handled and self._provider_of(key) is not None
            ]
            self._handled.update(fresh)
        return fresh

    def _provider_of(self, key: Key) -> BackupVolumes | None:
        decision = self._plan.volumes.get(key)
        return self.providers.get(decision.provider) if decision is not None else None

    def _is_moved(self, key: Key) -> bool:
        volumes = self._provider_of(key)
        return volumes is not None and volumes.moves

    def _is_copied(self, key: Key) -> bool:
        decision = self._plan.volumes.get(key)
        return decision is not None and decision.provider == FILES

    def _by_provider(self, keys: t.Iterable[Key]) -> list[tuple[BackupVolumes, list[Key]]]:
        """The claims of each provider that has any."""
        found: dict[str, list[Key]] = {}
        for key in keys:
            found.setdefault(self._plan.volumes[key].provider, []).append(key)
        return [(volumes, found[name]) for name, volumes in self.providers.items() if name in found]

    def _warn(self, sentences: t.Iterable[str]) -> None:
        for text in sentences:
            self._issues.warning(text)

    def _report_error(self, key: Key, error: str, *, what: str) -> None:
        self._issues.error(what, error=error, **_fields(key))


_SNAPSHOTTING = "Error snapshotting a volume"
_MOVING = "Error moving the data of a volume"
_COPYING = "Error copying the files of a volume"
COPIED_LATE = (
    "The files of the volume{which} {verb} copied after its pod is released, while it writes to them: neither what "
    "hooks freeze nor a database that is held stays so for a whole copy. For one moment, have a snapshot taken"
)
_LEASE_RAN_OUT = "The lease ran out before the snapshot was cut."
_FOUND_LATE = "any: it was not there when the snapshots were cut;"


def _fields(key: Key) -> dict[str, t.Any]:
    if _is_of_pod(key):
        return {"resource": str(PODS), "namespace": key[0], "name": key[1].partition("/")[0]}
    return {"resource": _CLAIMS, "namespace": key[0], "name": key[1]}


def _which(key: Key) -> str:
    """The volume's name in its pod, of one that has no claim."""
    return f" {key[1].partition('/')[2]}" if _is_of_pod(key) else ""


def _is_of_pod(key: Key) -> bool:
    """No claim has such a name."""
    return "/" in key[1]


def _store(sink: ItemSink, resource: ApiResource, obj: dict[str, t.Any]) -> None:
    typed = {"apiVersion": resource.api_version, "kind": resource.kind} | obj
    sink.store_all(resource, [RawItem(typed, encode_compact(typed))])


__all__ = ("VolumeSnapshots",)
