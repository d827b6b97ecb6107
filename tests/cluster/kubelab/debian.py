# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Debian packages: installed on the machine when missing, or only downloaded, for images."""

from __future__ import annotations

import contextlib
import os
import subprocess
import typing as t
from pathlib import Path

from kubelab.commands import LabError, run, say

_POLICY = Path("/usr/sbin/policy-rc.d")


def missing_packages(names: t.Iterable[str]) -> list[str]:
    """Those of the packages that are not installed."""
    wanted = list(names)
    shown = run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted, check=False).stdout
    installed = {line.split()[0] for line in shown.splitlines() if line.endswith(" installed")}
    return [n for n in wanted if n not in installed]


def install_packages(names: t.Iterable[str]) -> None:
    """Install what is missing.  No service that comes with it is started."""
    missing = missing_packages(names)
    if not missing:
        return
    say(f"Installing Debian packages: {' '.join(missing)}")
    with _no_services():
        _apt("install", "-y", "-q", "--no-install-recommends", *missing)


def download_packages(names: t.Iterable[str], into: Path) -> None:
    """Put the .deb files of exactly these packages into a directory."""
    with contextlib.suppress(OSError):
        os.chown(into, *_apt_user())  # apt fetches as its own user and else warns that it cannot
    _apt("download", "-q", *names, cwd=into)


def _apt_user() -> tuple[int, int]:
    import pwd

    try:
        entry = pwd.getpwnam("_apt")
    except KeyError:
        return 0, 0
    return entry.pw_uid, entry.pw_gid


def _apt(*arguments: str, cwd: Path | None = None) -> None:
    """apt-get; once more after an update when it fails, as the lists of a fresh machine are empty or old."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}

    def attempt(*argv: str) -> subprocess.CompletedProcess[str]:
        return run("apt-get", "-o", "DPkg::Lock::Timeout=300", *argv, check=False, cwd=cwd, env=environment)

    if attempt(*arguments).returncode == 0:
        return
    say("Updating the lists of Debian packages")
    updated = attempt("update", "-q")
    done = attempt(*arguments)
    if done.returncode != 0:
        raise LabError(f"apt-get {arguments[0]} failed: {(done.stderr or updated.stderr).strip()}")


@contextlib.contextmanager
def _no_services() -> t.Iterator[None]:
    """While packages are installed, refuse to start their services (invoke-rc.d asks this file)."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


__all__ = ["download_packages", "install_packages", "missing_packages"]
