# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delete the snapshots that a backup records, where they are: by who took them.

Who that is the caller of a deletion says. What is asked of one is a part of ``VolumeProvider`` in ``_volumes``, which a
catalog that only lists must not load.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.recorded_snapshots import RecordedContents
from ansible_collections.arkive.k8s.plugins.module_utils._velero.volume_records import RecordedSnapshot

_ONLY_AGENT = "only Velero's node agent can delete from its repository"
_NOBODY = "no volume provider that deletes such snapshots was given"

#: Why snapshots that were to be deleted are still there.
Reasons: t.TypeAlias = "dict[RecordedSnapshot, str]"


class SnapshotProvider(t.Protocol):
    """Who can delete snapshots of the ``kind`` that a ``RecordedSnapshot`` names; several may share one."""

    name: str
    kind: str

    def why_not_delete(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        """Why some of one backup cannot be deleted here, as far as is known without trying."""

    def delete_ahead(self, snapshots: t.Sequence[RecordedSnapshot]) -> None:
        """Delete those of several backups where at once is less work; ``delete`` tells later what became of them."""

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], contents: RecordedContents) -> Reasons:
        """Delete them; one that is gone is fine. Returns why others are still there."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the run is cancelled: it gives up what is not gone then."""

    def deletion_notes(self) -> tuple[str, ...]:
        """What else is to be reported of the deletions so far: a sentence each."""


class SnapshotDeleter:
    """Has snapshots deleted by their ``providers``. Nobody is asked before a backup records such a snapshot."""

    def __init__(self, providers: t.Iterable[SnapshotProvider]) -> None:
        self._providers = tuple(providers)

    def why_not(self, snapshots: t.Sequence[RecordedSnapshot]) -> Reasons:
        """Why some of one backup cannot be deleted here, as far as is known without trying."""
        return self._share_out(snapshots)[1]

    def delete_ahead(self, snapshots: t.Sequence[RecordedSnapshot]) -> None:
        """Those of several backups, whose deletions have begun: what can be done at once is, of those that may go.

        ``delete`` is called for each backup afterwards, and tells what became of its own.
        """
        shares, _nobodys = self._share_out(snapshots)
        for provider in self._providers:
            if provider.name in shares:
                provider.delete_ahead(shares[provider.name])

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], *, contents: RecordedContents) -> Reasons:
        """Delete them; one that is gone is fine. Returns why others are still there."""
        shares, failed = self._share_out(snapshots)
        for provider in self._providers:
            if provider.name in shares:
                failed |= provider.delete(shares[provider.name], contents)
        return failed

    @property
    def is_cancelled(self) -> bool:
        """Whether the run is cancelled: what is not gone by then was given up."""
        return any(provider.is_cancelled for provider in self._providers)

    @property
    def notes(self) -> list[str]:
        """What else is to be reported of the deletions: a sentence each."""
        return [note for provider in self._providers for note in provider.deletion_notes()]

    def _share_out(self, snapshots: t.Sequence[RecordedSnapshot]) -> tuple[dict[str, list[RecordedSnapshot]], Reasons]:
        """Whose they are, by the names of the first providers that can delete them; and why nobody can others."""
        shares: dict[str, list[RecordedSnapshot]] = {}
        reasons: dict[RecordedSnapshot, list[str]] = {snapshot: [] for snapshot in snapshots}
        for provider in self._providers:
            asked = [snapshot for snapshot in reasons if snapshot.kind == provider.kind]
            why = provider.why_not_delete(asked) if asked else {}
            for snapshot in asked:
                if snapshot in why:
                    reasons[snapshot].append(why[snapshot])
                else:
                    shares.setdefault(provider.name, []).append(snapshot)
                    del reasons[snapshot]
        return shares, {snapshot: "; ".join(said) or _nobody(snapshot) for snapshot, said in reasons.items()}


def _nobody(snapshot: RecordedSnapshot) -> str:
    return _ONLY_AGENT if snapshot.kind == "repository" else _NOBODY


__all__ = ("Reasons", "SnapshotDeleter", "SnapshotProvider")
