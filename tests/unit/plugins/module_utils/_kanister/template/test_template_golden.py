# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt

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
    try:
        template = parse_template(case.template, functions=KANISTER if case.has_sprig else BUILTINS)
        rendered = template.render(typed(case.data), missing=case.missing, clock=lambda: NOW)
    except TemplateError as error:
        assert "error" in case.expected, error.sentence
        wanted = case.expected["error"]
        assert (error.kind, error.line) == (wanted["kind"], wanted["line"]), error.sentence
    else:
        assert "output" in case.expected, f"{rendered.text!r}, and not: {case.expected['error']['words']}"
        assert rendered.text == case.expected["output"]
        assert not rendered.tainted


def test_there_are_enough_cases() -> None:
    errors = [case for case in CASES if "error" in case.expected]

    assert len(CASES) >= 450
    assert len(errors) * 3 >= len(CASES)
