# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the program that fills a volume does about what is in it already, with a kopia that restores nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.scripts import PARTIAL_FILE, script_of

SNAPSHOT = "5" * 32
_KOPIA = r"""#!/bin/sh
case "$*" in
  *" snapshot list "*) cat FOLDER/listed ;;
  *" restore $MV_SNAPSHOT "*) printf '%s\n' "$*" >FOLDER/restored ;;
esac
"""


class Volume:
    """A folder that stands for it. ``summary``: of its snapshot."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.data = folder / "data"
        self.data.mkdir()
        self.summary = {"size": 8, "files": 2, "symlinks": 1, "dirs": 2, "numFailed": 0}

    def fill(self) -> None:
        """With as much as the snapshot has."""
        (self.data / "many").mkdir()
        for name in ("a", "many/b"):
            (self.data / name).write_text("four")
        (self.data / "link").symlink_to("nowhere")

    def run(self, **environment: str) -> tuple[str, str]:
        """The first line of its message with what follows, and what kopia was told to restore."""
        root = {"name": "data", "type": "d", "obj": "k1", "summ": self.summary}
        (self._folder / "listed").write_text(
            json.dumps([{"id": SNAPSHOT, "rootEntry": root}], separators=(",", ":")) + "\n"
        )
        kopia = self._folder / "kopia"
        kopia.write_text(_KOPIA.replace("FOLDER", str(self._folder)))
        kopia.chmod(0o755)
        names = ("BUCKET", "PREFIX", "ENDPOINT", "REGION", "SPARSE")
        given = {
            **{f"MV_{name}": "" for name in names},
            "MV_TLS": "true",
            "MV_VERIFY": "true",
            "MV_CONNECT_SECONDS": "20",
            "MV_BANDWIDTH": "0",
            "MV_SNAPSHOT": SNAPSHOT,
            "MV_AGAIN": "",
            "MV_PARALLEL": "8",
            "MV_SKIP": "--skip-owners",
            "MV_SAMPLES": "1",
            **environment,
            "PATH": f"{self._folder}:{os.environ['PATH']}",
        }
        script = script_of("download").replace("/dev/termination-log", f"{self._folder}/message")
        shell = shutil.which("dash") or "/bin/sh"
        argv = [shell, "-euc", script.replace("/work", str(self._folder))]
        # No pipe: what follows the progress would keep it open.
        quiet = subprocess.DEVNULL
        subprocess.run(argv, env=given, stdout=quiet, stderr=quiet, timeout=30, check=False)
        told, restored = self._folder / "message", self._folder / "restored"
        words = " ".join(told.read_text().split("\n")[:2]).removeprefix("arkive-mover ").strip()
        return words.partition(" manifest")[0], restored.read_text() if restored.exists() else ""


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume(tmp_path)


def _nothing(_volume: Volume) -> None:
    """It is empty."""


def _whole(volume: Volume) -> None:
    volume.fill()


def _more(volume: Volume) -> None:
    volume.fill()
    (volume.data / "many" / "mine").write_text("")


def _other_size(volume: Volume) -> None:
    volume.fill()
    (volume.data / "a").write_text("longer")


def _no_link(volume: Volume) -> None:
    volume.fill()
    (volume.data / "link").unlink()


def _other_folders(volume: Volume) -> None:
    volume.fill()
    (volume.data / "many" / "empty").mkdir()


def _half(volume: Volume) -> None:
    (volume.data / "a").write_text("four")
    (volume.data / PARTIAL_FILE).write_text(f"{SNAPSHOT}\n")


@pytest.mark.parametrize(
    ("made", "again", "skips"),
    [
        (_nothing, "", False),
        (_nothing, "true", False),
        (_half, "", False),
        (_half, "true", False),
        # The pod of a run that was killed has filled it, and nobody has said so of the claim.
        (_whole, "true", True),
    ],
)
def test_it_is_filled(volume: Volume, made: t.Callable[[Volume], None], again: str, skips: bool) -> None:
    made(volume)
    said, restored = volume.run(MV_AGAIN=again)
    assert said == "done compare 0"
    assert ("--skip-existing" in restored) is skips
    assert not (volume.data / PARTIAL_FILE).exists()


@pytest.mark.parametrize(
    ("made", "again"),
    [(_whole, ""), (_more, "true"), (_other_size, "true"), (_no_link, "true"), (_other_folders, "true")],
)
def test_what_is_somebody_elses_stays(volume: Volume, made: t.Callable[[Volume], None], again: str) -> None:
    made(volume)
    before = sorted(volume.data.rglob("*"))
    said, restored = volume.run(MV_AGAIN=again)
    assert said.startswith("failed look 17 ")
    assert restored == ""
    assert sorted(volume.data.rglob("*")) == before


def test_a_volume_with_a_folder_of_its_file_system_is_as_full_as_its_snapshot(volume: Volume) -> None:
    """``lost+found`` is not counted, and the snapshot may have it."""
    volume.fill()
    (volume.data / "lost+found").mkdir()
    volume.summary["dirs"] += 1
    said, restored = volume.run(MV_AGAIN="true")
    assert said == "done compare 0"
    assert "--skip-existing" in restored
