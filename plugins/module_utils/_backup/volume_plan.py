# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which volumes a backup snapshots, or copies the files of, and how: decided before the first pod is quiesced."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.access import (
    forbidden_error,
)
from ansible_collections.arkive.k8s.plugins.module_utils._backup.collect import Collector
from ansible_collections.arkive.k8s.plugins.module_utils._backup.item_sink import ItemSink
from ansible_collections.arkive.k8s.plugins.module_utils._backup.pod_files import PodFiles
from ansible_collections.arkive.k8s.plugins.module_utils._backup.related import read_named
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._backup.resolve import Resolved
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS, PODS, VOLUMES
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need, find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.claims import bound_volume
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import (
    claim_of_volume,
    is_finished,
    mounted_claims,
    pod_identity,
    user_of_pod,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import RawItem
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import HookedPod
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import STORAGE_LOCATION_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.decision import (
    NEEDS_AGENT,
    NOT_COPIED,
    VolumeDecision,
    decide,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import (
    FILES,
    BackupJob,
    BackupVolumes,
    Key,
    VolumeContext,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VolumePlan:
    """What is to be done about the volume of each bound claim that will be stored.

    A volume of a pod that has no claim, and is copied, is called ``pod/volume``.
    """

    volumes: t.Mapping[Key, VolumeDecision] = dataclasses.field(default_factory=dict)


def backup_job(request: BackupRequest, *, run_id: str, location: str, uid: str = "") -> BackupJob:
    """What the providers know of a backup. ``uid``: of its object, where that is known already."""
    spec = request.spec
    files = (spec.uploader_config or {}).get("parallelFilesUpload")
    return BackupJob(
        name=request.name,
        run_id=run_id,
        location=location,
        labels={**request.labels, **spec.labels, STORAGE_LOCATION_LABEL: label_value(spec.storage_location)},
        annotations=request.annotations,
        workers=request.workers,
        uid=uid,
        namespace=request.namespace,
        storage_location=spec.storage_location,
        moves=request.moves,
        copies=request.copies,
        data_mover=spec.datamover,
        parallel=files if isinstance(files, int) and files > 0 else 0,
        cut_seconds=spec.csi_snapshot_timeout_seconds,
    )


def volume_context(run: ClusterRun, request: BackupRequest, store: Store) -> VolumeContext:
    """What the providers of a backup work with."""
    moving = None
    if request.mover is not None:
        timeout = request.spec.item_operation_timeout_seconds
        moving = Moving(
            settings=dataclasses.replace(request.mover, timeout=timeout),
            store=store,
            password=request.repository_password,
            velero_namespace=request.namespace,
            run=run,
        )
    return VolumeContext(
        connect=lambda: run.client, location=request.snapshot_location, cancel=run.cancel, moving=moving
    )


class VolumePlanner:
    """Notes the claims of stored pods from the start; ``make`` decides."""

    def __init__(
        self,
        run: ClusterRun,
        request: BackupRequest,
        resolved: Resolved,
        sink: ItemSink,
        *,
        providers: t.Mapping[str, BackupVolumes],
    ) -> None:
        self._run = run
        self._client = run.client
        self._request = request
        self._resolved = resolved
        self._sink = sink
        self._providers = providers
        self._issues = run.issues
        self._cancel = run.cancel
        self._lock = threading.Lock()
        self._mounted: dict[str, set[str]] = {}
        #: Of claims, where they are read as their pods' users.
        self._users: dict[Key, ObjectView] = {}
        self._claims: dict[Key, Object] = {}
        self._may_copy: set[str] = set()
        self._files = PodFiles(
            run.issues,
            policy=resolved.policy,
            by_default=request.copies and request.spec.wants_files,
            in_pods=request.copies and request.mover is not None and request.mover.ephemeral_containers,
            why_not=self._why_no_copies,
        )
        sink.observe(PODS, self._note_pod)

    def make(self, hooked: t.Iterable[HookedPod]) -> VolumePlan:
        """Read the claims, their volumes and the classes. Raises ``KubeError`` for missing rights."""
        request, resolved = self._request, self._resolved
        for pod in hooked:
            self._note(pod.pod, pod.claims)
        snapshots = request.spec.snapshot_volumes is not False or resolved.policy is not None
        if snapshots or self._files.wants_any():
            self._read_claims()
        planned = self._decide(snapshots=snapshots) if self._claims else {}
        planned = self._with_rights(planned | self._files.of_pods())
        self._files.report()
        return VolumePlan(volumes=planned)

    def _decide(self, *, snapshots: bool) -> dict[Key, VolumeDecision]:
        """``snapshots`` False: nobody wants any."""
        if snapshots:
            for name, volumes in self._providers.items():
                if name != FILES:
                    volumes.open(allowed=self._may_snapshot(volumes))
        found = self._read_volumes()
        planned = {}
        for key, claim in sorted(self._claims.items()):
            decision = decide(
                ClaimVolume(claim=claim, volume=found.get(claim["spec"]["volumeName"]), user=self._users.get(key, {})),
                policy=self._resolved.policy,
                snapshot_volumes=self._request.spec.snapshot_volumes,
                planners=self._providers,
                choose=self._files.choose,
            )
            if not decision.provider and not decision.on_purpose and self._files.is_left(key):
                decision = dataclasses.replace(decision, reason=NOT_COPIED if FILES in self._providers else NEEDS_AGENT)
            planned[key] = decision
        return planned

    def _why_no_copies(self) -> str:
        """Why nothing is copied of volumes that only annotations of pods name, a sentence; empty where it is."""
        files = self._providers.get(FILES)
        if files is None:
            return "File system backups are made by k8s_backup, or by a Velero with its node agent."
        forbidden = self._forbidden_copies(self._files.wanted_namespaces())
        lacking = f"The API server does not let you {rights_text(forbidden)}." if forbidden else ""
        return files.why_not or lacking

    def _with_rights(self, planned: dict[Key, VolumeDecision]) -> dict[Key, VolumeDecision]:
        """``planned`` without the copies that the caller may not make; raises ``KubeError`` unless that is wanted."""
        copied = {key for key, decision in planned.items() if decision.provider == FILES}
        forbidden = self._forbidden_copies({namespace for namespace, _name in copied})
        if not forbidden:
            return planned
        if not self._request.skip_forbidden:
            raise forbidden_error(
                forbidden,
                server=self._client.server,
                otherwise="have the files of these volumes not copied: default_volumes_to_fs_backup, the policy",
            )
        rights = rights_text(forbidden)
        self._issues.warning(f"No files of volumes are copied: the API server does not let you {rights}")
        return planned | dict.fromkeys(copied, VolumeDecision(reason=NOT_COPIED, of_files=True))

    def _forbidden_copies(self, namespaces: set[str]) -> list[Need]:
        """The rights that copies of files there lack. What is allowed is asked once of each namespace."""
        files, places = self._providers.get(FILES), sorted(namespaces - self._may_copy)
        if files is None or not places:
            return []
        forbidden = find_forbidden(self._client, files.needs(places), workers=self._request.workers)
        if not forbidden:
            self._may_copy.update(places)
        return forbidden

    def _note_pod(self, pod: Object) -> None:
        self._note(pod, mounted_claims(pod))

    def _note(self, pod: ObjectView, claims: t.Collection[str]) -> None:
        self._files.note(pod)
        if not claims:
            return
        namespace, name = pod_identity(pod)
        mover, spec = self._request.mover, pod.get("spec") or {}
        with self._lock:
            self._mounted.setdefault(namespace, set()).update(claims)
            if mover is not None and mover.security_context == "workload" and not is_finished(pod):
                for volume in spec.get("volumes") or ():
                    key = (namespace, claim_of_volume(name, volume))
                    self._users.setdefault(key, user_of_pod(spec, str(volume.get("name"))))

    def _read_claims(self) -> None:
        """Those that the lists will bring, and those that stored pods will."""
        list_plan = self._resolved.list_plan
        listed = list_plan.find(CLAIMS)
        if listed is not None:
            collector = Collector(self._run.with_issues(Issues()), list_plan, workers=self._request.workers)
            collector.run([listed], self._take)
        resource = self._resolved.discovery.find(CLAIMS)
        if resource is None or list_plan.lists_all_of(CLAIMS):
            return
        if not list_plan.filter.admits_related(CLAIMS, namespaced=True):
            return
        for namespace, names in sorted(self._mounted.items()):
            missing = sorted(name for name in names if (namespace, name) not in self._claims)
            if missing and self._sink.accepts_namespace(namespace):
                self._cancel.check()
                self._take(resource, list(self._read(resource, namespace, missing).values()))

    def _take(self, _resource: ApiResource, items: list[RawItem]) -> None:
        for item in items:
            claim = item.obj
            if not (self._sink.accepts(claim) and bound_volume(claim)):
                continue
            metadata = claim["metadata"]
            kept = {name: metadata.get(name) or {} for name in ("labels", "annotations")}
            kept["uid"] = metadata.get("uid") or ""
            with self._lock:
                self._claims[metadata["namespace"], metadata["name"]] = {
                    "metadata": {"namespace": metadata["namespace"], "name": metadata["name"], **kept},
                    "spec": claim["spec"],
                    "status": {"phase": "Bound", "capacity": (claim.get("status") or {}).get("capacity") or {}},
                }

    def _may_snapshot(self, volumes: BackupVolumes) -> bool:
        needs = volumes.needs(sorted({namespace for namespace, _name in self._claims}))
        forbidden = find_forbidden(self._client, needs, workers=self._request.workers) if needs else []
        if not forbidden:
            return True
        if not self._request.skip_forbidden:
            raise forbidden_error(
                forbidden, server=self._client.server, otherwise="snapshot_volumes: false to leave the data out"
            )
        self._issues.warning(f"No {volumes.title} are taken: the API server does not let you {rights_text(forbidden)}")
        return False

    def _read_volumes(self) -> dict[str, Object]:
        resource = self._resolved.discovery.find(VOLUMES)
        names = sorted({claim["spec"]["volumeName"] for claim in self._claims.values()})
        if resource is None:
            return {}
        return {name: item.obj for name, item in self._read(resource, "", names).items()}

    def _read(self, resource: ApiResource, namespace: str, names: t.Sequence[str]) -> dict[str, RawItem]:
        """What cannot be read is reported when it is to be stored."""
        try:
            return read_named(self._client, resource, namespace, names)
        except KubeError as exc:
            if exc.forbidden:
                return {}
            raise


__all__ = ("VolumePlan", "VolumePlanner", "backup_job", "volume_context")
