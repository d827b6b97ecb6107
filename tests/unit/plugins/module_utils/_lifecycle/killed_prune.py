# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A location with something to do, and a run of retention in a process of its own that is killed at a step of it."""

from __future__ import annotations

import os
import signal
import traceback
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import PruneLab, states

_T = t.TypeVar("_T")
_CHANGES = frozenset({"put", "put_file", "put_stream", "put_if_absent", "delete_many", "drop_unfinished"})


_SNAPSHOTS = {"shop-0": {"s0"}, "shop-1": {"s1a", "s1b"}, "shop-2": {"s2"}}


class Killer:
    """Kills this process, as kill -9 does, before the step of that number, or right after it."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.at, self.after, self.steps = at, after, 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.at + self.after:
            os.kill(os.getpid(), signal.SIGKILL)


class KilledStore(StoreWrapper):
    def __init__(self, inner: Store, killer: Killer) -> None:
        super().__init__(inner)
        self._killer = killer

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        if operation in _CHANGES:
            self._killer.step()
        return super().around(operation, key, request)


def furnish(lab: PruneLab) -> None:
    lab.put("shop-0", snapshots=["s0"])
    lab.put("shop-1", days=8, snapshots=["s1a", "s1b"])
    lab.put("shop-2", days=9, snapshots=["s2"])
    lab.put_restore("r0", "shop-0")
    lab.put_restore("r1", "shop-1")


def require_end(lab: PruneLab) -> None:
    """What shall be there is there, and nothing else."""
    assert lab.names() == ["shop-0"]
    assert lab.snapshots.there == {"s0"}
    assert lab.stored() == [
        "backups/shop-0/shop-0-volumesnapshots.json.gz",
        "backups/shop-0/shop-0.tar.gz",
        "backups/shop-0/velero-backup.json",
        "restores/r0/r0-arkive.json.gz",
        "restores/r0/restore-r0-results.gz",
    ]


def killed(lab: PruneLab, killer: Killer) -> bool:
    """Run in a process of its own; whether it was killed."""

    def run() -> None:
        lab.store = KilledStore(lab.store, killer)
        lab.snapshots.before_delete = killer.step
        lab.prune()

    return is_killed(run)


def is_killed(run: t.Callable[[], object]) -> bool:
    """Whether a process of its own was killed that does ``run``; else it came to its end."""
    child = os.fork()
    if not child:
        try:
            run()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def finish(lab: PruneLab) -> None:
    """What a run that was killed has left, and what the next one makes of it."""
    for entry in Catalog(lab.store).entries():
        if not entry.deleting and set(entry.files) != {f"{entry.name}-arkive-claim.json"}:
            # Nothing of it may be gone without a word.
            assert entry.complete
            assert _SNAPSHOTS[entry.name] <= lab.snapshots.there
    outcome = lab.prune(request={"leftovers": "removed"})
    assert "failed" not in states(outcome).values()
    require_end(lab)
    assert not lab.prune().changed


__all__ = ("KilledStore", "Killer", "finish", "furnish", "is_killed", "killed", "require_end")
