# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_regexp import compile_go_regexp


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^web", "web-1", True),
        ("^web", "my-web", False),
        ("web", "my-web-1", True),
        ("^web$", "web", True),
        (r"^web\z", "web", True),
        (r"^[[:alpha:]]+-[[:digit:]]+$", "web-12", True),
        (r"^[[:alpha:]]+$", "web-12", False),
        (r"(?i)WEB", "web", True),
        (r"^(?P<kind>web|db)-\d{1,3}$", "db-123", True),
        (r"a[*+]+", "a*+", True),
        (r"a\++", "a++", True),
        (r"\d", "\u0663", False),
    ],
)
def test_search(pattern: str, text: str, found: bool) -> None:
    """RE2's syntax page."""
    assert bool(compile_go_regexp(pattern, "resourceNameRegex").search(text)) is found


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", "(?<!a)b", r"(a)\1", "a++", "(?>a)", "(", "[", "a{2,1}", "[[:nothing:]]", r"a\Z", "(?P=a)"]
)
def test_what_go_refuses(pattern: str) -> None:
    with pytest.raises(ValidationError, match=r"^resourceNameRegex: .* regular expression"):
        compile_go_regexp(pattern, "resourceNameRegex")
