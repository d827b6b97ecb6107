# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A case of the campaign of roll-backs: a process is killed after one of its writes, and the next run ends it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_SOAK = Path(__file__).parents[3] / "soak"
_SEED, _COUNT = "11", "1"


def test_the_application_is_up_on_old_data_or_on_new(kubeconfig: str) -> None:
    argv = [sys.executable, "-m", "campaigns", "roll-back", _SEED, _COUNT]
    variables = {**os.environ, "ARKIVE_TEST_KUBECONFIG": kubeconfig}
    done = subprocess.run(argv, cwd=_SOAK, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
