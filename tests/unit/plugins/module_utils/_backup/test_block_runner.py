# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database that was not held until the end of its block: told once, by its volume's error or by its own."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup import block_runner
from ansible_collections.arkive.k8s.plugins.module_utils._backup.block_runner import BlockRunner
from ansible_collections.arkive.k8s.plugins.module_utils._backup.blocks import Block
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._databases.cuts import VolumeCuts
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import HookedPod
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import PodDatabase
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.quiesce_block import (
    CriticalSection,
    QuiescedPod,
    SectionSettings,
)

POD: dict[str, t.Any] = {
    "metadata": {"namespace": "shop", "name": "db-0"},
    "spec": {"containers": [{"name": "db"}]},
    "status": {"phase": "Running"},
}
LOST = "It was not held until the snapshot was cut."


class Held:
    """A ``HeldDatabase`` whose session is lost while it is held."""

    def __init__(self, record: QuiesceRecord) -> None:
        self.record = record
        self.held = False
        self.held_since = None

    def begin(self, _cancel: t.Any) -> None:
        self.held = True
        self.record.started = utc_now()

    def end(self) -> None:
        self.held = False
        self.record.error = LOST


class Volumes:
    """``VolumeSnapshots`` of which ``planned`` are taken; ``spoiled``: why what was taken cannot be trusted."""

    def __init__(self, planned: t.Collection[str]) -> None:
        self.cuts = VolumeCuts()
        self.spoiled: list[str] = []
        self._planned = planned

    def of_pod(self, pod: tuple[str, str], claims: t.Iterable[str]) -> list[tuple[str, str]]:
        return [(pod[0], claim) for claim in claims]

    def leave_out(self, _keys: t.Any) -> None:
        """No pod has failed."""

    def take(self, keys: t.Sequence[tuple[str, str]], *, longest: float | None) -> list[tuple[str, str]]:
        return [key for key in keys if "/".join(key) in self._planned]

    def account(self, taken: t.Sequence[tuple[str, str]], section: CriticalSection) -> None:
        self.spoiled += [section.why_broken] * len(taken)


@pytest.mark.parametrize(
    ("planned", "spoiled", "errors"),
    [
        pytest.param((), [], [("Error quiescing a database", LOST, "shop", "db-0")], id="no-snapshot"),
        pytest.param(("shop/data",), [LOST], [], id="its-volume-tells"),
    ],
)
def test_a_lost_database_is_told_once(
    monkeypatch: pytest.MonkeyPatch, planned: t.Collection[str], spoiled: list[str], errors: list[t.Any]
) -> None:
    record = QuiesceRecord(namespace="shop", pod="db-0", container="db", kind="postgresql")
    database = PodDatabase(record, t.cast("t.Any", Held(record)), None)
    entry = QuiescedPod(pod=POD, pre=[], post=[], database=database)
    monkeypatch.setattr(block_runner, "prepare_pod", lambda *_given: entry)
    issues, volumes = Issues(), Volumes(planned)
    client = t.cast("t.Any", types.SimpleNamespace(with_cancel=lambda _cancel: None))
    settings = SectionSettings(run=ClusterRun(client=client, issues=issues), policy=FreezePolicy())
    stored: list[bool] = []
    runner = BlockRunner(settings, t.cast("t.Any", None), volumes=t.cast("t.Any", volumes))
    runner.run([Block([HookedPod(pod=POD, claims=("data",))])], lambda _pod, stores: stored.append(stores))
    assert volumes.spoiled == spoiled
    assert [(told.message, told.error, told.namespace, told.name) for told in issues.errors] == errors
    assert (stored, runner.quiesces[0]["consistent"]) == ([True], False)
