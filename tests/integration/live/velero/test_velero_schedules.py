# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A schedule of ours in a bucket that a stock Velero knows.

Several runs at once make one backup, which Velero takes over as one of that schedule. It finds its location good with
our record in it.
"""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import typing as t

import pytest
from velero_judge import Judge, until

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_check import check_schedule
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_record import ScheduleKeys
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import (
    ScheduleOutcome,
    ScheduleRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_run import tick
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

pytestmark = pytest.mark.velero


def test_velero_takes_over_what_a_schedule_made(
    judge: Judge, judged_store: Store, client: KubeClient, namespace: str
) -> None:
    name = f"s{secrets.token_hex(3)}"

    def run(clock: t.Callable[[], dt.datetime] = utc_now) -> ScheduleOutcome:
        def make(request: BackupRequest) -> BackupOutcome:
            return run_backup(request, client=client, store=judged_store)

        spec = BackupSpec.from_options({"included_namespaces": [namespace], "snapshot_volumes": False})
        request = ScheduleRequest(name, "@hourly", "strict", lambda backup: BackupRequest(name=backup, spec=spec))
        return tick(request, judged_store, make, clock=clock)

    outcomes: list[ScheduleOutcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(run())) for _each in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [outcome.name for outcome in outcomes if outcome.made is not None]
    assert len(outcomes) == 3
    assert len(made) == 1
    assert not run().changed
    keys = ScheduleKeys(name)
    assert judged_store.exists(keys.record)
    assert not judged_store.exists(keys.write_lock)
    found = check_schedule(name, judged_store).last_backup
    assert found is not None
    assert (found.name, found.phase) == (made[0], "Completed")

    looked = utc_now()
    judge.start()
    judge.await_synced(made)
    assert made[0] in judge("backup", "get", "-l", f"velero.io/schedule-name={name}")

    def validated() -> str:
        status = judge.all_of("backupstoragelocations")[0].get("status") or {}
        last = status.get("lastValidationTime")
        return str(status.get("phase")) if last and parse_rfc3339(last) > looked else ""

    assert until(validated, "Velero looks at its location", seconds=100.0) == "Available"

    # Two hours later, whoever looks makes the next one, and a name of its own.
    later = run(lambda: utc_now() + dt.timedelta(hours=2))
    assert later.made is not None
    assert later.made.phase == "Completed"
    assert later.name > made[0]
