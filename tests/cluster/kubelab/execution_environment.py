# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image in which AWX runs jobs, made by the steps of the Dockerfile that ansible-builder writes, on Debian's files.

What the real builder makes is used: its entry point, what it finds in the metadata of the collections, and from its
Dockerfile the packages, the user and the command.  Collections are the last layer, so that a change of ours makes
nothing else anew.  They are given as ``ansible-galaxy collection install`` has left them.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import typing as t
from dataclasses import asdict
from pathlib import Path

from kubelab.cache import cached, digest_of
from kubelab.commands import LabError, run, say
from kubelab.model import Lab
from kubelab.oci import Layer, RegistryTree, copy_tree
from kubelab.pypi import download_wheels, python_package
from kubelab.rootfs import BASE_PACKAGES, add_directories, add_users, merge_usr, try_out, unpack

BUILDER = ("ansible-builder", "3.2.0")
_REPOSITORY = "arkive/execution-environment"
_COLLECTIONS = "usr/share/ansible/collections"
_PYTHON = "3.11"
# fmt: off
_PYTHON_PACKAGES = (
    "python3", "python3-minimal", "python3.11", "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib",
    "libdb5.3", "libexpat1", "libffi8", "libncursesw6", "libnsl2", "libreadline8", "libsqlite3-0", "libssl3",
    "libtirpc3", "libgssapi-krb5-2", "libkrb5-3", "libk5crypto3", "libkrb5support0", "libcom-err2", "libkeyutils1",
    "libstdc++6",
)
# fmt: on
_DEFINITION = {
    "version": 3,
    "images": {"base_image": {"name": "docker.io/library/debian:bookworm"}},
    "dependencies": {
        "ansible_core": {"package_pip": "ansible-core==2.19.*"},
        "ansible_runner": {"package_pip": "ansible-runner==2.4.3"},
        "galaxy": {"collections": [{"name": "arkive.k8s"}]},
    },
    "options": {"package_manager_path": "/usr/bin/apt-get"},
}

_COMPILE = "import compileall, sysconfig; compileall.compile_dir(sysconfig.get_path('stdlib'), quiet=2)"


def build(collections: Path) -> Path:
    """The layers below the collections, in a tree for a registry; made when they are not in the cache yet.

    ``collections``: a folder with ``ansible_collections``, whose metadata says what else goes into the image.
    """
    wanted = _introspect(collections)
    code = [Path(__file__).with_name(name) for name in ("execution_environment.py", "rootfs.py", "oci.py")]
    return cached("execution-environment", digest_of(*code, *wanted), lambda into: _make(into, wanted))


def add_image(lab: Lab, collections: Path) -> str:
    """Have the registry of a running cluster serve the image with these collections; its name."""
    made = build(collections)
    copy_tree(made / "tree", lab.registry)
    config = json.loads((made / "image.json").read_text(encoding="utf-8"))
    below = Layer(**config.pop("layer"))
    tree = RegistryTree(lab.registry)
    with tempfile.TemporaryDirectory(prefix="arkive-collections-") as temporary:
        root = Path(temporary) / "root"
        shutil.copytree(collections / "ansible_collections", root / _COLLECTIONS / "ansible_collections")
        last = tree.add_layer(root)
    name = f"{_REPOSITORY}:{last.digest.removeprefix('sha256:')[:16]}"
    tree.add_image([name], [below, last], config)
    return f"arkive.test/{name}"


def _introspect(collections: Path) -> list[str]:
    """The Python packages that the collections ask for, in their order."""
    with tempfile.TemporaryDirectory(prefix="arkive-introspect-") as temporary:
        names = {kind: Path(temporary) / kind for kind in ("pip", "bindep")}
        _builder("introspect", collections, *(f"--write-{kind}={path}" for kind, path in names.items()))
        lines = {kind: path.read_text().splitlines() if path.exists() else [] for kind, path in names.items()}
    found = {kind: [line.partition("#")[0].strip() for line in text] for kind, text in lines.items()}
    if any(found["bindep"]):
        raise LabError(f"The collections ask for system packages, which this image has not: {found['bindep']}.")
    if not any(found["pip"]):
        raise LabError(f"{collections} has no collection that says which Python packages it needs.")
    return [requirement for requirement in found["pip"] if requirement]


def _builder(command: str, *arguments: str | Path) -> None:
    package = python_package(*BUILDER, with_dependencies=True)
    program = f"import sys; sys.path.insert(0, {str(package)!r}); from ansible_builder.cli import run; run()"
    run(sys.executable, "-c", program, command, *arguments)


def _make(into: Path, wanted: t.Sequence[str]) -> None:
    say("Making the image of the execution environment, with packages from Debian and PyPI")
    with tempfile.TemporaryDirectory(prefix="arkive-ee-") as temporary:
        work = Path(temporary)
        work.chmod(0o755)
        definition, context, root = work / "execution-environment.yml", work / "context", work / "root"
        definition.write_text(json.dumps(_DEFINITION), encoding="utf-8")  # JSON is YAML
        _builder("create", "--file", definition, "--context", context)
        steps = _Steps((context / "Dockerfile").read_text(encoding="utf-8"))
        _add_system(root)
        _install(root, [steps.ansible, list(wanted), steps.init], work / "wheels")
        _finish(root, context / "_build/scripts/entrypoint")
        try_out(root, "/usr/local/bin/ansible-runner", "--version")
        layer = RegistryTree(into / "tree").add_layer(root)
    config = {"layer": asdict(layer), **steps.config}
    (into / "image.json").write_text(json.dumps(config), encoding="utf-8")


class _Steps:
    """What the Dockerfile of the builder says."""

    def __init__(self, dockerfile: str) -> None:
        self._text = dockerfile
        self.ansible = self._said(r'ARG ANSIBLE_INSTALL_REFS="([^"]+)"').split()
        self.init = [self._said(r"pip install --no-cache-dir '(dumb-init==[^']+)'")]
        self.config = {
            "Env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                f"{self._said(r'(?m)^ENV (PIP_BREAK_SYSTEM_PACKAGES=1)$')}",
                "LANG=C.UTF-8",
            ],
            "User": self._said(r"(?m)^USER (\d+)$"),
            "WorkingDir": self._said(r"(?m)^WORKDIR (/runner)$"),
            "Entrypoint": json.loads(self._said(r"(?m)^ENTRYPOINT (.+)$")),
            "Cmd": json.loads(self._said(r"(?m)^CMD (.+)$")),
        }

    def _said(self, pattern: str) -> str:
        found = re.search(pattern, self._text)
        if found is None:
            raise LabError(f"The Dockerfile of {'=='.join(BUILDER)} has nothing like {pattern}: look at its steps.")
        return found.group(1)


def _add_system(root: Path) -> None:
    merge_usr(root)
    unpack((*BASE_PACKAGES, *_PYTHON_PACKAGES), root)
    add_users(root)
    add_directories(root)


def _install(root: Path, steps: t.Sequence[t.Sequence[str]], wheels: Path) -> None:
    """Install packages in the image by the image's Python, as steps that follow each other."""
    download_wheels(["pip", *(name for step in steps for name in step)], wheels, python=_PYTHON)
    shutil.copytree(wheels, root / "output")
    pip = next((root / "output").glob("pip-*.whl")).relative_to(root)
    command = [
        "/usr/bin/env",
        "PIP_BREAK_SYSTEM_PACKAGES=1",
        "PYTHONDONTWRITEBYTECODE=1",
        "/usr/bin/python3",
        f"/{pip}/pip",
    ]
    for step in (["pip"], *steps):
        options = ["--no-index", "--find-links=/output", "--root-user-action=ignore", "--no-cache-dir", "-q"]
        run("chroot", root, *command, "install", *options, *step)
    shutil.rmtree(root / "output")
    # What Debian's packages do when they are configured; the user of a job could not keep it.
    run("chroot", root, "/usr/bin/python3", "-c", _COMPILE)


def _finish(root: Path, entry_point: Path) -> None:
    target = root / "opt/builder/bin/entrypoint"
    target.parent.mkdir(parents=True)
    shutil.copy(entry_point, target)
    target.chmod(0o755)
    (root / "etc/passwd").chmod(0o664)
    (root / "runner").mkdir()
    (root / "runner").chmod(0o775)
    for left in (root / "dev").iterdir():
        left.unlink()


__all__ = ["BUILDER", "add_image", "build"]
