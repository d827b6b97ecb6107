# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What client-go's JSONPath answers is what ours answers: ``tests/golden/jsonpath`` (docs/compatibility 15.6)."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.errors import JsonPathError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.jsonpath import render_jsonpath

GOLDEN = pathlib.Path(__file__).parents[5] / "golden" / "jsonpath"


class GoldenCase(t.NamedTuple):
    text: str
    data: t.Any
    allow_missing: bool
    unordered: bool
    expected: dict[str, t.Any]


def read_cases() -> dict[str, GoldenCase]:
    file = yaml.safe_load((GOLDEN / "cases.yml").read_text())
    expected = {each["case"]: each for each in json.loads((GOLDEN / "expected.json").read_text())}
    return {
        name: GoldenCase(
            text,
            from_server(file["data"][group["data"]]),
            group.get("allow_missing", False),
            group.get("unordered", False),
            expected.pop(name),
        )
        for group in file["groups"]
        for number, text in enumerate(group["cases"])
        if (name := f"{group['about']} {number + 1}")
    }


def from_server(data: t.Any) -> t.Any:
    """As the API server's JSON has it: a fraction of nothing is a whole number."""
    if isinstance(data, dict):
        return {key: from_server(value) for key, value in data.items()}
    if isinstance(data, list):
        return [from_server(each) for each in data]
    return int(data) if isinstance(data, float) and data.is_integer() and abs(data) < 1e21 else data


CASES = read_cases()


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_answers_as_the_real_engine(case: GoldenCase) -> None:
    if "error" in case.expected:
        with pytest.raises(JsonPathError) as raised:
            render_jsonpath(case.text, case.data, allow_missing=case.allow_missing)
        assert raised.value.meaning == case.expected["error"]["kind"]
        assert raised.value.message.endswith(".")
    else:
        found = render_jsonpath(case.text, case.data, allow_missing=case.allow_missing)
        assert (" ".join(sorted(found.split())) if case.unordered else found) == case.expected["output"]


def test_there_are_enough_cases() -> None:
    errors = [case for case in CASES.values() if "error" in case.expected]
    assert len(CASES) >= 200
    assert len(errors) * 3 >= len(CASES)
