# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole backups of small namespaces into stores that fail: no result may contradict what is stored."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import tempfile
import time
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_in_memory import Mode
from campaigns.store_cluster import StoreCluster
from campaigns.store_faults import Fault
from campaigns.store_places import LocalPlace, Place, S3Place, Stored, look
from campaigns.store_runs import LOCK_SECONDS, Ended, ModuleRuns
from campaigns.wrong import Wrong

_STEPS = ("backup", "backup", "backup", "backup", "backup", "absent", "info")
#: Words of a result that leaves open whether the backup is stored.
_UNKNOWN = ("unknown", "may be stored", "may have been")
_IN_THE_WAY = ("another run works on", "another run holds", "is held", "in progress", "claim")


class StoreCampaign:
    """Needs the local cluster and its S3 server. Each case has a store of its own and a backup of its own name."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> t.Self:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="arkive-soak-")))
        self._folder = folder
        self._runs = ModuleRuns(folder)
        self._cluster = self._stack.enter_context(StoreCluster())
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def run_case(self, chance: random.Random) -> str:
        place = self._place(chance)
        try:
            case = _Case(self._runs, self._cluster, place, chance, local=isinstance(place, LocalPlace))
            try:
                case.run()
            except Wrong as exc:
                return f"{case}: {exc}"
            return ""
        finally:
            place.close()

    def _place(self, chance: random.Random) -> Place:
        kind = chance.choice(["memory", "real", "local"])
        if kind == "local":
            return LocalPlace(self._folder)
        names = ("ENDPOINT", "ACCESS_KEY", "SECRET_KEY")
        endpoint, access, secret = (os.environ[f"ARKIVE_TEST_S3_{name}"] for name in names)
        return S3Place((endpoint, access, secret)) if kind == "real" else S3Place(None, _modes(chance))


def _modes(chance: random.Random) -> list[Mode]:
    """How much less than S3 a server knows; half of them know all."""
    choices: list[tuple[Mode | None, ...]] = [
        (None, "no-checksums"),
        (None, "no-conditions", "ignores-conditions"),
        (None, "list-v1"),
        (None, "late-lists"),
        (None, "no-deletes"),
        (None, "no-batch-delete", "refuses-batch-delete"),
    ]
    if chance.random() < 0.5:
        return []
    return [mode for mode in map(chance.choice, choices) if mode is not None]


class _Case:
    """A backup, a look at it, the same once more, the plan of a restore, and its end; one of these meets the fault."""

    def __init__(
        self, runs: ModuleRuns, cluster: StoreCluster, place: Place, chance: random.Random, *, local: bool
    ) -> None:
        self._runs = runs
        self._cluster = cluster
        self._place = place
        self._local = local
        self._step = chance.choice(_STEPS)
        self._volumes = chance.random() < 0.3
        self._twice = chance.random() < 0.1
        #: Uploads of real size would take too long.
        self._in_parts = not local and not self._twice and chance.random() < 0.4
        kind = Fault.of_files if local else Fault.of_parts if self._in_parts else Fault.of_s3
        self._fault = None if self._twice else kind(chance)
        if self._in_parts:
            self._step = "backup"
        self._name = f"c{secrets.token_hex(4)}"
        #: Of a case before this one that went wrong.
        self._old_snapshots = cluster.snapshots() if self._volumes else set()

    def __str__(self) -> str:
        where = self._place.words
        volumes = " with volumes" if self._volumes else ""
        what = "two runs at once" if self._twice else f"{self._fault} in {self._step}"
        return f"{where}{volumes}, {what}"

    def run(self) -> None:
        if self._twice:
            self._make_twice()
        else:
            self._judge_made(self._faulty("backup", "k8s_backup", **self._asked()))
        stored = self._look("after the backup")
        self._judge_info(self._faulty("info", "k8s_backup_info", storage_location=self._place.location), stored)
        self._make_again(stored)
        self._plan_restore()
        self._remove()

    def _asked(self, **options: t.Any) -> dict[str, t.Any]:
        namespace = self._cluster.with_volume if self._volumes else self._cluster.plain
        return {
            "name": self._name,
            "kubeconfig": self._cluster.kubeconfig,
            "storage_location": self._place.location,
            "included_namespaces": [namespace],
            "snapshot_volumes": self._volumes,
            **options,
        }

    def _faulty(self, step: str, module: str, **arguments: t.Any) -> Ended:
        fault = self._fault if step == self._step else None
        time.sleep(self._place.lag)
        with self._place.failing(fault):
            below = self._place.location.get("path", "")
            running = self._runs.start(
                module, arguments, fault if self._local else None, below, in_parts=self._in_parts
            )
            self._place.watch(running)
            ended = running.wait()
        self._check_manners(ended, step)
        return ended

    def _check_manners(self, ended: Ended, what: str) -> None:
        if ended.trouble:
            raise Wrong(f"{what}: {ended.trouble}")
        said = ended.words
        if "Traceback" in said or "Traceback" in str((ended.result or {}).get("exception", "")):
            raise Wrong(f"{what} gave a traceback: {said[-300:]}")
        secret = self._place.location.get("secret_key")
        if secret and secret in said:
            raise Wrong(f"{what} told the secret key")

    def _judge_made(self, ended: Ended) -> None:
        stored = self._look("after the backup")
        if ended.result is None:
            return
        self._judge_result(ended, stored)

    def _judge_result(self, ended: Ended, stored: Stored) -> None:
        result = ended.result or {}
        unknown = any(word in ended.words.lower() for word in _UNKNOWN)
        if stored.backup is None:
            if not ended.failed:
                raise Wrong(f"the task succeeded with phase {result.get('phase')}, and no backup is there")
            if result.get("changed") and not unknown:
                raise Wrong("the task failed with changed: true, and nothing is there")
            return
        there = (stored.backup.get("metadata") or {}).get("uid"), (stored.backup.get("status") or {}).get("phase")
        told = ((result.get("backup") or {}).get("metadata") or {}).get("uid"), result.get("phase")
        if ended.failed and not unknown:
            raise Wrong(f"the task failed ({ended.words[:300]}), and the backup is there as {there[1]}")
        if not ended.failed and told != there:
            raise Wrong(f"the task says uid and phase {told}, and {there} is stored")
        if not ended.failed and not result.get("changed"):
            raise Wrong("the task made the backup and says changed: false")

    def _look(self, when: str) -> Stored:
        """Whatever is visible is whole."""
        stored = look(self._place, self._name)
        if stored.backup is not None and stored.damage:
            raise Wrong(f"{when} the backup is visible, and {stored.damage}")
        return stored

    def _judge_info(self, ended: Ended, stored: Stored) -> None:
        if ended.result is None or (ended.failed and self._step == "info"):
            return
        if ended.failed:
            raise Wrong(f"k8s_backup_info fails in a store that is well: {ended.words[:300]}")
        found = {entry["name"]: entry for entry in ended.result["backups"]}
        if (self._name in found) != (stored.backup is not None):
            there = "there" if stored.backup else "not there"
            raise Wrong(f"k8s_backup_info lists {sorted(found)}, and the backup is {there}")
        entry = found.get(self._name)
        if entry is None or stored.backup is None:
            return
        if entry["problems"] and self._step != "info":
            raise Wrong(f"k8s_backup_info finds problems in a backup that is whole: {entry['problems']}")
        if not entry["problems"] and entry["backup"] != stored.backup:
            raise Wrong("k8s_backup_info shows another Backup object than is stored, and no problem")

    def _make_again(self, stored: Stored) -> None:
        """The next run of the name ends whole, at the latest when the claim of a dead one is over."""
        ended = self._when_free("the next run", **self._asked(replace_failed=True))
        result = ended.result or {}
        if ended.failed:
            raise Wrong(f"the next run fails: {ended.words[:400]}")
        after = self._look("after the next run")
        if after.backup is None or result.get("phase") != "Completed":
            raise Wrong(f"the next run ends as {result.get('phase')}, and leaves {after.keys}")
        kept = stored.backup is not None and stored.backup["metadata"]["uid"] == after.backup["metadata"]["uid"]
        if bool(result.get("changed")) == kept:
            raise Wrong(
                f"the next run says changed: {result.get('changed')}, and the backup is {'kept' if kept else 'new'}"
            )
        if left := self._place.unfinished():
            raise Wrong(f"the next run leaves the uploads {left}")
        if self._volumes:
            self._check_snapshots(result)

    def _when_free(self, what: str, **arguments: t.Any) -> Ended:
        """A run, at the latest when the claim of a dead one is over."""
        end = time.monotonic() + 3 * LOCK_SECONDS
        while True:
            time.sleep(self._place.lag)
            ended = self._runs.run("k8s_backup", **arguments)
            self._check_manners(ended, what)
            held = ended.failed and any(words in ended.words.lower() for words in _IN_THE_WAY)
            if not held or time.monotonic() > end:
                return ended
            time.sleep(1)

    def _check_snapshots(self, result: dict[str, t.Any]) -> None:
        """What a visible backup names is there."""
        named = {
            str(handle)
            for volume in result.get("volumes") or ()
            for handle in [(volume.get("csiSnapshotInfo") or {}).get("snapshotHandle")]
            if handle
        }
        there = self._cluster.snapshots()
        if not named:
            raise Wrong(f"the backup of a volume names no snapshot: {result.get('volumes')}")
        if named - there:
            raise Wrong(f"the backup names the snapshots {sorted(named - there)}, which are gone")

    def _plan_restore(self) -> None:
        namespace = self._cluster.with_volume if self._volumes else self._cluster.plain
        ended = self._runs.run(
            "k8s_restore",
            backup=self._name,
            kubeconfig=self._cluster.kubeconfig,
            storage_location=self._place.location,
            namespace_mapping={namespace: f"{namespace}-copy"},
            _ansible_check_mode=True,
        )
        self._check_manners(ended, "the plan of a restore")
        if ended.failed or not ended.result:
            raise Wrong(f"the plan of a restore fails: {ended.words[:300]}")

    def _remove(self) -> None:
        """It is gone, or the task says what is left."""
        gone = {"name": self._name, "state": "absent", "storage_location": self._place.location}
        gone["kubeconfig"] = self._cluster.kubeconfig
        ended = self._faulty("absent", "k8s_backup", **gone)
        if self._place.keeps_all:
            self._judge_kept(ended)
            return
        stored = look(self._place, self._name)
        untold = [key for key in stored.keys if key not in ended.words]
        if ended.result is not None and not ended.failed and untold:
            raise Wrong(f"state absent succeeded, and left {untold} without a word")
        if ended.failed and self._step != "absent":
            raise Wrong(f"state absent fails: {ended.words[:300]}")
        if stored.keys:
            again = self._when_free("state absent once more", **gone)
            left = look(self._place, self._name).keys
            if again.failed or left:
                raise Wrong(f"state absent once more: {again.words[:300]} {left}")
        if self._volumes and (left := self._cluster.await_no_snapshots(self._old_snapshots)):
            raise Wrong(f"the snapshots {left} are left when the backup is gone")

    def _judge_kept(self, ended: Ended) -> None:
        """Nothing can be deleted: the task says so, and the backup is what it was, with its snapshots."""
        stored = self._look("after state absent")
        if ended.result is not None and not ended.failed:
            raise Wrong("state absent succeeded where nothing can be deleted")
        if stored.backup is None:
            raise Wrong(f"the backup is not to be seen any more, and {stored.keys} are left")
        if self._volumes:
            again = self._when_free("the backup that could not be deleted", **self._asked())
            self._check_snapshots(again.result or {})

    def _make_twice(self) -> None:
        both = [self._runs.start("k8s_backup", self._asked()) for _number in range(2)]
        ended = [running.wait() for running in both]
        for one in ended:
            self._check_manners(one, "one of two runs")
        stored = self._look("after two runs at once")
        won = [one for one in ended if not one.failed and (one.result or {}).get("changed")]
        if stored.backup is None or len(won) != 1:
            told = [one.words[:120] or "succeeded" for one in ended]
            raise Wrong(f"two runs at once: {len(won)} made the backup, {told}, {stored.keys}")
        for one in ended:
            uid = ((one.result or {}).get("backup") or {}).get("metadata", {}).get("uid")
            if not one.failed and uid != stored.backup["metadata"]["uid"]:
                raise Wrong(f"two runs at once: one tells of {uid}, which is not what is stored")


__all__ = ("StoreCampaign",)
