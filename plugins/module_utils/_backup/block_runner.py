# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run blocks side by side: each quiesced, released and then stored, none waiting for another."""

# Private: not for use outside of this collection.

from __future__ import annotations

import concurrent.futures
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.blocks import Block
from ansible_collections.arkive.k8s.plugins.module_utils._backup.volume_snapshots import VolumeSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezeRecord
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import Preflight
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.prepared_pods import prepare_pod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import CriticalSection
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_pod import QuiescedPod, SectionSettings

#: Takes a pod when its block is done: the slim pod, and whether it may be stored.
PodSink: t.TypeAlias = t.Callable[[t.Mapping[str, t.Any], bool], None]


class BlockRunner:
    """Runs the blocks of one backup. ``results`` and ``freezes`` have their order, also after an error."""

    def __init__(
        self,
        settings: SectionSettings,
        preflight: Preflight,
        *,
        volumes: VolumeSnapshots,
    ) -> None:
        self._settings = settings
        self._preflight = preflight
        self._issues = settings.run.issues
        self._volumes = volumes
        self._progress = settings.run.progress
        self._cancel = settings.run.cancel
        self._lock = threading.Lock()
        self._sections: dict[int, CriticalSection] = {}
        self._done = 0

    @property
    def results(self) -> list[HookResult]:
        with self._lock:
            sections = [section for _number, section in sorted(self._sections.items())]
        return [result for section in sections for result in section.results]

    @property
    def freezes(self) -> list[FreezeRecord]:
        with self._lock:
            sections = [section for _number, section in sorted(self._sections.items())]
        return [record for section in sections for record in section.freezes]

    @property
    def quiesces(self) -> list[dict[str, t.Any]]:
        """The databases that were held, or were to be."""
        with self._lock:
            sections = [section for _number, section in sorted(self._sections.items())]
        return [record.to_return() for section in sections for record in section.quiesces]

    def run(self, blocks: t.Sequence[Block], sink: PodSink) -> None:
        """Run every block. One that breaks does not keep the others; the first error is raised after all are done."""
        with concurrent.futures.ThreadPoolExecutor(self._settings.workers, thread_name_prefix="arkive-block") as pool:
            # Every hook is examined before the first one runs.
            pods = [pod for block in blocks for pod in block.pods]
            cuts = self._volumes.cuts
            found = list(pool.map(lambda pod: prepare_pod(pod, self._preflight, self._settings, cuts), pods))
            rest = iter(found)
            prepared = [[next(rest) for _pod in block.pods] for block in blocks]
            self._cancel.check()
            futures = [
                pool.submit(self._run_block, number, block, pods, sink, len(blocks))
                for number, (block, pods) in enumerate(zip(blocks, prepared, strict=True))
            ]
            concurrent.futures.wait(futures)
        for future in futures:
            future.result()
        self._cancel.check()

    def _run_block(self, number: int, block: Block, pods: list[QuiescedPod], sink: PodSink, total: int) -> None:
        if self._cancel.is_cancelled:
            return
        section = CriticalSection(pods, self._settings, sequential=block.sequential)
        with self._lock:
            self._sections[number] = section
        try:
            with section:
                # Nothing in this window may wait for the store or for another block.
                taken = self._take_snapshots(block, pods, section)
        finally:
            section.report_warnings(self._issues)
        self._volumes.account(taken, section)
        if not taken:
            section.report_broken(self._issues)
        for entry in pods:
            sink(entry.pod, entry.stored)
        self._report(pods, section, total)

    def _take_snapshots(self, block: Block, pods: list[QuiescedPod], section: CriticalSection) -> list[tuple[str, str]]:
        """Snapshots of what the block's pods mount, except those whose pre hook failed."""
        keys: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
        for entry, hooked in zip(pods, block.pods, strict=True):
            keys[entry.stored] += self._volumes.of_pod(hooked.key, hooked.claims)
        self._volumes.leave_out(keys[False])
        by_name = {"/".join(key): key for key in keys[True]}
        taken: list[tuple[str, str]] = []
        for wave in section.waves(by_name):
            taken += self._volumes.take([by_name[name] for name in wave], longest=section.freeze_seconds_left)
        return taken

    def _report(self, pods: list[QuiescedPod], section: CriticalSection, total: int) -> None:
        with self._lock:
            self._done += 1
            done = self._done
        names = some_of(["/".join(pod_identity(entry.pod)) for entry in pods], most=3)
        failed = sum(result.failed for result in section.results)
        said = f", {failed} failed" if failed else ""
        self._progress(f"hooks {done}/{total}: {names}: {counted(len(section.results), 'command')} run{said}")
        for record in section.freezes:
            seconds = "" if record.seconds is None else f" after {record.seconds:.2f} s"
            self._progress(f"{record.target.where}: {record.ending}{seconds}")
        for held in section.quiesces:
            if held.seconds is not None:
                ending = "" if held.consistent else ", and not until its release"
                self._progress(f"{held.where}: held for {held.seconds:.2f} s{ending}")


__all__ = ("BlockRunner", "PodSink")
