# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process that unlocks a server when we are silent, run by the shells of this machine."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._databases.container_lease import (
    READY,
    SESSION,
    TIMER,
    UNLOCKED,
)

SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]
#: It writes down what it was asked to unlock.
CLIENT = f"""while read -r line; do case $line in
hello) echo {READY};; unlock) echo unlocked >>{{log}}; echo {UNLOCKED};; *) echo "$line";; esac; done"""


class Session:
    """The shell around our client, as a runtime starts it."""

    def __init__(self, shell: str, log: Path) -> None:
        self.name = secrets.token_hex(8)
        words = [shell, "sh"] if shell == "busybox" else [shell]
        self.process = subprocess.Popen(
            [*words, "-c", SESSION, "arkive", CLIENT.format(log=log), "hello", "unlock", TIMER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ask(self, words: str) -> str:
        """The answer to ``words``, of which the first is for the shell."""
        stdin, stdout = t.cast("t.IO[str]", self.process.stdin), t.cast("t.IO[str]", self.process.stdout)
        token = secrets.token_hex(4)
        verb, *more = words.split()
        stdin.write(f"{' '.join([verb, self.name, *more])} {token}\n")
        stdin.flush()
        lines = []
        while (line := stdout.readline().strip()) != f"{token} done":
            assert line or self.process.poll() is None, lines
            lines.append(line)
        return lines[-1]

    def close(self) -> None:
        """As a stream ends, with or without a word."""
        t.cast("t.IO[str]", self.process.stdin).close()
        self.process.wait(timeout=20)

    @property
    def left(self) -> list[str]:
        """The processes that know of the lease, and its directory."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if f"arkive-db-{self.name}" in (entry / "cmdline").read_text(errors="replace"):
                        found.append(entry.name)
        return [*found, *(str(path) for path in Path("/dev/shm").glob(f"arkive-db-{self.name}"))]


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_released_leaves_no_process_without_a_parent(shell: str, tmp_path: Path) -> None:
    session = Session(shell, tmp_path / "log")
    assert '"armed"' in session.ask("@arm")
    assert len(session.left) >= 2
    assert '"renewed"' in session.ask("@renew 30")
    assert '"claimed"' in session.ask("@claim")
    assert '"cleared"' in session.ask("@clear")
    session.close()
    assert (session.left, (tmp_path / "log").exists()) == ([], False)


@pytest.mark.parametrize("shell", SHELLS[:1])
def test_what_nobody_releases_is_unlocked_once_at_the_lease(shell: str, tmp_path: Path) -> None:
    session = Session(shell, tmp_path / "log")
    assert '"armed"' in session.ask("@arm")
    assert '"renewed"' in session.ask("@renew 1")
    session.close()
    assert (session.left, (tmp_path / "log").read_text()) == ([], "unlocked\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_client_that_is_late_does_not_ask_any_more(shell: str, tmp_path: Path) -> None:
    """Whoever stood still before the lock was asked for: when the lease is over, nobody is left who would unlock it."""
    session = Session(shell, tmp_path / "log")
    assert '"armed"' in session.ask("@arm")
    assert '"renewed"' in session.ask("@renew 1")
    end = time.monotonic() + 20
    while session.left and time.monotonic() < end:
        time.sleep(0.2)
    assert (session.left, (tmp_path / "log").read_text()) == ([], "unlocked\n")
    said, _errors = session.process.communicate("lock\n", timeout=20)
    assert "lock" not in said
    assert not Path(f"/dev/shm/arkive-client-{session.process.pid}").exists()
