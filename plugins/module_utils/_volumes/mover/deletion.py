# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take snapshots out of repositories that a backup records: the data goes with the repository's next maintenance."""

# Private: not for use outside of this collection.

from __future__ import annotations

import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.dry_run import require_namespace
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Probe
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.moving import make_mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Reasons, VolumeContext

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot

_NOTE = (
    "Snapshots were taken out of a repository. What only they held is freed by the repository's maintenance, days "
    "later."
)


class MovedDeletion:
    """Nothing is asked of a cluster before it is known that a backup records such a snapshot."""

    def __init__(self, context: VolumeContext) -> None:
        self._context = context
        self._has_deleted = False
        #: Why nothing is deleted from a repository, by the namespace that it is of; empty where it may.
        self._refusals: dict[str, str] = {}
        #: Namespaces in which what killed runs have left was removed.
        self._swept: set[str] = set()

    def why_not(self, snapshot: RecordedSnapshot) -> str:
        """Why it cannot be deleted here, as far as is known without a pod; empty where it may."""
        if self._context.moving is None:
            return "it is in a repository, for which this task has no options: k8s_backup with state absent deletes it"
        if snapshot.uploader not in ("", "kopia"):
            return f"it is in a repository of {snapshot.uploader}, which only Velero deletes from"
        if not snapshot.namespace:
            return "no file of the backup says in which repository it is"
        if self._context.connect is None:
            return "there is no cluster whose pods could do it"
        return self._refusal(snapshot.namespace)

    def _refusal(self, namespace: str) -> str:
        """There is a password, which opens the repository, and the namespace lets the pod in."""
        if namespace not in self._refusals:
            probe = Probe(namespace=self._where(namespace), source_namespace=namespace, action="forget")
            try:
                require_namespace(
                    self._context.client(),
                    probe.namespace,
                    doing="take it out of its repository",
                    option="mover.namespace",
                )
                [probed] = self._mover.preview([probe])
            except Cancelled:
                raise
            except ArkiveError as exc:
                self._refusals[namespace] = exc.sentence
            else:
                self._refusals[namespace] = probed.error
        return self._refusals[namespace]

    def _where(self, namespace: str) -> str:
        """In which namespace the pod is that deletes from the repository of ``namespace``."""
        moving = self._context.moving
        return (moving.settings.namespace if moving is not None else "") or namespace

    @functools.cached_property
    def _mover(self) -> Mover:
        if self._context.moving is None:
            raise MoverError("There is no location whose repositories are meant.")
        return make_mover(self._context.moving, self._context.client(), cancel=self._context.cancel)

    def delete(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        """Have a Job for each repository forget its snapshots; one that is gone is fine. Why others are still there."""
        if self._context.moving is None:
            return {snapshot: self.why_not(snapshot) for snapshot in snapshots}
        by_place: dict[str, list[RecordedSnapshot]] = {}
        for snapshot in snapshots:
            by_place.setdefault(snapshot.namespace, []).append(snapshot)
        failed: Reasons = {}
        try:
            mover = self._mover
        except ArkiveError as exc:
            return dict.fromkeys(snapshots, exc.sentence)
        for namespace, found in by_place.items():
            try:
                self._context.cancel.check()
                where = self._where(namespace)
                self._sweep(mover, where)
                reasons = mover.forget(namespace, [one.handle for one in found], namespace=where)
            except (ArkiveError, Cancelled) as exc:
                failed |= dict.fromkeys(found, exc.sentence)
                continue
            failed |= {one: reasons[one.handle] for one in found if one.handle in reasons}
        self._has_deleted = self._has_deleted or len(failed) < len(snapshots)
        return failed

    def _sweep(self, mover: Mover, namespace: str) -> None:
        """What it may not see ends by itself."""
        if namespace not in self._swept:
            self._swept.add(namespace)
            mover.sweep([namespace])

    @property
    def notes(self) -> tuple[str, ...]:
        return (_NOTE,) if self._has_deleted else ()


__all__ = ("MovedDeletion",)
