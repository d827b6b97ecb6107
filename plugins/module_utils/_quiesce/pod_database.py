# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The database of one pod in a critical section: held before file systems are frozen, let go after they are thawed."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._databases.cuts import ContainerClaims, VolumeCuts
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declaration import (
    DEFAULT_LOCK_SECONDS,
    DatabaseDeclaration,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import DatabaseError
from ansible_collections.arkive.k8s.plugins.module_utils._databases.held import HeldDatabase
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import (
    DatabaseKind,
    HoldOrder,
    Waves,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kinds import FREEZE_MODE, find_kind
from ansible_collections.arkive.k8s.plugins.module_utils._databases.pod_container import PodContainer
from ansible_collections.arkive.k8s.plugins.module_utils._databases.record import QuiesceRecord
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role import ROLE_QUESTIONS, ServerRole
from ansible_collections.arkive.k8s.plugins.module_utils._databases.role_look import look_at_role
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import pod_identity
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.database_client import make_client, with_password
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import find_volume_mount
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hooked_pods import claims_at, frozen_claims
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.operated import check_operated, operator_notes
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.planned import is_freeze
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.preflight import HookPlan


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """``policy``: for how long a database may be held. ``cuts``: what is snapshotted meanwhile."""

    policy: FreezePolicy
    cuts: VolumeCuts = dataclasses.field(default_factory=VolumeCuts)


class PodDatabase:
    """``begin`` once, ``end`` once; neither raises. ``record`` says what happened, ``warnings`` what else there is."""

    def __init__(self, record: QuiesceRecord, held: HeldDatabase | None, container: PodContainer | None) -> None:
        """``held`` None: it cannot be, the record says why."""
        self.record = record
        self._held = held
        self._container = container
        self._spoiled = ""
        self._told = 0

    @property
    def held(self) -> bool:
        return self._held is not None and self._held.held

    @property
    def held_since(self) -> float | None:
        """By the monotonic clock; None where it is not held."""
        return self._held.held_since if self._held is not None else None

    @property
    def warnings(self) -> list[str]:
        record = self.record
        return [f"{record.where}: {text}" for text in (*record.shortened, *record.known.warnings)]

    def take_warnings(self) -> list[str]:
        """Those of ``warnings`` that are new since the last time: some come to be as it is let go."""
        new = self.warnings[self._told :]
        self._told += len(new)
        return new

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
            self.record.error = " ".join(filter(None, (exc.sentence, self.record.still_held)))

    def foresee(self, cancel: CancelToken) -> None:
        """``record.error`` is set where it could not be held."""
        if self._held is None:
            return
        try:
            self._held.foresee(cancel)
        except Cancelled:
            raise
        except ArkiveError as exc:
            self.record.error = exc.sentence

    @property
    def waves(self) -> Waves:
        """Its claims, in the order in which they are to be cut. Empty: all at once, or it is not held."""
        return self.record.waves if self.held else ()

    def advance(self, wave: int) -> None:
        """All claims before those of this number in ``waves`` are cut."""
        if self._held is not None and wave < len(self.waves):
            self._held.advance(wave)

    def end(self) -> None:
        if self._held is not None:
            self._held.end()

    def spoil(self, why: str) -> None:
        """Whatever the release proves, what was cut is not what was promised."""
        self._spoiled = why

    def require_frozen(self, frozen: t.Collection[str]) -> None:
        """Where more claims were to be frozen from first to last than ``frozen``, it was not held as it should."""
        record = self.record
        if self._spoiled and record.consistent:
            record.consistent, record.error = False, self._spoiled
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
    settings: DatabaseSettings,
) -> PodDatabase:
    """``pre``: the pod's own pre hooks, of which some may freeze what the database is on. Nothing is asked yet."""
    record, kind = _declared(pod, declared)
    if declared.mode == FREEZE_MODE and kind is not None:
        record.error = next((plan.refusal for plan in pre if plan.refusal and is_freeze(plan.hook)), "")
    if kind is None or record.error or record.passed_over:
        return PodDatabase(record, None, None)
    frozen = frozenset(target.claim for plan in pre for target in plan.targets if not plan.refusal)
    return _prepared(run, pod, declared, (record, kind, frozen), settings)


def _prepared(
    run: ClusterRun,
    pod: ObjectView,
    declared: DatabaseDeclaration,
    found: tuple[QuiesceRecord, DatabaseKind, frozenset[str]],
    settings: DatabaseSettings,
) -> PodDatabase:
    """``found``: its record, its kind, and the claims that are frozen meanwhile."""
    record, kind, frozen = found
    claims = ContainerClaims(mounted=frozenset(claims_at(pod, record.container)), frozen=frozen, cuts=settings.cuts)
    container = _container(run, pod, record, claims)
    try:
        check_operated(pod, declared, settings.policy, frozen)
        client = make_client(run.client, pod, declared, kind, container)
    except ArkiveError as exc:
        record.error = exc.sentence
        return PodDatabase(record, None, None)
    order = _order(run, declared, settings.policy)
    record.shortened = _shortened(declared, settings.policy)
    counts = None
    if order.counts:
        from ansible_collections.arkive.k8s.plugins.module_utils._databases.table_counts import TableCounts

        counts = TableCounts(client.kind, order, client.container, name=record.kind, where=record.where)
    return PodDatabase(record, HeldDatabase(client.kind, order, client.container, record, counts), container)


def ask_role(run: ClusterRun, pod: ObjectView, declared: DatabaseDeclaration) -> ServerRole:
    """Whether its server is a primary or a standby. Nothing is locked. Raises ``ArkiveError``."""
    record, kind = _declared(pod, declared)
    question = ROLE_QUESTIONS.get(declared.kind)
    if kind is None or question is None or record.error:
        raise DatabaseError(record.error or f"Who is the primary is not asked of {declared.kind}.")
    claims = ContainerClaims(mounted=frozenset(), frozen=frozenset(), cuts=VolumeCuts())
    client = with_password(run.client, pod, declared, kind, _container(run, pod, record, claims))
    order = _order(run, declared, FreezePolicy())
    return look_at_role(client.kind, question, client.container, order, where=record.where)


def foresee_database(
    run: ClusterRun, pod: ObjectView, declared: DatabaseDeclaration, pre: t.Iterable[Hook], settings: DatabaseSettings
) -> tuple[PodDatabase, list[str]]:
    """What would be held, as its server says that is asked now, and by which statements. Nothing is changed there.

    ``pre``: the pod's pre hooks that would run.
    """
    record, kind = _declared(pod, declared)
    if kind is None or record.error or record.passed_over:
        return PodDatabase(record, None, None), []
    database = _prepared(run, pod, declared, (record, kind, frozenset(frozen_claims(pod, pre))), settings)
    database.foresee(run.cancel)
    return database, [] if database.record.error else list(kind.statements(record.known.mode))


def _declared(pod: ObjectView, declared: DatabaseDeclaration) -> tuple[QuiesceRecord, DatabaseKind | None]:
    """The record of what is declared, with an error where that cannot be."""
    namespace, name = pod_identity(pod)
    record = QuiesceRecord(namespace=namespace, pod=name, container=declared.container, kind=declared.kind)
    record.known.mode, record.error = declared.mode, declared.refusal
    record.found_by, record.operator, record.passed_over = declared.found_by, declared.operator, declared.passed_over
    record.notes = operator_notes(declared)
    record.known.warnings = [declared.passed_over] if declared.torn else []
    row = find_kind(declared.kind)
    if row is None or record.error:
        return record, None
    try:
        record.container = resolve_container(pod, declared.container)
    except HookError:
        names = ", ".join(container["name"] for container in (pod.get("spec") or {}).get("containers") or ())
        record.error = f"There is no such container. Those of the pod are {names}." if names else "It has no container."
        return record, None
    return record, row.load()


def _order(run: ClusterRun, declared: DatabaseDeclaration, policy: FreezePolicy) -> HoldOrder:
    return HoldOrder(
        mode=declared.mode,
        user=declared.connects_as,
        label=f"arkive {run.run_id}".strip(),
        lease_seconds=min(declared.lease_seconds or policy.lease_seconds, policy.freeze_max_seconds),
        longest_seconds=policy.freeze_max_seconds,
        lock_seconds=min(declared.lock_seconds, policy.freeze_max_seconds),
        counts=declared.counts,
        require_lease=policy.require_lease,
    )


def _shortened(declared: DatabaseDeclaration, policy: FreezePolicy) -> list[str]:
    """What is asked for and longer than anything may be held."""
    most = policy.freeze_max_seconds
    asked = {"lease": declared.lease_seconds or 0.0}
    if declared.lock_seconds != DEFAULT_LOCK_SECONDS:
        asked["lock_timeout"] = declared.lock_seconds
    return [
        f"Its {name} is {found:g} s, and counts as {most:g} s: nothing is held longer than freeze_max."
        for name, found in asked.items()
        if found > most
    ]


def _container(run: ClusterRun, pod: ObjectView, record: QuiesceRecord, claims: ContainerClaims) -> PodContainer:
    return PodContainer(
        run.uncancelled().client,
        (record.namespace, record.pod, record.container),
        claim_of=lambda path: _claim_of(pod, record.container, path),
        claims=claims,
    )


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


__all__ = ("DatabaseSettings", "PodDatabase", "ask_role", "foresee_database", "prepare_database")
