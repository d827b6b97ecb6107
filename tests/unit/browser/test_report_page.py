# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page in a real Chromium: each view, search, sort, keyboard, sizes, paper, and that nothing else runs in it."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._report.page.backup_report import Report
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.page import page_of
from ansible_collections.arkive.k8s.tests.unit.browser.chromium import Page, browser
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._report.page.sample_reports import (
    hostile_backup,
    sample_backup,
    sample_location,
    with_objects,
)

#: Set by ``make units``: the script of axe-core.
AXE = "ARKIVE_TEST_AXE"
BACKUP_VIEWS = ["overview", "messages", "timeline", "volumes", "objects", "hooks", "freezes"]
LOCATION_VIEWS = ["overview", "messages", "schedules", "over-time", "backups", "deletions", "holds", "restores"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


class Shown:
    """A report in the page."""

    def __init__(self, page: Page, folder: pathlib.Path) -> None:
        self.page = page
        self._file = folder / "report.html"

    def show(self, report: Report, **how: t.Any) -> None:
        self._file.write_bytes(page_of(report))
        self.page.open(self._file, **how)

    def check_quiet(self) -> None:
        """Nothing was asked for but the page, and nothing complained."""
        asked = [address for address in self.page.requests() if not address.startswith("data:")]
        assert asked == [self._file.as_uri()]
        assert self.page.complaints() == []


@pytest.fixture
def shown(page: Page, tmp_path: pathlib.Path) -> Shown:
    return Shown(page, tmp_path)


def texts(page: Page, selector: str) -> list[str]:
    found: list[str] = page.evaluate(
        f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => each.textContent)"
    )
    return found


@pytest.mark.parametrize("width", [360, 1280, 3840])
@pytest.mark.parametrize(
    ("report", "views"),
    [(sample_backup(), BACKUP_VIEWS), (sample_location(), LOCATION_VIEWS)],
    ids=["backup", "location"],
)
def test_each_view_at_each_width(shown: Shown, report: Report, views: list[str], width: int) -> None:
    shown.show(report, width=width, dark=width == 1280)
    assert shown.page.evaluate("[...document.querySelectorAll('main section')].map((each) => each.id)") == views
    assert shown.page.evaluate("[...document.querySelectorAll('nav a')].map((each) => each.hash.slice(1))") == views
    assert shown.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    narrow = shown.page.evaluate(
        "[...document.querySelectorAll('.picture svg')].every((each) => each.clientWidth > 200)"
    )
    assert narrow
    shown.check_quiet()


def test_errors_come_first_with_what_to_do(shown: Shown) -> None:
    shown.show(sample_backup())
    kinds = shown.page.evaluate("[...document.querySelectorAll('.messages li')].map((each) => each.className)")
    assert kinds == sorted(kinds)
    assert kinds[0] == "error"
    assert any("k8s_access_info" in text for text in texts(shown.page, ".messages li"))
    spans = shown.page.evaluate(
        "[...document.querySelectorAll('#timeline .picture rect')].map((each) => each.className.baseVal)"
    )
    assert sorted(set(spans)) == ["backup", "database", "freeze", "hook", "snapshot"]
    assert "db-password" in " ".join(texts(shown.page, "#objects td"))


def test_search_sort_and_scroll_among_fifty_thousand(shown: Shown) -> None:
    shown.show(with_objects(50_000))
    page = shown.page
    drawn = "document.querySelectorAll('#objects tbody tr:not(.gap)').length"
    count = "document.querySelector('#objects output').textContent"
    assert 0 < page.evaluate(drawn) < 200
    assert page.evaluate(count) == "50,000 rows"
    page.evaluate("document.querySelector('#objects input').focus()")
    page.type("deployment 4999")
    page.wait_for(f"{count}.includes(' of ')")
    assert page.evaluate(count) == "10 rows of 50,000"
    assert texts(page, "#objects tbody tr:not(.gap) td:last-child")[0] == "name-4999"
    page.evaluate("document.querySelector('#objects input').select()")
    page.press("Backspace", 8)
    page.wait_for(f"{count} === '50,000 rows'")
    page.evaluate("document.querySelectorAll('#objects th button')[2].focus()")
    page.press("Enter", 13, "\r")
    assert texts(page, "#objects tbody tr:not(.gap) td:last-child")[0] == "name-0"
    page.press("Enter", 13, "\r")
    assert texts(page, "#objects tbody tr:not(.gap) td:last-child")[0] == "name-49999"
    assert page.evaluate("document.querySelectorAll('#objects th')[2].ariaSort") == "descending"
    page.evaluate("{ const box = document.querySelector('#objects .rows'); box.scrollTop = box.scrollHeight; }")
    page.wait_for("[...document.querySelectorAll('#objects tbody td')].some((each) => each.textContent === 'name-0')")
    assert page.evaluate(drawn) < 200
    page.evaluate(
        "{ const one = document.querySelector('#objects select');"
        " one.value = '1'; one.dispatchEvent(new Event('change')); }"
    )
    assert page.evaluate(count) == "25,000 rows of 50,000"
    shown.check_quiet()


def test_the_keyboard_reaches_the_content(shown: Shown) -> None:
    shown.show(sample_location())
    shown.page.press("Tab", 9)
    assert shown.page.evaluate("document.activeElement.className") == "skip"
    shown.page.press("Enter", 13, "\r")
    shown.page.wait_for("document.activeElement.id === 'main'")
    unreachable = shown.page.evaluate(
        "[...document.querySelectorAll('.rows, .picture')].filter((each) => each.tabIndex < 0).length"
    )
    assert unreachable == 0


def test_on_paper(shown: Shown) -> None:
    shown.show(with_objects(300))
    shown.page.evaluate(
        "addEventListener('beforeprint', () => {"
        " window.printed = document.querySelectorAll('#objects tbody tr').length; })"
    )
    document = shown.page.call("Page.printToPDF")["data"]
    assert document.startswith("JVBERi0")  # %PDF-
    assert shown.page.evaluate("window.printed") == 300
    assert shown.page.evaluate("document.querySelectorAll('#objects tbody tr').length") < 200
    shown.check_quiet()


def test_a_hostile_report_is_text(shown: Shown) -> None:
    shown.show(hostile_backup())
    page = shown.page
    assert page.evaluate("window.ran === undefined")
    assert page.evaluate("document.querySelectorAll('script').length") == 2
    assert (
        page.evaluate("document.querySelectorAll('img, iframe, object, embed, form, [onload], [onerror]').length") == 0
    )
    assert page.evaluate(
        "[...document.querySelectorAll('a')].every((each) => each.getAttribute('href').startsWith('#'))"
    )
    whole = page.evaluate("document.body.innerText + document.title")
    assert "<img src=x onerror=window.ran=1>" in whole
    assert "\\x1b[31mred" in whole
    assert "\\u202egnp.exe" in whole
    assert not set(whole) & {"\x1b", "\u202e", "\u2066", "\u200b"}
    assert page.evaluate("document.documentElement.outerHTML.length") < 500_000
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    shown.check_quiet()


#: Each of them has to fail.
_ATTEMPTS = """(async (address) => {
  const tried = [];
  const script = () => {
    const made = document.createElement('script');
    made.textContent = 'window.ran = 1';
    document.body.append(made);
  };
  const image = () => new Promise((done, failed) => {
    const made = new Image();
    Object.assign(made, { onload: done, onerror: failed, src: address });
  });
  const markup = () => { document.body.innerHTML += '<img src=x onerror="window.ran = 1">'; };
  for (const attempt of [script, markup, image, () => eval('window.ran = 1'), () => fetch(address)]) {
    try { await attempt(); tried.push(String(attempt)); } catch { /* as it should be */ }
  }
  return [tried, window.ran === undefined];
})"""


def test_nothing_else_runs_or_is_loaded(shown: Shown) -> None:
    """Even where somebody found a way to put elements into the page."""
    shown.show(sample_backup())
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/leak"
        result = shown.page.call(
            "Runtime.evaluate",
            expression=f"{_ATTEMPTS}({json.dumps(address)})",
            returnByValue=True,
            awaitPromise=True,
            allowUnsafeEvalBlockedByCSP=False,
        )
        assert result["result"]["value"] == [[], True]
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("report", [sample_backup(), sample_location()], ids=["backup", "location"])
def test_axe_finds_nothing_serious(shown: Shown, report: Report, dark: bool) -> None:
    shown.show(report, dark=dark)
    shown.page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true;")
    assert AXE in os.environ, f"{AXE} is not set: run make units, or name the axe.min.js of axe-core in it"
    source = pathlib.Path(os.environ[AXE]).read_text(encoding="utf-8")
    shown.page.evaluate(f"{source}; 1")
    # In the dark nothing differs but the colours.
    rules = "{ runOnly: ['color-contrast'] }" if dark else ""
    found = shown.page.evaluate(
        f"axe.run({rules}).then((result) => result.violations.map("
        "(each) => [each.impact, each.id, each.nodes.map((node) => node.html)]))"
    )
    assert [each for each in found if each[0] in ("serious", "critical")] == []
