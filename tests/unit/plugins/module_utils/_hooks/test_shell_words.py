# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that mean something to a shell only. Source: docs/compatibility 4.2: nothing of a command is split."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.explanations import explain_cause, explain_exit
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.shell_words import shell_advice

_WHOLE = "no shell is run, and a program with this whole text as its name is looked for: write "


@pytest.mark.parametrize(
    ("argv", "advice"),
    [
        (("echo hi > x",), _WHOLE + '["/bin/sh", "-c", "echo hi > x"]'),
        (("mysql -e 'FLUSH TABLES'",), _WHOLE + '["mysql", "-e", "FLUSH TABLES"]'),
        (("echo $HOME",), _WHOLE + '["/bin/sh", "-c", "echo $HOME"]'),
        (("echo 'a",), _WHOLE + '["/bin/sh", "-c", "echo \'a"]'),
        (
            ("echo", "hi", ">", "x"),
            'no shell is run, and echo is given \'>\' as a word: write ["/bin/sh", "-c", "echo hi > x"]',
        ),
        (
            ("cat", "a b", "|", "wc", "-l"),
            'no shell is run, and cat is given \'|\' as a word: write ["/bin/sh", "-c", "cat \'a b\' | wc -l"]',
        ),
        (
            ("sync", "&&", "true"),
            'no shell is run, and sync is given \'&&\' as a word: write ["/bin/sh", "-c", "sync && true"]',
        ),
        (
            ("dump", "2>&1"),
            'no shell is run, and dump is given \'2>&1\' as a word: write ["/bin/sh", "-c", "dump 2>&1"]',
        ),
        (("/bin/sh", "-c", "echo hi > x"), ""),
        (("/usr/bin/bash", "-c", "a | b"), ""),
        (("echo", "a > b"), ""),
        (("psql", "-c", "select 1; select 2"), ""),
        (("/bin/true",), ""),
        ((), ""),
    ],
)
def test_what_to_write(argv: tuple[str, ...], advice: str) -> None:
    assert shell_advice(argv) == advice


def test_it_is_the_cause_of_a_program_that_is_not_there() -> None:
    said = 'exec failed: exec: "echo hi > x": executable file not found in $PATH'
    assert explain_cause(("echo hi > x",), said) == shell_advice(("echo hi > x",))
    assert "image has no such program" in explain_cause(("echo",), 'exec: "echo": executable file not found in $PATH')


def test_it_is_the_cause_of_whatever_an_operator_leads_to() -> None:
    said = explain_exit(("cat", "<", "x"), 1, b"cat: '<': No such file or directory\n")
    assert said.endswith('(no shell is run, and cat is given \'<\' as a word: write ["/bin/sh", "-c", "cat < x"])')


def test_a_program_with_a_blank_in_its_name_that_fails_is_not_about_shells() -> None:
    assert explain_cause(("/opt/my tool",), "bad input", rc=3) == ""
