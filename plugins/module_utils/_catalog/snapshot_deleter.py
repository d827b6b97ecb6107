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

    def why_not_delete(self, snapshot: RecordedSnapshot) -> str:
        """Why it cannot be deleted here, as far as is known without trying; empty when it may."""

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

    def why_not(self, snapshot: RecordedSnapshot) -> str:
        """Why the snapshot cannot be deleted here, as far as is known without trying; empty when it may."""
        return self._find(snapshot)[1]

    def delete(self, snapshots: t.Sequence[RecordedSnapshot], *, contents: RecordedContents) -> Reasons:
        """Delete them; one that is gone is fine. Returns why others are still there."""
        failed: Reasons = {}
        found: dict[str, list[RecordedSnapshot]] = {}
        for snapshot in snapshots:
            provider, why = self._find(snapshot)
            if provider is None:
                failed[snapshot] = why
            else:
                found.setdefault(provider.name, []).append(snapshot)
        for provider in self._providers:
            if provider.name in found:
                failed |= provider.delete(found[provider.name], contents)
        return failed

    @property
    def is_cancelled(self) -> bool:
        """Whether the run is cancelled: what is not gone by then was given up."""
        return any(provider.is_cancelled for provider in self._providers)

    @property
    def notes(self) -> list[str]:
        """What else is to be reported of the deletions: a sentence each."""
        return [note for provider in self._providers for note in provider.deletion_notes()]

    def _find(self, snapshot: RecordedSnapshot) -> tuple[SnapshotProvider | None, str]:
        """Who can delete it; None, and why nobody can."""
        reasons = []
        for provider in self._providers:
            if provider.kind == snapshot.kind:
                why = provider.why_not_delete(snapshot)
                if not why:
                    return provider, ""
                reasons.append(why)
        return None, "; ".join(reasons) or (_ONLY_AGENT if snapshot.kind == "repository" else _NOBODY)


__all__ = ("Reasons", "SnapshotDeleter", "SnapshotProvider")
