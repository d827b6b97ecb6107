# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A few cases of the campaign of failing stores; ``make soak SOAK=store`` runs as many as one likes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_SOAK = Path(__file__).parents[3] / "soak"
_SEED, _COUNT = "10", "6"


@pytest.mark.node
@pytest.mark.fault
@pytest.mark.usefixtures("kubeconfig", "s3", "state")
def test_no_result_contradicts_what_is_stored() -> None:
    argv = [sys.executable, "-m", "campaigns", "store", _SEED, _COUNT]
    done = subprocess.run(argv, cwd=_SOAK, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
