# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A volume on its way into the repository: the Job's task, and what of it is believed.

A copy counts when its container ended well *and* kopia's manifest has an id and says that it is whole. Whatever else a
pod has left in the repository is forgotten, by the pod itself or by the next one.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import ContainerTask, JobPlan
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import digest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import Outcome
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.progress import read_size
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobAttempt, JobEnd, JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import PIN, Upload, Uploaded
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.snapshot_manifest import (
    SnapshotManifest,
    parse_manifest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import PodWork, PodWorks
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.transfer.losses import loss_sentences

_CONTAINER = "mover"


class UploadJob:
    """One upload as a task of the loop."""

    def __init__(self, run: ClusterRun, works: PodWorks, upload: Upload) -> None:
        self._run = run
        self._works = works
        self._upload = upload

    def task(self) -> JobTask:
        """Raises ``MoverError`` for a volume that cannot be moved at all."""
        upload = self._upload
        if upload.mount != "claim":
            raise MoverError(f"The volume of {upload.where} is a raw block device, which cannot be moved so far.")
        if bad := [text for text in (upload.source_path, *upload.tags, *upload.tags.values()) if "\n" in text]:
            raise MoverError(f"The source of {upload.where} cannot be written down: {bad[0]!r} has more than one line.")
        work = self._work(JobAttempt(number=1, name="", slot=0))
        return JobTask(
            namespace=upload.namespace,
            works_on=work.works_on,
            where=upload.where,
            doing=f"copy the volume of {upload.where}",
            plan=self._plan,
            secret_data=lambda: self._works.secret_data(work),
            accept=self._accept,
            temporary_claim=upload.temporary_claim,
            owned=upload.owned,
            node=upload.node_name,
            waits=True,
        )

    def result(self, end: JobEnd) -> Uploaded:
        """What became of it."""
        outcome = end.outcomes[0] if end.outcomes else None
        manifest = _manifest(outcome)
        if end.error or outcome is None or manifest is None:
            error = end.error or f"Nobody knows whether the volume of {self._upload.where} was copied."
            return Uploaded(error=error, node=end.node, started=end.started, ended=end.ended)
        return Uploaded(
            snapshot_id=manifest.id,
            bytes=manifest.bytes,
            files=manifest.files,
            incremental_bytes=read_size(outcome.one("uploaded")),
            started=manifest.started or end.started,
            ended=manifest.ended or end.ended,
            node=end.node,
            losses=loss_sentences(outcome.of("loss")),
        )

    def _accept(self, end: JobEnd) -> JobEnd:
        """Never by an exit code alone."""
        cannot = f"Cannot copy the volume of {self._upload.where}"
        manifest = _manifest(end.outcomes[0] if end.outcomes else None)
        if manifest is None:
            return end.refused(f"{cannot}: what its pod says of the snapshot cannot be read.", again=True)
        if manifest.trouble:
            return end.refused(f"{cannot}: {manifest.trouble}.", again=True)
        return end

    def _plan(self, attempt: JobAttempt) -> JobPlan:
        return self._works.plan(self._work(attempt), attempt)

    def _work(self, attempt: JobAttempt) -> PodWork:
        upload, settings = self._upload, self._works.settings
        works_on = self._works.works_on("upload", upload.repository, upload.source_path)
        earlier = [self._tag(works_on, number) for number in range(1, attempt.number)]
        environment = {
            "MV_SOURCE": upload.source_path,
            "MV_DESCRIPTION": upload.description,
            "MV_PIN": PIN,
            "MV_TAGS": "\n".join(f"{key}:{value}" for key, value in sorted(upload.tags.items())),
            "MV_PARALLEL": str(upload.parallel),
            "MV_JOB": self._tag(works_on, attempt.number),
            "MV_DISCARD": " ".join(earlier),
        }
        claim = ContainerTask(name=_CONTAINER, environment=environment, claim=upload.claim, read_only=upload.read_only)
        return PodWork(
            action="upload",
            namespace=upload.namespace,
            repository=self._works.place(upload.repository),
            works_on=works_on,
            tasks=(claim,),
            place=upload.place,
            node=upload.node_name,
            seconds=settings.timeout,
        )

    def _tag(self, works_on: str, number: int) -> str:
        """Tells the snapshots of one pod apart from all others, also from those of other runs."""
        return digest(self._run.run_id, works_on, str(number))


def _manifest(outcome: Outcome | None) -> SnapshotManifest | None:
    return parse_manifest(outcome.one("manifest")) if outcome is not None else None


__all__ = ("UploadJob",)
