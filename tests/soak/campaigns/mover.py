# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data is moved while something goes wrong: no partial copy is ever called complete, and nothing stays behind.

A case is one task (a backup with moved snapshots, or of files; a restore, a deletion, maintenance) in a process of its
own, and one fault at one of its steps, or two at once: of a pod, of the node, of the run, of the way to the server, of
the room that pods have. Then the next run. What there is is seen from outside: objects, the bucket, and kopia by hand.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from campaigns.live_support import CLAIM, PATH, FilesApp  # isort: skip - makes the live tests' folders importable
from campaigns.light_kubectl import LightKubectl  # isort: skip
from campaigns.mover_case import LEAVING, Case, draw  # isort: skip
from campaigns.mover_faults import Strike, Ways  # isort: skip
from campaigns.mover_outside import Bucket, HandKopia, Object, Outside  # isort: skip
from campaigns.mover_process import MovingRun, Told  # isort: skip
from campaigns.wrong import Wrong  # isort: skip

_LAB = Path(__file__).parents[2] / "cluster" / "lab.py"
_PASSWORD = "the password of the campaign"
#: A run may take so long in spite of its fault, and pods that have their grace may stay so long, in seconds.
_RUN_SECONDS = 300.0
_GONE_SECONDS = 80.0
#: What comes through to a pod in a second where it is to be at work for a while. By the proxy: kopia's own limit
#: waits as if for 20 MB before each object whose size it does not know.
_SLOW = 800_000
#: A file of each backup's own, and one that takes three seconds; no sparse one, which has megabytes for kopia.
_CHANGE = f"""
rm -f {PATH}/sparse; head -c 2500000 /dev/urandom >{PATH}/large; chown 1234:5678 {PATH}/large
echo NUMBER >{PATH}/many/NUMBER; chmod 0604 {PATH}/many/NUMBER; sync
"""
_HOOKS = {
    "pre.hook.backup.velero.io/command": json.dumps(["fsfreeze", "--freeze", PATH]),
    "post.hook.backup.velero.io/command": json.dumps(["fsfreeze", "--unfreeze", PATH]),
}


@dataclasses.dataclass(slots=True)
class Place:
    """A prefix of the bucket. ``trees``: what the volume held, by the names of whole backups."""

    prefix: str
    trees: dict[str, list[str]] = dataclasses.field(default_factory=dict)


class MoverCampaign:
    """On the local cluster that the environment names: one application for all cases."""

    def __init__(self) -> None:
        self._met: collections.Counter[str] = collections.Counter()
        self._numbers = 0
        #: How the runs of the case have ended, for people.
        self.ran: list[str] = []

    def __enter__(self) -> t.Self:
        self._state = Path(os.environ["ARKIVE_TEST_STATE"])
        self._kubeconfig = os.environ["ARKIVE_TEST_KUBECONFIG"]
        self._kubectl = LightKubectl(self._kubeconfig)
        self._image = _lab("kopia", "image", "--state", str(self._state))
        _lab("build", "kopia")
        self._program = _lab("kopia", "program")
        self._outside = Outside(self._kubeconfig, self._state)
        self._frozen = self._outside.frozen()
        with contextlib.ExitStack() as made:
            self._folder = Path(made.enter_context(tempfile.TemporaryDirectory(prefix="arkive-soak-")))
            self._bucket = made.enter_context(Bucket())
            self._ways = made.enter_context(Ways(self._bucket.endpoint, self._state))
            self._app = FilesApp(self._kubectl, f"arkive-test-k-{secrets.token_hex(3)}", size="64Mi", privileged=True)
            made.callback(self._app.remove)
            self._app.create()
            notes = [f"{key}={text}" for key, text in _HOOKS.items()]
            self._kubectl("-n", self._app.namespace, "annotate", "pods", "--all", *notes)
            self._made = made.pop_all()
        self._place = self._new_place()
        return self

    def __exit__(self, *exc: object) -> None:
        print(f"mover: {dict(sorted(self._met.items()))}", flush=True)
        self._made.close()

    def run_case(self, chance: random.Random) -> str:
        case = draw(chance)
        began = time.monotonic()
        found = self.run(case)
        print(
            f"mover: {case}: {'WRONG' if found else 'right'}, {time.monotonic() - began:.0f} s; {self.ran}", flush=True
        )
        return f"{case}: {found}" if found else ""

    def run(self, case: Case, *, spoilt: str = "") -> str:
        """What was wrong, or nothing. ``spoilt``: what the first run does without."""
        if case.step == "create":
            self._place = self._new_place()
        judged = _Judged(case, self, spoilt)
        self.ran = []
        try:
            judged.judge()
        except (Wrong, RuntimeError, TimeoutError, AssertionError, OSError, subprocess.SubprocessError) as exc:
            # The next case begins anew.
            self._place = self._new_place()
            self._outside.remove_left(self._app.namespace)
            return " ".join(f"{exc}".split())
        finally:
            faults = " and ".join(filter(None, (case.fault, case.also)))
            self._met[f"{case.task}, {faults}, {'met' if judged.met else 'missed'}"] += 1
        return ""

    # -- what its cases share -----------------------------------------------------------------------------------------

    @property
    def app(self) -> FilesApp:
        return self._app

    @property
    def outside(self) -> Outside:
        return self._outside

    @property
    def bucket(self) -> Bucket:
        return self._bucket

    @property
    def place(self) -> Place:
        return self._place

    def new_name(self) -> str:
        self._numbers += 1
        return f"b{self._numbers}-{secrets.token_hex(3)}"

    def change(self) -> list[str]:
        """The application goes on; what it has now."""
        self._numbers += 1
        self._app.sh(_CHANGE.replace("NUMBER", f"n{self._numbers}"))
        return self._app.tree()

    def start(self, case: Case, *, faulty: bool, spoilt: str = "", **asked: str) -> tuple[MovingRun, Strike]:
        """A run, and its fault, which has begun to wait for its step where the run is to be ``faulty``."""
        self._ways.pods.rate = _SLOW if faulty and case.step in ("upload", "download") else 0
        mover: Object = {
            "image": self._image,
            "s3_url": self._ways.pod_url,
            "credentials": "static",
            "timeout": 60.0,
            "pod_start_timeout": 60.0,
        }
        more: Object = {}
        if faulty and case.fault == "little memory":
            mover["resources"] = {"limits": {"memory": f"{case.room}Ki"}}
        if faulty and case.fault == "full disk":
            more["work_size"] = f"{case.room}Ki"
        if faulty and case.step == "written":
            more["wait_at"] = "writing "
        run = MovingRun(
            {
                "do": case.task,
                "kubeconfig": self._kubeconfig,
                "location": {
                    "bucket": self._bucket.name,
                    "prefix": self._place.prefix,
                    "region": "us-east-1",
                    "endpoint_url": self._ways.run_url,
                    **self._bucket.keys,
                },
                "password": _PASSWORD,
                "mover": mover,
                "namespace": self._app.namespace,
                "connect_seconds": 15,
                "spoilt": spoilt,
                **asked,
                **more,
            }
        )
        strike = Strike(case, run, self._outside, self._ways, self._state)
        if faulty and (case.also or not case.room):
            strike.begin(asked["name"] if case.task == "restore" else self._app.namespace)
        return run, strike

    def kopia(self) -> HandKopia:
        place = f"{self._place.prefix}/kopia/{self._app.namespace}/"
        return HandKopia(self._program, self._folder, self._bucket, place, _PASSWORD)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (_PASSWORD, self._bucket.keys["secret_key"])

    def require_thawed(self) -> None:
        if frozen := [line for line in self._outside.frozen() if line not in self._frozen]:
            self._frozen += frozen
            raise Wrong(f"it was left frozen: {frozen}")
        self._app.sh(f"timeout 20 sh -c 'echo x >{PATH}/written && sync {PATH}/written && rm {PATH}/written'")

    def _new_place(self) -> Place:
        return Place(f"p{secrets.token_hex(4)}")


class _Judged:
    """One case, once. ``met``: its fault has met what it was meant for."""

    def __init__(self, case: Case, campaign: MoverCampaign, spoilt: str) -> None:
        self._case = case
        self._campaign = campaign
        self._spoilt = spoilt
        self._namespaces = [campaign.app.namespace]
        self.met = bool(case.room)

    def judge(self) -> None:
        """Raises ``Wrong``."""
        if self._case.is_backup:
            self._judge_backup()
        elif self._case.task == "restore":
            self._judge_restore()
        elif self._case.task == "delete":
            self._judge_delete()
        else:
            self._judge_upkeep()
        self._require_nothing_left("the next run")
        self._campaign.require_thawed()
        self._judge_repository()

    # -- runs ---------------------------------------------------------------------------------------------------------

    def _run(self, case: Case, *, faulty: bool, **asked: str) -> Told | None:
        """How it has ended. Raises ``Wrong`` for what is told badly, and for what a run has left that ended itself."""
        began = time.monotonic()
        run, strike = self._campaign.start(case, faulty=faulty, spoilt=self._spoilt if faulty else "", **asked)
        try:
            told = run.end(_RUN_SECONDS)
        finally:
            strike.end()
        self.met = self.met or strike.hit
        what = told.words[:200] if told is not None else "killed"
        self._campaign.ran.append(f"{time.monotonic() - began:.0f} s {what}")
        if os.environ.get("SOAK_LINES"):
            print(*run.lines, sep="\n", flush=True)
        if told is None:
            return None
        for text in filter(None, (told.msg, *told.errors)):
            if "\n" in text or any(secret in text for secret in self._campaign.secrets):
                raise Wrong(f"it says {text!r}")
        if told.msg and not told.msg.endswith((".", "!", "?")):
            raise Wrong(f"it says no whole sentence: {told.msg!r}")
        if told.phase != "Completed" and not (told.msg or told.errors) and case.is_backup:
            raise Wrong(f"it is {told.phase or 'nothing'}, and does not say why")
        self._require_nothing_left("it" if faulty else "the next run")
        return told

    def _again(self, **asked: str) -> Told:
        """The next run, which nothing happens to."""
        told = self._run(self._case, faulty=False, **asked)
        if told is None or told.msg:
            raise Wrong(f"the next run fails: {told.words if told else 'it was killed'}")
        return told

    def _require_nothing_left(self, whose: str) -> None:
        left = self._campaign.outside.await_nothing_left(self._namespaces, _GONE_SECONDS)
        if left:
            raise Wrong(f"{whose} has left {', '.join(left)}")

    # -- backups ------------------------------------------------------------------------------------------------------

    def _judge_backup(self) -> None:
        place, name = self._campaign.place, self._campaign.new_name()
        if self._case.step == "open" and not place.trees:
            self._require_base()
        tree = self._campaign.change()
        told = self._run(self._case, faulty=True, name=name)
        stored = self._campaign.bucket.phases(place.prefix)
        phase = stored.get(name, "")
        if told is not None and not told.msg and told.phase != phase:
            raise Wrong(f"it says {told.phase}, and what is stored says {phase or 'nothing'}")
        if told is not None and told.msg and phase and not self._may_be_unknown(told):
            raise Wrong(f"it fails ({told.msg}), and what is stored says {phase}")
        if phase == "Completed":
            self._require_exact(name, tree)
            return
        if phase and self._campaign.bucket.handles(place.prefix, name):
            raise Wrong(f"it is {phase}, and names copies: {told.words if told else ''}")
        # One that is stored stays as it is.
        again = self._campaign.new_name() if phase else name
        told = self._again(name=again)
        if told.phase != "Completed":
            raise Wrong(f"the next run is {told.words}")
        self._require_exact(again, tree)

    def _may_be_unknown(self, told: Told) -> bool:
        return "cut S3 for all" in self._case.faults and "may be" in told.words

    def _require_exact(self, name: str, tree: list[str]) -> None:
        """A backup that is called complete is one."""
        place = self._campaign.place
        handles = self._campaign.bucket.handles(place.prefix, name)
        if len(handles) != 1:
            raise Wrong(f"backup {name} is Completed, and names {len(handles)} copies")
        found = self._campaign.kopia().tree(handles[0])
        if found != tree:
            raise Wrong(f"backup {name} is Completed, and its copy differs: {_difference(tree, found)}")
        place.trees[name] = tree

    def _require_base(self) -> str:
        """A backup that is whole."""
        place = self._campaign.place
        if not place.trees:
            name, tree = self._campaign.new_name(), self._campaign.change()
            told = self._run(Case(task="moved", step="upload", fault="none"), faulty=False, name=name)
            if told is None or told.phase != "Completed":
                raise Wrong(f"a backup that nothing happens to is {told.words if told else 'killed'}")
            place.trees[name] = tree
        return next(reversed(place.trees))

    # -- restores -----------------------------------------------------------------------------------------------------

    def _judge_restore(self) -> None:
        backup, copy = self._require_base(), f"arkive-test-k-{secrets.token_hex(3)}"
        tree = self._campaign.place.trees[backup]
        self._namespaces.append(copy)
        before = self._campaign.outside.namespaces()
        try:
            told = self._run(self._case, faulty=True, name=copy, backup=backup)
            self._require_no_early_pods(copy)
            if told is None or told.msg or told.phase != "Completed":
                told = self._again(name=copy, backup=backup)
                if told.phase != "Completed":
                    raise Wrong(f"the next run is {told.words}")
            self._campaign.app.await_ready(copy)
            found = self._campaign.app.tree(namespace=copy)
            if found != tree:
                raise Wrong(f"it is restored, and differs: {_difference(tree, found)}")
            if made := self._campaign.outside.namespaces() - before - {copy}:
                raise Wrong(f"the restore has made namespaces that nobody wanted: {made}")
        finally:
            self._campaign.outside.remove_namespace(copy)

    def _require_no_early_pods(self, copy: str) -> None:
        """The workload waits for its data."""
        outside = self._campaign.outside
        # In this order: what is filled in between is no lie.
        pods = outside.pods(copy)
        if pods and not outside.is_filled(copy, CLAIM):
            raise Wrong("the workload has a pod, and its volume is not filled")

    # -- the repository -----------------------------------------------------------------------------------------------

    def _judge_delete(self) -> None:
        backup = self._require_base()
        place = self._campaign.place
        handles = self._campaign.bucket.handles(place.prefix, backup)
        del place.trees[backup]
        self._run(self._case, faulty=True, name="", backup=backup)
        if backup in self._campaign.bucket.phases(place.prefix):
            self._again(name="", backup=backup)
        if backup in self._campaign.bucket.phases(place.prefix):
            raise Wrong("the next run has not deleted the backup")
        if set(handles) & set(self._campaign.kopia().snapshots()):
            raise Wrong("the backup is deleted, and its copy is in the repository")

    def _judge_upkeep(self) -> None:
        self._require_base()
        told = self._run(self._case, faulty=True, name="")
        if told is None or told.msg or told.phase != "Completed":
            told = self._again(name="")
            if told.phase != "Completed":
                raise Wrong(f"the next run is {told.words}")

    def _judge_repository(self) -> None:
        """It is whole, and has what backups name and nothing else."""
        place, kopia = self._campaign.place, self._campaign.kopia()
        phases = self._campaign.bucket.phases(place.prefix)
        named = {each for name in phases for each in self._campaign.bucket.handles(place.prefix, name)}
        held = kopia.snapshots()
        if partial := [each for each, why in held.items() if why and each in named]:
            raise Wrong(f"a backup names copies that are not whole: {partial}")
        if missing := named - set(held):
            raise Wrong(f"backups name what is not there: {missing}")
        kopia.verify()
        if not (unnamed := set(held) - named):
            return
        if not self._case.faults & LEAVING:
            raise Wrong(f"no backup names {unnamed}")
        told = self._run(Case(task="pruned", step="", fault="none"), faulty=False, name="")
        if told is None or told.phase != "Completed":
            raise Wrong(f"what no backup names is not pruned: {told.words if told else 'killed'}")
        if left := set(self._campaign.kopia().snapshots()) - named:
            raise Wrong(f"no backup names {left}, and it is not pruned")


def _difference(wanted: list[str], found: list[str]) -> str:
    missing, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    return f"{len(missing)} lines are missing ({missing[:2]}), {len(extra)} are new ({extra[:2]})"


def _lab(*words: str) -> str:
    done = subprocess.run([sys.executable, str(_LAB), *words], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


__all__ = ("MoverCampaign",)
