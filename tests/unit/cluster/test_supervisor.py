# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pid 1 says of a program that ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from kubelab.components import Component
from kubelab.model import Lab
from kubelab.supervisor import Supervisor


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo first; echo too many open files >&2; echo; exit 3", "kubelet ended with 3: too many open files"),
        ("exit 1", "kubelet ended with 1: it said nothing"),
    ],
)
def test_a_program_that_ended_says_why(tmp_path: Path, script: str, said: str) -> None:
    lab = Lab(state=tmp_path, port=6443, programs=(), images=tmp_path)
    for folder in ("log", "run", "hold"):
        lab.path(folder).mkdir()
    marks: list[str] = []
    supervisor = Supervisor(lab, marks.append)
    supervisor.start([Component("kubelet", ("/bin/sh", "-c", script))])
    pid = int(lab.path("run/kubelet.pid").read_text())
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    supervisor.tick()
    assert marks[-1] == said
