# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files do not say at once what they are for."""

from __future__ import annotations

import pathlib

import pytest
from checks.module_docstrings import check_docstrings

_HEADER = "# Copyright (c) 2026\n# SPDX-License-Identifier: GPL-3.0-or-later\n\n"
_DOCSTRING = '"""What it is for."""\n'


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        pytest.param(f"{_HEADER}{_DOCSTRING}\n# Private.\n\nimport os\n", True, id="first"),
        pytest.param(f"#!/usr/bin/python\n{_HEADER}{_DOCSTRING}", True, id="below the interpreter"),
        pytest.param(f"{_HEADER}# Private.\n\n{_DOCSTRING}", False, id="below a comment"),
        pytest.param(f"{_HEADER}import os\n\n{_DOCSTRING}", False, id="below an import"),
        pytest.param(f"{_HEADER}import os\n", False, id="none"),
        pytest.param("", False, id="an empty file"),
    ],
)
def test_what_stands_first(tmp_path: pathlib.Path, text: str, fine: bool) -> None:
    for folder in ("module_utils", "modules"):
        path = tmp_path / "plugins" / folder / "thing.py"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    assert [problem.partition(":")[0] for problem in check_docstrings(tmp_path)] == (
        [] if fine else ["plugins/module_utils/thing.py"]
    )
