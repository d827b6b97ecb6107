# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A year of backups in miniature: the files of a volume change, and backups of them come and go.

A case is a run: a day goes by, a backup is made, and what is due is done: backups are deleted, by name, by their time
to live or by rules, and the repository is maintained. Runs build on one another. At each checkpoint and at the end:

* every backup that is to be there is, no other one, and the repository has the snapshots of these and no others;
* kopia itself gives the files of each back as they were: hashes, owners, modes and times; one of them comes back
  through a restore into a namespace of its own (at the end some);
* the bucket takes what ``year_space`` derives, when the days of the maintenance's delays have gone by;
* with the last backup all objects of files go.

A judge that sees nothing is worth nothing: at the end it must object to a file that was spoilt after its restore, and
to the space before the maintenance.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import os
import random
import secrets
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import boto3
from botocore.client import Config

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kube_auth import KubeAuth
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import Retention
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_rules import RetentionRules
from campaigns.light_kubectl import LightKubectl
from campaigns.wrong import Wrong
from campaigns.year_app import YearApp
from campaigns.year_files import LiveFiles, Model, bytes_of, difference, look
from campaigns.year_kopia import KopiaHere
from campaigns.year_location import PASSWORD, YearLocation
from campaigns.year_space import Space, what_is_wrong

_LAB = Path(__file__).parents[2] / "cluster" / "lab.py"
_SCHEDULE = "nightly"
#: Something is done after so many runs.
_CHECKPOINT_RUNS = 25
_MAINTAINED_RUNS = 12
_DELETED_RUNS = 6
#: Those of no schedule that have no short time to live are deleted by name above this.
_MOST_BY_NAME = 4
_LONG_TTL = "8760h"
#: Whether one whose time is over by less is seen as such, nobody can say.
_MOMENT = dt.timedelta(seconds=5)
_RESTORED_AT_END = 3


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A backup that is to be there.

    ``expires``: at the earliest and at the latest, as its time begins while it is made; None for one whose time is not
    over this year.
    """

    name: str
    snapshot: str
    model: Model
    schedule: str
    expires: tuple[dt.datetime, dt.datetime] | None

    def may_go(self, now: dt.datetime) -> bool:
        return self.expires is not None and self.expires[0] <= now + _MOMENT

    def must_go(self, now: dt.datetime) -> bool:
        return self.expires is not None and self.expires[1] <= now - _MOMENT


class YearCampaign:
    """Needs the local cluster, and root on this machine."""

    def __enter__(self) -> t.Self:
        self._runs = self._written = 0
        self._kept: dict[str, _Kept] = {}
        self._made = contextlib.ExitStack()
        with contextlib.ExitStack() as made:
            state = os.environ["ARKIVE_TEST_STATE"]
            _lab("build", "kopia")
            _lab("kopia", "image", "--state", state)
            name = f"arkive-test-y-{secrets.token_hex(3)}"
            kubeconfig = os.environ["ARKIVE_TEST_KUBECONFIG"]
            made.enter_context(_bucket(name))
            self._app = YearApp(LightKubectl(kubeconfig), name)
            made.callback(self._app.remove)
            self._app.create()
            self._root = self._app.root()
            self._files = LiveFiles(self._root)
            self._location = YearLocation(connect(KubeAuth(kubeconfig=kubeconfig)), name, name)
            program = _lab("kopia", "program")
            self._kopia = KopiaHere(program, bucket=name, folder=self._location.folder, password=PASSWORD)
            self._made = made.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._made.close()

    def run_case(self, chance: random.Random) -> str:
        began = time.monotonic()
        if self._runs == 0:
            self._files.begin(chance)
        self._runs += 1
        try:
            self._files.change(chance)
            done = [self._back_up(chance)]
            if self._runs % _DELETED_RUNS == 0:
                done.append(self._delete_some(chance))
            if self._runs % _MAINTAINED_RUNS == 0:
                done.append(self._maintain(full=chance.random() < 0.5))
            if self._runs % _CHECKPOINT_RUNS == 0:
                done.append(self._checkpoint(chance, restored=1))
        except (Wrong, ArkiveError, RuntimeError) as exc:
            return f"run {self._runs}: {exc}"
        _say(f"run {self._runs}: {', '.join(done)}, {len(self._kept)} kept, {time.monotonic() - began:.1f} s")
        return ""

    def conclude(self, chance: random.Random) -> str:
        """The end of the year: what is left is brought back, and then goes."""
        try:
            if not self._kept:
                self._back_up(chance)
            _say(f"end: {self._checkpoint(chance, restored=_RESTORED_AT_END)}")
            self._objects_to_what_is_spoilt()
            *others, newest = self._kept.values()
            for kept in others:
                self._delete(kept)
            if others and not what_is_wrong(self._space(), [newest.model]):
                raise Wrong("before the maintenance the space is what it should be after it")
            _say(f"end, the newest alone: {self._checkpoint(chance, restored=1)}")
            self._delete(newest)
            self._pass_days()
            left = sum(size for name, size in self._location.blobs().items() if name[0] == "p")
            if left:
                raise Wrong(f"there is no backup, and files take {left} bytes")
        except (Wrong, ArkiveError, RuntimeError) as exc:
            return f"at the end: {exc}"
        _say(f"end, no backup: {self._told(self._space())}")
        return ""

    def _back_up(self, chance: random.Random) -> str:
        moved = chance.random() < 0.08
        schedule = _SCHEDULE if chance.random() < 0.55 else ""
        seconds = chance.randint(40, 240) if not schedule and chance.random() < 0.6 else 0
        model = look(self._root)
        if moved:  # what is not on the disk is in no snapshot, as nobody freezes the volume
            subprocess.run(["sync", "--file-system", str(self._root)], check=True)
        name = f"run-{self._runs:04}"
        time_to_live = dt.timedelta(seconds=seconds)
        earliest = utc_now() + time_to_live
        info = self._location.back_up(name, moved=moved, ttl=f"{seconds}s" if seconds else _LONG_TTL, schedule=schedule)
        self._written += 2
        expires = (earliest, utc_now() + time_to_live) if seconds else None
        self._kept[name] = _Kept(
            name=name, snapshot=str(info["snapshotHandle"]), model=model, schedule=schedule, expires=expires
        )
        if wrong := difference(model, look(self._root)):
            raise Wrong(f"the backup has changed what it read: {wrong}")
        if info["size"] != bytes_of(model):
            raise Wrong(f"backup {name} has {info['size']} bytes, and the volume {bytes_of(model)}")
        return f"{'moved' if moved else 'read'} {len(model)} entries of {info['size'] / 1e6:.1f} MB"

    def _delete_some(self, chance: random.Random) -> str:
        """Each time in another way, so that all come."""
        way = self._runs // _DELETED_RUNS % 3
        if way == 0:
            return self._prune_by_rules(chance.randint(3, 6))
        if way == 1:
            return self._prune_by_ttl()
        by_name = [kept for kept in self._kept.values() if not kept.schedule and kept.expires is None]
        going = chance.sample(by_name, max(0, len(by_name) - _MOST_BY_NAME))
        for kept in going:
            self._delete(kept)
        return f"deleted {len(going)} by name"

    def _prune_by_rules(self, last: int) -> str:
        series = [kept for kept in self._kept.values() if kept.schedule]
        rules = Retention(rules=RetentionRules(last=last), ttl="ignored", schedules=(_SCHEDULE,), apply_changes=True)
        wanted = {kept.name for kept in series[:-last]}
        if (gone := self._location.prune(rules)) != wanted:
            raise Wrong(f"of {len(series)} backups {last} are to stay: {sorted(gone)} went, and not {sorted(wanted)}")
        self._forget(gone)
        return f"pruned {len(gone)} by rules"

    def _prune_by_ttl(self) -> str:
        before = utc_now()
        gone = self._location.prune(Retention(ttl="honored"))
        must = {kept.name for kept in self._kept.values() if kept.must_go(before)}
        may = {kept.name for kept in self._kept.values() if kept.may_go(utc_now())}
        if not must <= gone <= may:
            raise Wrong(f"by their time to live {sorted(gone)} went, and not {sorted(must)} to {sorted(may)}")
        self._forget(gone)
        return f"pruned {len(gone)} by time"

    def _delete(self, kept: _Kept) -> None:
        self._location.delete(kept.name)
        self._forget({kept.name})

    def _forget(self, gone: t.Iterable[str]) -> None:
        for name in gone:
            del self._kept[name]
            self._written += 1

    def _maintain(self, *, full: bool) -> str:
        """As it is done in real time: nothing is old enough to go."""
        done = self._location.look_after("maintained", full=full)
        self._written += 1
        if full and done.ran != "full":
            raise Wrong(f"a full maintenance was asked for, and '{done.ran}' ran")
        return f"maintained ({done.ran or 'nothing is due'})"

    def _pass_days(self) -> None:
        """The product's own maintenance, and the same without its delays."""
        self._maintain(full=True)
        self._kopia.let_days_go_by()
        self._written += 2

    def _checkpoint(self, chance: random.Random, *, restored: int) -> str:
        self._pass_days()
        listed = self._location.look_after("listed")
        named = {each.held.id: set(each.backups) for each in listed.snapshots}
        wanted = {kept.snapshot: {kept.name} for kept in self._kept.values()}
        if named != wanted:
            raise Wrong(f"the repository has {named}, and the backups {wanted}")
        if (held := self._kopia.snapshots()) != wanted.keys():
            raise Wrong(f"kopia lists {sorted(held)}, and the backups have {sorted(wanted)}")
        by_snapshot = {kept.snapshot: kept for kept in self._kept.values()}
        for snapshot, folder in self._kopia.restore(by_snapshot):
            self._compare(by_snapshot[snapshot], folder, "kopia gives")
        for kept in self._some(chance, restored):
            self._restore(kept)
        space = self._space()
        if wrong := what_is_wrong(space, [kept.model for kept in self._kept.values()]):
            raise Wrong(f"after the maintenance {wrong}")
        return f"checkpoint: {len(by_snapshot)} restored by kopia, {restored} by us, {self._told(space)}"

    def _some(self, chance: random.Random, count: int) -> list[_Kept]:
        found = list(self._kept.values())
        return chance.sample(found, min(count, len(found)))

    def _restore(self, kept: _Kept) -> None:
        copy = f"{self._app.namespace}-{secrets.token_hex(2)}"
        try:
            self._location.restore(kept.name, copy)
            self._compare(kept, self._app.root(copy), "a restore gives")
        finally:
            self._app.remove(copy)

    def _compare(self, kept: _Kept, folder: Path, what: str) -> None:
        if wrong := difference(kept.model, look(folder)):
            raise Wrong(f"{what} of {kept.name} (snapshot {kept.snapshot}) other files: {wrong}")

    def _objects_to_what_is_spoilt(self) -> None:
        """One bit, of one file."""
        kept = next(reversed(self._kept.values()))
        for _snapshot, folder in self._kopia.restore([kept.snapshot]):
            path = next(path for path, entry in kept.model.items() if entry.size)
            file = folder / path
            seen = file.stat()
            data = bytearray(file.read_bytes())
            data[0] ^= 1
            file.write_bytes(data)
            file.chmod(kept.model[path].mode)
            os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
            if "has content" not in difference(kept.model, look(folder)):
                raise Wrong(f"nobody sees that {path!r} was spoilt")

    def _space(self) -> Space:
        return Space(blobs=self._location.blobs(), contents=self._kopia.contents(), written=self._written)

    @staticmethod
    def _told(space: Space) -> str:
        return f"{space.bytes / 1e6:.1f} MB, of which {space.live / 1e6:.1f} are named and {space.dead / 1e6:.1f} not"


def _say(text: str) -> None:
    print(text, flush=True)


@contextlib.contextmanager
def _bucket(name: str) -> t.Iterator[None]:
    s3 = boto3.resource(
        "s3",
        endpoint_url=os.environ["ARKIVE_TEST_S3_ENDPOINT"],
        region_name="us-east-1",
        aws_access_key_id=os.environ["ARKIVE_TEST_S3_ACCESS_KEY"],
        aws_secret_access_key=os.environ["ARKIVE_TEST_S3_SECRET_KEY"],
        config=Config(s3={"addressing_style": "path"}),
    )
    bucket = s3.Bucket(name)
    bucket.create()
    try:
        yield
    finally:
        bucket.objects.all().delete()
        bucket.delete()


def _lab(*arguments: str) -> str:
    argv = [sys.executable, str(_LAB), *arguments]
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


__all__ = ("YearCampaign",)
