# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a repository that was read back lacks, by snapshots, and by the backups that name them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.named_snapshots import NamedSnapshots
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.request import (
    ListedSnapshot,
    RepositoryRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.held_snapshots import HeldSnapshot
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.upkeep import Upkeep
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.verified import Damage

#: Files of one snapshot that are told of in sentences.
_SHOWN = 3


def verify_repository(
    request: RepositoryRequest, upkeep: Upkeep, named: NamedSnapshots, *, size: int
) -> dict[str, t.Any]:
    """Fields of the outcome."""
    found = upkeep.verify(percentage=request.percentage, size=size)
    by_id = {held.id: held for held in found.snapshots}
    if any(not named.backups(each.id) for each in found.snapshots):
        named.read_objects()
    listed = tuple(ListedSnapshot(held=each, backups=named.backups(each.id)) for each in found.snapshots)
    missing = [each for each in named.of_namespace(request.namespace) if each.id not in by_id]
    incomplete = [each for each in listed if each.held.trouble]
    problems = [
        *_of_damage(found.damage, by_id, named),
        *(f"Backup '{each.backup}' names snapshot {each.id}, which the repository does not have." for each in missing),
        *(f"{_of(each.held, each.backups)} is not whole: {each.held.trouble}." for each in incomplete if each.backups),
    ]
    return {
        "snapshots": listed,
        "missing": tuple({"id": each.id, "backup": each.backup, "volume": each.volume} for each in missing),
        "damage": tuple(
            {
                "snapshot": each.snapshot,
                "what": by_id[each.snapshot].what if each.snapshot in by_id else "",
                "path": each.path,
                "error": each.error,
                "backups": list(named.backups(each.snapshot)),
            }
            for each in found.damage
        ),
        "verified": {
            "sound": not problems,
            "percentage": request.percentage,
            "snapshots": len(found.snapshots),
            "objects": found.objects,
            "files_read": found.files,
            "bytes_read": found.bytes,
        },
        "warnings": (
            *(f"Backup '{name}' cannot be read: {why}" for name, why in named.unreadable.items()),
            *(f"{_of(each.held, ())} is not whole: {each.held.trouble}." for each in incomplete if not each.backups),
        ),
        "problems": tuple(problems),
    }


def _of_damage(
    damage: t.Sequence[Damage], by_id: t.Mapping[str, HeldSnapshot], named: NamedSnapshots
) -> t.Iterator[str]:
    """A sentence for each snapshot, with its first files."""
    for snapshot in dict.fromkeys(each.snapshot for each in damage):
        of_it = [each for each in damage if each.snapshot == snapshot]
        held = by_id.get(snapshot)
        what = _of(held, named.backups(snapshot)) if held is not None else "The repository"
        paths = [each.path for each in of_it if each.path]
        where = ""
        if paths and snapshot:
            more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
            where = f" in {', '.join(paths[:_SHOWN])}{more}"
        yield f"{what} is damaged{where}: {of_it[0].error.rstrip('.')}."


def _of(held: HeldSnapshot, backups: t.Sequence[str]) -> str:
    names = f"of backup {', '.join(backups)}" if backups else "that no backup names"
    return f"Snapshot {held.id} ({held.what}) {names}"


__all__ = ("verify_repository",)
