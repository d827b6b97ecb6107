# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each citation of the compatibility pages resolves, and a wrong one is found."""

from __future__ import annotations

import pathlib

import pytest
from checks.citations import check_citations, check_file, read_ids

PAGE = pathlib.PurePath("docs/compatibility/page.md")
TEST = pathlib.PurePath("tests/unit/test_x.py")
CODE = pathlib.PurePath("plugins/module_utils/_core/x.py")

#: In pieces, so that the check does not read what is only an example here.
CITED = "docs" + "/compatibility"
SPEC = "sp" + "ec"


def page(*lines: str) -> dict[pathlib.PurePath, str]:
    return {PAGE: "\n".join(lines)}


def test_sections_and_rows_have_ids() -> None:
    pages = page(
        "# Title",
        "## 3 Backups",
        "### 3.4 Filters",
        "#### 5.8.1 More",
        "| Step | What |",
        "|---|---|",
        "| 5.6.1 | x |",
        "",
        "| Id | Given |",
        "|---|---|",
        "| A7 | x |",
        "| E-1 | x |",
        "",
        "| Version | Not an id |",
        "|---|---|",
        "| 1.13 | x |",
    )
    assert read_ids(pages) == ({"3", "3.4", "5.8.1", "5.6.1", "A7", "E-1"}, [])


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        pytest.param(["## 3 A", "## 3 B"], f"{PAGE}:2: 3 is at {PAGE}:1 already.", id="section"),
        pytest.param(["| Id |", "|---|", "| A1 |", "| A1 |"], f"{PAGE}:4: A1 is at {PAGE}:3 already.", id="row"),
        pytest.param(["| Id |", "|---|", "| x |"], f"{PAGE}:3: a row of a table of ids has no id.", id="no id"),
    ],
)
def test_pages_that_are_wrong(lines: list[str], problem: str) -> None:
    _ids, problems = read_ids(page(*lines))
    assert problems == [problem]


def test_an_id_on_two_pages_is_doubled() -> None:
    other = pathlib.PurePath("docs/compatibility/z.md")
    assert read_ids(page("## 3 A") | {other: "## 3 A"})[1] == [f"{other}:1: 3 is at {PAGE}:1 already."]


IDS = {"3", "3.4", "3.5", "5.6.1", "A7", "D1", "E-1"}


@pytest.mark.parametrize(
    "line",
    [
        f'"""Filters (Velero 1.18, {CITED} 3.4)."""',
        f"# {CITED} A7, E-1 and 3.4",
        f"# {CITED} 3.4 to 3.5: what is listed",
        f'"""{CITED} 3."""',
        f"# {CITED} 5.6.1, in 2 of 3 ways",
        f'x = p(id="A7-nested")  # {CITED} A7',
        f'x = p(ids=["D1-E-1", "plain"])  # {CITED} A7',
        "# RFC 8259, " + "section 6",
        "# 12 pods, 0.5 s and 3.7 MB",
        '"""Ark 0.3 wrote it."""',
        'x = "' + SPEC + ' 3.9"',
        'x = p(id="Z1-of-no-table")',
    ],
)
def test_what_is_fine(line: str) -> None:
    assert check_file(TEST, line, IDS) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param(f"# {CITED} 3.6", "3.6 is not in docs/compatibility", id="section"),
        pytest.param(f"# {CITED} A8", "A8 is not in", id="row"),
        pytest.param(f"# {CITED} 3.4, 3.7", "3.7 is not in", id="second"),
        pytest.param(f"# {CITED} 3.4 to 3.7", "3.7 is not in", id="end of a range"),
        pytest.param(f"# {CITED} 3.44", "3.44 is not in", id="no part of a number"),
        pytest.param(f'"""As ({SPEC} 3.4)."""', "another form", id="before there were pages"),
        pytest.param("# the " + "checklist 10.2", "another form", id="checklist"),
        pytest.param("# A7: nested", "another form", id="bare row"),
        pytest.param('"""3.4: filters."""', "another form", id="bare section"),
        pytest.param(f"# see {CITED}", "another form", id="broken over lines"),
        pytest.param(f'x = p(id="A8-x")  # {CITED} A7', "A8 is not in", id="name of a case"),
        pytest.param('x = p(id="A7-x")', "which the file does not name", id="name without the pages"),
    ],
)
def test_what_is_not(line: str, words: str) -> None:
    (problem,) = check_file(TEST, line, IDS)
    assert words in problem
    assert problem.startswith(f"{TEST}:1: ")


def test_shipped_code_has_no_names_of_cases() -> None:
    assert check_file(CODE, 'x = p(id="A7-x")', IDS) == []


def test_pages_refer_to_what_is_there(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / PAGE.parent
    folder.mkdir(parents=True)
    (tmp_path / PAGE).write_text("## 3 A\n\nSee below, see 4.9 (3).\n")
    assert check_citations(tmp_path) == [f"{PAGE}:3: 4.9 is not in docs/compatibility."]
