# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page on what was tried says what the tests said, of the versions that the local cluster has."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from checks import shares, tested


@pytest.fixture(scope="module")
def live_folders() -> set[str]:
    return {file.removeprefix(f"{tested.LIVE}/").partition("/")[0] for file in shares.live_files()}


def test_every_folder_of_live_tests_has_a_title(live_folders: set[str]) -> None:
    assert set(tested.AREAS) == live_folders


def test_what_passed_and_failed_is_counted_by_folder(tmp_path: Path) -> None:
    prefix = tested.LIVE.replace("/", ".")
    results = tmp_path / "junit.xml"
    results.write_text(
        "<testsuites><testsuite>"
        f'<testcase classname="{prefix}.restore.test_a" name="one"/>'
        f'<testcase classname="{prefix}.restore.test_b.TestIt" name="two"><failure/></testcase>'
        f'<testcase classname="{prefix}.store.test_c" name="three"><error/></testcase>'
        '<testcase classname="tests.unit.test_d" name="four"/>'
        "</testsuite></testsuites>"
    )
    assert tested.results_of([results]) == {"restore": tested.Result(1, 1), "store": tested.Result(0, 1)}


def test_page() -> None:
    page = tested.page({"restore": tested.Result(40, 1)}, datetime.date(2026, 11, 29))
    assert "``make test`` of 2026-11-29" in page
    assert f"   * - {tested.AREAS['restore']}\n     - 40\n     - 1\n" in page


def test_nothing_of_the_cluster_is_without_its_version() -> None:
    assert all(tested.versions().values())


def test_the_page_is_about_the_versions_of_now() -> None:
    """After an upgrade it is written anew, by ``make durations`` after a whole run."""
    page = tested.PAGE.read_text()
    assert all(f"   * - {title}\n     - {version}\n" in page for title, version in tested.versions().items())
