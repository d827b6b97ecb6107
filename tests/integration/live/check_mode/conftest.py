# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task, by ``ansible-playbook``: first in check mode, then as a run. And what the tasks are tried on."""

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
    """What the two said."""

    told: Result
    done: Result


@pytest.fixture
def both(tmp_path: Path, kubeconfig: str) -> t.Callable[..., Pair]:
    """``both("k8s_backup", name=...)``: the results of the check mode and of the run of one task, failed or not."""
    collections = os.environ.get("ARKIVE_TEST_COLLECTIONS", "")
    assert collections, "ARKIVE_TEST_COLLECTIONS is not set: it names a folder with ansible_collections."

    def run(module: str, **options: t.Any) -> Pair:
        out = tmp_path / "results.json"
        task = {f"arkive.k8s.{module}": options, "ignore_errors": True}
        tasks = [
            {**task, "check_mode": True, "register": "told"},
            {**task, "check_mode": False, "register": "done"},
            {"ansible.builtin.copy": {"dest": str(out), "content": "{{ {'told': told, 'done': done} | to_json }}"}},
        ]
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
        play["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        playbook = tmp_path / "playbook.json"
        playbook.write_text(json.dumps([play]))
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "K8S_AUTH_KUBECONFIG": kubeconfig,
        }
        program = str(Path(sys.executable).parent / "ansible-playbook")
        done = subprocess.run(
            [program, str(playbook)], env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return Pair(**json.loads(out.read_text()))

    return run
