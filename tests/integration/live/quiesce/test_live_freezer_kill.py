# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A freeze that hangs is killed beside a process 1 that takes the end of a child it does not know for a crash."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.scripts import FREEZE, RELEASE, TIMER

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}
#: A command as it is made for two paths, of which the first hangs.
HANGING = "n=0 && sleep 1000 && n=1 && sleep 1000 || { r=$?; exit $r; }"
#: Process 1: it starts both programs, and says how those ended that became its children without being started by it.
FIRST = """
import json, os, subprocess, sys, time
freeze, release, lease = json.loads(sys.argv[1])
freezer = f"/dev/shm/arkive-{lease}/freezer"
own = {subprocess.Popen(freeze).pid}
end = time.monotonic() + 20
def hangs():
    try:
        group = open(freezer).read().split()[0]
        return bool(open(f"/proc/{group}/task/{group}/children").read().split())
    except (OSError, IndexError):
        return False
while not hangs() and time.monotonic() < end:
    time.sleep(0.05)
if release:
    own.add(subprocess.Popen(release).pid)
strangers = []
while own:
    pid, status = os.wait()
    if pid not in own:
        strangers.append(os.waitstatus_to_exitcode(status))
    own.discard(pid)
print(json.dumps({"name": open("/proc/1/comm").read().strip(), "strangers": strangers}))
"""


@pytest.mark.node
@pytest.mark.parametrize(
    ("shell", "by"), [("dash", "release"), ("bash", "release"), ("busybox", "release"), ("dash", "lease")]
)
def test_process_1_gets_no_child_that_was_killed(tmp_path: Path, shell: str, by: str) -> None:
    program = shutil.which(SHELLS[shell][0])
    assert program, f"{shell} is not installed: the programs are tried with it."
    words = [program, *SHELLS[shell][1:], "-c"]
    server = tmp_path / "postgres"
    server.symlink_to(sys.executable)
    lease = secrets.token_hex(8)
    freeze = [*words, FREEZE, "arkive-freeze", lease, "1", "1", "1", "true", TIMER, "/bin/sh", "-c", HANGING]
    release = [*words, RELEASE, "arkive-release", lease, "0", "true"] if by == "release" else []
    done = subprocess.run(
        ["unshare", "--pid", "--fork", "--mount-proc", server, "-c", FIRST, json.dumps([freeze, release, lease])],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"name": "postgres", "strangers": []}
