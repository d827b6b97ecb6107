# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must be paused so that an owner stays paused: up to the root."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._gitops.argo import set_lets_edit
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.errors import GitOpsError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_book import OwnerBook
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_kind import read_entries
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

_SET_HINT = (
    "Let the set leave it alone, by ignoreApplicationDifferences with the jsonPointers [/spec/syncPolicy] or by "
    "syncPolicy.applicationsSync: create-only, or hold syncs back by a sync window of its AppProject, and set "
    "on_gitops_owned: report."
)


class Ancestors:
    """Reads only."""

    def __init__(self, book: OwnerBook) -> None:
        self._book = book

    def parents(self, owner: Owner) -> list[OwnerRef]:
        """Those that ``owner`` names as its own owners, an ApplicationSet among them."""
        sets = [OwnerRef("ApplicationSet", owner.ref.namespace, name) for name in _set_names(owner)]
        marks = [mark.owner for mark in self._book.tracking.marks(owner.obj) if not mark.left_alone]
        return [*sets, *(ref for ref in marks if not self._is_same(ref, owner))]

    def _is_same(self, ref: OwnerRef, owner: Owner) -> bool:
        """The Kustomization at the root applies itself."""
        namespace = ref.namespace or self._book.tracking.namespace
        return (ref.kind, namespace, ref.name) == owner.ref

    def to_pause(self, owner: Owner) -> list[Owner]:
        """``owner``, after those that would write its field back, from the root down.

        Raises ``GitOpsError`` where one of them cannot be paused.
        """
        found: dict[OwnerRef, Owner] = {}
        self._collect(owner, found, ())
        return list(found.values())

    def _collect(self, owner: Owner, found: dict[OwnerRef, Owner], below: tuple[OwnerRef, ...]) -> None:
        if owner.ref in found or owner.ref in below:
            return
        if owner.mark_problem:
            raise GitOpsError(
                f"The annotation arkive.k8s/paused of {owner.ref} cannot be used: {owner.mark_problem}.",
                hint="Look at what it is, and take the annotation off.",
            )
        for ref in self.parents(owner):
            if ref.kind == "ApplicationSet":
                self._check_set(ref, owner)
                continue
            parent = self._book.find(ref)
            if ref in self._book.unread:
                raise GitOpsError(
                    f"{owner.ref} is owned by {ref}, which may not be read: {self._book.unread[ref]}",
                    hint="Grant get and patch on it, or pause it yourself and set on_gitops_owned: report.",
                )
            if parent is not None and parent.unpaused.acts and (owner.is_resumed_by(parent) or parent.mark is not None):
                self._collect(parent, found, (*below, owner.ref))
        found[owner.ref] = owner

    def _check_set(self, ref: OwnerRef, owner: Owner) -> None:
        """A set writes every field of its Applications back at once, unless it is told not to."""
        try:
            obj = self._book.find_set(ref.namespace, ref.name)
        except KubeError as exc:
            if not exc.forbidden:
                raise
            obj = {}
        if obj is None or set_lets_edit(obj, owner.ref.name):
            return
        raise GitOpsError(
            f"{owner.ref} cannot be paused: it is made by {ref}, which writes its syncPolicy back.", hint=_SET_HINT
        )


def _set_names(owner: Owner) -> t.Iterator[str]:
    for reference in read_entries(owner.obj, ("metadata", "ownerReferences")):
        if reference.get("kind") == "ApplicationSet":
            yield str(reference.get("name"))


__all__ = ("Ancestors",)
