# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever ends a run in the middle: the next one comes to the right end, and leaves nothing."""

from __future__ import annotations

import datetime as dt
import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Listing, Store
from ansible_collections.arkive.k8s.plugins.module_utils._store.wrapper import StoreWrapper
from ansible_collections.arkive.k8s.plugins.module_utils._store.write_lock import LockRecord
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.killed_prune import (
    Killer,
    finish,
    furnish,
    killed,
    require_end,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.prune_lab import PruneLab
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.refused_delete import RefusedDelete

_T = t.TypeVar("_T")


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_step(tmp_path: Path, after: bool) -> None:
    step = 0
    while True:
        step += 1
        folder = tmp_path / str(step)
        folder.mkdir()
        lab = PruneLab(folder)
        furnish(lab)
        died = killed(lab, Killer(step, after=after))
        finish(lab)
        if not died:
            break
    assert step > 15


def test_half_of_one_goes_whatever_the_rules_say_by_now(tmp_path: Path) -> None:
    for step in range(1, 20):
        folder = tmp_path / str(step)
        folder.mkdir()
        lab = PruneLab(folder)
        furnish(lab)
        assert killed(lab, Killer(step, after=False))
        if len(lab.snapshots.there) == 3:
            break
    assert lab.snapshots.there == {"s0", "s1b", "s2"}
    outcome = lab.prune(keep_last=10)
    assert outcome.to_return()["deleted"] == ["shop-1"]
    assert lab.names() == ["shop-0", "shop-2"]


@pytest.mark.parametrize("all_keys", [False, True])
def test_a_store_that_refuses_the_nth_delete(tmp_path: Path, all_keys: bool) -> None:
    at = 0
    while True:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        lab = PruneLab(folder)
        furnish(lab)
        inner = lab.store
        lab.store = refusing = RefusedDelete(inner, at, all_keys=all_keys)
        outcome = lab.prune(request={"leftovers": "ignored"})
        for backup in outcome.failed:
            assert "Access Denied" in backup.error or "does not delete" in backup.error
            assert backup.name in lab.names()
        lab.store = inner
        lab.prune(request={"leftovers": "removed"})
        lab.prune(request={"leftovers": "removed"})
        require_end(lab)
        if refusing.deletes < at:
            break
    assert at > 8


@pytest.mark.parametrize("at", [1, 2])
def test_an_api_server_that_goes_in_the_middle(tmp_path: Path, at: int) -> None:
    """The objects stand between the snapshots and the files."""
    lab = PruneLab(tmp_path)
    furnish(lab)
    asked = []

    def remove(backup: t.Mapping[str, t.Any]) -> t.Iterator[str]:
        asked.append(backup["metadata"]["name"])
        if len(asked) >= at:
            raise KubeError("The API server cannot be reached.")
        yield from ()

    outcome = lab.prune(request={"remove_objects": remove})
    failed = [backup.name for backup in outcome.failed]
    assert failed == ["shop-1", "shop-2"][at - 1 :]
    assert set(failed) <= set(lab.names())
    assert all(Catalog(lab.store).entry(name).deleting for name in failed)  # type: ignore[union-attr]
    lab.prune()
    assert lab.removed_objects == failed
    require_end(lab)


class RefusingStore(StoreWrapper):
    """Raises ``error`` for requests that ``meets`` names."""

    def __init__(self, inner: Store, error: ArkiveError, meets: t.Callable[[str, str], bool]) -> None:
        super().__init__(inner)
        self._error, self._meets = error, meets

    def around(self, operation: str, key: str, request: t.Callable[[], _T]) -> _T:
        if self._meets(operation, key):
            raise self._error
        return super().around(operation, key, request)

    def list(self, prefix: str = "", delimiter: str | None = None) -> Listing:
        if self._meets("list", prefix):
            raise self._error
        return self.inner.list(prefix, delimiter)

    def delete_many(self, keys: t.Iterable[str]) -> None:
        wanted = tuple(keys)
        if self._meets("delete_many", " ".join(wanted)):
            raise self._error
        self.inner.delete_many(wanted)


def left_by_the_dead(lab: PruneLab) -> None:
    """One of each kind of stray in the location."""
    then = dt.datetime.now(tz=dt.UTC) - dt.timedelta(hours=1)
    lock = LockRecord.make("r", "elsewhere", 1, then, 120).encode()
    lab.store.put("backups/half/half-arkive-claim.json", lock)
    lab.store.put("metadata/arkive/schedules/shop.lock", lock)
    lab.put_restore("stray", "gone")


STRAYS = {
    "the list of locks": (
        lambda operation, key: operation == "list" and key == "metadata/arkive/",
        "claims or uploads",
    ),
    "a lock": (lambda operation, key: operation == "get" and key.endswith("shop.lock"), "claims or uploads"),
    "a claim": (
        lambda operation, key: operation == "get" and key.endswith("half-arkive-claim.json"),
        "What killed runs may have left",
    ),
    "a restore": (lambda operation, key: operation == "delete_many" and "restores/stray/" in key, "stray"),
}


@pytest.mark.parametrize(("meets", "said"), STRAYS.values(), ids=STRAYS)
@pytest.mark.parametrize("failure", ["denied", "unreachable"])
def test_an_error_among_the_strays_loses_nothing_that_is_known(
    tmp_path: Path, meets: t.Callable[[str, str], bool], said: str, failure: t.Any
) -> None:
    """What was deleted before is said, and one kind of strays keeps no other from going."""
    lab = PruneLab(tmp_path)
    furnish(lab)
    left_by_the_dead(lab)
    for file in (tmp_path / "location" / "restores").rglob("*"):
        os.utime(file, (1, 1))
    lab.store = RefusingStore(lab.store, StoreError("It fails.", failure=failure), meets)

    def nobody(_location: str) -> t.NoReturn:
        raise KubeError("The API server is away.")

    outcome = lab.prune(request={"leftovers": "removed", "find_left": (nobody,)})
    assert outcome.to_return()["deleted"] == ["shop-1", "shop-2"]
    unknown = [each.message for each in outcome.leftovers if not each.removed]
    assert [said in message and "It fails." in message for message in unknown] == [True, False]
    assert unknown[-1] == "Whether snapshots were left is unknown: The API server is away."
    assert len([each for each in outcome.leftovers if each.removed]) == 2


@pytest.mark.parametrize("where", ["a deletion", "a stray"])
def test_what_is_broken_off_says_what_is_gone(tmp_path: Path, where: str) -> None:
    """Somebody ends the run: that is no finding about a backup or a stray, and the list is in the result."""
    lab = PruneLab(tmp_path)
    furnish(lab)
    left_by_the_dead(lab)
    for file in (tmp_path / "location" / "restores").rglob("*"):
        os.utime(file, (1, 1))
    meets = {
        "a deletion": lambda operation, key: operation == "list" and key == "backups/shop-2/",
        "a stray": lambda operation, key: operation == "delete_many" and "restores/stray/" in key,
    }[where]
    lab.store = RefusingStore(lab.store, Cancelled("The run was cancelled."), meets)
    with pytest.raises(Cancelled) as raised:
        lab.prune(request={"leftovers": "removed"})
    gone = ["shop-1"] if where == "a deletion" else ["shop-1", "shop-2"]
    assert raised.value.details["deleted"] == gone
    assert raised.value.details["changed"]
    assert [each["name"] for each in raised.value.details["backups"]][: 1 + len(gone)] == ["shop-0", *gone]


def test_rules_that_cannot_be_recorded_lose_nothing(tmp_path: Path) -> None:
    lab = PruneLab(tmp_path)
    furnish(lab)

    def meets(operation: str, key: str) -> bool:
        return operation == "put" and "retention" in key

    lab.store = RefusingStore(lab.store, StoreError("It is full."), meets)
    outcome = lab.prune(keep_last=1)
    assert outcome.to_return()["deleted"] == ["shop-1", "shop-2"]
    assert outcome.warnings == ("The rules of this run could not be recorded: It is full.",)
