# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One and many."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, plural, some_of


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 items"), (1, "1 item"), (2, "2 items")], ids=["none", "one", "many"]
)
def test_counts(number: int, said: str) -> None:
    assert counted(number, "item") == said


def test_irregular() -> None:
    assert (counted(1, "entry", "entries"), counted(3, "entry", "entries")) == ("1 entry", "3 entries")
    assert (plural(1, "is", "are"), plural(0, "is", "are")) == ("is", "are")


def test_some() -> None:
    assert some_of(["a", "b"], most=2) == "a, b"
    assert some_of(["a", "b", "c"], most=2) == "a, b and 1 more"
