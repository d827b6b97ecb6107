# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell lines of the guides: what they name is there by then, and says what the playbooks read.

They are read, not run: pip, kubectl and a cluster are none of a unit test.
"""

from __future__ import annotations

import itertools
import json
import pathlib
import re
import shlex
import textwrap
import typing as t

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("guide_*.rst"))
FIRST = ROOT / "docs" / "docsite" / "rst" / "guide_first_restore.rst"

_BLOCK = re.compile(r"^( *)\.\. code-block:: (?:shell|console)\n\n((?:\1 {3,4}.*\n|\s*\n)+)", re.MULTILINE)
_WRITTEN = re.compile(r"[Ww]rite ``([\w-]+\.yml)``")
_USED_PATH = re.compile(r"^ +path: (/\S+)$", re.MULTILINE)


class Line(t.NamedTuple):
    """One command. ``before``: all of the guide that stands before its block."""

    words: list[str]
    before: str


def lines_of(text: str) -> t.Iterator[Line]:
    for block in _BLOCK.finditer(text + "\n"):
        for line in textwrap.dedent(block[2]).replace("\\\n", " ").splitlines():
            command = line.removeprefix("$ ").strip()
            if command and not command.startswith("#"):
                yield Line(shlex.split(command), text[: block.end()])


def extra_variables(words: list[str]) -> t.Iterator[tuple[str, str]]:
    """Names with values; a file is named with an at sign in front, and has no name of its own."""
    for option, value in itertools.pairwise(words):
        if option == "-e" and value.startswith("{"):
            yield from ((name, str(each)) for name, each in json.loads(value).items())
        elif option == "-e" and value.startswith("@"):
            yield "", value[1:]
        elif option == "-e" and "=" in value:
            name, _equals, given = value.partition("=")
            yield name, given


def problems_of_playbooks(text: str) -> list[str]:
    """Playbooks that are not there, and variables that they do not read."""
    found = []
    for words, _before in lines_of(text):
        if words[0] != "ansible-playbook":
            continue
        playbook = words[1]
        shipped = ROOT / "playbooks" / f"{playbook.removeprefix('arkive.k8s.')}.yml"
        if playbook.startswith("arkive.k8s."):
            if not shipped.exists():
                found.append(f"there is no playbook {playbook}")
                continue
            read = shipped.read_text()
            found += [
                f"{playbook} does not read {name}"
                for name, _value in extra_variables(words)
                if name and not re.search(rf"\b{name}\b", read)
            ]
    return found


def problems_in_order(text: str) -> list[str]:
    """For a guide that begins in an empty directory: what is used before it is made."""
    found: list[str] = []
    directories: set[str] = set()
    namespaces: set[str] = set()
    for words, before in lines_of(text):
        written = set(_WRITTEN.findall(before))
        files = [value for name, value in extra_variables(words) if not name]
        files += [word for word in words[1:2] if words[0] == "ansible-playbook" and word.endswith(".yml")]
        found += [f"{name} is not written yet" for name in files if name not in written]
        if words[0] == "mkdir":
            directories.add(words[-1])
        if words[:3] == ["kubectl", "create", "namespace"]:
            namespaces.add(words[3])
        for name, value in extra_variables(words):
            if name == "restore_namespace_mapping":
                namespaces |= set(re.findall(r"'([\w-]+)'", value))
        if words[:2] == ["kubectl", "-n"] and words[2] not in namespaces:
            found.append(f"namespace {words[2]} is not made yet")
        if words[:3] == ["kubectl", "delete", "namespace"] and words[3] not in namespaces:
            found.append(f"namespace {words[3]} was never made")
    return found + [f"{path} is never made" for path in _USED_PATH.findall(text) if path not in directories]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_playbooks_are_there_and_read_what_they_are_given(guide: pathlib.Path) -> None:
    assert problems_of_playbooks(guide.read_text()) == []


def test_the_first_guide_uses_what_it_has_made() -> None:
    lines = list(lines_of(FIRST.read_text()))
    assert {"python3", "pip", "kubectl", "mkdir", "ansible-playbook", "ansible-galaxy"} <= {
        line.words[0] for line in lines
    }
    assert problems_in_order(FIRST.read_text()) == []


@pytest.mark.parametrize(
    ("was", "instead", "said"),
    [
        ("mkdir -m 700 /var/tmp/arkive-first", "ls", "/var/tmp/arkive-first is never made"),
        ("Write ``clean-up.yml``", "Take ``clean-up.yml``", "clean-up.yml is not written yet"),
        ("kubectl create namespace shop", "ls", "namespace shop is not made yet"),
        ("Write ``location.yml``", "Have a location", "location.yml is not written yet"),
        ("arkive.k8s.restore -e @", "arkive.k8s.restores -e @", "there is no playbook arkive.k8s.restores"),
        ("restore_wait=true", "restore_waits=true", "arkive.k8s.restore does not read restore_waits"),
        ('"shop": "shop-copy"', '"shop": "shop-kopie"', "namespace shop-copy is not made yet"),
    ],
)
def test_a_mistake_is_found(was: str, instead: str, said: str) -> None:
    text = FIRST.read_text()
    assert was in text
    wrong = text.replace(was, instead)
    assert said in problems_in_order(wrong) + problems_of_playbooks(wrong)


def test_continued_lines_and_prompts_are_one_command() -> None:
    text = ".. code-block:: console\n\n    $ ls \\\n        -l\n    # a note\n"
    assert [line.words for line in lines_of(text)] == [["ls", "-l"]]
