# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the code of a task comes from, by whole runs of Ansible; no cluster is asked."""

from __future__ import annotations

import ast
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import typing as t

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.modules import k8s_backup_info

COLLECTIONS = pathlib.Path(k8s_backup_info.__file__).parents[5]
PLUGINS = pathlib.Path(k8s_backup_info.__file__).parents[1]

RUNNER = "_run_here.py"

#: Files in what is sent of a module that runs here: mostly those of Ansible's `basic`.
MOST_FILES = 75

_USED = re.compile(r"Using module file (\S+)")


class Play:
    """Runs one task and knows what Ansible did."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.home = folder / "ansible"
        (folder / "backups").mkdir()

    def run(
        self, *, interpreter: str = sys.executable, keywords: dict[str, t.Any] | None = None, **environment: str
    ) -> dict[str, t.Any]:
        """The result of a list of backups in an empty location, and as ``files`` the files of the modules that ran."""
        task = {
            "arkive.k8s.k8s_backup_info": {"storage_location": {"path": str(self.folder / "backups")}},
            "register": "listed",
            **(keywords or {}),
        }
        show = {"ansible.builtin.copy": {"content": "{{ listed | to_json }}", "dest": str(self.folder / "listed.json")}}
        variables = {"ansible_python_interpreter": interpreter}
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": variables,
            "tasks": [task, show],
        }
        (self.folder / "play.yml").write_text(yaml.safe_dump([play]))
        given = {
            **os.environ,
            "ANSIBLE_HOME": str(self.home),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            **environment,
        }
        program = "import sys; from ansible.cli.playbook import main; main()"
        argv = [sys.executable, "-c", program, "-vvv", "-i", "localhost,", str(self.folder / "play.yml")]
        ran = subprocess.run(argv, env=given, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        used = [pathlib.Path(path).name for path in _USED.findall(ran.stdout)]
        result: dict[str, t.Any] = json.loads((self.folder / "listed.json").read_text())
        return {**result, "files": [name for name in used if name in (RUNNER, "k8s_backup_info.py")]}


@pytest.fixture
def play(tmp_path: pathlib.Path) -> Play:
    return Play(tmp_path)


@pytest.mark.parametrize("told_to_keep_none", ["", "1"])
def test_on_this_machine_from_a_copy(play: Play, told_to_keep_none: str) -> None:
    result = play.run(PYTHONDONTWRITEBYTECODE=told_to_keep_none)
    assert result["files"] == [RUNNER]
    (copy,) = (play.home / "arkive.k8s").iterdir()
    for compiled in ("modules/__pycache__/k8s_backup_info.*.pyc", "module_utils/_catalog/__pycache__/catalog.*.pyc"):
        assert list(copy.glob(compiled))
    assert result["backups"] == []


def test_the_result_is_that_of_the_zip(play: Play) -> None:
    here = play.run()
    kept = play.run(ANSIBLE_KEEP_REMOTE_FILES="1")  # whoever wants to see what runs gets all of it
    assert kept["files"] == ["k8s_backup_info.py"]
    for result in (here, kept):
        del result["files"]
    assert here == kept


def test_where_there_can_be_no_copy(play: Play) -> None:
    play.home.mkdir()
    (play.home / "arkive.k8s").touch()
    assert play.run()["files"] == ["k8s_backup_info.py"]


@pytest.mark.parametrize("left", ["nothing", "its text"])
def test_a_collection_whose_link_was_lost(play: Play, left: str) -> None:
    """As by a checkout where Git makes no links."""
    collection = play.folder / "collections" / "ansible_collections" / "arkive" / "k8s"
    shutil.copytree(PLUGINS, collection / "plugins", symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PLUGINS.parent / "meta", collection / "meta")
    link = collection / "plugins" / "modules" / RUNNER
    link.unlink()
    if left == "its text":
        link.write_text("../plugin_utils/_run_here.py")
    result = play.run(ANSIBLE_COLLECTIONS_PATH=str(play.folder / "collections"))
    assert result["files"] == ["k8s_backup_info.py"]


def test_an_interpreter_that_hides_our_variables(play: Play) -> None:
    wrapper = play.folder / "python"
    wrapper.write_text(f'#!/bin/sh\nunset ARKIVE_CODE\nexec {sys.executable} "$@"\n')
    wrapper.chmod(0o700)
    result = play.run(interpreter=str(wrapper))
    assert result["files"] == [RUNNER, "k8s_backup_info.py"]
    assert result["backups"] == []


def test_a_task_that_goes_on_when_ansible_is_gone_takes_its_code_along(play: Play) -> None:
    result = play.run(keywords={"async": 60, "poll": 1}, ANSIBLE_ASYNC_DIR=str(play.folder / "jobs"))
    assert result["files"] == ["k8s_backup_info.py"]


def test_errors_are_the_modules_own(play: Play) -> None:
    (play.folder / "backups").rmdir()
    result = play.run(keywords={"ignore_errors": True})
    assert result["files"] == [RUNNER]
    assert str(play.folder / "backups") in result["msg"]


def imported(path: pathlib.Path) -> t.Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_the_runner_is_small(tmp_path: pathlib.Path) -> None:
    """What is sent of a module that runs here is counted by the part of Ansible that makes it."""
    names = sent(PLUGINS / "modules" / RUNNER)
    ours = [name for name in names if name.startswith("ansible_collections/") and not name.endswith("__init__.py")]
    assert ours == [f"ansible_collections/arkive/k8s/plugins/modules/{RUNNER}"]
    assert len(names) <= MOST_FILES


def test_the_runner_brings_what_modules_need_of_ansible() -> None:
    """The Python that runs a module need not have Ansible."""
    needed = {
        name
        for folder in ("modules", "module_utils")
        for path in (PLUGINS / folder).rglob("*.py")
        for name in imported(path)
        if name.startswith("ansible.")
    }
    names = sent(PLUGINS / "modules" / RUNNER)
    assert {name for name in needed if f"{name.replace('.', '/')}.py" not in names} == set()


def test_the_runner_is_a_link() -> None:
    """So that Ansible's tools take it for no module with documentation."""
    assert [path.name for path in (PLUGINS / "modules").iterdir() if path.is_symlink()] == [RUNNER]
    assert (PLUGINS / "modules" / RUNNER).readlink() == pathlib.Path("..") / "plugin_utils" / "_run_here.py"


def test_galaxy_takes_the_names_of_plugins() -> None:
    """galaxy-importer 0.4.44, ``constants.CONTENT_NAME_REGEXP``: with another name it refuses the collection."""
    names = re.compile(r"^(?!.*__)[a-z_][0-9a-z_]*$")
    kinds = [folder for folder in PLUGINS.iterdir() if folder.name not in {"module_utils", "plugin_utils"}]
    found = [path.stem for kind in kinds for path in kind.rglob("*.py") if path.name != "__init__.py"]
    assert "_run_here" in found
    assert [name for name in found if not names.match(name)] == []


def sent(path: pathlib.Path) -> list[str]:
    """The names in the zip that Ansible makes of a module."""
    program = f"""
import base64, io, re, sys, zipfile
from ansible.executor.module_common import modify_module
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
init_plugin_loader([{str(COLLECTIONS)!r}])
name = "ansible_collections.arkive.k8s.plugins.modules.{path.stem}"
variables = {{"ansible_python_interpreter": sys.executable}}
built = modify_module(
    module_name=name,
    module_path={str(path)!r},
    module_args={{}},
    templar=Templar(loader=DataLoader()),
    task_vars=variables,
)
text = (built[0] if isinstance(built, tuple) else built.b_module_data).decode()
data = max(re.findall("[A-Za-z0-9+/=]{{1000,}}", text), key=len)
print(*zipfile.ZipFile(io.BytesIO(base64.b64decode(data))).namelist())
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()
