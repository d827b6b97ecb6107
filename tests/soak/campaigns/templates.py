# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates that nobody wrote: each must be rendered as Go's own engine does, or be refused for the same reason.

Where ours is meant to differ, the template is passed over: complex numbers, addresses of pointers, and what a budget
ends, which Go would do for ever.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Limits
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import parse_template
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.template.golden_templates import typed
from campaigns.templates_make import make_template

_TESTS = Path(__file__).parents[2]
_CASES = _TESTS / "golden" / "templates" / "cases.yml"
_BATCH = 40
_NOW = dt.datetime(2026, 3, 9, 7, 5, 3, 120000, tzinfo=dt.UTC)
#: What ours must end within is little: Go has no limits, and what is long for us is endless for it.
_LIMITS = Limits(steps=20_000, text=200_000, output=20_000)
_MISSING: tuple[t.Literal["error", "zero", "default"], ...] = ("error", "zero", "default")


class Templates:
    """The campaign. A case is a batch of templates, as starting Go's engine takes longer than running it."""

    def __enter__(self) -> t.Self:
        file = yaml.safe_load(_CASES.read_text())
        self._data = file["data"]["app"]
        self._known = [template for group in file["groups"] for template in group["cases"] if len(template) < 200]
        lab = [sys.executable, str(_TESTS / "cluster" / "lab.py"), "golden"]
        self._program = subprocess.run(lab, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def run_case(self, chance: random.Random) -> str:
        missing = chance.choice(_MISSING)
        ours = {}
        for template in {make_template(chance, self._known) for _time in range(_BATCH)}:
            answer = self._our_answer(template, missing)
            if answer is not None:
                ours[template] = answer
        for template, theirs in zip(ours, self._answers_of_go(list(ours), missing), strict=True):
            if ours[template] != theirs and not _differs_on_purpose(template, theirs):
                return f"{template!r} with missing={missing}: {ours[template]}, and in Go {theirs}"
        return ""

    def _our_answer(self, template: str, missing: t.Literal["error", "zero", "default"]) -> dict[str, t.Any] | None:
        """None for what is not to be compared."""
        try:
            data = typed(copy.deepcopy(self._data))
            rendered = parse_template(template).render(data, missing=missing, limits=_LIMITS, clock=lambda: _NOW)
        except TemplateError as error:
            if error.kind in ("budget", "refused") or "complex number" in error.message:
                return None
            return {"kind": error.kind, "line": error.line}
        return {"output": rendered.text}

    def _answers_of_go(self, templates: list[str], missing: str) -> list[dict[str, t.Any]]:
        group = {"about": "soak", "data": "app", "missing": missing, "cases": templates}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"data": {"app": self._data}, "groups": [group]}, file)  # JSON is YAML
            file.flush()
            command = [self._program, "templates", file.name]
            printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        return [_answer_of_go(answer) for answer in json.loads(printed)]


def _answer_of_go(answer: dict[str, t.Any]) -> dict[str, t.Any]:
    if "output" in answer:
        return {"output": answer["output"]}
    return {"kind": answer["error"]["kind"], "line": answer["error"]["line"]}


def _differs_on_purpose(template: str, theirs: dict[str, t.Any]) -> bool:
    """Go reads a dot at the very end as a number; a time that is now is another one there."""
    year = str(dt.datetime.now(tz=dt.UTC).year)
    return template.endswith(".") or "time.Location" in str(theirs) or (year in str(theirs) and "ate" in template)


__all__ = ("Templates",)
