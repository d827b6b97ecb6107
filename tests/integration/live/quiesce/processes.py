# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An engine in a process of its own, and ``ansible-playbook``: what a test starts here it can stop, and kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
from engine_runner import answer
from nginx_app import process_state

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken

ENGINE = Path(__file__).with_name("engine_runner.py")
Result = dict[str, t.Any]


class Started:
    """A process in a session of its own, with its output in files."""

    def __init__(self, argv: t.Sequence[str], folder: Path, *, stdin: str = "", env: dict[str, str]) -> None:
        folder.mkdir(parents=True)
        self._out, self._err = folder / "stdout", folder / "stderr"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=out, stderr=err, start_new_session=True, env=env
            )
        assert self.process.stdin is not None
        self.process.stdin.write(stdin.encode())
        self.process.stdin.close()

    @property
    def stdout(self) -> str:
        return self._out.read_text(errors="replace")

    @property
    def stderr(self) -> str:
        return self._err.read_text(errors="replace")

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def end(self, seconds: float = 60.0) -> int:
        """Wait for the end; the exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {seconds:g} s\n{self.stdout}\n{self.stderr}") from None

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def descendants(self) -> list[int]:
        """Every process below this one, in whatever session."""
        parents: dict[int, int] = {}
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                try:
                    fields = (process / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                parents[int(process.name)] = int(fields[1])
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found[1:]

    def kill_all(self) -> None:
        """SIGKILL for it and for all that it started, at once."""
        for pid in [self.process.pid, *self.descendants()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(10)


class EngineRun(Started):
    """One run of ``engine_runner.py``."""

    def result(self, seconds: float = 90.0) -> Result:
        """What it printed. It must have ended well: an engine's error is a result too."""
        code = self.end(seconds)
        assert code == 0, f"exit code {code}\n{self.stderr}"
        answer: Result = json.loads(self.stdout)
        return answer


class Engine:
    """Starts engines, and kills those that are left at the end of a test."""

    def __init__(self, kubeconfig: str, folder: Path) -> None:
        self._kubeconfig = kubeconfig
        self._folder = folder
        self._started: list[Started] = []

    def start(self, do: str, **asked: t.Any) -> EngineRun:
        asked = {"do": do, "kubeconfig": self._kubeconfig, **asked}
        env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        run = EngineRun([sys.executable, str(ENGINE)], self._next(), stdin=json.dumps(asked), env=env)
        self._started.append(run)
        return run

    def call(self, do: str, **asked: t.Any) -> Result:
        """The same in this process, for a run that nothing happens to: the result."""
        asked = {"do": do, "kubeconfig": self._kubeconfig, **asked}
        found: Result = json.loads(json.dumps(answer(asked, CancelToken())))
        return found

    def play(self, tasks: list[Result]) -> Started:
        """``ansible-playbook`` with ``tasks`` on localhost."""
        program = Path(sys.executable).parent / "ansible-playbook"
        if not program.exists():
            pytest.fail(
                f"{program} does not exist: these tests run in an environment with ansible-core.", pytrace=False
            )
        collections = os.environ.get("ARKIVE_TEST_COLLECTIONS", "")
        if not (Path(collections or "/nowhere") / "ansible_collections" / "arkive" / "k8s" / "galaxy.yml").is_file():
            pytest.fail(
                "ARKIVE_TEST_COLLECTIONS is not set to a directory with ansible_collections/arkive/k8s: it names the "
                "collection to run. `make test` sets it.",
                pytrace=False,
            )
        folder = self._next()
        book = folder.with_suffix(".yml")
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "module_defaults": {"group/arkive.k8s.backup": {"kubeconfig": self._kubeconfig}},
            "tasks": tasks,
        }
        book.write_text(json.dumps([play]))
        env = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
        env |= {
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "ANSIBLE_LOCAL_TEMP": str(folder.with_suffix(".tmp")),
            "PYTHONUNBUFFERED": "1",
        }
        run = Started([str(program), "-v", str(book)], folder, env=env)
        self._started.append(run)
        return run

    def _next(self) -> Path:
        return self._folder / f"run-{len(self._started)}"

    def close(self) -> None:
        for run in self._started:
            if run.runs:
                run.kill_all()


def gone(pids: t.Iterable[int], seconds: float = 10.0) -> bool:
    """Whether all processes end within ``seconds``. One that nobody has waited for yet has ended."""
    end = time.monotonic() + seconds
    left = set(pids)
    while left and time.monotonic() < end:
        left = {pid for pid in left if process_state(pid) not in ("", "Z", "X")}
        time.sleep(0.05)
    return not left
