# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blueprints in the style of public ones, and those of our examples, are sound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.blueprint_task import validate_blueprints
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reading import ReadBlueprint, read_blueprints

ROOT = Path(__file__).parents[5]
#: Blueprints as the world writes them: each of these can be carried out. The latter ones are, by the live tests.
USUAL = [
    *sorted(Path(__file__).with_name("blueprints").glob("*.yml")),
    *sorted((ROOT / "tests/integration/live/kanister/blueprints").glob("*.yml")),
]
EXAMPLES = ROOT / "examples" / "blueprints"


def read(path: Path) -> list[ReadBlueprint]:
    return list(read_blueprints(path.read_text(), source=path.name))


@pytest.mark.parametrize(
    "blueprint", [each for path in USUAL for each in read(path)], ids=lambda read: read.blueprint.name
)
def test_a_usual_blueprint_can_be_carried_out(blueprint: ReadBlueprint) -> None:
    assert [finding.sentence for _name, finding in validate_blueprints([blueprint]).findings] == []


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yml")), ids=lambda path: path.name)
def test_an_example_is_sound(path: Path) -> None:
    blueprints = read(path)
    assert blueprints
    assert [finding.sentence for _name, finding in validate_blueprints(blueprints).findings] == []


def test_a_result_lists_so_many_findings_and_counts_the_others() -> None:
    actions = {f"action-{at}": {"phases": [{"func": "KubeTask", "name": "same", "args": {}}]} for at in range(2000)}
    document = json.dumps({"kind": "Blueprint", "metadata": {"name": "many"}, "actions": actions})
    outcome = validate_blueprints(read_blueprints(document, source="the test"))
    result = outcome.to_return()
    assert outcome.is_refused
    assert len(json.dumps(result)) < 300_000
    assert "more errors" in result["errors_list"][-1]["message"]
