# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups of namespaces whose pods declare a database."""

from __future__ import annotations

import concurrent.futures
import typing as t
from pathlib import Path

from postgres_app import PostgresApp
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_text import describe_backup_lines
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._databases.postgresql import Postgresql
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec


class Backups:
    """Of one namespace, in a directory."""

    def __init__(self, client: KubeClient, path: Path, namespace: str) -> None:
        self._client = client
        self._store = open_store(LocalLocation(path=str(path)))
        self._namespace = namespace

    def make(self, name: str) -> BackupOutcome:
        return run_backup(self._request(name), client=self._client, store=self._store)

    def plan(self, name: str) -> BackupOutcome:
        return plan_backup(self._request(name), client=self._client, store=self._store)

    def described(self) -> str:
        (entry,) = list_backups(self._store, sections=("hooks",)).backups
        return "\n".join(describe_backup_lines(entry))

    def _request(self, name: str) -> BackupRequest:
        return BackupRequest(name=name, spec=BackupSpec.from_options({"included_namespaces": [self._namespace]}))


def test_a_backup_holds_what_a_pod_declares_and_keeps_the_account(
    client: KubeClient, kubectl: t.Any, namespace: str, tmp_path: Path
) -> None:
    app = PostgresApp(kubectl, namespace, annotations={ANNOTATION: "postgresql", f"{ANNOTATION}-mode": "backup"})
    app.create()
    backups = Backups(client, tmp_path, namespace)
    planned = backups.plan("one")
    assert planned.quiesces[0]["statements"] == list(Postgresql().statements("backup"))
    assert app.sessions == 0
    outcome = backups.make("one")
    assert (outcome.phase, outcome.errors_list) == ("Completed", [])
    (entry,) = outcome.quiesces
    assert (entry["consistent"], entry["mode"]) == (True, "backup")
    assert backups.make("one").quiesces == [entry]
    assert "Databases:" in backups.described()


def test_a_backup_without_the_proof_has_no_snapshot(
    client: KubeClient, kubectl: t.Any, namespace: str, tmp_path: Path
) -> None:
    """Somebody ends the session while the storage still cuts."""
    app = PostgresApp(kubectl, namespace, annotations={ANNOTATION: "postgresql"}, snapshot_class="loopfile-slow")
    app.create()
    backups = Backups(client, tmp_path, namespace)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        made = pool.submit(backups.make, "one")
        until(lambda: app.snapshots, "it is held, and the snapshot is begun", seconds=60)
        app.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'arkive%'")
        outcome = made.result(timeout=120)
    assert outcome.phase == "PartiallyFailed"
    assert outcome.quiesces[0]["ended_by"] == "server"
    assert any("was not held until the snapshot was cut" in entry["message"] for entry in outcome.errors_list)
    assert app.snapshots == ""


def test_a_backup_of_one_that_cannot_be_held_has_neither_its_pod_nor_its_data(
    client: KubeClient, kubectl: t.Any, namespace: str, tmp_path: Path
) -> None:
    app = PostgresApp(kubectl, namespace, annotations={ANNOTATION: "postgresql", f"{ANNOTATION}-user": "nobody"})
    app.create()
    outcome = Backups(client, tmp_path, namespace).make("one")
    assert outcome.phase == "PartiallyFailed"
    assert any('role "nobody" does not exist' in entry["message"] for entry in outcome.errors_list)
    assert "pods" not in outcome.items
    assert app.snapshots == ""
