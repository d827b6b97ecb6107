# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON of strangers outside of archives: endlessly deep, or of other types than it should have."""

from __future__ import annotations

import base64
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access import jwt_expiry
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, answered_error, parse_status
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_channels import exit_code
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import parse_page
from ansible_collections.arkive.k8s.plugins.module_utils._kube.watch_event import parse_event
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules import services
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.files import holds_objects
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LockRecord
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import parse_modifiers
from ansible_collections.arkive.k8s.plugins.module_utils._velero.stored_backup import find_problems

DEPTHS = [300, 900, 5_000, 200_000]
WIDGETS = ApiResource("example.org", "v1", "widgets", "widget", "Widget", True, frozenset(), (), True)


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("begin", ['"apiVersion":"example.org/v1","kind":"Widget",', ""], ids=["typed", "bare"])
def test_a_deep_object_in_a_list(depth: int, begin: str) -> None:
    meta = '"metadata":{"namespace":"shop","name":"deep"}'
    text = f'{{"metadata":{{}},"items":[{{{begin}{meta},"spec":{nested(depth)}}}]}}'
    [item] = parse_page(text.encode(), WIDGETS).items
    assert item.obj["metadata"] == {"namespace": "shop", "name": "deep"}
    assert "nested" in item.problem


@pytest.mark.parametrize(
    "line", [*(nested(depth) for depth in DEPTHS), "[]", "1", "<html>", '{"type":1}', '{"type":"ADDED","object":[1]}']
)
def test_no_event(line: str) -> None:
    with pytest.raises(KubeError, match=r"The watch ended: what came is no event"):
        parse_event(line.encode())


@pytest.mark.parametrize("depth", DEPTHS)
def test_what_is_read_as_absent(depth: int) -> None:
    deep = nested(depth)
    assert parse_status(deep.encode()) == {}
    token = base64.urlsafe_b64encode(deep.encode()).decode()
    assert jwt_expiry(f"Bearer a.{token}.b") is None
    assert LockRecord.parse(deep.encode()) is None


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_deep_value_of_a_resource_modifier(depth: int) -> None:
    patch = {"operation": "add", "path": "/x", "value": nested(depth)}
    rules = {"version": "v1", "resourceModifierRules": [{"conditions": {"groupResource": "pods"}, "patches": [patch]}]}
    with pytest.raises(ValidationError, match="a value that is not JSON"):
        parse_modifiers(rules)


@pytest.mark.parametrize("metadata", [None, 1, "x", [], {"continue": []}])
def test_an_error_of_another_shape(metadata: t.Any) -> None:
    body = json.dumps({"kind": "Status", "message": [1], "metadata": metadata}).encode()
    assert answered_error(server="s", verb="GET", path="/x", code=500, body=body).status == 500


@pytest.mark.parametrize("details", [1, "x", [1], {"causes": 1}, {"causes": [1, None, {"reason": "ExitCode"}]}])
def test_an_exit_of_another_shape(details: t.Any) -> None:
    assert exit_code({"reason": "NonZeroExitCode", "details": details}) is None


@pytest.mark.parametrize(
    "text", ["[]", '{"spec":1}', '{"spec":{"ports":"x"}}', '{"spec":{"ports":[1]}}', nested(200_000),
             '{"spec":{"ports":[{"nodePort":"x"}]}}', '{"spec":{"ports":[{"name":[]}]}}']
)  # fmt: skip
def test_what_was_applied_to_a_service_is_no_service(text: str) -> None:
    assert services.parse_applied(text) is None


def test_directories_in_each_other_without_end(tmp_path: Path) -> None:
    folder = str(tmp_path)
    for _level in range(600):
        folder += "/d"
        Path(folder).mkdir()
    assert not holds_objects(str(tmp_path))
    Path(folder, "f").touch()
    assert holds_objects(str(tmp_path))


def test_the_kind_of_a_stored_backup_is_one_line() -> None:
    problems = find_problems({"kind": "\x1b[31mred\n", "metadata": {"name": "b"}}, "b")
    assert all(problem.isprintable() for problem in problems)
