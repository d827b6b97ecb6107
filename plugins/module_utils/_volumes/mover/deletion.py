# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take snapshots out of repositories that a backup records: the data goes with the repository's next maintenance."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.dry_run import require_namespace
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Probe
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.moving import make_mover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Reasons, VolumeContext

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot

#: A refusal that may pass is heard so often, each time for another backup, before it is believed to last.
_HEARD = 3
_NOTE = (
    "Snapshots were taken out of a repository. What only they held is freed by the repository's maintenance, days "
    "later."
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Refusal:
    """``why`` nothing is deleted from a repository, empty where it may be. ``heard``: how often in a row."""

    why: str
    heard: int
    lasts: bool

    @property
    def is_settled(self) -> bool:
        return not self.why or self.lasts or self.heard >= _HEARD


class MovedDeletion:
    """Nothing is asked of a cluster before it is known that a backup records such a snapshot."""

    def __init__(self, context: VolumeContext) -> None:
        self._context = context
        self._has_deleted = False
        #: By the namespaces that repositories are of.
        self._refusals: dict[str, _Refusal] = {}
        #: Namespaces in which what killed runs have left was removed.
        self._swept: set[str] = set()
        #: Why those that were asked for ahead are still there, empty for one that is gone; until ``delete`` tells it.
        self._ahead: dict[tuple[str, str], str] = {}

    def why_not(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        """Why some of one backup cannot be deleted here, as far as is known without a pod.

        What may pass, such as an API server that does not answer, is asked again for the next backup.
        """
        found = {snapshot: why for snapshot in snapshots if (why := self._why_nobody(snapshot))}
        namespaces = dict.fromkeys(snapshot.namespace for snapshot in snapshots if snapshot not in found)
        refused = {namespace: self._refusal(namespace) for namespace in namespaces}
        return found | {
            snapshot: refused[snapshot.namespace]
            for snapshot in snapshots
            if snapshot not in found and refused[snapshot.namespace]
        }

    def _why_nobody(self, snapshot: RecordedSnapshot) -> str:
        """What this task, or the record, lacks."""
        if self._context.moving is None:
            return "it is in a repository, for which this task has no options: k8s_backup with state absent deletes it"
        if snapshot.uploader not in ("", "kopia"):
            return f"it is in a repository of {snapshot.uploader}, which only Velero deletes from"
        if not snapshot.namespace:
            return "no file of the backup says in which repository it is"
        return "" if self._context.connect is not None else "there is no cluster whose pods could do it"

    def _refusal(self, namespace: str) -> str:
        """There is a password, which opens the repository, and the namespace lets the pod in."""
        known = self._refusals.get(namespace)
        if known is None or not known.is_settled:
            why, lasts = self._look(namespace)
            known = _Refusal(why, (known.heard if known else 0) + 1, lasts)
            self._refusals[namespace] = known
        return known.why

    def _look(self, namespace: str) -> tuple[str, bool]:
        """Why not, and whether that is known to last."""
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
            return exc.sentence, not _may_pass(exc)
        return probed.error, False

    def _where(self, namespace: str) -> str:
        """In which namespace the pod is that deletes from the repository of ``namespace``."""
        moving = self._context.moving
        return (moving.settings.namespace if moving is not None else "") or namespace

    @functools.cached_property
    def _mover(self) -> Mover:
        if self._context.moving is None:
            raise MoverError("There is no location whose repositories are meant.")
        return make_mover(self._context.moving, self._context.client(), cancel=self._context.cancel)

    def delete_ahead(self, snapshots: t.Sequence[RecordedSnapshot]) -> None:
        """Have one pod for each repository forget those of several backups. ``delete`` tells what became of them."""
        failed = self._forget(snapshots)
        self._ahead |= {_key(snapshot): failed.get(snapshot, "") for snapshot in snapshots}

    def delete(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        """Have a Job for each repository forget its snapshots; one that is gone is fine. Why others are still there.

        Those that were asked for ahead are not asked for again.
        """
        if self._context.moving is None:
            return self.why_not(snapshots)
        told = {snapshot: self._ahead[_key(snapshot)] for snapshot in snapshots if _key(snapshot) in self._ahead}
        for snapshot in told:
            self._ahead.pop(_key(snapshot), None)
        failed = {snapshot: why for snapshot, why in told.items() if why}
        failed |= self._forget([snapshot for snapshot in snapshots if snapshot not in told])
        self._has_deleted = self._has_deleted or len(failed) < len(snapshots)
        return failed

    def _forget(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        by_place: dict[str, list[RecordedSnapshot]] = {}
        for snapshot in snapshots:
            by_place.setdefault(snapshot.namespace, []).append(snapshot)
        failed: Reasons = {}
        for namespace, found in by_place.items():
            try:
                self._context.cancel.check()
                reasons = self._forget_in(namespace, [one.handle for one in found])
            except (ArkiveError, Cancelled) as exc:
                failed |= dict.fromkeys(found, exc.sentence)
                continue
            failed |= {one: reasons[one.handle] for one in found if one.handle in reasons}
        return failed

    def _forget_in(self, namespace: str, handles: t.Sequence[str]) -> t.Mapping[str, str]:
        """Why some are left in the repository of ``namespace``."""
        mover, where = self._mover, self._where(namespace)
        self._sweep(mover, where)
        if self._context.moving is not None:
            self._context.moving.run.progress(
                f"{namespace}: takes {counted(len(handles), 'snapshot')} out of its repository"
            )
        return mover.forget(namespace, handles, namespace=where)

    def _sweep(self, mover: Mover, namespace: str) -> None:
        """What it may not see ends by itself."""
        if namespace not in self._swept:
            self._swept.add(namespace)
            mover.sweep([namespace])

    @property
    def notes(self) -> tuple[str, ...]:
        return (_NOTE,) if self._has_deleted else ()


def _key(snapshot: RecordedSnapshot) -> tuple[str, str]:
    return snapshot.namespace, snapshot.handle


def _may_pass(exc: BaseException) -> bool:
    """Whether the same may go well a moment later, by whoever has refused in the end."""
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, KubeError):
            return cause.may_pass
        if isinstance(cause, StoreError):
            return cause.failure in ("unreachable", "other")
        cause = cause.__cause__
    return False


__all__ = ("MovedDeletion",)
