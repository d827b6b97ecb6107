# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases that are held while something goes wrong: no lock outlives its lease, and no result lies.

A case is a section of a process of its own that holds a database which is written to, and one fault: before a step of
the session at which the process waits for it, or at a random moment while it is held. Whether it was held is seen from
outside, by what was written meanwhile and by the server's own account of our session, never by what the process says.
"""

from __future__ import annotations

import collections
import json
import os
import random
import secrets
import tempfile
import time
import typing as t
from pathlib import Path

import yaml

from campaigns.live_support import CutProxy, through  # isort: skip - makes the live tests' folders importable
from campaigns.database_case import LAPSING, LEASE, LETHAL, Case, draw  # isort: skip
from campaigns.database_faults import Strike  # isort: skip
from campaigns.database_section import GatedSection  # isort: skip
from campaigns.database_targets import TARGETS, DatabaseTarget  # isort: skip
from campaigns.light_kubectl import LightKubectl  # isort: skip

KINDS = tuple(TARGETS)


class DatabasesCampaign:
    """On the local cluster that the environment names: one server of each kind, or of ``kind`` alone, for all cases."""

    def __init__(self, kind: str = "") -> None:
        self._kinds = [kind] if kind else list(TARGETS)
        #: Each with how many steps its session has, by its mode.
        self.targets: list[tuple[DatabaseTarget, dict[str, dict[str, int]]]] = []
        #: By the phase: how many faults have met what they were meant for, and how many have not.
        self._met: collections.Counter[str] = collections.Counter()

    def __enter__(self) -> t.Self:
        self._kubeconfig = os.environ["ARKIVE_TEST_KUBECONFIG"]
        self._namespace = f"arkive-test-{secrets.token_hex(4)}"
        self._kubectl = LightKubectl(self._kubeconfig)
        self._kubectl("create", "namespace", self._namespace)
        try:
            for kind in self._kinds:
                self.targets.append((TARGETS[kind](self._kubectl, self._namespace), {}))
            for target, steps in self.targets:
                target.create()
                steps |= {mode: self._count_steps(target, mode) for mode in target.modes}
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        print(f"databases: {dict(sorted(self._met.items()))}", flush=True)
        self._kubectl("delete", "namespace", self._namespace, "--wait=false")

    def run_case(self, chance: random.Random) -> str:
        target, steps = chance.choice(self.targets)
        case = draw(chance, steps)
        target.mend()
        target.require_written()
        found = self.run(target, case)
        return f"{target.app.kind}, {case}: {found}" if found else ""

    def run(self, target: DatabaseTarget, case: Case, *, spoilt: str = "") -> str:
        """What was wrong, or nothing. ``spoilt``: what the section does without."""
        with tempfile.TemporaryDirectory(prefix="arkive-soak-") as folder:
            proxy, kubeconfig = self._way(Path(folder))
            section = GatedSection(kubeconfig, target.app, mode=case.mode, lease=LEASE, gate=case.gate, spoilt=spoilt)
            strike = Strike(section, proxy, target)
            try:
                return _Judged(target, case, section, strike).found()
            finally:
                self._met[f"{case.phase}, {'met' if strike.hit else 'missed'}"] += 1
                section.end()
                proxy.close()

    def _count_steps(self, target: DatabaseTarget, mode: str) -> dict[str, int]:
        """Of a session of which nothing is disturbed."""
        target.require_written()
        section = GatedSection(self._kubeconfig, target.app, mode=mode, lease=60.0, gate=("", -1))
        try:
            word = section.next_word()
            section.go_on()
            result = section.result(word)
        finally:
            section.end()
        if result is None or not result["consistent"]:
            raise RuntimeError(f"{target.app.kind} cannot be held in mode {mode}: {result or section.traceback}")
        return t.cast("dict[str, int]", result["asked"])

    def _way(self, folder: Path) -> tuple[CutProxy, str]:
        config = yaml.safe_load(Path(self._kubeconfig).read_text())
        host, _colon, port = config["clusters"][0]["cluster"]["server"].removeprefix("https://").rpartition(":")
        proxy = CutProxy(host, int(port))
        path = folder / "kubeconfig"
        path.write_text(json.dumps(through(config, proxy.port)))
        return proxy, str(path)


class _Judged:
    """One case, once."""

    def __init__(self, target: DatabaseTarget, case: Case, section: GatedSection, strike: Strike) -> None:
        self._target = target
        self._case = case
        self._section = section
        self._strike = strike
        self._was_held = False
        self._struck_while_held = False
        self._changed = ""

    def found(self) -> str:
        """What was wrong, or nothing."""
        try:
            result = self._result()
        except TimeoutError as exc:
            return f"{exc}"
        late = self._strike.late or self._target.held_too_long(LEASE)
        return late or self._lie(result)

    def _result(self) -> dict[str, t.Any] | None:
        """The case, to its end."""
        case, section = self._case, self._section
        word = section.next_word()
        if word.startswith("at begin"):
            self._strike.at(case, section.go_on)
            word = section.next_word() if case.fault != "kill" else ""
        if word == "held":
            self._was_held = True
            self._watch()
            section.go_on()
            word = section.next_word()
            if word.startswith("at release"):
                self._strike.at(case, section.go_on)
        elif word.startswith("not held"):
            section.go_on()
        return section.result(word)

    def _watch(self) -> None:
        """While it is held: what was the case before is so until it is told to release."""
        before = self._witness()
        if self._case.phase == "held":
            time.sleep(self._case.delay)
            # Where nobody sees it held by now, the fault did not meet it.
            self._struck_while_held = bool(before) and self._witness() == before
            self._strike.at(self._case, lambda: None)
        after = self._witness()
        if not before or after != before:
            self._changed = f"it was {before or 'gone'}, and then {after or 'gone'}"

    def _witness(self) -> str:
        try:
            return self._target.witness(self._case.mode)
        except RuntimeError:
            return ""

    def _lie(self, result: dict[str, t.Any] | None) -> str:
        """What the process has said that cannot be so."""
        case = self._case
        if result is None:
            if case.fault == "kill":
                return ""
            return f"it has ended without a result: {self._section.traceback}"
        consistent = result["consistent"] and self._was_held
        if case.fault == "none" and not self._changed and not consistent:
            return f"nothing went wrong, and it says: {result['errors']}"
        if not consistent:
            return "" if result["errors"] else "it is not consistent, and says nothing of it"
        if self._changed:
            return f"it says that it was held, and {self._changed}"
        return "it was not held to the end, and it says that it was" if self._cannot_be_proven() else ""

    def _cannot_be_proven(self) -> bool:
        case = self._case
        if not self._strike.hit or (case.fault in LAPSING | {"end session"} and not self._target.lapses(case.mode)):
            return False
        if case.phase == "held":
            return self._struck_while_held and case.fault in LETHAL | LAPSING
        # The last step of the release closes what is proven by then; before the first of all there is nothing to lose.
        return case.fault in LETHAL and case.number > 0 and not case.is_last


__all__ = ("KINDS", "DatabasesCampaign")
