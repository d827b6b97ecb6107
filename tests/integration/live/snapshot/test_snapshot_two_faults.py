# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of snapshots that two things go wrong with at once. Local cluster only."""

from __future__ import annotations

import threading
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from api_proxy import ApiProxy, Fate
from snapshot_runs import SnapshotRuns
from volume_lab import Storage, until

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

pytestmark = pytest.mark.fault

MakeClass = t.Callable[..., str]
UNFROZEN = {"pod_hooks": False}


@pytest.fixture
def proxy(kubeconfig: str) -> t.Iterator[ApiProxy]:
    made = ApiProxy(yaml.safe_load(Path(kubeconfig).read_text()))
    yield made
    made.close()


def delete_begun(runs: SnapshotRuns) -> None:
    """Delete the snapshot as soon as it is there.

    The sidecar forgets a content that was deleted while it was being cut, until something of it changes.
    """
    until(runs.app.snapshot_objects, "the snapshot is begun", seconds=60)
    path = f"/apis/snapshot.storage.k8s.io/v1/namespaces/{runs.app.namespace}/volumesnapshots"
    runs.client.delete(f"{path}/one-data")

    def is_gone() -> bool:
        for found in runs.app.snapshot_objects():
            kind, name = found.split()
            if kind == "VolumeSnapshotContent":
                look = f"arkive-test/look={time.monotonic()}"
                runs.app.kubectl("annotate", "--overwrite", "volumesnapshotcontent", name, look, check=False)
        return not runs.client.get(path)["items"]

    until(is_gone, "the snapshot is gone", seconds=60, pause=1)


def is_creation(method: str, target: str) -> bool:
    return method == "POST" and target.partition("?")[0].endswith("/volumesnapshots") and "dryRun" not in target


def test_an_answer_is_lost_and_the_server_stays_away(runs: SnapshotRuns, storage: Storage, proxy: ApiProxy) -> None:
    """The snapshot is there, and no request about it gets through until the set is given up: it goes all the same."""
    lost: list[float] = []

    def decide(method: str, target: str) -> Fate:
        if is_creation(method, target) and not lost:
            lost.append(time.monotonic())
            return "lose"
        # For longer than one request is repeated.
        return "cut" if lost and "/volumesnapshots" in target and time.monotonic() < lost[0] + 32 else "pass"

    proxy.decide = decide
    outcome = runs.take(client=proxy.connect(), quiescing=UNFROZEN)
    assert outcome.errors[0].startswith(f"Nobody knows whether VolumeSnapshot {runs.app.namespace}/one-data was made")
    assert len(outcome.errors) == 1
    assert runs.app.snapshot_objects() == []
    assert storage.snapshots(*runs.app.volume_handles()) == set()


def test_told_to_stop_while_the_server_hangs(runs: SnapshotRuns, proxy: ApiProxy) -> None:
    """Nothing stays frozen for a request that gets no answer."""
    cancel = CancelToken()

    def decide(method: str, target: str) -> Fate:
        if not is_creation(method, target):
            return "pass"
        threading.Timer(0.5, cancel.cancel, ["SIGTERM"]).start()
        return "hang"

    proxy.decide = decide
    with pytest.raises(Cancelled) as caught:
        runs.take(client=proxy.connect(), cancel=cancel)
    (freeze,) = caught.value.details["freezes"]
    assert (freeze["thawed_by"], freeze["seconds"] < 10) == ("post hook", True)
    assert runs.app.snapshot_objects() == []


def test_another_set_of_the_name_is_left_alone(runs: SnapshotRuns, storage: Storage, make_class: MakeClass) -> None:
    """The snapshot is removed while it is cut, and taken anew by somebody else: the first run has to fail, no more."""
    found: list[str] = []
    slow = make_class(snapshotDelay="6s")

    def take() -> None:
        try:
            found.extend(runs.take(snapshot_class=slow).errors)
        except SnapshotError as exc:  # It had been cut before it was removed.
            found.append(exc.message)

    first = threading.Thread(target=take)
    first.start()
    delete_begun(runs)
    second = runs.take(quiescing=UNFROZEN)
    first.join()
    assert second.errors == []
    assert "one-data was deleted by somebody" in found[0]
    assert {entry["handle"] for entry in second.snapshots} == storage.snapshots(*runs.app.volume_handles())
    assert not runs.take(quiescing=UNFROZEN).changed


def test_it_is_deleted_while_its_class_says_retain(runs: SnapshotRuns, storage: Storage, make_class: MakeClass) -> None:
    """Nobody else looks after its content then."""
    found: list[t.Any] = []
    slow = make_class("Retain", snapshotDelay="6s")
    first = threading.Thread(target=lambda: found.append(runs.take(snapshot_class=slow)))
    first.start()
    delete_begun(runs)
    first.join()
    assert "one-data was deleted by somebody meanwhile" in found[0].errors[0]
    assert runs.app.snapshot_objects() == []
    assert storage.snapshots(*runs.app.volume_handles()) == set()
