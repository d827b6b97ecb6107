# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        pytest.param("a: 1", [{"a": 1}], id="one"),
        pytest.param("---\na: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}], id="two"),
        pytest.param("---\n---\na: 1\n---\n", [{"a": 1}], id="empty-ones"),
        pytest.param("", [], id="none"),
        pytest.param('{"a": [1, "x"]}', [{"a": [1, "x"]}], id="json"),
        pytest.param("x: &x {a: 1}\ny: {<<: *x, b: 2}", [{"x": {"a": 1}, "y": {"a": 1, "b": 2}}], id="merge-keys"),
        pytest.param("a: {k: 1}\nb: {k: 2}", [{"a": {"k": 1}, "b": {"k": 2}}], id="same-key-elsewhere"),
    ],
)
def test_documents(text: str, documents: list[t.Any]) -> None:
    assert read_yaml(text, source="the file x.yml") == documents


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-09", "2026-03-09"),
        ("2026-03-09T07:05:03Z", "2026-03-09T07:05:03Z"),
        ("1:30", "1:30"),
        ("190:20:30.15", "190:20:30.15"),
        ("'2026-03-09'", "2026-03-09"),
        ("2001-13-45", "2001-13-45"),
        ("12", 12),
        ("0x1f", 31),
        ("1.5", 1.5),
        ("yes", True),
        ("~", None),
        ("!!str 1:30", "1:30"),
    ],
)
def test_as_kubernetes_reads_it(text: str, value: t.Any) -> None:
    assert read_yaml(f"a: {text}", source="x", as_kubernetes=True) == [{"a": value}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: 1\nb: 2\na: 3", "In the file x.yml, line 3, the key 'a' is written twice", id="duplicate"),
        pytest.param("a: {b: 1, b: 1}", "line 1, the key 'b' is written twice", id="nested"),
        pytest.param("a: [", "The file x.yml is not valid YAML", id="syntax"),
        pytest.param("a: !!python/object/apply:os.system [ls]", "is not valid YAML", id="no-objects-of-python"),
        pytest.param("? [1, 2]\n: {}\n? {}\n: x", "is not valid YAML", id="unhashable-key"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read_yaml(text, source="the file x.yml")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("a: 1\nb: [x", "line 2, column 6.*'<stream end>'", id="flow"),
        pytest.param("a: hunter2: x", r"line 1, column 11\): mapping values are not allowed here", id="colon"),
        pytest.param("a: *hunter2", r"line 1, column 4\)\.", id="alias"),
        pytest.param("a: !hunter2 b", r"line 1, column 4\)\.", id="tag"),
        pytest.param("a: 'hunter2", r"line 1, column 12\): found unexpected end of stream", id="quote"),
        pytest.param("a: !!int hunter2", "a value that cannot be read", id="number"),
        pytest.param("a: !!timestamp hunter2", "not valid YAML", id="date"),
        pytest.param("a: hunter2\n\tb: 1", "line 2, column 1", id="tab"),
        pytest.param('a: "\\hunter2"', "line 1, column 6", id="escape"),
    ],
)
def test_the_text_is_not_repeated(text: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why) as caught:
        read_yaml(text, source="the file x.yml")
    assert "hunter2" not in str(caught.value)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ValidationError, match="PyYAML is needed to read the file x"):
        read_yaml("a: 1", source="the file x.yml")
