# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node of the local cluster, and what was left frozen there, asked hundreds of times: no ``lab.py`` is started."""

from __future__ import annotations

import subprocess
import sys
import typing as t
from pathlib import Path

_CLUSTER = str(Path(__file__).parents[2] / "cluster")
if _CLUSTER not in sys.path:
    sys.path.append(_CLUSTER)

from kubelab.status import frozen_lines, in_node


def run_in_node(state: Path, argv: t.Sequence[str]) -> str:
    """The output of a command in the node of the cluster at ``state``; it must succeed."""
    done = subprocess.run(in_node(state, argv), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{argv}: {done.stderr}"
    return done.stdout


__all__ = ("frozen_lines", "run_in_node")
