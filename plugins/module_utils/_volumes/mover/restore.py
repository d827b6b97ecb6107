# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes whose data comes back from a repository: made empty, and filled by Jobs before anything mounts them.

The rules: docs/compatibility 5.12.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import user_of_pod
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_container import (
    without_wait_container,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.dry_run import require_pod_admitted
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    Download,
    Probe,
    Probed,
    WorkloadPlace,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.pod_restore import PodRestore
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.moved_source import (
    PROVIDER,
    MovedSource,
    is_made_for,
    is_unfilled,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.recorded_moves import (
    RecordedMove,
    RecordedMoves,
    why_not_kopia,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.place import require_bucket
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.rights import fill_needs
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restore_kinds import NewVolumes
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    FILLED_MARK,
    WANTED_MARK,
    DataSource,
    FilledClaim,
    FillRequest,
    RestoreJob,
    SnapshotObjects,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext

_WORKERS = 4
_LEAVE_OUT = (
    "Pods that are left out by excluded_resources or names are made anew by what owns them, with empty volumes."
)
_ENFORCED = "pod-security.kubernetes.io/enforce"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


class MoverRestore(NewVolumes):
    """A ``RestoreVolumes``, and its ``VolumeFilling``."""

    name = PROVIDER
    method = "PodVolumeBackup"

    def __init__(self, context: VolumeContext, job: RestoreJob) -> None:
        self._context = context
        self._job = job

    @functools.cached_property
    def _moves(self) -> RecordedMoves:
        records = self._job.records
        return RecordedMoves(
            uploads=records.data_uploads(),
            pod_volumes=records.podvolumebackups or (),
            volumeinfo=records.volumeinfo or (),
            archive=self._job.archive,
        )

    @property
    def objects(self) -> SnapshotObjects | None:
        return None

    @property
    def filling(self) -> MoverRestore:
        return self

    @property
    def pod_filling(self) -> PodRestore | None:
        moving = self._context.moving
        if moving is None:
            return None
        job = self._job
        return PodRestore(self, moving.settings, lambda: self._mover, sparse=job.sparse, parallel=job.parallel)

    # -- a claim's new volume -----------------------------------------------------------------------------------------

    def of_claim(self, claim: ObjectView, namespace: str) -> MovedSource | None:
        move = self._moves.of_claim(claim, namespace)
        return None if move is None else MovedSource(move=move)

    def why_not(self, source: DataSource, *, namespace: str, claim: ObjectView) -> str:
        if self._context.moving is None:
            return "its data was moved, and there is no location to read it from"
        why = self.why_unreachable()
        return f"its data was moved into a repository: {why}" if why else ""

    def why_unreachable(self) -> str:
        try:
            if self._context.moving is not None:
                require_bucket(self._context.moving.store.location)
        except MoverError as exc:
            return exc.message.rstrip(".")
        return ""

    def moves_of_pod(self, namespace: str, pod: str) -> t.Mapping[str, RecordedMove]:
        return self._moves.of_pod(namespace, pod)

    def provision(self, source: DataSource, spec: dict[str, t.Any]) -> None:
        """It is made empty, with room for what the snapshot holds. What was sparse takes less than it seems to hold."""
        for name in ("dataSource", "dataSourceRef"):
            spec.pop(name, None)
        size = self.size_of(source)
        if self._job.sparse or not size:
            return
        requests = spec.setdefault("resources", {}).setdefault("requests", {})
        try:
            if parse_quantity(requests["storage"]) < size:
                requests["storage"] = str(size)
        except (KeyError, ValidationError):
            return  # the API server says what is wrong with it

    def is_made_from(self, claim: ObjectView, namespace: str, live: ObjectView, *, ours: bool) -> bool:
        move = self._moves.of_claim(claim, namespace)
        return move is not None and is_made_for(live, move.snapshot)

    def why_unreadable(self, volume: ObjectView, entry: ObjectView) -> str:
        claim = (volume.get("spec") or {}).get("claimRef") or {}
        namespace = str(claim.get("namespace") or entry.get("pvcNamespace") or "")
        name = str(claim.get("name") or entry.get("pvcName") or "")
        move = self._moves.of_claim({"metadata": {"name": name}}, namespace)
        if move is not None:
            return move.missing
        saved = entry.get("pvbInfo") or {}
        old = why_not_kopia(str(saved.get("uploaderType") or "kopia"), str(saved.get("snapshotHandle") or ""))
        return old or "its data was saved by files, and the backup has no record of that"

    def error_of(self, source: DataSource) -> str:
        return ""

    def take_out(self, source: DataSource, *, namespace: str, claim: str) -> list[str] | None:
        return None

    # -- its data -----------------------------------------------------------------------------------------------------

    def marks(self, source: DataSource) -> t.Mapping[str, str]:
        return {WANTED_MARK: source.handle}

    def filled_marks(self, source: DataSource) -> t.Mapping[str, str]:
        return {FILLED_MARK: source.handle}

    def is_unfilled(self, live: ObjectView) -> bool:
        return is_unfilled(live)

    def size_of(self, source: DataSource) -> int:
        return source.move.bytes if isinstance(source, MovedSource) else 0

    def repository_of(self, source: DataSource) -> str:
        if not isinstance(source, MovedSource) or self._context.moving is None:
            return ""
        return f"{self._context.moving.store.location.describe}, kopia/{source.move.namespace}/"

    def check(self, requests: t.Sequence[FillRequest]) -> None:
        for each in requests:
            self._require_root(each)
        probes = dict.fromkeys(
            Probe(
                namespace=each.namespace if each.new_namespace is None else "",
                source_namespace=_move(each).namespace,
                action="download",
            )
            for each in requests
        )
        _require(self._mover.preview(list(probes)))

    def prove(self, requests: t.Sequence[FillRequest]) -> None:
        probes = dict.fromkeys(
            Probe(namespace=each.namespace, source_namespace=_move(each).namespace, action="download")
            for each in requests
            if each.new_namespace is None
        )
        _require(self._mover.probe(list(probes)))

    def require_pods_admitted(self, pods: t.Iterable[ObjectView]) -> None:
        client = self._context.client()

        def look(pod: ObjectView) -> None:
            require_pod_admitted(client, pod, without_wait_container(pod))

        with concurrent.futures.ThreadPoolExecutor(_WORKERS, thread_name_prefix="arkive-admission") as pool:
            list(pool.map(look, pods))

    def require_exec(self, namespaces: t.Collection[str]) -> None:
        needs = [need for name in sorted(namespaces) for need in fill_needs(name)]
        forbidden = find_forbidden(self._context.client(), needs, workers=_WORKERS)
        if forbidden:
            words = ", ".join(f"{need.verb} {need.resource_text}" for need in forbidden)
            places = ", ".join(dict.fromkeys(need.namespace for need in forbidden))
            raise MoverError(
                f"Volumes of pods in {places} cannot be filled: the caller may not {words}.",
                hint=f"Give the caller these rights. {_LEAVE_OUT}",
            )

    def _require_root(self, request: FillRequest) -> None:
        """What a namespace that is to be made would refuse: nobody can be asked. Raises ``MoverError``."""
        labels = ((request.new_namespace or {}).get("metadata") or {}).get("labels") or {}
        settings = self._context.moving.settings if self._context.moving is not None else None
        if labels.get(_ENFORCED) == "restricted" and settings is not None and settings.security_context == "root":
            raise MoverError(
                f"Namespace {request.namespace} comes back with Pod Security 'restricted', which lets in no Job that"
                " runs as root.",
                hint="Set mover.security_context to 'workload', by which owners of files are not kept, or change the"
                f" label {_ENFORCED} of the namespace by resource_modifiers.",
            )

    def fill(self, requests: t.Sequence[FillRequest]) -> list[FilledClaim]:
        swept = self._mover.sweep({each.namespace for each in requests})
        done = self._mover.download([self._download(each) for each in requests])
        return [
            FilledClaim(
                bytes=each.bytes,
                files=each.files,
                warnings=each.warnings if number else (*swept.warnings, *each.warnings),
                error=each.error,
            )
            for number, each in enumerate(done)
        ]

    def _download(self, request: FillRequest) -> Download:
        move = _move(request)
        return Download(
            namespace=request.namespace,
            claim=request.claim,
            source_namespace=move.namespace,
            snapshot_id=move.snapshot,
            bytes=move.bytes or None,
            together=request.together,
            again=request.again,
            place=_place_of(request.pod),
            sparse=self._job.sparse,
            parallel=self._job.parallel,
        )

    @functools.cached_property
    def _mover(self) -> Mover:
        """Made, and loaded, where something is to be moved only."""
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.moving import make_mover

        if self._context.moving is None:
            raise SnapshotError("There is no location to read moved data from.")
        return make_mover(self._context.moving, self._context.client(), cancel=self._context.cancel)


def _move(request: FillRequest) -> RecordedMove:
    if not isinstance(request.source, MovedSource):
        raise SnapshotError(f"The data of {request.where} is in no repository.")
    return request.source.move


def _require(found: t.Iterable[Probed]) -> None:
    errors = [probed.error for probed in found if probed.error]
    if errors:
        raise MoverError(" ".join(dict.fromkeys(errors)))


def _place_of(pod: ObjectView) -> WorkloadPlace:
    """Where the pods of a workload may run: what they ask for, without what they would only prefer."""
    nodes = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    required = {"nodeAffinity": {_REQUIRED: nodes[_REQUIRED]}} if nodes.get(_REQUIRED) else {}
    return WorkloadPlace(
        node_selector=pod.get("nodeSelector") or {},
        tolerations=tuple(pod.get("tolerations") or ()),
        affinity=required,
        security_context=user_of_pod(pod),
    )


__all__ = ("MoverRestore",)
