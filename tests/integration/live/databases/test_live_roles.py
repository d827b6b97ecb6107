# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A primary and its standby: the servers say which is which, the one that is wanted is held, a failover is seen."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from postgres_standby import Replicated
from role_runs import by_pod, entry, take

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import PodHooks
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.database_choice import choose_databases
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import HookedPod, give_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.pod_database import DatabaseSettings, prepare_database
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec


@pytest.fixture(scope="module")
def pair(kubectl: t.Any, module_namespace: str) -> Replicated:
    return Replicated(kubectl, module_namespace)


@pytest.mark.parametrize(
    ("wanted", "held", "passed"), [("prefer", "standby", "primary"), ("never", "primary", "standby")]
)
def test_the_one_that_is_wanted_is_held(
    client: KubeClient, pair: Replicated, wanted: str, held: str, passed: str
) -> None:
    planned = take(client, pair, f"a-{wanted}", entry(standby=wanted), check_mode=True)
    outcome = take(client, pair, f"a-{wanted}", entry(standby=wanted))
    assert (planned.errors, outcome.errors) == ([], [])
    assert len(outcome.snapshots) == 2
    for found in (planned, outcome):
        entries = by_pod(found)
        assert f"The {held} in pod {pair.namespace}/{held} is held in its place" in entries[passed]["passed_over"]
        assert (entries[held]["passed_over"], entries[held]["error"]) == ("", "")
    assert by_pod(planned)[held]["statements"] == ["CHECKPOINT"]
    assert by_pod(planned)[passed]["statements"] == []
    assert (by_pod(outcome)[held]["consistent"], by_pod(outcome)[held]["role"]) == (True, held)
    assert "started" not in by_pod(outcome)[passed]


def test_recognised_with_no_word_of_anybody(client: KubeClient, pair: Replicated) -> None:
    outcome = take(client, pair, "auto", "auto")
    assert outcome.errors == []
    assert by_pod(outcome)["standby"]["consistent"] is True
    assert by_pod(outcome)["standby"]["found_by"] == "the image postgres"
    assert "is held in its place" in by_pod(outcome)["primary"]["passed_over"]


def test_a_backup_finds_them_and_holds_one(client: KubeClient, pair: Replicated, tmp_path: Path) -> None:
    spec = BackupSpec.from_options({"included_namespaces": [pair.namespace]})
    request = BackupRequest(name="one", spec=spec, databases=parse_databases("auto"))
    store = open_store(LocalLocation(path=str(tmp_path)))
    planned = plan_backup(request, client=client, store=store)
    made = run_backup(request, client=client, store=store)
    assert (made.phase, made.errors_list, planned.errors_list) == ("Completed", [], [])
    for outcome in (planned, made):
        entries = {found["pod"]: found for found in outcome.quiesces}
        assert "is held in its place" in entries["primary"]["passed_over"]
        assert (entries["standby"]["passed_over"], entries["standby"]["found_by"]) == ("", "the image postgres")
    assert [found["consistent"] for found in made.quiesces if not found["passed_over"]] == [True]
    assert len(made.volumes) == 2


def test_a_standby_that_lags_is_not_taken(client: KubeClient, pair: Replicated) -> None:
    pair.primary.sql("create table if not exists late (id int)")
    pair.standby.sql("select pg_wal_replay_pause()")
    try:
        pair.primary.sql("insert into late values (1)", "select pg_sleep(2)", "insert into late values (2)")
        outcome = take(client, pair, "lags", entry(standby="prefer", max_lag="1s"))
        assert outcome.errors == []
        assert by_pod(outcome)["primary"]["consistent"] is True
        assert "behind its primary" in by_pod(outcome)["standby"]["passed_over"]
        refused = take(client, pair, "required", entry(standby="require", max_lag="1s"))
        assert refused.snapshots == []
        assert any("none can be: pod" in text and "max_lag is 1 s" in text for text in refused.errors)
        planned = take(client, pair, "required", entry(standby="require", max_lag="1s"), check_mode=True)
        assert any("max_lag is 1 s" in text for text in planned.errors)
    finally:
        pair.standby.sql("select pg_wal_replay_resume()")


def _hooked(client: KubeClient, pair: Replicated, databases: t.Any) -> list[HookedPod]:
    choice = parse_databases(databases)
    pods = [client.get(f"/api/v1/namespaces/{pair.namespace}/pods/{name}") for name in ("primary", "standby")]
    return [give_hooks(pod, PodHooks(), choice) for pod in pods]


def test_a_failover_between_the_choice_and_the_hold_is_refused(
    client: KubeClient, kubectl: t.Any, namespace: str
) -> None:
    pair = Replicated(kubectl, namespace)
    run = ClusterRun(client=client, run_id="live")
    settings = DatabaseSettings(policy=FreezePolicy())
    _primary, standby = choose_databases(run, _hooked(client, pair, entry(standby="require")))
    assert standby.database is not None
    assert standby.database.expected == "standby"
    pair.standby.promote()
    database = prepare_database(run, standby.pod, standby.database, [], settings)
    database.begin(run.cancel)
    assert database.held is False
    assert "It was the standby when it was chosen, and is the primary now" in database.record.error
    assert pair.standby.sessions == 0


def test_a_failover_while_it_is_held_is_told(client: KubeClient, pair: Replicated) -> None:
    """The last one: there is no pair after it."""
    run = ClusterRun(client=client, run_id="live")
    _primary, standby = choose_databases(run, _hooked(client, pair, entry(standby="require")))
    assert standby.database is not None
    database = prepare_database(run, standby.pod, standby.database, [], DatabaseSettings(policy=FreezePolicy()))
    database.begin(run.cancel)
    assert database.held is True
    pair.standby.promote()
    database.end()
    assert database.broken is True
    assert "became the primary" in database.record.error
