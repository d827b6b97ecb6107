# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done about the owners of objects that are to change."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.account import Action, Conflict, GitOpsAccount
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.ancestors import Ancestors
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.comparing import compares_itself
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.errors import GitOpsError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_book import OwnerBook
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_kind import Settings
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Identity, OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pausing import Pausing
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import GitOpsTerms


class Change(t.NamedTuple):
    """An object that is to be made or changed. ``resource``: its type, for people.

    ``fields``: those to change that may be written back; None for an object that is not there.
    """

    identity: Identity
    resource: str
    fields: tuple[str, ...] | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``to_pause``: for each owner that would undo something, itself after all that must be paused with it.

    ``refusal``: why nothing may be changed. ``warnings``: sentences.
    """

    account: GitOpsAccount = dataclasses.field(default_factory=GitOpsAccount)
    changes: t.Mapping[OwnerRef, tuple[Change, ...]] = dataclasses.field(default_factory=dict)
    to_pause: t.Mapping[OwnerRef, tuple[Owner, ...]] = dataclasses.field(default_factory=dict)
    refusal: ArkiveError | None = None
    warnings: tuple[str, ...] = ()

    @property
    def in_order(self) -> list[Owner]:
        """All that is to be paused, each once, from the roots down."""
        return list({owner.ref: owner for chain in self.to_pause.values() for owner in chain}.values())


def decide(
    book: OwnerBook,
    terms: GitOpsTerms,
    owners: t.Mapping[OwnerRef, Owner],
    changes: t.Mapping[OwnerRef, tuple[Change, ...]],
    pausing: Pausing,
) -> Decision:
    """``owners`` of all objects of a plan; ``changes``: of those that are to change, by owner. Writes nothing."""
    ancestors = Ancestors(book)
    pauses = terms.on_owned == "pause"
    undoing = [owners[ref] for ref in changes if _settings(owners[ref], pauses).would_undo]
    decision = Decision(
        account=GitOpsAccount(
            owners=tuple(owners.values()),
            parents={ref: tuple(ancestors.parents(owner)) for ref, owner in owners.items()},
            conflicts=tuple(found for owner in undoing for found in foresee(owner, changes[owner.ref])),
        ),
        changes=changes,
    )
    if not pauses:
        found = _with_actions(decision, "refuse" if terms.on_owned == "refuse" else "report", undoing)
        refusal = _refusal(undoing, changes) if terms.on_owned == "refuse" and undoing else None
        return dataclasses.replace(found, refusal=refusal, warnings=tuple(_warnings(book, terms, owners, undoing)))
    if book.unread:
        return dataclasses.replace(decision, refusal=_unread_error(book))
    left = [owner for owner in owners.values() if owner not in undoing and pausing.may_take_over(owner)]
    try:
        to_pause = {owner.ref: tuple(ancestors.to_pause(owner)) for owner in (*undoing, *left)}
        for owner in (each for chain in to_pause.values() for each in chain):
            pausing.check(owner)
    except ArkiveError as exc:
        return dataclasses.replace(_with_actions(decision, "refuse", undoing), refusal=exc)
    decision = dataclasses.replace(decision, to_pause=to_pause)
    above = tuple(owner for owner in decision.in_order if owner.ref not in owners)
    account = dataclasses.replace(decision.account, owners=(*owners.values(), *above))
    return _with_actions(dataclasses.replace(decision, account=account), "pause", decision.in_order)


def _settings(owner: Owner, pauses: bool) -> Settings:
    """Who pauses owners asks what they do without a pause; who does not is content with one that there is."""
    return owner.unpaused if pauses else owner.now


def _warnings(
    book: OwnerBook, terms: GitOpsTerms, owners: t.Mapping[OwnerRef, Owner], undoing: t.Sequence[Owner]
) -> t.Iterator[str]:
    for ref, why in book.unread.items():
        yield f"Whether {ref} would undo what is restored is not known, it may not be read: {why}"
    for owner in undoing if terms.on_owned == "report" else ():
        yield f"{owner.ref} undoes what is restored of its objects, unless git has the same."
    for owner in owners.values():
        if owner.mark_problem:
            yield f"The annotation arkive.k8s/paused of {owner.ref} cannot be used: {owner.mark_problem}."
        elif owner.mark is not None:
            until = f" until {rfc3339(owner.mark.until)} at least" if owner.mark.until else ""
            yield f"{owner.ref} is paused by run '{owner.mark.run}'{until}. It is resumed by: {owner.resume_command}"


def foresee(owner: Owner, changes: t.Iterable[Change]) -> t.Iterator[Conflict]:
    """What ``owner`` would undo as far as its objects say so: Argo CD is asked afterwards, as it knows better."""
    if compares_itself(owner):
        return
    inventory = frozenset(owner.kind.inventory(owner.obj))
    for change in changes:
        if change.fields:
            yield _conflict(owner, change, "these fields are git's as far as is known, and written back", change.fields)
        elif change.fields is None and change.identity in inventory:
            yield _conflict(owner, change, "git has this object, and what it has is applied over it")


def _conflict(owner: Owner, change: Change, why: str, fields: tuple[str, ...] = ()) -> Conflict:
    found = change.identity
    return Conflict(
        owner=owner.ref, resource=change.resource, namespace=found.namespace, name=found.name, why=why, fields=fields
    )


def _with_actions(decision: Decision, action: Action, owners: t.Iterable[Owner]) -> Decision:
    actions: dict[OwnerRef, Action] = {owner.ref: action for owner in owners}
    return dataclasses.replace(decision, account=dataclasses.replace(decision.account, actions=actions))


def _refusal(undoing: t.Sequence[Owner], changes: t.Mapping[OwnerRef, tuple[Change, ...]]) -> GitOpsError:
    named = [f"{owner.ref} ({counted(len(changes[owner.ref]), 'object')})" for owner in undoing]
    return GitOpsError(
        f"What is restored would be undone by what owns it: {some_of(named, most=5)}.",
        hint=(
            "Set on_gitops_owned: pause to have it paused meanwhile, on_gitops_owned: report to restore all the same, "
            "or put what is wanted into git."
        ),
    )


def _unread_error(book: OwnerBook) -> GitOpsError:
    ref, why = next(iter(book.unread.items()))
    return GitOpsError(
        f"{ref} owns objects of the plan, and may not be read: {why}",
        hint="Grant get and patch on it (k8s_access_info says which rights), or set on_gitops_owned: report.",
    )


__all__ = ("Change", "Decision", "decide", "foresee")
