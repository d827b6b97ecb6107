# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots while something of the cluster is down, and a run that is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from snapshot_runs import SnapshotRuns
from volume_lab import Storage, until

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.between_tasks import sweep_namespace
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import HookTaskRequest
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

pytestmark = pytest.mark.fault

PROGRAM = Path(__file__).with_name("take_slowly.py")
Component = t.Callable[[str, str], None]


def everything_is_gone(runs: SnapshotRuns, storage: Storage) -> bool:
    return not runs.app.snapshot_objects() and not storage.snapshots(*runs.app.volume_handles())


@pytest.mark.parametrize("name", ["snapshot-controller", "csi-snapshotter"])
def test_a_controller_is_down(runs: SnapshotRuns, storage: Storage, component: Component, name: str) -> None:
    """The pods do not wait for it, and nothing is left when it is back."""
    component("down", name)
    outcome = runs.take(take_seconds=5.0)
    assert "was not cut within 5 s" in outcome.errors[0]
    assert [record.consistent for record in outcome.freezes] == [True]
    assert outcome.freezes[0].seconds is not None
    assert outcome.freezes[0].seconds < 15
    component("up", name)
    until(lambda: everything_is_gone(runs, storage), "nothing of the set is left", seconds=90)
    assert runs.take().errors == []


def test_the_driver_is_killed_while_it_cuts(
    runs: SnapshotRuns, storage: Storage, component: Component, make_class: t.Callable[..., str]
) -> None:
    component("kill", "loopfile")
    outcome = runs.take(snapshot_class=make_class(snapshotDelay="2s"))
    if outcome.errors:  # it was back too late
        until(lambda: everything_is_gone(runs, storage), "nothing of the set is left", seconds=90)
    else:
        assert {entry["handle"] for entry in outcome.snapshots} == storage.snapshots(*runs.app.volume_handles())
    assert [record.consistent for record in outcome.freezes] == [True]


def test_a_run_that_is_killed_while_it_cuts(
    runs: SnapshotRuns, storage: Storage, kubeconfig: str, make_class: t.Callable[..., str]
) -> None:
    """The lease thaws, and the set is known to be nobody's: the next run refuses it until it is removed."""
    arguments = [kubeconfig, runs.app.namespace, runs.app.claims[0], make_class(snapshotDelay="10s")]
    path = os.pathsep.join([os.environ["ARKIVE_TEST_COLLECTIONS"], os.environ.get("PYTHONPATH", "")])
    argv = [sys.executable, str(PROGRAM), *arguments]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}) as run:
        assert run.stdout is not None
        assert any("cutting" in line for line in run.stdout)
        until(runs.app.snapshot_objects, "the snapshot is begun", seconds=10)
        run.kill()
    runs.app.write("after", "the-lease")  # it waits for the thaw
    assert runs.app.files()["after"] == "the-lease"
    with pytest.raises(SnapshotError, match="was begun by a run that did not end"):
        runs.take()
    assert runs.remove().errors == []
    assert everything_is_gone(runs, storage)
    assert runs.take().errors == []
    # The mark of the dead run goes with the first sweep after its time.
    task = HookTaskRequest(namespace=runs.app.namespace)
    until(lambda: not sweep_namespace(task, client=runs.client).swept, "it is swept", seconds=90, pause=2)
