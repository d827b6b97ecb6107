# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two backups beside each other, object by object, by the comparison of a restore."""

# Private: not for use outside of this collection.

from __future__ import annotations

import copy
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.open_backup import OpenBackup
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._proof.diff_outcome import (
    DRIFT,
    ComparedObject,
    DiffOutcome,
    Owned,
    controller_of,
    patched_fields,
    without_owned,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.source import open_source
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.compare import compare
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.diff_text import diff_entry
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import NON_RESTORABLE

#: A place is a type, a namespace and a name: a member's path but for its version.
_Key: t.TypeAlias = "tuple[str, str, str]"


def diff_backups(
    name: str,
    other: str,
    *,
    store: Store,
    max_diffs: int = 500,
    cancel: CancelToken | None = None,
) -> DiffOutcome:
    """How ``other`` differs from the backup ``name``: what was changed, is missing there, or is extra.

    Raises ``ArkiveError`` when one of them cannot be read.
    """
    cancel = cancel or CancelToken()
    with (
        open_source(store, name, cancel=cancel) as before,
        open_source(store, other, cancel=cancel) as after,
    ):
        comparison = _Comparison(before, after, max_diffs)
        objects = tuple(without_owned(list(comparison.run(cancel))))
        return DiffOutcome(
            backup=name,
            other=f"backup '{other}'",
            location=store.location.describe,
            objects=objects,
            diffs=comparison.diffs_of(objects),
            diffs_left_out=comparison.left_out,
            warnings=tuple(dict.fromkeys([*before.warnings, *after.warnings])),
        )


class _Comparison:
    """One run over the members of both; texts are kept of ``max_diffs`` that differ."""

    def __init__(self, before: OpenBackup, after: OpenBackup, max_diffs: int) -> None:
        self._before = before
        self._after = after
        self._max_diffs = max_diffs
        self._diffs: dict[str, dict[str, str]] = {}
        self.left_out = 0

    def diffs_of(self, objects: t.Iterable[ComparedObject]) -> list[dict[str, str]]:
        """The texts of those that differ, in their order."""
        return [self._diffs[each.title] for each in objects if each.state in DRIFT and each.title in self._diffs]

    def run(self, cancel: CancelToken) -> t.Iterator[Owned]:
        ours, theirs = _restorable(self._before), _restorable(self._after)
        for key in sorted({*ours, *theirs}):
            cancel.check()
            yield self._compare(ours.get(key), theirs.get(key))

    def _compare(self, ours: ItemRef | None, theirs: ItemRef | None) -> Owned:
        ref = t.cast("ItemRef", ours or theirs)
        row = ComparedObject(ref.group_resource, ref.namespace or "", ref.name, "equal")
        try:
            old = self._before.items.read(ours) if ours else None
            new = self._after.items.read(theirs) if theirs else None
        except ArchiveError as exc:
            return Owned(row._replace(state="not_compared", reason=exc.message, is_unknown=True), "", None)
        known = old or new or {}
        kind, owner = str(known.get("kind")), controller_of((known.get("metadata") or {}).get("ownerReferences"))
        return Owned(self._judge(row, old, new), kind, owner)

    def _judge(self, row: ComparedObject, old: Object | None, new: Object | None) -> ComparedObject:
        if old is None or new is None:
            self._note(row, old, new)
            return row._replace(state="extra" if old is None else "missing")
        # The newer one takes over nothing of the older: what a cluster decides by itself is no difference.
        found = compare(row.group_resource, old, copy.deepcopy(new))
        if found.equal:
            return row
        self._note(row, old, new)
        return row._replace(state="changed", fields=patched_fields(found.patch))

    def _note(self, row: ComparedObject, old: Object | None, new: Object | None) -> None:
        if len(self._diffs) < self._max_diffs:
            self._diffs[row.title] = diff_entry(row.group_resource, row.title, old, new)
        elif self._max_diffs:
            self.left_out += 1


def _restorable(backup: OpenBackup) -> dict[_Key, ItemRef]:
    """Without what no restore brings back, such as events: they are of the moment, and no state of anything."""
    return {_key(ref): ref for ref in backup.items.items if ref.group_resource not in NON_RESTORABLE}


def _key(ref: ItemRef) -> _Key:
    return str(ref.group_resource), ref.namespace or "", ref.name


__all__ = ("diff_backups",)
