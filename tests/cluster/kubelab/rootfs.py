# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of an image: Debian packages that are unpacked into a directory, without their scripts."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import typing as t
from pathlib import Path

from kubelab.commands import LabError, run
from kubelab.debian import download_packages

# fmt: off
BASE_PACKAGES = (
    "base-files", "base-passwd", "bash", "coreutils", "dash", "debianutils", "findutils", "grep", "gzip", "hostname",
    "libacl1", "libattr1", "libblkid1", "libbz2-1.0", "libc-bin", "libc6", "libcap-ng0", "libcap2", "libcrypt1",
    "libgcc-s1", "libgcrypt20", "libgmp10", "libgpg-error0", "liblz4-1", "liblzma5", "libmount1", "libpam0g",
    "libpcre2-8-0", "libproc2-0", "libselinux1", "libsmartcols1", "libsystemd0", "libtinfo6", "libudev1", "libuuid1",
    "libzstd1", "mawk", "mount", "procps", "sed", "tar", "util-linux", "util-linux-extra", "zlib1g",
)
# fmt: on
_NOT_NEEDED = ("doc", "man", "locale", "info", "lintian", "bash-completion", "zoneinfo")  # in usr/share
_USERS = """root:x:0:0:root:/root:/bin/sh
nginx:x:101:101::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
"""
_GROUPS = """root:x:0:
tty:x:5:
nginx:x:101:
nogroup:x:65534:
"""


def merge_usr(root: Path) -> None:
    """Where programs and libraries are, as in Debian: /bin is a link to /usr/bin, and so on."""
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")


def over_base(root: Path) -> Path:
    """A copy of the base image's files with those of ``root`` over them, to try its programs in."""
    whole = root.with_name(f"{root.name}-whole")
    run("cp", "-a", "--reflink=auto", root.with_name("base"), whole)
    run("cp", "-a", "--reflink=auto", f"{root}/.", whole)
    return whole


def add_users(root: Path) -> None:
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text(_USERS, encoding="utf-8")
    (root / "etc/group").write_text(_GROUPS, encoding="utf-8")


def add_server_user(root: Path, name: str, number: int, home: str) -> None:
    add_users(root)
    with (root / "etc/passwd").open("a", encoding="utf-8") as file:
        file.write(f"{name}:x:{number}:{number}::{home}:/bin/bash\n")
    with (root / "etc/group").open("a", encoding="utf-8") as file:
        file.write(f"{name}:x:{number}:\n")


def add_entry_point(root: Path, script: str) -> None:
    path = root / "usr/local/bin/docker-entrypoint.sh"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")
    path.chmod(0o755)


def unpack(packages: t.Sequence[str], root: Path) -> None:
    """Unpack Debian packages over a directory, without running their scripts."""
    root.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="arkive-debs-") as temporary:
        Path(temporary).chmod(0o755)
        download_packages(packages, Path(temporary))
        for deb in sorted(Path(temporary).glob("*.deb")):
            unpack = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
            # A package that still has /bin, where the image has a link to usr/bin, must not replace the link.
            code = subprocess.run(
                ["tar", "-x", "-p", "--keep-directory-symlink", "-C", root], stdin=unpack.stdout, check=False
            ).returncode
            if unpack.wait() != 0 or code != 0:
                raise LabError(f"{deb.name} could not be unpacked.")
    for name in _NOT_NEEDED:
        shutil.rmtree(root / "usr/share" / name, ignore_errors=True)


def add_directories(root: Path) -> None:
    """Those of a system that belong to no package."""
    for directory in ("root", "tmp", "proc", "sys", "dev", "run", "var/log", "mnt"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)


def try_out(root: Path, *command: str) -> None:
    """Run a program of the image once: a library that is missing should show here."""
    (root / "dev").mkdir(exist_ok=True)
    run("chroot", root, *command)


__all__ = [
    "BASE_PACKAGES",
    "add_directories",
    "add_entry_point",
    "add_server_user",
    "add_users",
    "merge_usr",
    "over_base",
    "try_out",
    "unpack",
]
