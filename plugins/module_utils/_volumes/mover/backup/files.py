# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The volumes of one backup whose files are copied as they are, while their pods run (docs/compatibility 19.9, 19.12).

A Job on the pod's node mounts the same claim, to read only. It runs between the hooks of the pod, as Velero does it: a
dump that a pre hook has written is there, and a post hook has not removed it yet. What no second pod can mount is read
by a container that is added to the pod, where that is allowed.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import datetime as dt
import functools
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import some_of
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.as_workload import why_no_user
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.backup_mover import BackupMover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.temporary_claims import node_affinity
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.turns import Turns
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    InPod,
    Upload,
    Uploaded,
    WorkloadPlace,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.names import record_name
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.pod_volume_backups import (
    PodVolumeBackup,
    pod_source_path,
    pod_volume_tags,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.volume_entries import (
    POD_METHOD,
    planned_pod_volume_info,
    pod_volume_info,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.repository import Repository
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.rights import in_pod_needs, job_needs
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.pod_files import (
    PodVolume,
    is_on_many_nodes,
    why_not_running,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    BackupJob,
    KeptSnapshots,
    Key,
    SnapshotOffer,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_sets import PlannedSnapshot

_HINT = (
    "To leave the files of volumes out, set default_volumes_to_fs_backup: false, and have no rule of a resource policy "
    "with the action fs-backup."
)


#: Reasons in one sentence of an error.
_SHOWN = 3


class FileBackup:
    """A ``BackupVolumes`` that is asked for volumes of running pods only: each plan says which (``source``).

    ``take`` copies, however long that takes.
    """

    method = POD_METHOD
    title = "copies of the files of volumes"
    moves = False

    def __init__(self, mover: BackupMover, job: BackupJob) -> None:
        self._mover = mover
        self._job = job
        self._lock = threading.Lock()
        self._plans: t.Mapping[Key, PlannedSnapshot] = {}
        self._records: dict[Key, PodVolumeBackup] = {}
        self._losses: dict[Key, t.Sequence[str]] = {}
        #: Ids of the copies that are in repositories, also where the run ends among them.
        self._copied: dict[Key, str] = {}
        #: Copies that are good as such, and of a moment that was not the one that was meant.
        self._spoilt: list[tuple[str, str]] = []
        settings = mover.moving.settings
        self._turns = Turns(at_once=settings.concurrency, per_node=settings.per_node, cancel=mover.cancel)

    # -- plan ---------------------------------------------------------------------------------------------------------

    def needs(self, namespaces: t.Sequence[str]) -> list[Need]:
        more = in_pod_needs(namespaces) if self._mover.moving.settings.ephemeral_containers else []
        return [*job_needs(namespaces), *more]

    def open(self, *, allowed: bool) -> None:
        """What may be is known without looking."""

    def plan(self, claim: ClaimVolume, *, wanted: bool) -> SnapshotOffer:
        """Nothing is offered: it is said of each volume whether its files are wanted."""
        return SnapshotOffer()

    def begin(self, plans: t.Mapping[Key, PlannedSnapshot], *, namespaces: t.Sequence[str], sweeps: bool) -> list[str]:
        """Pods have reached the repositories when this returns. Raises ``MoverError`` where they do not."""
        self._plans = plans
        self._require_users()
        self._require_admitted(plans)
        self._mover.open(plans, hint=_HINT)
        return []

    def foresee(self, plans: t.Mapping[Key, PlannedSnapshot]) -> list[str]:
        self._plans = plans
        self._require_users()
        self._require_admitted(plans)
        self._mover.foresee(plans, hint=_HINT)
        return []

    def _require_users(self) -> None:
        """Raises ``MoverError`` where a volume is to be read as its pod's user, and nobody knows who that is."""
        if self._mover.moving.settings.security_context == "root":
            return
        sources = [(plan.claim.where, _source(plan)) for _key, plan in sorted(self._plans.items())]
        # A container inside of the pod is its own affair.
        reasons = [why_no_user(where, source.security) for where, source in sources if not source.in_pod]
        if any(reasons):
            raise MoverError(some_of([why for why in reasons if why], most=_SHOWN, separator=" "), hint=_HINT)

    def _require_admitted(self, plans: t.Mapping[Key, PlannedSnapshot]) -> None:
        pods = [_in_pod(source) for plan in plans.values() if (source := plan.source) is not None and source.in_pod]
        if pods:
            self._mover.get().require_admitted(pods)

    def close(self) -> None:
        """Each copy has ended when it was taken."""

    @functools.cached_property
    def why_not(self) -> str:
        try:
            self._mover.get()
        except ArkiveError as exc:
            return exc.sentence
        return ""

    # -- copy ---------------------------------------------------------------------------------------------------------

    def take(self, keys: t.Sequence[Key], *, timeout: float, too_late: str) -> None:
        """Copy them, a few at a time in the whole backup. ``timeout`` is of snapshots: a copy has the Job's own."""
        workers = max(1, min(len(keys), self._mover.moving.settings.concurrency))
        with concurrent.futures.ThreadPoolExecutor(workers, thread_name_prefix="arkive-files") as pool:
            for copy in [pool.submit(self._copy, key) for key in keys]:
                copy.result()

    def _copy(self, key: Key) -> None:
        source, claim = _source(self._plans[key]), self._plans[key].claim
        created = utc_now()
        node = "" if is_on_many_nodes(claim) else source.node
        with self._turns.turn(node):
            try:
                upload = self._upload(claim, source, self._node_now(source) if node else "")
            except MoverError as exc:
                found = Uploaded(error=exc.sentence, node=source.node)
            else:
                self._mover.moving.run.progress(f"copying the files of {claim.where}")
                found = self._carry_out(key, upload, source)
        record = self._record(claim, source, found, created)
        with self._lock:
            self._records[key] = record
            self._losses[key] = found.losses

    def _note(self, key: Key, uploaded: Uploaded) -> None:
        if not uploaded.failed:
            with self._lock:
                self._copied[key] = uploaded.snapshot_id

    def _carry_out(self, key: Key, upload: Upload, source: PodVolume) -> Uploaded:
        def note(_upload: Upload, done: Uploaded) -> None:
            self._note(key, done)

        mover = self._mover.get()
        if source.in_pod:
            return mover.upload_in_pod(upload, _in_pod(source), uploaded=note)
        (found,) = mover.upload([upload], uploaded=note)
        return found

    def _node_now(self, source: PodVolume) -> str:
        """Where the pod runs. Raises ``MoverError`` where it does not any more: its volume may be elsewhere."""
        gone = f"Cannot copy the volume {source.volume} of pod {source.pod_name}"
        try:
            pod = get_object(self._mover.client, PODS, source.pod, source.namespace)
        except KubeError as exc:
            raise MoverError(f"{gone}: {exc.sentence}") from exc
        if pod is None or (source.pod_uid and (pod.get("metadata") or {}).get("uid") != source.pod_uid):
            raise MoverError(f"{gone}: the pod is gone.")
        if why := why_not_running(pod):
            raise MoverError(f"{gone}: {why}.")
        return str(pod["spec"]["nodeName"])

    def _upload(self, claim: ClaimVolume, source: PodVolume, node: str) -> Upload:
        reached = node_affinity(claim.volume)
        return Upload(
            namespace=claim.namespace,
            claim=claim.name,
            original_claim=claim.name,
            source_path=pod_source_path(source.namespace, source.pod, _name(source)),
            tags=pod_volume_tags(),
            node_name=node,
            place=WorkloadPlace(
                # The node is known where there is one, and the pod of the application has chosen it.
                node_selector={} if node else source.selector,
                tolerations=source.tolerations,
                affinity={} if node else reached,
                security_context=source.security,
            ),
            parallel=self._job.parallel,
        )

    def _record(self, claim: ClaimVolume, source: PodVolume, found: Uploaded, created: dt.datetime) -> PodVolumeBackup:
        job = self._job
        record = PodVolumeBackup(
            name=record_name(job.name, f"{source.pod_uid}/{source.volume}"),
            namespace=job.namespace,
            backup_name=job.name,
            backup_uid=job.uid,
            pod_namespace=source.namespace,
            pod=source.pod,
            pod_uid=source.pod_uid,
            volume=source.volume,
            claim=source.claim if source.by_claim else "",
            claim_uid=str(claim.claim["metadata"].get("uid") or "") if source.by_claim else "",
            node=source.node,
            storage_location=job.storage_location,
            parallel=job.parallel,
            created=created,
        )
        return record.of_copy(found, ended=utc_now())

    def spoil(self, keys: t.Sequence[Key], *, why: str) -> None:
        for key in keys:
            record = self._records.get(key)
            if record is not None and record.is_good:
                self._spoilt.append((key[0], record.snapshot_id))
                self._copied.pop(key, None)
                self._records[key] = record.failed(why)

    def error_of(self, key: Key) -> str:
        record = self._records.get(key)
        return record.message if record is not None and not record.is_good else ""

    def drop_failed(self, keys: t.Sequence[Key]) -> list[str]:
        """What failed by itself has left nothing."""
        with self._lock:
            spoilt, self._spoilt = self._spoilt, []
        return self._mover.take_back(spoilt)

    # -- record -------------------------------------------------------------------------------------------------------

    def mark_claim(self, key: Key, claim: Object) -> bool:
        """The record names the claim, and not the other way round."""
        return False

    def keep(self, *, timeout: float, progress: ProgressSink) -> KeptSnapshots | None:
        """All is done: of each volume there is a record, also of one that failed."""
        if not self._records:
            return None
        return KeptSnapshots(
            pod_volumes=[record.to_object() for _key, record in sorted(self._records.items())],
            warnings={key: losses for key, losses in self._losses.items() if losses},
            count=sum(record.is_good for record in self._records.values()),
        )

    def describe(self, key: Key) -> Object | None:
        if key in self._records:
            return pod_volume_info(self._records[key])
        if key in self._plans:
            where = Repository(self._mover.moving.store, key[0]).where
            return planned_pod_volume_info(_source(self._plans[key]), repository=where)
        return None

    def counts(self) -> dict[str, int]:
        """Velero counts none of them."""
        return {}

    def records(self, backup_uid: str) -> list[Object]:
        """That file is of native snapshots."""
        return []

    def operations(self) -> list[Object]:
        """That file is of moved snapshots."""
        return []

    # -- discard ------------------------------------------------------------------------------------------------------

    def release(self) -> list[str]:
        """The Jobs have gone with their copies."""
        return []

    def abandon(self) -> list[str]:
        """What is in the repository and no backup names is taken out of it, whether the run was cancelled or not."""
        copied = [(key[0], snapshot_id) for key, snapshot_id in self._copied.items()]
        return self._mover.take_back([*copied, *self._spoilt])


def _source(plan: PlannedSnapshot) -> PodVolume:
    if plan.source is None:
        raise MoverError(f"Nobody knows which pod has the volume of {plan.claim.where}.")
    return plan.source


def _in_pod(source: PodVolume) -> InPod:
    return InPod(
        namespace=source.namespace, pod=source.pod, uid=source.pod_uid, volume=source.volume, labels=source.labels
    )


def _name(source: PodVolume) -> str:
    return source.claim if source.by_claim else source.volume


__all__ = ("FileBackup",)
