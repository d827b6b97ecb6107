# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rights each task takes: the table of tasks, over the tables that stand beside what they do."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_objects import prune_grants
from ansible_collections.arkive.k8s.plugins.module_utils._backup.rights import backup_grants, object_grants
from ansible_collections.arkive.k8s.plugins.module_utils._dump.rights import dump_grants
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.rights import pause_grants
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.rights import blueprint_grants
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import ALL_TYPES, Grant, RightsScope
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_rights import operation_grants
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.rights import repository_grants
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.restore_only import restore_only_grants
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.sync_rights import sync_grants
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.rights import proof_grants
from ansible_collections.arkive.k8s.plugins.module_utils._proof.rights import diff_grants
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.rights import hook_task_grants
from ansible_collections.arkive.k8s.plugins.module_utils._restore.rights import restore_grants
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.rights import snapshot_grants
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import SnapshotUse, VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import find_row


class TaskRow(t.NamedTuple):
    """``own``: the task's table. ``use``: what it does with snapshots. ``writes``: to a storage location."""

    own: t.Callable[[RightsScope], list[Grant]] | None
    use: SnapshotUse | None
    writes: bool


TASKS: t.Mapping[str, TaskRow] = {
    "backup": TaskRow(backup_grants, "backup", writes=True),
    "restore": TaskRow(restore_grants, "restore", writes=True),
    "delete": TaskRow(None, "delete", writes=True),
    "prune": TaskRow(prune_grants, "delete", writes=True),
    "snapshot": TaskRow(snapshot_grants, "set", writes=False),
    "snapshot_info": TaskRow(None, "list", writes=False),
    "hooks": TaskRow(hook_task_grants, None, writes=False),
    "dump": TaskRow(dump_grants, None, writes=True),
    "sync": TaskRow(sync_grants, None, writes=False),
    "verify": TaskRow(None, "delete", writes=True),
    "export": TaskRow(object_grants, None, writes=False),
    "diff": TaskRow(diff_grants, None, writes=False),
    "db_verify": TaskRow(proof_grants, None, writes=True),
    "repository": TaskRow(repository_grants, None, writes=True),
    "operations": TaskRow(operation_grants, None, writes=False),
    "gitops": TaskRow(pause_grants, None, writes=False),
    "blueprint": TaskRow(blueprint_grants, None, writes=False),
}


def grants_of_all(tasks: t.Iterable[str], scope: RightsScope) -> list[Grant]:
    """The rights of several tasks together, each once."""
    return _each_once([grant for task in tasks for grant in grants_of(task, scope)])


def grants_of(task: str, scope: RightsScope) -> list[Grant]:
    """The rights that ``task``, one of ``TASKS``, takes, each once."""
    row = TASKS[task]
    found = row.own(scope) if row.own is not None else []
    if row.use is not None:
        for name in scope.providers:
            found += find_row(name).make(VolumeContext()).grants(row.use, scope)
    if row.writes:
        found += restore_only_grants()
    return _each_once(found)


def _each_once(grants: t.Sequence[Grant]) -> list[Grant]:
    """A right that has several reasons stands with the first, one that the task cannot do without before others."""
    owners: dict[Need, int] = {}
    order = sorted(range(len(grants)), key=lambda number: (bool(grants[number].otherwise), number))
    for number in order:
        for need in grants[number].needs:
            owners.setdefault(need, number)
    everything = [need for need in owners if need.resource == ALL_TYPES.resource]
    kept = {need: owner for need, owner in owners.items() if not any(_covers(other, need) for other in everything)}
    needs = [tuple(need for need in grant.needs if kept.get(need) == number) for number, grant in enumerate(grants)]
    return [grant._replace(needs=tuple(dict.fromkeys(left))) for grant, left in zip(grants, needs, strict=True) if left]


def _covers(everything: Need, need: Need) -> bool:
    """Whether a right on all types has another one in it, as RBAC reads it: subresources as well."""
    return need != everything and need.verb == everything.verb and everything.namespace in ("", need.namespace)


__all__ = ("TASKS", "grants_of", "grants_of_all")
