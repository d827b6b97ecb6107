# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies volumes into Velero's repositories and back, by pods that are gone afterwards. Knows no backups and restores.

The order of a backup: ``preview`` (check mode ends here), ``probe`` before anything is frozen, ``upload`` after the
thaw. Of a restore: ``probe``, ``download`` before the workloads start, ``fill_pods`` while they wait.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.pod_copy import (
    PodCopy,
    require_pods_admit,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.pod_fill import PodFill, PodFilled
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.pod_fills import fill_each
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_container import wanted_text
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.waiting_pod import WaitingPod
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.loop import JobLoop
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.sweep import Swept, sweep_jobs
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobEnd, JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.turns import Turns
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import (
    Download,
    Downloaded,
    InPod,
    MoverSettings,
    PodDownloaded,
    Probe,
    Probed,
    Upload,
    Uploaded,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.forgetting import MOST_IDS, ForgetJob
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.opening import Opening
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import MoverTarget, PodWorks
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.transfer.downloading import DownloadJob, grouped
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.transfer.uploading import UploadJob


class _Makes(t.Protocol):
    def task(self) -> JobTask:
        """Raises ``MoverError``."""


def _nobody(_upload: Upload, _uploaded: Uploaded) -> None:
    """Nobody wants to know it before all have ended."""


class Mover:
    """For one location, in one run, which has a ``run_id``. Raises ``Cancelled``, and ``MoverError`` when it is made.

    Everything else that goes wrong is a sentence in what is returned.
    """

    def __init__(self, run: ClusterRun, target: MoverTarget, settings: MoverSettings) -> None:
        if not run.run_id:
            raise MoverError("A run that moves data has to have an id.")
        self._run = run
        self._settings = settings
        self._works = PodWorks(run, target, settings)

    def preview(self, probes: t.Sequence[Probe]) -> list[Probed]:
        """What is known without a pod, in the order of ``probes``. Nothing is made."""
        return Opening(self._run, self._works).preview(probes)

    def probe(self, probes: t.Sequence[Probe]) -> list[Probed]:
        """Whether pods can use the repositories, which are made where there is none. What dead runs left is swept."""
        swept = self.sweep({probe.namespace for probe in probes})
        for warning in swept.warnings:
            self._run.issues.warning(warning)
        return Opening(self._run, self._works).open(probes)

    def require_admitted(self, pods: t.Sequence[InPod]) -> None:
        """Raise ``MoverError`` where the cluster would not let a container into one of ``pods``. Nothing is made."""
        require_pods_admit(self._run.client, pods, self._settings)

    def upload(
        self, uploads: t.Sequence[Upload], *, uploaded: t.Callable[[Upload, Uploaded], None] = _nobody
    ) -> list[Uploaded]:
        """Copy volumes into their repositories; results in the order of ``uploads``.

        ``uploaded`` is told of each as soon as it has ended. However all of it ends, whatever is in a repository then
        was told, as far as it can be known.
        """
        jobs = [UploadJob(self._run, self._works, upload) for upload in uploads]

        def tell(number: int, end: JobEnd) -> None:
            uploaded(uploads[number], jobs[number].result(end))

        return [job.result(end) for job, end in zip(jobs, self._run_all(jobs, tell), strict=True)]

    def upload_in_pod(
        self, upload: Upload, inside: InPod, *, uploaded: t.Callable[[Upload, Uploaded], None] = _nobody
    ) -> Uploaded:
        """Copy one volume by a container in its pod: the caller bounds how many there are at once.

        ``uploaded`` as in ``upload``.
        """
        job = UploadJob(self._run, self._works, upload)

        def tell(end: JobEnd) -> None:
            uploaded(upload, job.result(end))

        try:
            return job.result(PodCopy(self._run, self._settings, job.task(), inside, ended=tell).run())
        except MoverError as exc:
            return Uploaded(error=exc.sentence)

    def download(self, downloads: t.Sequence[Download]) -> list[Downloaded]:
        """Fill volumes from their snapshots; results in the order of ``downloads``. Their pods are gone afterwards."""
        groups = grouped(downloads)
        jobs = [DownloadJob(self._run, self._works, [downloads[number] for number in group]) for group in groups]
        found: dict[int, Downloaded] = {}
        for group, job, end in zip(groups, jobs, self._run_all(jobs), strict=True):
            found |= dict(zip(group, job.results(end), strict=True))
        return [found[number] for number in range(len(downloads))]

    def fill_pods(
        self, pods: t.Sequence[t.Sequence[Download]], *, done: t.Callable[[int, PodDownloaded], None]
    ) -> None:
        """Fill volumes of pods that wait for them, by commands in the pods; ``pods``: the downloads of each.

        ``done`` is given the number of each that has ended, and what became of it, from any thread. What fails is left
        waiting, and may be filled by another call.
        """
        turns = Turns(at_once=self._settings.concurrency, per_node=self._settings.per_node, cancel=self._run.cancel)
        jobs = [[DownloadJob(self._run, self._works, [each]) for each in downloads] for downloads in pods]

        def ended(number: int, filled: PodFilled) -> None:
            ends = [*filled.ends, *[JobEnd(error=filled.error)] * (len(jobs[number]) - len(filled.ends))]
            results = (job.results(end) for job, end in zip(jobs[number], ends, strict=True))
            volumes = tuple(found for each in results for found in each)
            done(number, PodDownloaded(volumes=volumes, error=filled.error, gone=filled.gone))

        fills: dict[int, PodFill] = {}
        for number, (downloads, works) in enumerate(zip(pods, jobs, strict=True)):
            try:
                fills[number] = PodFill(self._run, self._settings, turns, _waiting_pod(downloads, works))
            except MoverError as exc:
                ended(number, PodFilled(error=exc.sentence))
        fill_each(fills, self._run.cancel, done=ended)

    def forget(self, source_namespace: str, ids: t.Sequence[str], *, namespace: str) -> dict[str, str]:
        """Remove snapshots from the repository of a namespace, by pods in ``namespace``; why some are left, by id.

        One pod after the other. Where one has done nothing, the next would fare alike, and the rest is left.
        """
        wanted = list(dict.fromkeys(ids))
        left: dict[str, str] = {}
        for start in range(0, len(wanted), MOST_IDS):
            part, rest = wanted[start : start + MOST_IDS], wanted[start + MOST_IDS :]
            if start:
                self._run.progress(
                    f"{source_namespace}: {start} of {len(wanted)} snapshots were to be forgotten so far"
                )
            job = ForgetJob(self._run, self._works, source_namespace, part, namespace)
            [end] = self._run_all([job])
            found = job.left(end)
            left |= found
            if end.error and len(found) == len(part):
                return left | dict.fromkeys(rest, f"It was not tried, as others could not be forgotten: {end.error}")
        return left

    def sweep(self, namespaces: t.Iterable[str]) -> Swept:
        """Remove what dead runs have left."""
        return sweep_jobs(self._run.client, namespaces)

    def _run_all(self, jobs: t.Sequence[_Makes], tell: t.Callable[[int, JobEnd], None] | None = None) -> list[JobEnd]:
        """How each ended; one that has no task has failed. ``tell`` gets the number of each that ends."""
        ends: dict[int, JobEnd] = {}
        tasks: dict[int, JobTask] = {}
        for number, job in enumerate(jobs):
            try:
                tasks[number] = job.task()
            except MoverError as exc:
                ends[number] = JobEnd(error=exc.sentence)
        numbers = list(tasks)

        def ended(position: int, end: JobEnd) -> None:
            if tell is not None:
                tell(numbers[position], end)

        if tasks:
            loop = JobLoop(self._run, self._settings, ended=ended)
            ends |= dict(zip(tasks, loop.run(list(tasks.values())), strict=True))
        return [ends[number] for number in range(len(jobs))]


def _waiting_pod(downloads: t.Sequence[Download], jobs: t.Sequence[DownloadJob]) -> WaitingPod:
    """Raises ``MoverError``."""
    return WaitingPod(
        namespace=downloads[0].namespace,
        name=downloads[0].pod,
        wanted=wanted_text((each.volume, each.snapshot_id) for each in downloads),
        tasks=tuple(job.task() for job in jobs),
    )


__all__ = ("Mover",)
