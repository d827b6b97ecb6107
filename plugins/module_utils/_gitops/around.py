# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owners around a change: paused before it, compared after it, and resumed where they will not undo it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.account import Conflict, GitOpsAccount, LeftPaused
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.comparing import compares_itself, find_out_of_sync
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.decision import Decision
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pause_keeper import PauseKeeper
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pausing import Pausing
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import GitOpsTerms
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun


class AroundChange:
    """Once around one change. ``account``: what was done so far."""

    def __init__(self, run: ClusterRun, terms: GitOpsTerms, decision: Decision) -> None:
        self._run = run
        self._terms = terms
        self._decision = decision
        self._pausing = Pausing(run, limit=terms.pause_limit)
        self._keeper = PauseKeeper(run, self._pausing, limit=terms.pause_limit)
        self._paused: list[Owner] = []
        self.account: GitOpsAccount = decision.account

    def begin(self, *, timeout: float) -> None:
        """Pause what the decision names, for as long as this runs. Raises ``ArkiveError``; nothing is paused then."""
        owners = self._decision.in_order
        if not owners:
            return
        self._run.progress(f"pausing {', '.join(str(owner.ref) for owner in owners)}")
        self._paused = self._pausing.pause(owners, timeout=timeout)
        self._keeper.start(self._paused)
        self.account = dataclasses.replace(self.account, paused=tuple(owner.ref for owner in self._paused))

    def end(self, *, succeeded: bool) -> None:
        """Compare, and resume. What goes wrong is a warning, with what stays paused and how it is resumed."""
        if not self._paused:
            return
        self._report_lost()
        conflicts, unsure = self._compare() if succeeded else (self.account.conflicts, {})
        left = self._why_left(conflicts, unsure, succeeded=succeeded)
        self._keeper.stop()
        paused, self._paused = self._paused, []
        to_resume = [owner for owner in paused if owner.ref not in left]
        done = self._pausing.resume(to_resume)
        resumed = [owner.ref for owner in done.resumed]
        left |= {ref: f"it could not be resumed: {exc.message.rstrip('.')}" for ref, exc in done.failed.items()}
        stay = tuple(
            LeftPaused(owner=owner.ref, why=left[owner.ref], command=owner.resume_command)
            for owner in paused
            if owner.ref in left
        )
        self.account = dataclasses.replace(
            self.account, resumed=tuple(resumed), left_paused=stay, conflicts=tuple(conflicts)
        )
        for found in stay:
            self._run.issues.warning(
                f"{found.owner} stays paused: {found.why}.",
                namespace=found.owner.namespace,
                name=found.owner.name,
                hint=f"Resume it by: {found.command}",
            )
        for owner in to_resume:
            if owner.ref not in (*resumed, *left):
                self._run.issues.warning(f"{owner.ref} was not resumed: somebody else has done so, or has paused it.")

    def _report_lost(self) -> None:
        with contextlib.suppress(ArkiveError):
            for owner in self._pausing.find_lost(self._paused):
                self._run.issues.warning(
                    f"{owner.ref} was resumed by somebody before the end: what was restored may be undone already.",
                    hint="Find out who writes it, pause that as well, and restore again.",
                )

    def _compare(self) -> tuple[list[Conflict], dict[OwnerRef, str]]:
        """What would be undone; and the owners that could not say so, with why."""
        conflicts = list(self.account.conflicts)
        unsure: dict[OwnerRef, str] = {}
        if self._terms.resume == "never":
            return conflicts, unsure
        client = self._run.uncancelled().client
        for owner in self._paused:
            changes = {change.identity: change for change in self._decision.changes.get(owner.ref, ())}
            if not changes or not compares_itself(owner):
                continue
            made = frozenset(identity for identity, change in changes.items() if change.fields is None)
            try:
                found = find_out_of_sync(client, owner, made, timeout=self._terms.compare_timeout)
            except ArkiveError as exc:
                unsure[owner.ref] = f"whether it would undo something is not known: {exc.message.rstrip('.')}"
                continue
            for identity, why in found.items():
                change = changes.get(identity)
                if change is not None:
                    conflicts.append(
                        Conflict(
                            owner=owner.ref,
                            resource=change.resource,
                            namespace=identity.namespace,
                            name=identity.name,
                            why=why,
                            fields=change.fields or (),
                        )
                    )
        return conflicts, unsure

    def _why_left(
        self, conflicts: t.Sequence[Conflict], unsure: t.Mapping[OwnerRef, str], *, succeeded: bool
    ) -> dict[OwnerRef, str]:
        """The owners that stay paused, and why; what is above one of them stays paused as well."""
        if self._terms.resume == "always":
            return {}
        if self._terms.resume == "never":
            return dict.fromkeys((owner.ref for owner in self._paused), "gitops_resume is never")
        if not succeeded:
            return dict.fromkeys((owner.ref for owner in self._paused), "the restore is not complete")
        left: dict[OwnerRef, str] = dict(unsure)
        for owner in self._paused:
            count = sum(conflict.owner == owner.ref for conflict in conflicts)
            if count:
                left[owner.ref] = f"it would undo {counted(count, 'object')}"
        for ref, chain in self._decision.to_pause.items():
            if ref in left:
                for above in chain:
                    left.setdefault(above.ref, f"it would resume {ref}")
        return left


__all__ = ("AroundChange",)
