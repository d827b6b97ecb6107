# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kopia's own command on this machine: what it says of a repository is what is there."""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

if t.TYPE_CHECKING:
    from cluster_access import S3Access


class Kopia:
    """Its command on this machine."""

    def __init__(self, program: str, home: Path, password: str) -> None:
        self._program = program
        self._environment = {
            "HOME": str(home),
            "KOPIA_CONFIG_PATH": str(home / "kopia.config"),
            "KOPIA_CACHE_DIRECTORY": str(home / "cache"),
            "KOPIA_PASSWORD": password,
            "KOPIA_CHECK_FOR_UPDATES": "false",
        }

    def __call__(self, *arguments: str, environment: t.Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            [self._program, *arguments],
            env={**self._environment, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def connect(self, s3: S3Access, bucket: str, prefix: str) -> None:
        host = s3.endpoint.removeprefix("http://")
        keys = {"AWS_ACCESS_KEY_ID": s3.access_key, "AWS_SECRET_ACCESS_KEY": s3.secret_key}
        where = [f"--bucket={bucket}", f"--prefix={prefix}", f"--endpoint={host}", "--disable-tls"]
        self("repository", "connect", "s3", *where, environment=keys)

    def ids(self) -> list[str]:
        """All snapshots that there are."""
        return [found["id"] for found in json.loads(self("snapshot", "list", "--all", "--json"))]


__all__ = ("Kopia",)
