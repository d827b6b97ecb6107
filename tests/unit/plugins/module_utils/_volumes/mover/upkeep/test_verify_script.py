# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the program that reads back a repository makes of kopia's answers (docs/compatibility 18.2), which are given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._volumes.mover.script_lab import run_script

_NAMED = "error processing 5/a: object k0123456789abcdef0123456789abcdef is not there"


@pytest.mark.parametrize(
    ("code", "errors", "said", "told"),
    [
        pytest.param(0, 0, "", "done", id="all is well"),
        pytest.param(1, 1, _NAMED, "done", id="damage, which is named"),
        pytest.param(1, 2, "", "done", id="damage, which is counted"),
        pytest.param(1, 0, "it was interrupted", "failed", id="a failure that names no damage proves nothing"),
        pytest.param(1, None, "there is no connection", "failed", id="no answer"),
    ],
)
def test_only_an_answer_is_one(tmp_path: Path, code: int, errors: int | None, said: str, told: str) -> None:
    answer = json.dumps({"stats": {}, "errorCount": errors}, separators=(",", ":")) if errors is not None else ""
    (tmp_path / "answer").write_text(answer)
    (tmp_path / "errors-of-kopia").write_text(f"{said}\n" if said else "")
    cases = f"""
      *" snapshot list "*) echo '[]' ;;
      *" snapshot verify "*) cat FOLDER/errors-of-kopia >&2; cat FOLDER/answer; exit {code} ;;
    """
    message = run_script(tmp_path, "verify", cases, MV_PERCENT="100")
    assert message[0].split()[:3] == ["arkive-mover", told, "verify"]
