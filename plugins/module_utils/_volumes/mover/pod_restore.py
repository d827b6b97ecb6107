# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes of pods that have no claim, and whose data comes back from a repository while the pod waits.

Of those, only ``emptyDir`` begins empty wherever the pod comes to run, and is filled (docs/compatibility 5.12).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.images import unused_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_container import (
    require_same_data,
    strange_users,
    volumes_in_memory,
    wait_container,
    wait_state,
    wanted_text,
    why_no_user,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    Download,
    Downloaded,
    MoverSettings,
    PodDownloaded,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.moved_source import (
    MovedSource,
    is_unfilled,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.records.recorded_moves import RecordedMove
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import (
    WANTED_MARK,
    DataSource,
    FilledClaim,
    FilledPod,
    FillRequest,
    PodData,
    PodFillRequest,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover

_FILLED_KIND = "emptyDir"


class ClaimSide(t.Protocol):
    """The restore of claims from the same repositories, as far as it is asked here."""

    def moves_of_pod(self, namespace: str, pod: str) -> t.Mapping[str, RecordedMove]:
        """What is recorded of the volumes of a stored pod that have no claim, by their names."""

    def why_unreachable(self) -> str:
        """Why no repository can be read, a phrase; empty where it can."""

    def repository_of(self, source: DataSource) -> str:
        """Where the data lies, for people."""

    def check(self, requests: t.Sequence[FillRequest]) -> None:
        """As ``VolumeFilling.check``."""

    def require_pods_admitted(self, pods: t.Iterable[ObjectView]) -> None:
        """Raise ``MoverError`` where one that is to be made would not be let in since it waits. Nothing is made."""

    def require_exec(self, namespaces: t.Collection[str]) -> None:
        """Raise ``MoverError`` where the caller may not do what filling volumes of pods takes."""


class PodRestore:
    """A ``PodFilling``. ``mover`` makes the one of the run, where something is to be moved."""

    def __init__(
        self,
        side: ClaimSide,
        settings: MoverSettings,
        mover: t.Callable[[], Mover],
        *,
        sparse: bool,
        parallel: int,
    ) -> None:
        self._side = side
        self._settings = settings
        self._mover = mover
        self._sparse = sparse
        self._parallel = parallel

    def of_pod(self, pod: ObjectView, namespace: str) -> list[PodData]:
        spec = pod.get("spec") or {}
        volumes = {str(each.get("name")): each for each in spec.get("volumes") or ()}
        moves = self._side.moves_of_pod(namespace, str(pod["metadata"]["name"]))
        return [
            PodData(volume=name, source=MovedSource(move=move), missing=self._why_not(spec, volumes[name], move))
            for name, move in sorted(moves.items())
            if name in volumes
        ]

    def _why_not(self, spec: ObjectView, volume: ObjectView, move: RecordedMove) -> str:
        kind = next((key for key in volume if key != "name"), "")
        if kind != _FILLED_KIND:
            return f"what is behind a volume of the kind {kind} is there without the pod, and is not written to"
        if str((volume[kind] or {}).get("medium") or "").startswith("HugePages"):
            return "a volume of huge pages is memory that programs map, and has no files to be written"
        if _is_of_windows(spec):
            return "its pod is made for Windows, where the container that would fill it does not run"
        return move.missing or self._side.why_unreachable() or why_no_user(spec, move.volume, self._settings)

    def prepare(self, pod: dict[str, t.Any], data: t.Sequence[PodData]) -> list[str]:
        spec, metadata = pod["spec"], pod["metadata"]
        names = [each.volume for each in data]
        in_memory = volumes_in_memory(spec)
        size = sum(_move(each).bytes for each in data if each.volume in in_memory)
        container = wait_container(spec, names, self._settings, in_memory=size)
        spec["initContainers"] = [container, *(spec.get("initContainers") or ())]
        wanted = _mark(data)
        metadata["annotations"] = {**(metadata.get("annotations") or {}), WANTED_MARK: wanted}
        return [*strange_users(spec, names, self._settings), *unused_secrets(spec, self._settings)]

    def is_unfilled(self, live: ObjectView) -> bool:
        """One that has all of it may wait still: whoever marked it was gone before it was let go."""
        marks = (live.get("metadata") or {}).get("annotations") or {}
        return is_unfilled(live) or (WANTED_MARK in marks and "running" in wait_state(live))

    def repository_of(self, source: DataSource) -> str:
        return self._side.repository_of(source)

    def check(self, requests: t.Sequence[PodFillRequest]) -> None:
        """Their containers ask of a namespace what the pod of a Job does."""
        for each in requests:
            require_same_data(
                f"Cannot fill the volumes of pod {each.where}", each.mark or _mark(each.data), _mark(each.data)
            )
        there = [each for each in requests if each.new_namespace is None]
        self._side.require_exec({each.namespace for each in there})
        self._side.check(
            [
                FillRequest(
                    source=each.data[0].source,
                    namespace=each.namespace,
                    claim=each.pod,
                    new_namespace=each.new_namespace,
                )
                for each in requests
            ]
        )
        self._side.require_pods_admitted(each.body for each in there if each.body is not None)

    def fill(
        self, requests: t.Sequence[PodFillRequest], *, done: t.Callable[[PodFillRequest, FilledPod], None]
    ) -> None:
        def ended(number: int, found: PodDownloaded) -> None:
            done(requests[number], _filled_pod(found))

        self._mover().fill_pods([[self._download(each, data) for data in each.data] for each in requests], done=ended)

    def _download(self, request: PodFillRequest, data: PodData) -> Download:
        move = _move(data)
        return Download(
            namespace=request.namespace,
            claim="",
            pod=request.pod,
            volume=data.volume,
            source_namespace=move.namespace,
            snapshot_id=move.snapshot,
            bytes=move.bytes or None,
            sparse=self._sparse,
            parallel=self._parallel,
            # Nobody but our own container has had the volume: what is in it is of an attempt, or of a run, before.
            again=True,
        )


def _mark(data: t.Iterable[PodData]) -> str:
    return wanted_text((each.volume, each.source.handle) for each in data)


def _is_of_windows(spec: ObjectView) -> bool:
    """The API server refuses such a pod with what a container of Linux says of its rights."""
    words = ((spec.get("os") or {}).get("name"), (spec.get("nodeSelector") or {}).get("kubernetes.io/os"))
    return "windows" in words


def _filled_pod(found: PodDownloaded) -> FilledPod:
    return FilledPod(volumes=tuple(map(_filled, found.volumes)), error=found.error, gone=found.gone)


def _filled(found: Downloaded) -> FilledClaim:
    return FilledClaim(bytes=found.bytes, files=found.files, warnings=found.warnings, error=found.error)


def _move(data: PodData) -> RecordedMove:
    if not isinstance(data.source, MovedSource):
        raise SnapshotError(f"The data of volume '{data.volume}' is in no repository.")
    return data.source.move


__all__ = ("ClaimSide", "PodRestore")
