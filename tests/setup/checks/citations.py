# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every citation of docs/compatibility resolves, and has the form that its README.md gives.

A section is a heading that begins with its number. The rows of a table whose first column is "Id" or "Step" have the
id that stands there.
"""

from __future__ import annotations

import ast
import io
import pathlib
import re
import tokenize
import typing as t

_PAGES = pathlib.PurePath("docs", "compatibility")

#: The tables are A to I.
_ROW = r"[A-I]-?\d{1,2}"
_NUMBER = r"\d{1,2}(?:\.\d{1,2}){0,2}"
_ID = rf"(?:{_ROW}|{_NUMBER})(?![\w]|\.\d)"
_LIST = rf"{_ID}(?:(?:, | and | to ){_ID})*"

_CITATION = re.compile(rf"docs/compatibility ({_LIST})")
_EACH_ID = re.compile(_ID)

_HEADING = re.compile(rf"#{{2,4}} ({_NUMBER}) ")
_TABLE = re.compile(r"\| (?:Id|Step) \|")
_TABLE_ROW = re.compile(rf"\| ({_ROW}|{_NUMBER}) \|")
_REFERENCE = re.compile(rf"\b(?:see|section|as) ({_ID})|\(({_LIST})\)")

#: What was a citation before there were these pages, or is one of something that readers do not have.
_OTHER_FORM = re.compile(
    rf"\b(?:[Ss]pec|[Ss]ections?|[Cc]hecklist|[Rr]ows?|[Cc]ases?|[RB]IA) {_ID}"
    rf"|(?:^|(?<=\s))(?:#:? |\"\"\")(?:{_ROW}|\d{{1,2}}\.\d{{1,2}}(?:\.\d{{1,2}})?)(?:[,:;.\"]|$)"
    r"|docs/compatibility\s*$",
    re.MULTILINE,
)
#: Sections of other documents.
_ELSEWHERE = re.compile(r"\bRFC \d|POSIX")

#: At the start of a test case's name.
_MAY_NAME = re.compile(rf"[\"\']{_ROW}")
_NAMED = re.compile(rf"({_ROW})(?![\w])(?:(?:, |-)({_ROW})(?![\w]))*")
_FOLDERS = ("plugins", "tests", "roles", "playbooks")
_SUFFIXES = (".py", ".yml", ".yaml", ".rst", ".md")


def check_citations(root: pathlib.Path) -> list[str]:
    """What is wrong below ``root``, a sentence each with the file and line."""
    pages: dict[pathlib.PurePath, str] = {
        path.relative_to(root): path.read_text() for path in sorted((root / _PAGES).glob("*.md"))
    }
    ids, problems = read_ids(pages)
    for page, text in pages.items():
        problems += _unknown(page, _references(text), ids)
    for path in _files(root):
        problems += check_file(path.relative_to(root), path.read_text(), ids)
    return problems


def read_ids(pages: t.Mapping[pathlib.PurePath, str]) -> tuple[set[str], list[str]]:
    """The ids of all pages, and what is wrong with them."""
    places: dict[str, str] = {}
    problems = []
    for page, text in pages.items():
        for number, found in _ids_of(text):
            place = f"{page}:{number}"
            if not found:
                problems.append(f"{place}: a row of a table of ids has no id.")
            elif found in places:
                problems.append(f"{place}: {found} is at {places[found]} already.")
            else:
                places[found] = place
    return set(places), problems


def check_file(path: pathlib.PurePath, text: str, ids: t.Container[str]) -> list[str]:
    """What is wrong with the citations of one file."""
    problems = _unknown(path, _citations(text), ids)
    if path.suffix == ".py":
        problems += [
            f"{path}:{number}: {line.strip()!r} cites in another form than 'docs/compatibility ID'."
            for number, line in _prose(text)
            if _OTHER_FORM.search(line) and not _ELSEWHERE.search(line)
        ]
    if path.parts[0] == "tests" and path.suffix == ".py":
        named = list(_names_of_cases(text))
        problems += _unknown(path, named, ids)
        if named and "docs/compatibility" not in text:
            problems.append(
                f"{path}:{named[0][0]}: names of cases begin with ids of {_PAGES}, which the file does not name."
            )
    return problems


def _unknown(path: pathlib.PurePath, cited: t.Iterable[tuple[int, str]], ids: t.Container[str]) -> list[str]:
    return [f"{path}:{number}: {each} is not in {_PAGES}." for number, each in cited if each not in ids]


def _ids_of(page: str) -> t.Iterator[tuple[int, str]]:
    """Line and id of each section and row; the id is empty where a row lacks it."""
    in_table = False
    for number, line in enumerate(page.splitlines(), 1):
        if heading := _HEADING.match(line):
            yield number, heading[1]
        if not line.startswith("|"):
            in_table = False
        elif _TABLE.match(line):
            in_table = True
        elif in_table and not line.startswith("|---"):
            row = _TABLE_ROW.match(line)
            yield number, row[1] if row else ""


def _references(page: str) -> t.Iterator[tuple[int, str]]:
    """What a page cites of the pages: ``see 5.8``, ``(3.4, 5.6)``."""
    for number, line in enumerate(page.splitlines(), 1):
        for found in _REFERENCE.finditer(line):
            yield from ((number, each) for each in _EACH_ID.findall(found[1] or found[2]))


def _citations(text: str) -> t.Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        for found in _CITATION.finditer(line):
            yield from ((number, each) for each in _EACH_ID.findall(found[1]))


def _prose(text: str) -> t.Iterator[tuple[int, str]]:
    """The lines of comments and docstrings, of a text that may have something to find there."""
    if not _OTHER_FORM.search(text):
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith('"""')):
            yield from enumerate(token.string.splitlines(), token.start[0])


def _names_of_cases(text: str) -> t.Iterator[tuple[int, str]]:
    """The ids with which the names of pytest's cases begin: ``id="D1-D9"``, ``ids=["A19", "A2"]``."""
    if not _MAY_NAME.search(text):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.keyword) and node.arg in ("id", "ids"):
            for each in ast.walk(node.value):
                if isinstance(each, ast.Constant) and (named := _NAMED.match(str(each.value))):
                    yield from ((each.lineno, found) for found in re.findall(_ROW, named[0]))


def _files(root: pathlib.Path) -> t.Iterator[pathlib.Path]:
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            if path.suffix in _SUFFIXES and path.is_file() and parts[:2] != ("tests", "output"):
                yield path


__all__ = ("check_citations", "check_file", "read_ids")
