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

from campaigns.live_support import PATH, FilesApp  # isort: skip - makes the live tests' folders importable
from campaigns.light_kubectl import LightKubectl  # isort: skip
from campaigns.mover_case import TASKS, Case, draw  # isort: skip
from campaigns.mover_faults import AT_WORK, Strike, Ways  # isort: skip
from campaigns.mover_fills import FillsApp, judge_fill  # isort: skip
from campaigns.mover_judged import Judged, Place  # isort: skip
from campaigns.mover_outside import Bucket, HandKopia, Object, Outside  # isort: skip
from campaigns.mover_process import MovingRun  # isort: skip
from campaigns.wrong import Wrong  # isort: skip

_LAB = Path(__file__).parents[2] / "cluster" / "lab.py"
_PASSWORD = "the password of the campaign"
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


class MoverCampaign:
    """On the local cluster that the environment names: one application for all cases, and one whose pods are filled.

    ``task``: the only one of its cases.
    """

    def __init__(self, task: str = "") -> None:
        self._tasks = {task: 1} if task else TASKS
        self._fills: FillsApp | None = None
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
        case = draw(chance, self._tasks)
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
        judged = Judged(case, self, spoilt)
        self.ran = []
        try:
            if case.task == "fill":
                judge_fill(judged, self.fills)
            else:
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
    def fills(self) -> FillsApp:
        if self._fills is None:
            self._fills = FillsApp(self._kubectl)
            self._made.callback(self._fills.remove)
            self._fills.create()
        return self._fills

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

    def start(
        self, case: Case, *, faulty: bool, spoilt: str = "", do: str = "", **asked: str
    ) -> tuple[MovingRun, Strike]:
        """A run, and its fault, which has begun to wait for its step where the run is to be ``faulty``.

        ``do``: something else than the task of the case.
        """
        self._ways.pods.rate = _SLOW if faulty and case.step in AT_WORK else 0
        mover: Object = {
            "image": self._image,
            "s3_url": self._ways.pod_url,
            "credentials": "static",
            "timeout": 60.0,
            "pod_start_timeout": 60.0,
            "ephemeral_containers": case.task == "fill",
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
                "do": do or {"fill": "restore"}.get(case.task, case.task),
                "kubeconfig": self._kubeconfig,
                "location": {
                    "bucket": self._bucket.name,
                    "prefix": self.fills.prefix if case.task == "fill" else self._place.prefix,
                    "region": "us-east-1",
                    "endpoint_url": self._ways.run_url,
                    **self._bucket.keys,
                },
                "password": _PASSWORD,
                "mover": mover,
                "namespace": self.fills.namespace if case.task == "fill" else self._app.namespace,
                "connect_seconds": 15,
                "spoilt": spoilt,
                **asked,
                **more,
            }
        )
        strike = Strike(case, run, self._outside, self._ways, self._state)
        if faulty and (case.also or not case.room):
            strike.begin(asked["name"] if case.task in ("restore", "fill") else self._app.namespace)
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


def _lab(*words: str) -> str:
    done = subprocess.run([sys.executable, str(_LAB), *words], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


__all__ = ("MoverCampaign",)
