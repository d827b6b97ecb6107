# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a case of the campaign of the mover is judged: the run with its fault, the next run, and what there is then."""

from __future__ import annotations

import dataclasses
import os
import secrets
import time
import typing as t

from campaigns.live_support import CLAIM, FilesApp  # isort: skip - makes the live tests' folders importable
from campaigns.mover_case import LEAVING, Case  # isort: skip
from campaigns.mover_faults import Strike  # isort: skip
from campaigns.mover_outside import Bucket, HandKopia, Outside  # isort: skip
from campaigns.mover_process import MovingRun, Told  # isort: skip
from campaigns.wrong import Wrong  # isort: skip

#: A run may take so long in spite of its fault, and pods that have their grace may stay so long, in seconds.
_RUN_SECONDS = 300.0
_GONE_SECONDS = 80.0


@dataclasses.dataclass(slots=True)
class Place:
    """A prefix of the bucket. ``trees``: what the volume held, by the names of whole backups."""

    prefix: str
    trees: dict[str, list[str]] = dataclasses.field(default_factory=dict)


class Shared(t.Protocol):
    """What the cases of a campaign share. ``ran``: how the runs of this one have ended, for people."""

    ran: list[str]

    @property
    def app(self) -> FilesApp:
        """Whose volume is copied."""

    @property
    def outside(self) -> Outside:
        """The cluster."""

    @property
    def bucket(self) -> Bucket:
        """For all cases."""

    @property
    def place(self) -> Place:
        """Of the cases now."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nothing may say."""

    def new_name(self) -> str:
        """Of a backup."""

    def change(self) -> list[str]:
        """The application goes on; what it has now."""

    def start(
        self, case: Case, *, faulty: bool, spoilt: str = "", do: str = "", **asked: str
    ) -> tuple[MovingRun, Strike]:
        """A run, and its fault, which waits for its step where the run is to be ``faulty``."""

    def kopia(self) -> HandKopia:
        """For the repository of the application."""

    def require_thawed(self) -> None:
        """Raises ``Wrong``."""


class Judged:
    """One case, once. ``met``: its fault has met what it was meant for. ``namespaces``: where nothing is to be left."""

    def __init__(self, case: Case, campaign: Shared, spoilt: str) -> None:
        self.case = case
        self.campaign = campaign
        self._spoilt = spoilt
        self.namespaces = [campaign.app.namespace]
        self.met = bool(case.room)

    def judge(self) -> None:
        """Raises ``Wrong``."""
        if self.case.is_backup:
            self._judge_backup()
        elif self.case.task == "restore":
            self._judge_restore()
        elif self.case.task == "delete":
            self._judge_delete()
        else:
            self._judge_upkeep()
        self.require_all_ended()
        self._judge_repository()

    def require_all_ended(self) -> None:
        """After the last run. Raises ``Wrong``."""
        self._require_nothing_left("the next run")
        self.campaign.require_thawed()

    # -- runs ---------------------------------------------------------------------------------------------------------

    def run(self, case: Case, *, faulty: bool, **asked: str) -> Told | None:
        """How it has ended. Raises ``Wrong`` for what is told badly, and for what a run has left that ended itself."""
        began = time.monotonic()
        run, strike = self.campaign.start(case, faulty=faulty, spoilt=self._spoilt if faulty else "", **asked)
        try:
            told = run.end(_RUN_SECONDS)
        finally:
            strike.end()
        self.met = self.met or strike.hit
        what = told.words[:200] if told is not None else "killed"
        self.campaign.ran.append(f"{time.monotonic() - began:.0f} s {what}")
        if os.environ.get("SOAK_LINES"):
            print(*run.lines, sep="\n", flush=True)
        if told is None:
            return None
        for text in filter(None, (told.msg, *told.errors)):
            if "\n" in text or any(secret in text for secret in self.campaign.secrets):
                raise Wrong(f"it says {text!r}")
        if told.msg and not told.msg.endswith((".", "!", "?")):
            raise Wrong(f"it says no whole sentence: {told.msg!r}")
        if told.phase != "Completed" and not (told.msg or told.errors) and case.is_backup:
            raise Wrong(f"it is {told.phase or 'nothing'}, and does not say why")
        self._require_nothing_left("it" if faulty else "the next run")
        return told

    def again(self, **asked: str) -> Told:
        """The next run, which nothing happens to."""
        told = self.run(self.case, faulty=False, **asked)
        if told is None or told.msg:
            raise Wrong(f"the next run fails: {told.words if told else 'it was killed'}")
        return told

    def _require_nothing_left(self, whose: str) -> None:
        left = self.campaign.outside.await_nothing_left(self.namespaces, _GONE_SECONDS)
        if left:
            raise Wrong(f"{whose} has left {', '.join(left)}")

    # -- backups ------------------------------------------------------------------------------------------------------

    def _judge_backup(self) -> None:
        place, name = self.campaign.place, self.campaign.new_name()
        if self.case.step == "open" and not place.trees:
            self._require_base()
        tree = self.campaign.change()
        told = self.run(self.case, faulty=True, name=name)
        stored = self.campaign.bucket.phases(place.prefix)
        phase = stored.get(name, "")
        if told is not None and not told.msg and told.phase != phase:
            raise Wrong(f"it says {told.phase}, and what is stored says {phase or 'nothing'}")
        if told is not None and told.msg and phase and not self._may_be_unknown(told):
            raise Wrong(f"it fails ({told.msg}), and what is stored says {phase}")
        if phase == "Completed":
            self._require_exact(name, tree)
            return
        if phase and self.campaign.bucket.handles(place.prefix, name):
            raise Wrong(f"it is {phase}, and names copies: {told.words if told else ''}")
        # One that is stored stays as it is.
        again = self.campaign.new_name() if phase else name
        told = self.again(name=again)
        if told.phase != "Completed":
            raise Wrong(f"the next run is {told.words}")
        self._require_exact(again, tree)

    def _may_be_unknown(self, told: Told) -> bool:
        return "cut S3 for all" in self.case.faults and "may be" in told.words

    def _require_exact(self, name: str, tree: list[str]) -> None:
        """A backup that is called complete is one."""
        place = self.campaign.place
        handles = self.campaign.bucket.handles(place.prefix, name)
        if len(handles) != 1:
            raise Wrong(f"backup {name} is Completed, and names {len(handles)} copies")
        found = self.campaign.kopia().tree(handles[0])
        if found != tree:
            raise Wrong(f"backup {name} is Completed, and its copy differs: {_difference(tree, found)}")
        place.trees[name] = tree

    def _require_base(self) -> str:
        """A backup that is whole."""
        place = self.campaign.place
        if not place.trees:
            name, tree = self.campaign.new_name(), self.campaign.change()
            told = self.run(Case(task="moved", step="upload", fault="none"), faulty=False, name=name)
            if told is None or told.phase != "Completed":
                raise Wrong(f"a backup that nothing happens to is {told.words if told else 'killed'}")
            place.trees[name] = tree
        return next(reversed(place.trees))

    # -- restores -----------------------------------------------------------------------------------------------------

    def _judge_restore(self) -> None:
        backup, copy = self._require_base(), f"arkive-test-k-{secrets.token_hex(3)}"
        tree = self.campaign.place.trees[backup]
        self.namespaces.append(copy)
        before = self.campaign.outside.namespaces()
        try:
            told = self.run(self.case, faulty=True, name=copy, backup=backup)
            self._require_no_early_pods(copy)
            if told is None or told.msg or told.phase != "Completed":
                told = self.again(name=copy, backup=backup)
                if told.phase != "Completed":
                    raise Wrong(f"the next run is {told.words}")
            self.campaign.app.await_ready(copy)
            found = self.campaign.app.tree(namespace=copy)
            if found != tree:
                raise Wrong(f"it is restored, and differs: {_difference(tree, found)}")
            if made := self.campaign.outside.namespaces() - before - {copy}:
                raise Wrong(f"the restore has made namespaces that nobody wanted: {made}")
        finally:
            self.campaign.outside.remove_namespace(copy)

    def _require_no_early_pods(self, copy: str) -> None:
        """The workload waits for its data."""
        outside = self.campaign.outside
        # In this order: what is filled in between is no lie.
        pods = outside.pods(copy)
        if pods and not outside.is_filled(copy, CLAIM):
            raise Wrong("the workload has a pod, and its volume is not filled")

    # -- the repository -----------------------------------------------------------------------------------------------

    def _judge_delete(self) -> None:
        backup = self._require_base()
        place = self.campaign.place
        handles = self.campaign.bucket.handles(place.prefix, backup)
        del place.trees[backup]
        self.run(self.case, faulty=True, name="", backup=backup)
        if backup in self.campaign.bucket.phases(place.prefix):
            self.again(name="", backup=backup)
        if backup in self.campaign.bucket.phases(place.prefix):
            raise Wrong("the next run has not deleted the backup")
        if set(handles) & set(self.campaign.kopia().snapshots()):
            raise Wrong("the backup is deleted, and its copy is in the repository")

    def _judge_upkeep(self) -> None:
        self._require_base()
        told = self.run(self.case, faulty=True, name="")
        if told is None or told.msg or told.phase != "Completed":
            told = self.again(name="")
            if told.phase != "Completed":
                raise Wrong(f"the next run is {told.words}")

    def _judge_repository(self) -> None:
        """It is whole, and has what backups name and nothing else."""
        place, kopia = self.campaign.place, self.campaign.kopia()
        phases = self.campaign.bucket.phases(place.prefix)
        named = {each for name in phases for each in self.campaign.bucket.handles(place.prefix, name)}
        held = kopia.snapshots()
        if partial := [each for each, why in held.items() if why and each in named]:
            raise Wrong(f"a backup names copies that are not whole: {partial}")
        if missing := named - set(held):
            raise Wrong(f"backups name what is not there: {missing}")
        kopia.verify()
        if not (unnamed := set(held) - named):
            return
        if not self.case.faults & LEAVING:
            raise Wrong(f"no backup names {unnamed}")
        told = self.run(Case(task="pruned", step="", fault="none"), faulty=False, name="")
        if told is None or told.phase != "Completed":
            raise Wrong(f"what no backup names is not pruned: {told.words if told else 'killed'}")
        if left := set(self.campaign.kopia().snapshots()) - named:
            raise Wrong(f"no backup names {left}, and it is not pruned")


def _difference(wanted: list[str], found: list[str]) -> str:
    missing, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    return f"{len(missing)} lines are missing ({missing[:2]}), {len(extra)} are new ({extra[:2]})"


__all__ = ("Judged", "Place")
