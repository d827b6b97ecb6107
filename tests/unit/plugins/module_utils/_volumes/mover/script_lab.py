# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the program of a pod on this machine, with a kopia that answers as a test wants."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import Action, script_of


def run_script(folder: Path, action: Action, cases: str, **environment: str) -> list[str]:
    """The lines of its message. ``cases``: of a ``case`` of the shell, about what kopia is told, for FOLDER."""
    kopia = folder / "kopia"
    kopia.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}\nesac\n'.replace("FOLDER", str(folder)))
    kopia.chmod(0o755)
    given = {
        **{f"MV_{name}": "" for name in ("BUCKET", "PREFIX", "ENDPOINT", "REGION")},
        "MV_TLS": "true",
        "MV_VERIFY": "true",
        "MV_CONNECT_SECONDS": "20",
        "MV_BANDWIDTH": "0",
        **environment,
        "PATH": f"{folder}:{os.environ['PATH']}",
    }
    script = script_of(action).replace("/dev/termination-log", f"{folder}/message").replace("/work", str(folder))
    argv = [shutil.which("dash") or "/bin/sh", "-euc", script]
    # No pipe: what follows the progress would keep it open.
    quiet = subprocess.DEVNULL
    subprocess.run(argv, env=given, stdout=quiet, stderr=quiet, timeout=60, check=False)
    return (folder / "message").read_text().splitlines()


__all__ = ("run_script",)
