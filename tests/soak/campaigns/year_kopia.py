# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kopia's own command on this machine, as the judge of a repository, and as the days that go by.

A maintenance of ours leaves alone what is younger than a day or two (docs/compatibility 18.6). ``let_days_go_by`` is
the same command without these delays, as often as it needs to be run until nothing is left to do.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import typing as t
from pathlib import Path

from campaigns.year_space import Content

_SECONDS = 300.0
#: The first one marks contents as deleted after it has packed them anew; the second packs what is left.
_RUNS = 2


class KopiaHere:
    """Of the repository below ``folder`` of a bucket. Each use has caches of its own. Raises ``RuntimeError``."""

    def __init__(self, program: str, *, bucket: str, folder: str, password: str) -> None:
        self._program = program
        endpoint = os.environ["ARKIVE_TEST_S3_ENDPOINT"].partition("://")[2]
        self._place = [f"--bucket={bucket}", f"--prefix={folder}", f"--endpoint={endpoint}", "--region=us-east-1"]
        self._environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": os.environ["ARKIVE_TEST_S3_ACCESS_KEY"],
            "AWS_SECRET_ACCESS_KEY": os.environ["ARKIVE_TEST_S3_SECRET_KEY"],
            "KOPIA_PASSWORD": password,
            "KOPIA_CHECK_FOR_UPDATES": "false",
            "KOPIA_DISABLE_REPOSITORY_LOG": "true",  # as the pods of the mover have it
        }

    def snapshots(self) -> set[str]:
        """The ids of all that there are."""
        with tempfile.TemporaryDirectory(prefix="arkive-soak-") as home:
            run = self._connect(Path(home))
            return {found["id"] for found in json.loads(run("snapshot", "list", "--all", "--incomplete", "--json"))}

    def restore(self, snapshots: t.Iterable[str]) -> t.Iterator[tuple[str, Path]]:
        """Each with the folder that has its files, which is gone with the next one."""
        with tempfile.TemporaryDirectory(prefix="arkive-soak-") as home:
            run = self._connect(Path(home))
            for snapshot in snapshots:
                with tempfile.TemporaryDirectory(prefix="arkive-soak-") as folder:
                    run("snapshot", "restore", snapshot, folder)
                    yield snapshot, Path(folder)

    def contents(self) -> tuple[Content, ...]:
        """Those that are not deleted."""
        with tempfile.TemporaryDirectory(prefix="arkive-soak-") as home:
            listed = json.loads(self._connect(Path(home))("content", "list", "--json") or "[]")
        return tuple(Content(found["contentID"], found["packFile"], found["length"]) for found in listed)

    def let_days_go_by(self) -> None:
        with tempfile.TemporaryDirectory(prefix="arkive-soak-") as home:
            run = self._connect(Path(home))
            for _number in range(_RUNS):
                run("maintenance", "run", "--full", "--safety=none")

    def _connect(self, home: Path) -> t.Callable[..., str]:
        """Runs kopia's commands."""
        own = {
            "HOME": str(home),
            "KOPIA_CONFIG_PATH": str(home / "config"),
            "KOPIA_CACHE_DIRECTORY": str(home / "cache"),
            "KOPIA_LOG_DIR": str(home / "logs"),
        }

        def run(*arguments: str) -> str:
            argv = [self._program, "--no-auto-maintenance", "--disable-file-logging", *arguments]
            done = subprocess.run(
                argv, env={**self._environment, **own}, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
            if done.returncode:
                raise RuntimeError(f"kopia {' '.join(arguments[:2])}: {done.stderr[-1000:]}")
            return done.stdout

        who = ["--override-username=default", "--override-hostname=default", "--disable-tls"]
        run("repository", "connect", "s3", *self._place, *who)
        return run


__all__ = ("KopiaHere",)
