# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Volumes on their way back: the Job's task, and what of it is believed.

A volume counts as filled when the files, links, folders and bytes in it are as many as its snapshot has, and owners and
modes of a sample are those of the snapshot: kopia says that it has restored nothing with the same exit code.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import claims_in_use
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.manifest import ContainerTask, JobPlan
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.marks import MOVER
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import Outcome
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobAttempt, JobEnd, JobTask
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Download, Downloaded
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.snapshot_manifest import (
    SnapshotManifest,
    parse_manifest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import PodWork, PodWorks
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.transfer.owners import compare_owners

#: Files at once where nobody says (kopia's own), and folders whose owners are compared beside the root.
_PARALLEL = 8
_SAMPLES = 3
_NO_OWNERS = "Owners of files were not restored: the setting mover.security_context is 'workload'."


def grouped(downloads: t.Sequence[Download]) -> list[list[int]]:
    """The numbers of those that one pod makes, in their order."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for number, download in enumerate(downloads):
        alone = download.together or f"\0{number}"
        groups.setdefault((download.namespace, download.source_namespace, alone), []).append(number)
    return list(groups.values())


class DownloadJob:
    """Downloads of one pod as a task of the loop."""

    def __init__(self, run: ClusterRun, works: PodWorks, downloads: t.Sequence[Download]) -> None:
        self._run = run
        self._works = works
        self._downloads = tuple(downloads)

    @property
    def _where(self) -> str:
        return ", ".join(each.where for each in self._downloads)

    @property
    def _title(self) -> str:
        return self._downloads[0].title if self._downloads[0].pod else f"the volume of {self._where}"

    def task(self) -> JobTask:
        """Raises ``MoverError``."""
        work = self._work(JobAttempt(number=1, name="", slot=0))
        return JobTask(
            namespace=work.namespace,
            works_on=work.works_on,
            where=self._where,
            doing=f"restore {self._title}",
            plan=self._plan,
            secret_data=lambda: self._works.secret_data(work),
            accept=self._accept,
            check=self._require_free,
            size=sum(each.bytes or 0 for each in self._downloads),
            wants_logs=True,
        )

    def results(self, end: JobEnd) -> list[Downloaded]:
        """What became of each, in their order."""
        return [self._result(end, number) for number in range(len(self._downloads))]

    def _result(self, end: JobEnd, number: int) -> Downloaded:
        download = self._downloads[number]
        outcome = end.outcomes[number] if number < len(end.outcomes) else None
        problem = end.problems[number] if number < len(end.problems) else end.error
        manifest = _manifest(outcome)
        if problem or manifest is None:
            error = problem or f"Nobody knows whether {download.title} was restored."
            return Downloaded(error=error, node=end.node, started=end.started, ended=end.ended)
        checked = compare_owners(end.logs[number]) if self._keeps_owners else None
        return Downloaded(
            bytes=manifest.bytes,
            files=manifest.files,
            owners_checked=checked.checked if checked else 0,
            started=end.started,
            ended=end.ended,
            node=end.node,
            warnings=tuple(self._warnings(download, manifest)),
        )

    def _warnings(self, download: Download, manifest: SnapshotManifest) -> t.Iterator[str]:
        if not self._keeps_owners:
            yield _NO_OWNERS
        if manifest.trouble:
            yield f"The snapshot of {download.where} was not whole when it was made: {manifest.trouble}."
        for recorded, found, what in (
            (download.bytes, manifest.bytes, "bytes"),
            (download.files, manifest.files, "files"),
        ):
            if recorded is not None and recorded != found:
                says = f"The record of {download.where} says {recorded} {what}, and its snapshot has {found}"
                yield f"{says}: these are restored."

    @property
    def _keeps_owners(self) -> bool:
        return self._works.settings.security_context == "root"

    def _accept(self, end: JobEnd) -> JobEnd:
        """Never by an exit code alone."""
        problems = [self._problem(end, number) for number in range(len(self._downloads))]
        first = next(filter(None, problems), "")
        return dataclasses.replace(end, error=first, problems=tuple(problems)) if first else end

    def _problem(self, end: JobEnd, number: int) -> str:
        download = self._downloads[number]
        cannot = f"{download.title[0].upper()}{download.title[1:]} is not restored as it was"
        outcome = end.outcomes[number] if number < len(end.outcomes) else None
        manifest = _manifest(outcome)
        if outcome is None or manifest is None or manifest.id != download.snapshot_id:
            return f"{cannot}: what its pod says of it cannot be read."
        if wrong := compare_counts(manifest, outcome.one("counted")):
            return f"{cannot}: {wrong}."
        if self._keeps_owners and (wrong := compare_owners(end.logs[number]).wrong):
            return f"{cannot}: {wrong}."
        return ""

    def _require_free(self) -> None:
        """A claim that somebody mounts is not written to."""
        claims = {each.claim for each in self._downloads}
        namespace = self._downloads[0].namespace
        for page in list_pages(self._run.client, PODS, namespace=namespace):
            for pod in page.items:
                metadata = pod["metadata"]
                used = claims & set(claims_in_use(pod))
                if used and MOVER not in (metadata.get("labels") or {}):
                    raise MoverError(
                        f"Cannot restore the volume of {namespace}/{min(used)}: pod {metadata['name']} mounts it.",
                        hint="Scale its workload down, or restore to another claim.",
                    )

    def _plan(self, attempt: JobAttempt) -> JobPlan:
        return self._works.plan(self._work(attempt), attempt)

    def _work(self, attempt: JobAttempt) -> PodWork:
        first = self._downloads[0]
        return PodWork(
            action="download",
            namespace=first.namespace,
            repository=self._works.place(first.source_namespace),
            works_on=self._works.works_on("download", first.namespace, *sorted(map(_target, self._downloads))),
            tasks=tuple(self._container(number, each, attempt) for number, each in enumerate(self._downloads)),
            write=False,
            place=first.place,
            seconds=self._works.settings.timeout,
        )

    def _container(self, number: int, download: Download, attempt: JobAttempt) -> ContainerTask:
        environment = {
            "MV_SNAPSHOT": download.snapshot_id,
            "MV_AGAIN": "true" if attempt.number > 1 or download.again else "",
            "MV_PARALLEL": str(download.parallel or _PARALLEL),
            "MV_SPARSE": "--write-sparse-files" if download.sparse else "",
            "MV_SKIP": "--no-ignore-permission-errors" if self._keeps_owners else "--skip-owners",
            "MV_SAMPLES": str(_SAMPLES),
        }
        return ContainerTask(name=f"mover-{number}", environment=environment, claim=download.claim)


def compare_counts(manifest: SnapshotManifest, counted: str) -> str:
    """``counted``: files, their bytes, links and folders. Half a sentence about what differs, empty for nothing.

    The folder ``lost+found`` of the file system is not counted, and may be in the snapshot.
    """
    words = counted.split()
    if len(words) != 4 or not all(word.isdecimal() for word in words):
        return "what is in it could not be counted"
    files, size, links, folders = map(int, words)
    for found, wanted, what in (
        (files, manifest.files, "files"),
        (size, manifest.bytes, "bytes"),
        (links, manifest.links, "links"),
    ):
        if found != wanted:
            return f"it has {found} {what}, and its snapshot {wanted}"
    if folders + 1 not in (manifest.folders, manifest.folders - 1):
        return f"it has {folders} folders, and its snapshot {manifest.folders - 1}"
    return ""


def _target(download: Download) -> str:
    return f"{download.pod}/{download.volume}" if download.pod else download.claim


def _manifest(outcome: Outcome | None) -> SnapshotManifest | None:
    return parse_manifest(outcome.one("manifest")) if outcome is not None else None


__all__ = ("DownloadJob", "compare_counts", "grouped")
