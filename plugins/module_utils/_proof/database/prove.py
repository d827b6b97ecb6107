# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prove the database of a backup or of a set of snapshots, and keep the certificate."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.database_proofs import write_proof
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.verification import not_recorded
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.live_subject import live_subject
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.outcome import ProofAccount, ProofOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.proof_run import DatabaseProofRun
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.stored_subject import stored_subject
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store


def prove_database(
    request: ProofRequest, *, run: ClusterRun, store: Store | None = None, check_mode: bool = False
) -> ProofOutcome:
    """``store``: of the backup. Raises ``ArkiveError`` where the proof ended before it knew; what it knew is beside."""
    request.validate()
    catalog = Catalog(store, run.cancel) if store is not None else None
    if request.from_set:
        subject = live_subject(request, run.client)
    elif catalog is not None:
        subject = stored_subject(request, catalog)
    else:
        raise ProofError(f"The backup '{request.name}' has no location.", hint="Say where it is in storage_location.")
    proof = DatabaseProofRun(request, subject, run)
    if check_mode:
        return proof.plan()
    try:
        outcome = proof.prove()
    except ArkiveError as exc:
        outcome = ProofOutcome(account=proof.account, issues=run.issues, changed=True)
        # The server was there, and did not come up: that is known of this backup.
        kept = _keep(request, catalog, outcome) if proof.account.problems else outcome
        exc.details.update(kept.to_return())
        raise
    return _keep(request, catalog, outcome)


def _keep(request: ProofRequest, catalog: Catalog | None, outcome: ProofOutcome) -> ProofOutcome:
    if catalog is None or not request.record or request.from_set:
        return outcome
    if catalog.store.location.read_only or catalog.is_legacy:
        return outcome
    account: ProofAccount = outcome.account
    database = f"{account.subject.namespace}/{account.subject.pod_name}"
    try:
        recorded = write_proof(catalog, request.name, account.subject.backup, database, account.certificate())
    except StoreError as exc:
        recorded = not_recorded("proof", request.name, exc.message)
    outcome.issues.add_warnings(recorded.warnings)
    return dataclasses.replace(outcome, recorded=recorded.done)


__all__ = ("prove_database",)
