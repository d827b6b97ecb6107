# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions of Wait (docs/compatibility 15.7)."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.jsonpath.errors import (
    JsonPathError,
    JsonPathSyntaxError,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import parse_template
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.wait_condition import (
    read_wait_condition,
    uses_go_variables,
)

POD: dict[str, t.Any] = {
    "spec": {"replicas": 3, "weight": 0.5},
    "status": {
        "phase": "Running",
        "message": 'say "hi" {{ 1 }}\n`x`',
        "containerStatuses": [{"name": "a", "ready": True}, {"name": "b", "ready": False}],
        "conditions": [{"type": "Ready", "status": "True"}],
    },
}


@pytest.mark.parametrize(
    ("condition", "template"),
    [
        pytest.param(
            "{{ if { $.status.containerStatuses[].ready } }}true{{ else }}false{{ end }}",
            "{{ if true }}true{{ else }}false{{ end }}",
            id="the-page",
        ),
        pytest.param('{{ if "{ $.status.phase }" }}true{{ end }}', '{{ if "Running" }}true{{ end }}', id="quoted"),
        pytest.param(
            '{{ if eq "{ $.status.phase }" "Running" }}true{{ end }}',
            '{{ if eq "Running" "Running" }}true{{ end }}',
            id="compared",
        ),
        pytest.param(
            '{{ if eq { $.status.phase } "Running" }}true{{ end }}',
            '{{ if eq "Running" "Running" }}true{{ end }}',
            id="bare-text-is-a-value",
        ),
        pytest.param("{{ if gt { $.spec.replicas } 2 }}x{{ end }}", "{{ if gt 3 2 }}x{{ end }}", id="bare-number"),
        pytest.param("{{ eq { $.spec.weight } 0.5 }}", "{{ eq 0.5 0.5 }}", id="bare-fraction"),
        pytest.param(
            '{{ if eq "{ $.status.conditions[?(@.type=="Ready")].status }" "True" }}true{{ end }}',
            '{{ if eq "True" "True" }}true{{ end }}',
            id="double-quotes-within-the-path",
        ),
        pytest.param(
            """{{ if eq "{ $.status.conditions[?(@.type=='Ready')].status }" "True" }}true{{ end }}""",
            '{{ if eq "True" "True" }}true{{ end }}',
            id="single-quotes-within-the-path",
        ),
        pytest.param("{ $.status.containerStatuses[].ready }", '{{"true"}}', id="path-alone"),
        pytest.param("{$.status.containerStatuses[*].ready}", '{{"true false"}}', id="several-values"),
        pytest.param(
            "{{ `{ $.status.phase }` }}{{ `{{` }}", "{{ `Running` }}{{ `{{` }}", id="raw-text-with-braces"
        ),
        pytest.param(
            '{{ if "{ $.status.message }" }}true{{ end }}',
            '{{ if "say \\"hi\\" {{ 1 }}\\n`x`" }}true{{ end }}',
            id="what-is-found-does-not-break-out",
        ),
        pytest.param("{ $.status.message }", '{{"say \\"hi\\" {{ 1 }}\\n`x`"}}', id="nor-out-of-the-text"),
        pytest.param(
            "{{ $x := 1 }}{{ if eq $x 1 }}true{{ end }}",
            "{{ $x := 1 }}{{ if eq $x 1 }}true{{ end }}",
            id="variables-are-no-paths",
        ),
        pytest.param("{{/* { $.no.path } */}}true", "{{/* { $.no.path } */}}true", id="comment"),
        pytest.param('{{ "a\\"{ $.status.phase }" }}', '{{ "a\\"Running" }}', id="escaped-quote"),
        pytest.param('{{ if "$.status.phase" }}true{{ end }}', '{{ if "$.status.phase" }}true{{ end }}', id="bare"),
        pytest.param("{{ { $.spec } }}", '{{ "{\\"replicas\\":3,\\"weight\\":0.5}" }}', id="map"),
        pytest.param("{{ { $.status.conditions[?(@.type=='No')].status } }}", '{{ "" }}', id="no-match"),
        pytest.param("", "", id="empty"),
        pytest.param("{{", "{{", id="half"),
    ],
)  # fmt: skip
def test_the_template_that_is_evaluated(condition: str, template: str) -> None:
    assert read_wait_condition(condition).template(POD) == template


@pytest.mark.parametrize("condition", ["{{ if { $.status.missing } }}true{{ end }}", '{{ "{ $.status.phase[0] }" }}'])
def test_what_is_not_there_yet_is_asked_again(condition: str) -> None:
    read = read_wait_condition(condition)
    with pytest.raises(JsonPathError) as raised:
        read.template(POD)
    assert not isinstance(raised.value, JsonPathSyntaxError)


def test_a_path_that_is_none_is_said_at_once() -> None:
    with pytest.raises(JsonPathSyntaxError, match=r"'\{\.a\[x\]\}' is not a JSONPath: '\[x\]' is no index\."):
        read_wait_condition("{{ if { $.a[x] } }}true{{ end }}")


def test_a_backquote_cannot_be_written_in_backquotes() -> None:
    with pytest.raises(BlueprintError, match="in backquotes"):
        read_wait_condition("{{ `{ $.status.message }` }}").template(POD)


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("{{ if { $.status.containerStatuses[].ready } }}true{{ else }}false{{ end }}", True),
        ("{{ if { $.status.containerStatuses[1].ready } }}true{{ else }}false{{ end }}", False),
        ('{{ if eq "{ $.status.phase }" "Running" }}true{{ else }}false{{ end }}', True),
        ('{{ if eq { $.status.phase } "Running" }} true {{ end }}', True),
        ("{{ if { $.spec.replicas } | eq 3 }}true{{ end }}", True),
        ("{{ $ready := { $.status.containerStatuses[].ready } }}{{ $ready }}", True),
        ("{ $.status.containerStatuses[0].ready }", True),
        ('{{ if contains "{{" "{ $.status.message }" }}true{{ end }}', True),
        ("{{/* always */}}true", True),
        ("{{- /* always */ -}} true", True),
    ],
)
def test_with_the_template_engine(condition: str, met: bool) -> None:
    template = parse_template(read_wait_condition(condition).template(POD))
    assert (template.render(None, missing="zero").text.strip() == "true") is met


@pytest.mark.parametrize(
    "condition",
    [
        "{$" * 32_000,
        "{{/*" * 16_000,
        "{{/*}}" * 10_000,
        "{ " * 32_000,
        '{{"' * 20_000,
        "{{/* */x" * 8_000,
        "{" * 65_000,
    ],
)
def test_hostile_conditions_are_read_soon(condition: str) -> None:
    begin = time.process_time()
    read_wait_condition(condition)
    assert time.process_time() - begin < 3.0


def test_a_condition_has_a_longest() -> None:
    with pytest.raises(BlueprintError, match="longer than 64 KiB"):
        read_wait_condition("x" * 70_000)


def test_paths_know_where_they_stand() -> None:
    read = read_wait_condition('{$.a}{{ { $.b } "{ $.c }" `{ $.d }` }}')
    assert [(each.path, each.place) for each in read.paths] == [
        ("{.a}", "text"),
        ("{.b}", "bare"),
        ("{.c}", "quoted"),
        ("{.d}", "raw"),
    ]


@pytest.mark.parametrize(
    ("condition", "uses"),
    [("{{ $x := 1 }}", True), ("{{- $.a }}", True), ("{{ if { $.a } }}", False), ("{ $.a }", False)],
)
def test_variables_are_seen(condition: str, uses: bool) -> None:
    assert uses_go_variables(condition) is uses
