# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks, each first in check mode and then as a run, in one run of ``ansible-playbook``."""

from __future__ import annotations

import typing as t

import pytest
from play_runner import PlayRunner

Result = dict[str, t.Any]


class Pair(t.NamedTuple):
    """What the two said, failed or not."""

    told: Result
    done: Result


class Playbook:
    """Tasks by names that a test gives them."""

    def __init__(self, runner: PlayRunner) -> None:
        self._runner = runner
        self._names: list[str] = []
        self._tasks: list[Result] = []

    def add(self, name: str, module: str, options: Result) -> None:
        number = len(self._names)
        self._names.append(name)
        task = {f"arkive.k8s.{module}": options, "ignore_errors": True}
        self._tasks.append({**task, "name": name, "check_mode": True, "register": f"told_{number}"})
        self._tasks.append({**task, "name": name, "check_mode": False, "register": f"done_{number}"})

    def run(self) -> dict[str, Pair]:
        names = [f"{word}_{number}" for number in range(len(self._names)) for word in ("told", "done")]
        found = self._runner.results(self._tasks, *names)
        return {
            name: Pair(told=found[f"told_{number}"], done=found[f"done_{number}"])
            for number, name in enumerate(self._names)
        }


@pytest.fixture(scope="module")
def playbook(tmp_path_factory: pytest.TempPathFactory, kubeconfig: str) -> Playbook:
    return Playbook(PlayRunner(tmp_path_factory.mktemp("playbook"), kubeconfig))
