# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases that are held while something goes wrong: no lock outlives its lease, and no result lies.

A case is a section of a process of its own that holds a database, and one fault at a random moment of it. What the
process says in the end is believed only as far as the fault lets it: proven is what nobody has disturbed.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

import yaml

from campaigns.live_support import (  # isort: skip - makes the live tests' folders importable
    CutProxy,
    HeldSection,
    through,
)
from campaigns.database_targets import TARGETS, DatabaseTarget  # isort: skip

_FAULTS = ("none", "kill", "stop", "cut", "end", "client", "pod")
_LEASE = 3.0


class DatabasesCampaign:
    """On the local cluster that the environment names: one server of each kind, for all cases."""

    def __enter__(self) -> t.Self:
        self._kubeconfig = os.environ["ARKIVE_TEST_KUBECONFIG"]
        self._namespace = f"arkive-test-{secrets.token_hex(4)}"
        self._kubectl("create", "namespace", self._namespace)
        self._targets = [target(self._kubectl, self._namespace) for target in TARGETS]
        for target in self._targets:
            target.create()
        return self

    def __exit__(self, *exc: object) -> None:
        self._kubectl("delete", "namespace", self._namespace, "--wait=false")

    def run_case(self, chance: random.Random) -> str:
        target, mode = chance.choice([(target, mode) for target in self._targets for mode in target.modes])
        fault = chance.choice(_FAULTS)
        before, after = chance.uniform(0.5, 4.5), chance.uniform(0.0, 1.0)
        with tempfile.TemporaryDirectory(prefix="arkive-soak-") as folder:
            found = self._run(target, mode, fault, (before, after), Path(folder))
        return f"{target.app.kind} {mode}, {fault} after {before:.2f} s: {found}" if found else ""

    def _run(self, target: DatabaseTarget, mode: str, fault: str, moments: tuple[float, float], folder: Path) -> str:
        proxy, kubeconfig = self._way(folder)
        section = HeldSection(kubeconfig, target.app, mode=mode, lease=_LEASE)
        try:
            time.sleep(moments[0])
            held = section.has_spoken()
            hit = self._strike(fault, section, proxy, target) and held
            time.sleep(moments[1])
            late = self._held_too_long(target) if fault in ("kill", "stop", "cut") else ""
            section.process.send_signal(signal.SIGCONT)
            said = "" if fault == "kill" else section.process.communicate("\n", timeout=90)[0]
            if not target.has_pod():
                target.restore_pod()
            return late or self._lie(fault, hit, said) or self._held_too_long(target)
        finally:
            proxy.close()
            section.process.kill()
            section.process.wait(timeout=30)

    def _strike(self, fault: str, section: HeldSection, proxy: CutProxy, target: DatabaseTarget) -> bool:
        """True where what was held by then is surely not held to the end."""
        if fault == "kill":
            section.process.kill()
        elif fault == "stop":
            section.process.send_signal(signal.SIGSTOP)
            # What lets go by a timer of its own may be late, and is released in time then.
            time.sleep(_LEASE + (1.0 if target.bound_to_client else target.late_seconds))
            return True
        elif fault == "cut":
            proxy.cut()
            return True
        elif fault == "end":
            return target.end_session()
        elif fault == "client":
            return target.kill_client()
        elif fault == "pod":
            return target.delete_pod()
        return False

    def _held_too_long(self, target: DatabaseTarget) -> str:
        """A lease from now on nothing of ours is left."""
        end = time.monotonic() + _LEASE + target.late_seconds
        while not target.is_free() and time.monotonic() < end:
            time.sleep(0.2)
        return "" if time.monotonic() < end else "it was held for longer than its lease"

    def _lie(self, fault: str, hit: bool, said: str) -> str:
        """What the process has said that cannot be so."""
        lines = said.splitlines()
        result = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else None
        if result is None or not lines[0].startswith("held"):
            return "it could not be held, and nothing went wrong" if fault == "none" else ""
        consistent = result["consistent"]
        if fault == "none" and not consistent:
            return f"nothing went wrong, and it says: {result['errors']}"
        if hit and consistent:
            return "it was not held to the end, and it says that it was"
        return "" if consistent or result["errors"] else "it is not consistent, and says nothing of it"

    def _way(self, folder: Path) -> tuple[CutProxy, str]:
        config = yaml.safe_load(Path(self._kubeconfig).read_text())
        host, _colon, port = config["clusters"][0]["cluster"]["server"].removeprefix("https://").rpartition(":")
        proxy = CutProxy(host, int(port))
        path = folder / "kubeconfig"
        path.write_text(json.dumps(through(config, proxy.port)))
        return proxy, str(path)

    def _kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        command = [os.environ.get("ARKIVE_TEST_KUBECTL") or "kubectl", "--kubeconfig", self._kubeconfig, *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=150, check=False)
        if check and done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout


__all__ = ("DatabasesCampaign",)
