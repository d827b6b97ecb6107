# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few cases of the campaign of plans: what a plan says of each object is what the run does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_SOAK = Path(__file__).parents[3] / "soak"
_SEED, _COUNT = "12", "8"


def test_what_a_plan_says_is_what_the_run_does(kubeconfig: str) -> None:
    argv = [sys.executable, "-m", "campaigns", "plan", _SEED, _COUNT]
    variables = {**os.environ, "ARKIVE_TEST_KUBECONFIG": kubeconfig}
    done = subprocess.run(argv, cwd=_SOAK, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
