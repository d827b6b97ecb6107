# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the program that forgets snapshots does where kopia cannot forget some: the others go all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.script_lab import run_script

_CASES = """
  *" --delete bad"*) echo "the manifest of it is damaged: $*" >&2; exit 1 ;;
  *" --delete none"*) echo "no snapshots matched" >&2; exit 1 ;;
"""


@pytest.mark.parametrize(
    ("ids", "state", "told"),
    [
        pytest.param("a b", "done", ["forgot a", "forgot b"], id="all"),
        pytest.param("a none b", "done", ["forgot a", "missing none", "forgot b"], id="one is gone already"),
        pytest.param("bad1 a b", "failed", ["forgot a", "forgot b"], id="the first cannot be"),
        pytest.param("bad1 bad2 a bad3 b", "failed", ["forgot a", "forgot b"], id="some cannot be"),
        pytest.param("a bad1 bad2 bad3 b", "failed", ["forgot a"], id="after three in a row the rest is not tried"),
    ],
)
def test_one_that_cannot_be_forgotten_keeps_no_other(tmp_path: Path, ids: str, state: str, told: list[str]) -> None:
    message = run_script(tmp_path, "forget", _CASES, MV_IDS=ids)
    assert message[0].split()[:3] == ["arkive-mover", state, "forget"]
    assert [line for line in message if line.startswith(("forgot ", "missing "))] == told
    reasons = [line for line in message if "is damaged" in line]
    assert [reason.endswith("bad1") for reason in reasons] == ([True] if state == "failed" else [])
