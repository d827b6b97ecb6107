# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take snapshots out of repositories that a backup records: the data goes with the repository's next maintenance."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.moving import make_mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Reasons, VolumeContext

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot

_NOTE = (
    "Snapshots were taken out of a repository. What only they held is freed by the repository's maintenance, days "
    "later."
)


class MovedDeletion:
    """Nothing is asked of a cluster before a snapshot is to be deleted."""

    def __init__(self, context: VolumeContext) -> None:
        self._context = context
        self._has_deleted = False

    def why_not(self, snapshot: RecordedSnapshot) -> str:
        """Why it cannot be deleted here; empty where it may."""
        if self._context.moving is None:
            return "it is in a repository, for which this task has no options: k8s_backup with state absent deletes it"
        if snapshot.uploader not in ("", "kopia"):
            return f"it is in a repository of {snapshot.uploader}, which only Velero deletes from"
        if not snapshot.namespace:
            return "no file of the backup says in which repository it is"
        return "" if self._context.connect is not None else "there is no cluster whose pods could do it"

    def delete(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        """Have a Job for each repository forget its snapshots; one that is gone is fine. Why others are still there."""
        moving = self._context.moving
        if moving is None:
            return {snapshot: self.why_not(snapshot) for snapshot in snapshots}
        by_place: dict[str, list[RecordedSnapshot]] = {}
        for snapshot in snapshots:
            by_place.setdefault(snapshot.namespace, []).append(snapshot)
        failed: Reasons = {}
        try:
            mover = make_mover(moving, self._context.client(), cancel=self._context.cancel)
        except ArkiveError as exc:
            return dict.fromkeys(snapshots, exc.sentence)
        for namespace, found in by_place.items():
            try:
                self._context.cancel.check()
                where = moving.settings.namespace or namespace
                _require_there(self._context.client(), where)
                reasons = mover.forget(namespace, [one.handle for one in found], namespace=where)
            except (ArkiveError, Cancelled) as exc:
                failed |= dict.fromkeys(found, exc.sentence)
                continue
            failed |= {one: reasons[one.handle] for one in found if one.handle in reasons}
        self._has_deleted = self._has_deleted or len(failed) < len(snapshots)
        return failed

    @property
    def notes(self) -> tuple[str, ...]:
        return (_NOTE,) if self._has_deleted else ()


def _require_there(client: KubeClient, namespace: str) -> None:
    """Raise ``MoverError`` where pods have no such namespace any more. Who may not look is told by the pods."""
    try:
        if get_object(client, NAMESPACES, namespace) is not None:
            return
    except KubeError:
        return
    raise MoverError(
        f"Namespace {namespace} is no more, in which a pod would take it out of its repository.",
        hint="Name another one as mover.namespace.",
    )


__all__ = ("MovedDeletion",)
