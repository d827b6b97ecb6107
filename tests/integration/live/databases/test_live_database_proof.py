# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases of backups are brought up cut off, and found whole or not; nothing is left of it."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from policy_enforcer import PolicyEnforcer, enforcing
from postgres_app import PostgresApp

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.outcome import ProofOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.prove import prove_database
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofLimits, ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_namespace import PREFIX
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

pytestmark = pytest.mark.node

LIMITS = ProofLimits(volumes=60.0, network=10.0, recovery=60.0, check=60.0)


class Proofs:
    """Backups of one namespace, and proofs of them. ``said``: what was told meanwhile."""

    def __init__(self, client: KubeClient, path: Path, namespace: str) -> None:
        self.client = client
        self.store: Store = open_store(LocalLocation(path=str(path)))
        self._namespace = namespace
        self.said: list[str] = []

    def back_up(self, name: str) -> None:
        spec = BackupSpec.from_options({"included_namespaces": [self._namespace]})
        outcome = run_backup(BackupRequest(name=name, spec=spec), client=self.client, store=self.store)
        assert (outcome.phase, outcome.errors_list) == ("Completed", [])

    def prove(self, name: str, *, check_mode: bool = False, **options: t.Any) -> ProofOutcome:
        request = ProofRequest(name=name, **{"limits": LIMITS, **options})
        run = ClusterRun(client=self.client, run_id="live", progress=self.hear)
        return prove_database(request, run=run, store=self.store, check_mode=check_mode)

    def hear(self, line: str) -> None:
        self.said.append(line)

    @property
    def left(self) -> list[str]:
        """Of all proofs, in the cluster."""
        names = []
        for kind in ("api/v1/namespaces", "apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents"):
            found = self.client.get(f"/{kind}").get("items") or []
            names += [item["metadata"]["name"] for item in found if item["metadata"]["name"].startswith(PREFIX)]
        volumes = self.client.get("/api/v1/persistentvolumes").get("items") or []
        claims = [((item.get("spec") or {}).get("claimRef") or {}).get("namespace", "") for item in volumes]
        return names + [claim for claim in claims if claim.startswith(PREFIX)]


@pytest.fixture
def proofs(client: KubeClient, tmp_path: Path, namespace: str) -> Proofs:
    return Proofs(client, tmp_path, namespace)


@pytest.fixture(scope="module")
def enforcer(client: KubeClient, state: Path) -> t.Iterator[PolicyEnforcer]:
    with enforcing(client, state) as found:
        yield found


def test_postgresql_is_proven_from_a_backup(
    enforcer: PolicyEnforcer, kubectl: t.Any, namespace: str, proofs: Proofs
) -> None:
    app = PostgresApp(kubectl, namespace, annotations={ANNOTATION: "postgresql"})
    app.create()
    with app.written_to():
        proofs.back_up("one")
    outcome = proofs.prove("one", compare_live=True)
    certificate = outcome.account.certificate()
    print(certificate, proofs.said, outcome.account.timings, outcome.issues.warnings)
    assert outcome.account.problems == []
    assert (certificate["sound"], certificate["held"], certificate["network"]["verdict"]) == (True, True, "enforced")
    assert outcome.recorded
    assert proofs.left == []
