# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.builtins import BUILTINS
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.function_sets import KANISTER
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import parse_template
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.template.golden_templates import (
    Case,
    cases,
    typed,
)

NOW = dt.datetime(2026, 3, 9, 7, 5, 3, 120000, tzinfo=dt.UTC)
CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_go_answers_is_what_we_answer(case: Case) -> None:
    expected = dict(case.expected.get("error", {}), case=case.name)
    expected.pop("words", None)

    answer = {"case": case.name, **our_answer(case)}

    assert answer == (expected if "error" in case.expected else case.expected)


def our_answer(case: Case) -> dict[str, t.Any]:
    """In the form of the file of expectations: the output, or the kind and the line of the error."""
    try:
        template = parse_template(case.template, functions=KANISTER if case.has_sprig else BUILTINS)
        rendered = template.render(typed(case.data), missing=case.missing, clock=lambda: NOW)
    except TemplateError as error:
        return {"kind": error.kind, "line": error.line}
    return {"output": rendered.text}


def test_there_are_enough_cases() -> None:
    errors = [case for case in CASES if "error" in case.expected]

    assert len(CASES) >= 450
    assert len(errors) * 3 >= len(CASES)
