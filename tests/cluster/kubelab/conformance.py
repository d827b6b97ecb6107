# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conformance check: the CSI suite on the driver, then the checks of a running cluster."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

from kubelab.checks import CheckFailed, Checks
from kubelab.commands import LabError
from kubelab.golang import CSI_SANITY, LOOPFILE, run_go_tests
from kubelab.kubectl import Kubectl
from kubelab.model import Lab

_SANITY = """
"$1" -socket "$3/csi.sock" -data "$3/data" -node n1 -pool-size 20G 2> "$3/driver.log" &
until [ -S "$3/csi.sock" ]; do sleep 0.1; done
work=$3 sanity=$2
shift 3
exec "$sanity" -csi.endpoint "$work/csi.sock" -csi.mountdir "$work/target" -csi.stagingdir "$work/stage" "$@"
"""


class Tally:
    """Runs checks one by one, prints a line for each and counts."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def run(self, name: str, check: t.Callable[[], str]) -> None:
        """Run one; what it returns is a note, what it raises as CheckFailed or LabError is its failure."""
        begin = time.monotonic()
        try:
            note, result = check(), "ok  "
            self.passed += 1
        except (CheckFailed, LabError, subprocess.TimeoutExpired) as error:
            note, result = str(error), "FAIL"
            self.failed += 1
        print(f"{result} {name:36} {time.monotonic() - begin:5.1f} s  {note}", flush=True)

    def summary(self) -> int:
        """Print the sum; the exit code."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed else 0


def conformance(state: Path, *, driver_tests: bool = False) -> int:
    """Check the driver and the cluster that runs at ``state``; prints ``N passed, N failed``, returns the exit code."""
    lab = Lab.load(state)
    if lab is None:
        raise LabError(f"No cluster is at {state}: start one.")
    tally = Tally()
    if driver_tests:
        tally.run("the driver's own tests", lambda: run_go_tests(LOOPFILE))
    tally.run("csi-sanity ext4", _csi_sanity)
    tally.run("csi-sanity xfs", lambda: _csi_sanity(parameters="fsType: xfs\n"))
    tally.run("csi-sanity block", lambda: _csi_sanity("-csi.testvolumeaccesstype=block"))
    kubectl = Kubectl(lab, f"conformance-{os.getpid()}")
    kubectl.run("create", "namespace", kubectl.namespace)
    for check in Checks(lab, kubectl).all():
        tally.run(check.__name__.replace("_", " "), check)
    return tally.summary()


def _csi_sanity(*options: str, parameters: str = "") -> str:
    """Run the suite on a driver of its own.

    Both are in a mount and a pid namespace that end with the suite: a mount in the machine's own would be copied into
    every namespace that is made meanwhile, and keep the volumes in use.
    """
    with tempfile.TemporaryDirectory(prefix="arkive-csi-", dir="/var/tmp") as work:
        if parameters:
            file = Path(work, "parameters.yaml")
            file.write_text(parameters, encoding="utf-8")
            options = (*options, f"-csi.testvolumeparameters={file}")
        new = ("unshare", "-m", "-p", "--fork", "--kill-child", "--propagation", "private", "--mount-proc")
        programs = (LOOPFILE.directory() / "loopfile", CSI_SANITY.directory() / "csi-sanity")
        command = [*new, "sh", "-c", _SANITY, "sh", *map(str, programs), work, *options]
        done = subprocess.run(command, text=True, capture_output=True, timeout=300, check=False)
        summary = re.search(r"(\d+) Passed.*?(\d+) Failed", re.sub(r"\x1b\[[0-9;]*m", "", done.stdout))
        if done.returncode != 0 or not summary:
            raise CheckFailed((done.stdout + done.stderr)[-3000:])
        return f"{summary.group(1)} specs passed"


__all__ = ["Tally", "conformance"]
