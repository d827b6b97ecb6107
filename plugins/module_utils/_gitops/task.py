# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owners that somebody names are paused, resumed or listed, without a restore between."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.ancestors import Ancestors
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.errors import GitOpsError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.kinds import OWNER_KINDS
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_book import OwnerBook
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pausing import Pausing, resume_marked
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

State: t.TypeAlias = t.Literal["paused", "resumed", "listed"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GitOpsRequest:
    """``owners`` by name, and those that have objects in ``namespaces``.

    ``run`` empty: whoever has paused them. ``only_overdue``: those whose run is taken to be dead. ``limit`` and
    ``timeout`` in seconds: how long a pause is respected, and how long what runs may take to its end.
    """

    state: State
    owners: tuple[OwnerRef, ...] = ()
    namespaces: tuple[str, ...] = ()
    run: str = ""
    only_overdue: bool = False
    limit: float = 4 * 3600.0
    timeout: float = 600.0

    def __post_init__(self) -> None:
        if self.state == "paused" and not self.owners and not self.namespaces:
            raise ValidationError("Nothing says what is to be paused.", hint="Name owners, or namespaces.")
        if self.only_overdue and self.state != "resumed":
            raise ValidationError(f"only_overdue has no meaning with state: {self.state}.")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GitOpsOutcome:
    """``owners`` as they are after it; ``paused`` and ``resumed`` are those that were, or in a plan would be."""

    run: str
    owners: tuple[Owner, ...] = ()
    paused: tuple[OwnerRef, ...] = ()
    resumed: tuple[OwnerRef, ...] = ()

    def to_return(self) -> dict[str, t.Any]:
        return {
            "run": self.run,
            "owners": [_entry(owner) for owner in self.owners],
            "paused": [str(ref) for ref in self.paused],
            "resumed": [str(ref) for ref in self.resumed],
        }


def change_owners(request: GitOpsRequest, run: ClusterRun, book: OwnerBook, *, check_mode: bool) -> GitOpsOutcome:
    """Raises ``GitOpsError`` for an owner that is not there or cannot be paused; then none of them is.

    One that cannot be resumed is among the errors of the run.
    """
    if request.state == "paused":
        return _pause(request, run, book, check_mode=check_mode)
    found = _wanted(request, book, run) if request.owners or request.namespaces else list(book.list_all())
    marked = [owner for owner in found if owner.mark is not None or owner.mark_problem]
    if request.state == "listed":
        return GitOpsOutcome(run=request.run, owners=tuple(found if request.owners or request.namespaces else marked))
    chosen = [owner for owner in marked if owner.mark is not None and _is_chosen(request, owner, run)]
    for owner in marked:
        if owner.mark_problem:
            run.issues.warning(
                f"{owner.ref} was left as it is: its annotation arkive.k8s/paused cannot be used: {owner.mark_problem}."
            )
    resumed = chosen if check_mode else list(_resume_all(run, chosen))
    now = {owner.ref: owner for owner in resumed}
    return GitOpsOutcome(
        run=request.run,
        owners=tuple(now.get(owner.ref, owner) for owner in marked),
        resumed=tuple(owner.ref for owner in resumed),
    )


def _resume_all(run: ClusterRun, owners: t.Iterable[Owner]) -> t.Iterator[Owner]:
    """Those that were resumed. One that could not be is an error of the run, and keeps no other paused."""
    for owner in owners:
        try:
            done = resume_marked(run, owner)
        except ArkiveError as exc:
            run.issues.error(
                f"{owner.ref} stays paused: it could not be resumed: {exc.message}",
                hint=f"It is resumed by: {owner.resume_command}",
            )
            continue
        if done is not None:
            yield done


def _is_chosen(request: GitOpsRequest, owner: Owner, run: ClusterRun) -> bool:
    """What waits for a person is resumed when it, or its run, is named."""
    mark = owner.mark
    if mark is None or (request.run and mark.run != request.run):
        return False
    if request.only_overdue:
        return mark.is_over(run.client.server_now())
    return mark.until is not None or bool(request.run or request.owners)


def _pause(request: GitOpsRequest, run: ClusterRun, book: OwnerBook, *, check_mode: bool) -> GitOpsOutcome:
    ancestors, pausing = Ancestors(book), Pausing(run, limit=request.limit)
    wanted = _wanted(request, book, run)
    chains = [ancestors.to_pause(owner) for owner in wanted if owner.unpaused.acts]
    in_order = list({owner.ref: owner for chain in chains for owner in chain}.values())
    for owner in in_order:
        pausing.check(owner)
    fresh = tuple(owner.ref for owner in in_order if owner.mark is None or owner.mark.run != run.run_id)
    paused = in_order if check_mode else pausing.pause(in_order, timeout=request.timeout)
    now = {owner.ref: owner for owner in (*wanted, *paused)}
    return GitOpsOutcome(
        run=run.run_id,
        owners=tuple(now.values()),
        paused=tuple(ref for ref in fresh if check_mode or any(owner.ref == ref for owner in paused)),
    )


def _wanted(request: GitOpsRequest, book: OwnerBook, run: ClusterRun) -> list[Owner]:
    """Raises ``GitOpsError`` for one that is not there; one that is to be resumed does not keep the others paused."""
    found: dict[OwnerRef, Owner] = {}
    for ref in request.owners:
        owner = book.find(ref)
        if owner is None:
            why = book.unread.get(ref, "it is not in the cluster")
            missing = GitOpsError(
                f"{ref} cannot be found: {why.rstrip('.')}.", hint=f"Kinds are {', '.join(OWNER_KINDS)}."
            )
            if request.state != "resumed":
                raise missing
            run.issues.error(missing.message, hint=missing.hint or "")
            continue
        found[owner.ref] = owner
    if request.namespaces:
        for owner in book.list_all():
            if any(identity.namespace in request.namespaces for identity in owner.kind.inventory(owner.obj)):
                found.setdefault(owner.ref, owner)
    return list(found.values())


def _entry(owner: Owner) -> dict[str, t.Any]:
    return {**owner.to_return(), "resume_command": owner.resume_command if owner.mark is not None else None}


__all__ = ("GitOpsOutcome", "GitOpsRequest", "change_owners")
