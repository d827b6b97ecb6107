# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random faults in the freeze path: whatever happens, nothing stays frozen that can be reached, and the rest is named.

A case is a playbook that freezes an application of its own by one of the ways there are, and one or two faults at
random moments. When it is over, nothing of the application may be frozen for longer than a lease and ten seconds where
a pod mounts it. Where neither run nor timer was left, a sweep has to thaw it, or to name what it cannot reach.
"""

from __future__ import annotations

import collections
import json
import os
import random
import shutil
import tempfile
import time
import typing as t
from pathlib import Path

import yaml

from campaigns.live_support import CutProxy, Engine, Started, through  # isort: skip - makes kubelab importable
from campaigns.freeze_app import FreezeApp, Kubectl, Outside
from campaigns.freeze_case import Fault, FreezeCase, draw, leaves_no_guard
from campaigns.freeze_faults import Faults
from campaigns.freeze_plays import sweep_task, tasks_of

#: No run takes longer, whatever happens to it.
_LONGEST_RUN_SECONDS = 150.0
_POLL_SECONDS = 0.1


class FreezeCampaign:
    """On the local cluster that the environment names, as the live tests have it."""

    def __init__(self) -> None:
        self._made: collections.Counter[str] = collections.Counter()
        self._missed: collections.Counter[str] = collections.Counter()

    def __enter__(self) -> t.Self:
        self._state = Path(os.environ["ARKIVE_TEST_STATE"])
        self._kubeconfig = os.environ["ARKIVE_TEST_KUBECONFIG"]
        self._kubectl = Kubectl(os.environ.get("ARKIVE_TEST_KUBECTL") or "kubectl", self._kubeconfig)
        return self

    def __exit__(self, *exc: object) -> None:
        missed = ", ".join(f"{fault} {self._missed[fault]}/{made}" for fault, made in sorted(self._made.items()))
        print(f"faults that found nothing to hit, of those made: {missed}", flush=True)

    def run_case(self, chance: random.Random) -> str:
        case = draw(chance)
        namespace = f"arkive-test-{chance.getrandbits(48):012x}"
        with tempfile.TemporaryDirectory(prefix="arkive-soak-") as folder:
            run = _CaseRun(self, case, namespace, Path(folder))
            found = run.judge()
        self._made.update(run.made)
        self._missed.update(run.missed)
        return f"{case}: {found}" if found else ""

    @property
    def state(self) -> Path:
        return self._state

    @property
    def kubectl(self) -> Kubectl:
        return self._kubectl

    def way(self, folder: Path) -> tuple[CutProxy, Path]:
        """A way to the API server that can be cut, and the kubeconfig that takes it."""
        config = yaml.safe_load(Path(self._kubeconfig).read_text())
        host, _colon, port = config["clusters"][0]["cluster"]["server"].removeprefix("https://").rpartition(":")
        proxy = CutProxy(host, int(port))
        path = folder / "kubeconfig"
        path.write_text(json.dumps(through(config, proxy.port)))
        path.chmod(0o600)
        return proxy, path


class _CaseRun:
    """One case, from its application to the verdict."""

    def __init__(self, campaign: FreezeCampaign, case: FreezeCase, namespace: str, folder: Path) -> None:
        self._case = case
        self._folder = folder
        self._store = folder / "store"
        self._store.mkdir()
        self._proxy, kubeconfig = campaign.way(folder)
        self._engine = Engine(str(kubeconfig), folder / "runs")
        self._app = FreezeApp(campaign.kubectl, namespace, case)
        self._state = campaign.state
        self._runs: list[Started] = []
        self._last = 0.0
        self.made: set[Fault] = set()
        self.missed: list[Fault] = []

    def judge(self) -> str:
        """What was wrong, in one sentence."""
        outside: Outside | None = None
        try:
            self._app.create()
            outside = Outside(self._state, self._app)
            faults = Faults(self._app, outside, self._proxy, self._state, self._store)
            try:
                late = self._break(outside, faults)
            finally:
                faults.undo()
                self.missed = faults.missed
            self._last = time.monotonic()
            return late or self._verdict(outside)
        finally:
            self._engine.close()
            if outside is not None:
                outside.thaw()
            self._proxy.close()
            self._app.remove()
            shutil.rmtree(self._folder / "runs", ignore_errors=True)

    def _start(self) -> Started:
        run = self._engine.play(tasks_of(self._app, self._store, self._folder))
        self._runs.append(run)
        return run

    def _break(self, outside: Outside, faults: Faults) -> str:
        """Start it, and do to it what the case says, until all runs have ended."""
        (self._folder / "runs").mkdir(exist_ok=True)
        run = self._start()
        started, frozen_at = time.monotonic(), 0.0
        pods = self._app.pods()
        due = list(self._case.moments)
        while any(each.runs for each in self._runs):
            now = time.monotonic()
            if not frozen_at and outside.writes_block(pods):
                frozen_at = now
            for moment in list(due):
                since = frozen_at if moment.frozen else started
                if since and now - since >= moment.seconds:
                    due.remove(moment)
                    self.made.add(moment.fault)
                    faults.make(moment.fault, run, self._second)
            if now - started > _LONGEST_RUN_SECONDS:
                return f"the run has not ended after {_LONGEST_RUN_SECONDS:.0f} s: {self._said()}"
            time.sleep(_POLL_SECONDS)
        return ""

    def _second(self) -> None:
        if len(self._runs) == 1:
            self._start()

    def _verdict(self, outside: Outside) -> str:
        if not self._app.await_ready(90):
            blocked = outside.thaw()
            return f"its pods do not come back{', frozen: ' + ', '.join(blocked) if blocked else ''}: {self._said()}"
        end = time.monotonic() + self._case.longest_seconds
        while outside.writes_block(self._app.pods()) and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
        if not outside.writes_block(self._app.pods()):
            return self._not_frozen(outside)
        if not leaves_no_guard(self.made):
            return f"frozen past its time ({', '.join(outside.thaw())}): {self._said()}"
        return self._sweep(outside)

    def _not_frozen(self, outside: Outside) -> str:
        frozen = outside.thaw()
        if frozen and not leaves_no_guard(self.made):
            return f"{', '.join(frozen)} was frozen, though nobody waits for it: {self._said()}"
        lines = outside.left_frozen()
        return f"the driver says: {lines[0]}" if lines and not leaves_no_guard(self.made) else ""

    def _sweep(self, outside: Outside) -> str:
        """What neither run nor timer could thaw, the next run does, or it names what it cannot reach."""
        time.sleep(10)  # two controllers' clocks may differ by that: a mark is live for so long
        run = self._engine.play([sweep_task(self._app.namespace)])
        self._runs.append(run)
        run.end(120)
        frozen = outside.thaw()
        unnamed = [claim for claim in frozen if claim not in run.stdout]
        return f"a sweep neither thaws nor names {', '.join(unnamed)}: {self._said()}" if unnamed else ""

    def _said(self) -> str:
        """The end of what the runs said, on one line."""
        text = " | ".join(run.stdout[-1500:] + run.stderr[-300:] for run in self._runs)
        (Path(tempfile.gettempdir()) / f"{self._app.namespace}.log").write_text(
            "\n====\n".join(f"{self._case}\n{run.stdout}\n{run.stderr}" for run in self._runs)
        )
        return " ".join(text.split())[-400:]


__all__ = ("FreezeCampaign",)
