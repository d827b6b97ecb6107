# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Python environments, made by uv and kept in the cache under the hash of what they are made of."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pathlib
import shutil
import sys
import time

from checks.console import CheckError, must_run, note, say
from checks.paths import CACHE, CHECKOUT, COLLECTIONS

_REQUIREMENTS = CHECKOUT / "tests" / "setup" / "requirements"
_CONSTRAINTS = CHECKOUT / "tests" / "unit" / "constraints.txt"

#: The oldest ansible-core that the collection supports, and the newest that Python 3.11 takes.
ANSIBLE_CORES = ("2.16", "2.19")


#: Settings of the person at the terminal: tests must neither heed them nor reach that person's clusters and buckets.
_PERSONAL = ("ANSIBLE_", "AWS_", "K8S_AUTH_", "KUBECONFIG", "PYTEST_", "VELERO_")


class Environment:
    """A virtual environment that is ready to be used."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.python = self.program("python")

    def program(self, name: str) -> str:
        """The path of a program of this environment."""
        return str(self.path / "bin" / name)

    @property
    def variables(self) -> dict[str, str]:
        """The process environment for its programs: the environment first in PATH, and the copied tree for Ansible.

        The shims of pyenv are left out of PATH: ansible-test takes them for interpreters that work.
        """
        kept = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if "/shims" not in folder]
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(_PERSONAL)},
            "PATH": os.pathsep.join([str(self.path / "bin"), *kept]),
            "VIRTUAL_ENV": str(self.path),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "PYTHONPATH": str(COLLECTIONS),
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
        }


def tools() -> Environment:
    """What lint, the tests of the engines and the demo run with."""
    return _environment("tools")


def oldest_libraries() -> Environment:
    """What tests of stores run with once more, as each botocore speaks otherwise to servers; and those of passwords."""
    return _environment("oldest")


def docs() -> Environment:
    """What the pages of the documentation are made with."""
    return _environment("docs")


def galaxy() -> Environment:
    """What Galaxy judges collections with."""
    return _environment("galaxy")


def rulebook() -> Environment:
    """What the event source is run with: ansible-rulebook, whose rules are judged by a Java machine."""
    return _environment("rulebook")


def ansible_core(version: str) -> Environment:
    """What ``ansible-test`` of one ansible-core, such as "2.16", runs with."""
    return _environment(f"ansible-core-{version}")


def pipelines() -> Environment:
    """What the examples for pipelines are judged with."""
    return _environment("pipelines")


def matrix(python: str, core: str) -> Environment:
    """What one pair of ``make matrix`` runs with: the interpreter at ``python``, and an ansible-core such as "2.20"."""
    version = pathlib.Path(python).name
    return _environment("matrix", python=python, asked=(f"ansible-core=={core}.*",), title=f"matrix-{version}-{core}")


def _environment(
    name: str, *, python: str = sys.executable, asked: tuple[str, ...] = (), title: str = ""
) -> Environment:
    """The requirements of ``name`` and what is ``asked`` for beside them, with the interpreter at ``python``."""
    requirements = _REQUIREMENTS / f"{name}.txt"
    sources = [requirements, CHECKOUT / "requirements.txt", _CONSTRAINTS]
    interpreter = sys.version if python == sys.executable else os.path.realpath(python)
    made_of = " ".join([interpreter, *asked]).encode() + b"".join(file.read_bytes() for file in sources)
    path = CACHE / f"venv-{title or name}-{hashlib.sha256(made_of).hexdigest()[:12]}"
    complete = path / "complete"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            say(f"Making the Python environment {title or name}")
            started = time.monotonic()
            uv = _uv()
            shutil.rmtree(path, ignore_errors=True)
            must_run([uv, "venv", "--quiet", "--no-project", "--python", python, str(path)])
            install = [uv, "pip", "install", "--quiet", "--python", str(path / "bin" / "python")]
            must_run([*install, "-r", str(requirements), "-c", str(_CONSTRAINTS), *asked], env=_uv_variables())
            complete.touch()
            note(f"{path}, {time.monotonic() - started:.0f} s")
    return Environment(path)


def axe() -> pathlib.Path:
    """The script of axe-core, which judges how a page can be used; from a package of PyPI, as npm may not be there.

    What else that package wants, a driver of browsers of its own, is left out.
    """
    requirements = _REQUIREMENTS / "axe.txt"
    path = CACHE / f"axe-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"
    script = path / "axe_playwright_python" / "axe.min.js"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not script.exists():
            install = [_uv(), "pip", "install", "--quiet", "--no-deps", "--python", sys.executable]
            must_run([*install, "--target", str(path), "-r", str(requirements)], env=_uv_variables())
    return script


def _uv() -> str:
    """The uv program, in an environment of its own."""
    path = CACHE / "venv-uv"
    uv = path / "bin" / "uv"
    if not uv.exists():
        shutil.rmtree(path, ignore_errors=True)
        try:
            import ensurepip  # noqa: F401
        except ImportError:
            install_packages("python3-venv")
        must_run([sys.executable, "-m", "venv", str(path)])
        must_run([str(path / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"])
    return str(uv)


#: Where Debian keeps the certificates that the machine trusts.
_SYSTEM_CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


def _uv_variables() -> dict[str, str]:
    """Uv reads neither pip's variable for the package index nor, unless it is made to, the machine's certificates."""
    variables = dict(os.environ)
    if _SYSTEM_CERTIFICATES.exists():
        variables.setdefault("UV_SYSTEM_CERTS", "true")
    if index := variables.get("PIP_INDEX_URL"):
        variables.setdefault("UV_DEFAULT_INDEX", index)
    return variables


def install_packages(*names: str) -> None:
    """Install Debian packages."""
    command = f"apt-get install --yes --no-install-recommends {' '.join(names)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise CheckError(f"Packages are missing. As root on Debian: {command}")
    say(f"Installing from Debian: {' '.join(names)}")
    apt = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    must_run(["apt-get", "update"], env=apt)
    must_run(command.split(), env=apt)


__all__ = (
    "ANSIBLE_CORES",
    "Environment",
    "ansible_core",
    "axe",
    "docs",
    "galaxy",
    "install_packages",
    "matrix",
    "oldest_libraries",
    "pipelines",
    "tools",
)
