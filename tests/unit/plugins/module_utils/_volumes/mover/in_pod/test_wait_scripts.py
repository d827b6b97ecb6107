# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs of a pod that waits for the data of its volumes, run as they are, with other folders and no kopia."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.commands import COMMAND, program_line
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.ephemeral_scripts import EPHEMERAL_DIR
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.in_pod.wait_scripts import (
    fill_script,
    let_go_script,
    mount_path,
    wait_script,
    work_folder,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import Outcome, parse_outcome
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.mover_cluster import (
    SNAPSHOT_ID,
    manifest,
)

#: A snapshot of one file of four bytes and one folder; it takes as long as a file says.
_KOPIA = """#!/bin/sh
printf '%s|%s\\n' "$*" "$KOPIA_PASSWORD" >>"$CALLS"
case "$*" in
*'snapshot list'*) printf '[%s\\n]\\n' "$MANIFEST" ;;
*' restore '*)
  for _n in $(seq 1 "$(cat "$SECONDS_FILE")"); do sleep 0.1 & wait $!; done
  mkdir "$DATA/folder"; printf text >"$DATA/folder/file" ;;
*' show '*) printf '{"entries":[]}' ;;
esac
"""
_MANIFEST = manifest(rootEntry={"obj": "k1", "summ": {"size": 4, "files": 1, "symlinks": 0, "dirs": 2, "numFailed": 0}})
_GIVEN = {
    "MV_SNAPSHOT": SNAPSHOT_ID,
    "MV_AGAIN": "true",
    "MV_PARALLEL": "8",
    "MV_SPARSE": "",
    "MV_SKIP": "--skip-owners",
    "MV_SAMPLES": "3",
    "MV_BANDWIDTH": "0",
    "MV_CONNECT_SECONDS": "60",
    "MV_CONFIG": "{}",
    "KOPIA_PASSWORD": "pass * word $x\n",
}
_WANTED = {"ARKIVE_DATA_OF": "tmp=1", "ARKIVE_DATA_FILLED": "", "ARKIVE_RESTORE": "r", "ARKIVE_SECONDS": "600"}


class Container:
    """``wait`` is its first process; ``run`` runs a command in it, whose input stays open."""

    def __init__(self, folder: Path) -> None:
        self.home, self.data, self.message = folder / "home", folder / "data", folder / "message"
        self.calls, self.seconds = folder / "calls", folder / "seconds"
        (folder / "bin").mkdir()
        self.data.mkdir()
        self.calls.touch()
        self.seconds.write_text("1")
        kopia = folder / "bin" / "kopia"
        kopia.write_text(_KOPIA)
        kopia.chmod(0o755)
        self._environment = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "CALLS": str(self.calls),
            "SECONDS_FILE": str(self.seconds),
            "DATA": str(self.data),
            "MANIFEST": _MANIFEST,
        }
        self._running: list[subprocess.Popen[str]] = []

    def wait(self, **environment: str) -> subprocess.Popen[str]:
        return self._start(["/bin/sh", "-euc", self._placed(wait_script())], {**_WANTED, **environment})

    def run(self, script: str = "") -> subprocess.Popen[str]:
        self.home.mkdir(exist_ok=True)
        found = self._start(COMMAND, {})
        self.give(found, program_line(self._placed(script or fill_script(0))))
        return found

    def _placed(self, script: str) -> str:
        script = script.replace(EPHEMERAL_DIR, str(self.home)).replace(mount_path(0), str(self.data))
        return script.replace("/dev/termination-log", str(self.message))

    def _start(self, argv: t.Sequence[str], environment: t.Mapping[str, str]) -> subprocess.Popen[str]:
        found = subprocess.Popen(
            argv,
            env={**self._environment, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._running.append(found)
        return found

    def give(self, command: subprocess.Popen[str], text: str = "") -> None:
        assert command.stdin is not None
        os.write(command.stdin.fileno(), (text or self.given()).encode())

    def given(self) -> str:
        folder = work_folder(0).replace(EPHEMERAL_DIR, str(self.home))
        values = {**_GIVEN, "KOPIA_CONFIG_PATH": f"{folder}/repository.config"}
        return "".join(f"{name}={base64.b64encode(each.encode()).decode()}\n" for name, each in values.items()) + ".\n"

    def await_that(self, holds: t.Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end, self.calls.read_text()
            time.sleep(0.05)

    def close(self) -> None:
        for each in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(each.pid, signal.SIGKILL)
            each.wait()
            for stream in (each.stdin, each.stdout):
                if stream is not None:
                    stream.close()


@pytest.fixture
def container(tmp_path: Path) -> t.Iterator[Container]:
    found = Container(tmp_path)
    yield found
    found.close()


def ended(command: subprocess.Popen[str]) -> tuple[Outcome | None, str]:
    assert command.stdout is not None
    text = command.stdout.read()
    command.wait(60)
    return parse_outcome(text), text


def test_a_volume_is_filled_and_the_pod_goes_on(container: Container) -> None:
    waiting = container.wait()
    container.await_that(container.home.is_dir)
    command = container.run()
    container.give(command)
    outcome, text = ended(command)
    assert outcome is not None
    assert (outcome.state, outcome.one("counted")) == ("done", "1 4 0 1")
    assert "sample 1 " in text
    assert (container.data / "folder" / "file").read_text() == "text"
    assert [path.name for path in container.data.iterdir()] == ["folder"], "no mark of ours"
    calls = container.calls.read_text()
    assert "|pass * word $x\n\n" in calls, "with the newline at its end"
    assert "--readonly" not in calls, "its configuration says that"
    # Nothing is kept of what it was given, and of its work.
    container.await_that(lambda: not (container.home / "0").exists())
    kept = [path.name for path in container.home.rglob("*") if path.is_file() and path.name != "here"]
    assert kept == []
    assert waiting.poll() is None
    assert container.run(let_go_script()).wait(60) == 0
    assert waiting.wait(60) == 0
    assert container.message.read_text() == "The volumes of this pod have got their data.\n"


def test_one_that_is_started_again_knows_that_all_is_there(container: Container) -> None:
    """The node's files of it are gone, as after a reboot; the annotations of the pod are not."""
    assert container.wait(ARKIVE_DATA_FILLED="tmp=1").wait(60) == 0
    waiting = container.wait(ARKIVE_DATA_FILLED="tmp=0")
    container.await_that(container.home.is_dir)
    assert waiting.poll() is None


def test_nobody_comes(container: Container) -> None:
    """The pod does not start on empty volumes, and says why."""
    waiting = container.wait(ARKIVE_SECONDS="0")
    assert waiting.wait(60) == 1
    said = container.message.read_text()
    assert said.startswith("Nobody has brought the data of the volumes of this pod (tmp=1) for 0 s")
    assert "Run the restore 'r' again" in said


def test_who_is_being_filled_is_not_given_up(container: Container) -> None:
    container.seconds.write_text("40")
    waiting = container.wait(ARKIVE_SECONDS="2")
    command = container.run()
    container.give(command)
    outcome, _text = ended(command)
    assert outcome is not None
    assert outcome.state == "done"
    assert waiting.poll() is None
    assert waiting.wait(60) == 1


def test_a_pod_that_is_deleted_ends_at_once(container: Container) -> None:
    waiting = container.wait()
    container.await_that(container.home.is_dir)
    waiting.terminate()
    assert waiting.wait(10) == 143


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_who_brings_it_is_gone(container: Container, end: str) -> None:
    """What is half done stays, marked, for whoever comes next."""
    container.seconds.write_text("600")
    command = container.run()
    container.give(command)
    container.await_that(lambda: " restore " in container.calls.read_text())
    assert command.stdin is not None
    if end == "closed":
        command.stdin.close()
        outcome, _text = ended(command)
        assert outcome is not None
        assert outcome.state == "cancelled"
    else:
        os.killpg(command.pid, signal.SIGKILL)
        command.wait()
    assert (container.data / ".arkive-restoring").read_text().strip() == SNAPSHOT_ID
    container.seconds.write_text("1")
    again = container.run()
    container.give(again)
    outcome, _text = ended(again)
    assert outcome is not None
    assert (outcome.state, [path.name for path in container.data.iterdir()]) == ("done", ["folder"])


def test_what_is_given_in_part_is_not_used(container: Container) -> None:
    command = container.run()
    container.give(command, "".join(f"{line}\n" for line in container.given().splitlines()[:-2]))
    assert command.stdin is not None
    command.stdin.close()
    outcome, _text = ended(command)
    assert outcome is not None
    assert (outcome.state, outcome.step, container.calls.read_text()) == ("failed", "wait", "")


def test_one_at_a_time_fills(container: Container) -> None:
    container.seconds.write_text("600")
    container.give(container.run())
    container.await_that(lambda: " restore " in container.calls.read_text())
    assert "-gt 300 ]" in fill_script(0)
    second = container.run(fill_script(0).replace("-gt 300 ]", "-gt 3 ]"))
    container.give(second)
    outcome, _text = ended(second)
    assert outcome is not None
    assert (outcome.state, outcome.step, outcome.code) == ("failed", "look", 16)
    assert container.calls.read_text().count(" restore ") == 1


def test_each_volume_has_folders_of_its_own() -> None:
    """Kopia's caches are of one repository, and counts of one volume."""
    assert "/arkive-restores/1/.arkive-restoring" in fill_script(1)
    assert work_folder(1) != work_folder(0)
    assert "/work" not in fill_script(1)
