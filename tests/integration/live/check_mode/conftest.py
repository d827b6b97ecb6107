# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks, each first in check mode and then as a run, in one run of ``ansible-playbook``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

Result = dict[str, t.Any]


class Pair(t.NamedTuple):
    """What the two said, failed or not."""

    told: Result
    done: Result


class Playbook:
    """Tasks by names that a test gives them."""

    def __init__(self, folder: Path, kubeconfig: str, collections: str) -> None:
        self._folder = folder
        self._kubeconfig = kubeconfig
        self._collections = collections
        self._names: list[str] = []
        self._tasks: list[Result] = []

    def add(self, name: str, module: str, options: Result) -> None:
        number = len(self._names)
        self._names.append(name)
        task = {f"arkive.k8s.{module}": options, "ignore_errors": True}
        self._tasks.append({**task, "name": name, "check_mode": True, "register": f"told_{number}"})
        self._tasks.append({**task, "name": name, "check_mode": False, "register": f"done_{number}"})

    def run(self) -> dict[str, Pair]:
        out = self._folder / "results.json"
        pairs = ", ".join(f"{{'told': told_{number}, 'done': done_{number}}}" for number in range(len(self._names)))
        keep = {"ansible.builtin.copy": {"dest": str(out), "content": f"{{{{ [{pairs}] | to_json }}}}"}}
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [*self._tasks, keep]}
        play["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        playbook = self._folder / "playbook.json"
        playbook.write_text(json.dumps([play]))
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": self._collections,
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "K8S_AUTH_KUBECONFIG": self._kubeconfig,
        }
        program = str(Path(sys.executable).parent / "ansible-playbook")
        done = subprocess.run(
            [program, str(playbook)], env=environment, capture_output=True, text=True, timeout=500, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads(out.read_text())
        return {name: Pair(**pair) for name, pair in zip(self._names, found, strict=True)}


@pytest.fixture(scope="module")
def playbook(tmp_path_factory: pytest.TempPathFactory, kubeconfig: str) -> Playbook:
    collections = os.environ.get("ARKIVE_TEST_COLLECTIONS", "")
    assert collections, "ARKIVE_TEST_COLLECTIONS is not set: it names a folder with ansible_collections."
    return Playbook(tmp_path_factory.mktemp("playbook"), kubeconfig, collections)
