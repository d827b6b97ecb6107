# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks on localhost, run by ``ansible-playbook`` with the collection that is tried."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

Task: t.TypeAlias = "dict[str, t.Any]"
Screen: t.TypeAlias = "subprocess.CompletedProcess[bytes]"


class PlayRunner:
    """Plays in files of ``folder``, against the cluster of ``kubeconfig``."""

    def __init__(self, folder: Path, kubeconfig: str) -> None:
        self._folder = folder
        self._kubeconfig = kubeconfig
        self._collections = os.environ.get("ARKIVE_TEST_COLLECTIONS", "")
        assert self._collections, "ARKIVE_TEST_COLLECTIONS is not set: it names a folder with ansible_collections."

    def run(self, tasks: t.Sequence[Task], *options: str, seconds: float = 500.0, **variables: str) -> Screen:
        """What was written to the screen, and how it ended. ``variables`` are of the environment."""
        argv, environment = self.command(tasks, *options, **variables)
        return subprocess.run(argv, env=environment, capture_output=True, timeout=seconds, check=False)

    def command(self, tasks: t.Sequence[Task], *options: str, **variables: str) -> tuple[list[str], dict[str, str]]:
        """The command that runs the tasks, and its environment."""
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": list(tasks)}
        play["vars"] = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        playbook = self._folder / "playbook.json"
        playbook.write_text(json.dumps([play]))
        return self._command([*options, str(playbook)], variables)

    def run_playbook(self, name: str, extra: t.Mapping[str, t.Any], *options: str, seconds: float = 500.0) -> Screen:
        """A playbook of the collection, with these extra variables."""
        argv, environment = self._command([*options, "--extra-vars", json.dumps(extra), name], {})
        return subprocess.run(argv, env=environment, capture_output=True, timeout=seconds, check=False)

    def _command(self, options: t.Sequence[str], variables: t.Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": self._collections,
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "K8S_AUTH_KUBECONFIG": self._kubeconfig,
            **variables,
        }
        return [str(Path(sys.executable).parent / "ansible-playbook"), *options], environment

    def results(self, tasks: t.Sequence[Task], *names: str, **more: t.Any) -> dict[str, Task]:
        """The same for tasks that ``register`` these names and do not end the play: what each of them returned."""
        out = self._folder / "results.json"
        content = "{{ {" + ", ".join(f"'{name}': {name}" for name in names) + "} | to_json }}"
        keep = {"ansible.builtin.copy": {"dest": str(out), "content": content}, "check_mode": False}
        done = self.run([*tasks, keep], **more)
        assert done.returncode == 0, text_of(done)
        found: dict[str, Task] = json.loads(out.read_text())
        return found


def text_of(screen: Screen) -> str:
    return (screen.stdout + screen.stderr).decode("utf-8", "surrogateescape")


__all__ = ("PlayRunner", "Screen", "Task", "text_of")
