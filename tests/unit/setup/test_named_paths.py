# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A page names files that are there."""

from __future__ import annotations

import pathlib

import pytest
from checks.named_paths import check_page, paths_of

PAGE = pathlib.PurePath("docs/page.md")


@pytest.fixture(name="root")
def fixture_root(tmp_path: pathlib.Path) -> pathlib.Path:
    for name in ("docs/other.md", "plugins/module_utils/_core/names.py", "Makefile"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        pytest.param("`_core/names.py`, `_core/`, `plugins/module_utils/_core/names.py`", [], id="there"),
        pytest.param("[other](other.md), [part](other.md#part)", [], id="links"),
        pytest.param("`_core/gone.py`", ["_core/gone.py"], id="gone"),
        pytest.param("`gone.py` and `gone/`", ["gone.py", "gone/"], id="file and folder"),
        pytest.param("[other](gone.md)", ["gone.md"], id="dead link"),
        pytest.param("`_core/<name>.py`, `_core/<name>/model.py`", [], id="to be made"),
        pytest.param("`_gone/<name>.py`", ["_gone/<name>.py"], id="to be made nowhere"),
        pytest.param("`ItemRef`, `velero.io`, `a b/c`, `apps/v1 x`, https://example.org/x", [], id="no paths"),
        pytest.param("```\n`_core/gone.py`\n```\n`Makefile`", [], id="fenced"),
    ],
)
def test_paths(root: pathlib.Path, text: str, missing: list[str]) -> None:
    (root / PAGE).write_text(text)
    assert check_page(root, PAGE) == [f"{PAGE}:1: there is no {path}." for path in missing]


def test_lines_are_counted_over_what_is_fenced() -> None:
    assert list(paths_of("```\nx\n```\n`a/b`")) == [(4, "a/b")]
