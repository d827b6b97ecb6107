# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The database of one pod in a critical section: held before file systems are frozen, let go after they are thawed."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declaration import DatabaseDeclaration
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.held import HeldDatabase
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import DatabaseKind, HoldOrder
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import find_kind
from ansible_collections.arkive.k8s.plugins.module_utils._databases.pod_container import PodContainer
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import ROLE_QUESTIONS, ServerRole
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role_look import look_at_role
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.database_client import make_client, with_password
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import find_volume_mount
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.operated import check_operated, operator_notes
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import HookPlan


class PodDatabase:
    """``begin`` once, ``end`` once; neither raises. ``record`` says what happened, ``warnings`` what else there is."""

    def __init__(self, record: QuiesceRecord, held: HeldDatabase | None, container: PodContainer | None) -> None:
        """``held`` None: it cannot be, the record says why."""
        self.record = record
        self._held = held
        self._container = container

    @property
    def held(self) -> bool:
        return self._held is not None and self._held.held

    @property
    def held_since(self) -> float | None:
        """By the monotonic clock; None where it is not held."""
        return self._held.held_since if self._held is not None else None

    @property
    def warnings(self) -> list[str]:
        return [f"{self.record.where}: {text}" for text in self.record.known.warnings]

    @property
    def is_passed_over(self) -> bool:
        """Another server of the same database is held."""
        return bool(self.record.passed_over)

    @property
    def broken(self) -> bool:
        """It was held, and it is not proven that it was until its release."""
        return self.record.started is not None and not self.held and not self.record.consistent

    def begin(self, cancel: CancelToken) -> None:
        """``record.error`` is set where it is not held after this."""
        if self._held is None:
            return
        try:
            self._held.begin(cancel)
        except ArkiveError as exc:
            self.record.error = exc.sentence

    def end(self) -> None:
        if self._held is not None:
            self._held.end()

    def require_frozen(self, frozen: t.Collection[str]) -> None:
        """Where more claims were to be frozen from first to last than ``frozen``, it was not held as it should."""
        record = self.record
        missing = self._container.needs_freeze - set(frozen) if self._container is not None else frozenset()
        if missing and record.consistent:
            record.consistent = False
            record.error = (
                f"{', '.join(sorted(missing))} was not frozen until the snapshots were cut. {record.where} needs that, "
                "as its files are on several claims, or are not written to the disk at once."
            )


def prepare_database(
    run: ClusterRun,
    pod: ObjectView,
    declared: DatabaseDeclaration,
    pre: t.Sequence[HookPlan],
    policy: FreezePolicy,
) -> PodDatabase:
    """``pre``: the pod's own pre hooks, of which some may freeze what the database is on. Nothing is asked yet."""
    record, kind = _declared(pod, declared)
    if kind is None or record.error or record.passed_over:
        return PodDatabase(record, None, None)
    frozen = {target.claim for plan in pre for target in plan.targets if not plan.refusal}
    container = _container(run, pod, record, frozen=frozen)
    try:
        check_operated(pod, declared, policy, frozen)
        client = make_client(run.client, pod, declared, kind, container)
    except ArkiveError as exc:
        record.error = exc.sentence
        return PodDatabase(record, None, None)
    order = _order(run, declared, policy)
    return PodDatabase(record, HeldDatabase(client.kind, order, client.container, record), container)


def ask_role(run: ClusterRun, pod: ObjectView, declared: DatabaseDeclaration) -> ServerRole:
    """Whether its server is a primary or a standby. Nothing is locked. Raises ``ArkiveError``."""
    record, kind = _declared(pod, declared)
    question = ROLE_QUESTIONS.get(declared.kind)
    if kind is None or question is None or record.error:
        raise DatabaseError(record.error or f"Who is the primary is not asked of {declared.kind}.")
    container = _container(run, pod, record, frozen=())
    client = with_password(run.client, pod, declared, kind, container)
    order = _order(run, declared, FreezePolicy())
    return look_at_role(client.kind, question, client.container, order, where=record.where)


def plan_database(pod: ObjectView, declared: DatabaseDeclaration) -> dict[str, t.Any]:
    """The entry of a check mode's ``quiesces``: what would be held, by which statements. Nobody is asked."""
    record, statements = plan_record(pod, declared)
    return record.to_return() | {"statements": statements}


def plan_record(pod: ObjectView, declared: DatabaseDeclaration) -> tuple[QuiesceRecord, list[str]]:
    """What would be held, and by which statements. Nobody is asked."""
    record, kind = _declared(pod, declared)
    held = kind is not None and not record.error and not record.passed_over
    return record, list(kind.statements(declared.mode)) if kind is not None and held else []


def _declared(pod: ObjectView, declared: DatabaseDeclaration) -> tuple[QuiesceRecord, DatabaseKind | None]:
    """The record of what is declared, with an error where that cannot be."""
    namespace, name = pod_identity(pod)
    record = QuiesceRecord(namespace=namespace, pod=name, container=declared.container, kind=declared.kind)
    record.known.mode, record.error = declared.mode, declared.refusal
    record.found_by, record.operator, record.passed_over = declared.found_by, declared.operator, declared.passed_over
    record.notes = operator_notes(declared)
    row = find_kind(declared.kind)
    if row is None or record.error:
        return record, None
    try:
        record.container = resolve_container(pod, declared.container)
    except HookError as exc:
        record.error = f"{exc.sentence.rstrip('.')}."
        return record, None
    return record, row.load()


def _order(run: ClusterRun, declared: DatabaseDeclaration, policy: FreezePolicy) -> HoldOrder:
    return HoldOrder(
        mode=declared.mode,
        container=declared.container,
        user=declared.connects_as,
        label=f"arkive {run.run_id}".strip(),
        lease_seconds=min(declared.lease_seconds or policy.lease_seconds, policy.freeze_max_seconds),
        longest_seconds=policy.freeze_max_seconds,
        require_lease=policy.require_lease,
    )


def _container(run: ClusterRun, pod: ObjectView, record: QuiesceRecord, *, frozen: t.Collection[str]) -> PodContainer:
    return PodContainer(
        run.uncancelled().client,
        (record.namespace, record.pod, record.container),
        claim_of=lambda path: _claim_of(pod, record.container, path),
        claims=_claims_of(pod, record.container),
        frozen=frozen,
    )


def _claims_of(pod: ObjectView, container: str) -> set[str]:
    """Those that the container mounts."""
    spec = pod.get("spec") or {}
    entries = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    mounts = [mount for entry in entries if entry["name"] == container for mount in entry.get("volumeMounts") or ()]
    found = set()
    for mount in mounts:
        with contextlib.suppress(QuiesceError):  # no claim
            found.add(find_volume_mount(pod, container, mount["mountPath"]).claim)
    return found


def _claim_of(pod: ObjectView, container: str, path: str) -> str:
    try:
        return find_volume_mount(pod, container, path).claim
    except QuiesceError as exc:
        namespace, name = pod_identity(pod)
        raise DatabaseError(
            f"{path} in container {container} of pod {namespace}/{name} is not on a PersistentVolumeClaim, so that "
            "no snapshot has what the database keeps there.",
            hint="Name the container of the server, or leave the database out.",
        ) from exc


__all__ = ("PodDatabase", "ask_role", "plan_database", "plan_record", "prepare_database")
