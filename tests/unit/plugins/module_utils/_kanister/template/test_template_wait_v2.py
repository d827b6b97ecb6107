# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.function_sets import WAIT_V2
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import parse_template

# Expectations: k8s.io/cli-runtime 0.34, pkg/printers (template.go, and exists in jsonpath.go).

OBJECT = {
    "metadata": {"name": "db", "annotations": {"a.b/c": "d", "empty": ""}},
    "spec": {"replicas": 3, "nothing": None},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Lost", "status": "False"}]},
}


def render(template: str) -> str:
    return parse_template(template, functions=WAIT_V2).render(OBJECT, missing="default").text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        pytest.param('{{ exists . "status" "conditions" }}', "true", id="a-path"),
        pytest.param('{{ exists . "status" "conditions" 1 "type" }}', "true", id="a-place"),
        pytest.param('{{ exists . "status" "conditions" 2 }}', "false", id="a-place-that-is-not-there"),
        pytest.param('{{ exists . "status" "conditions" -1 }}', "false", id="a-place-before-the-first"),
        pytest.param('{{ exists . "status" "phase" }}', "false", id="a-key-that-is-not-there"),
        pytest.param('{{ exists . "status" "phase" "deeper" }}', "false", id="below-what-is-not-there"),
        pytest.param('{{ exists . "spec" "nothing" }}', "false", id="nil"),
        pytest.param('{{ exists . "spec" "replicas" }}', "true", id="a-number"),
        pytest.param('{{ exists . "spec" "replicas" "x" }}', "false", id="below-a-number"),
        pytest.param('{{ exists . "metadata" "annotations" "empty" }}', "true", id="an-empty-text"),
        pytest.param('{{ exists . "spec" 1 }}', "false", id="a-place-in-a-map"),
        pytest.param('{{ exists . "status" "conditions" "0" }}', "false", id="a-key-in-a-list"),
        pytest.param("{{ exists . }}", "true", id="the-object"),
        pytest.param("{{ exists .none }}", "false", id="nothing"),
        pytest.param('{{ base64decode "aGVsbG8=" }}', "hello", id="base64"),
        pytest.param("{{ eq .spec.replicas 3 }}", "true", id="whole-numbers-are-whole"),
        pytest.param("{{ .status.phase }}", "<no value>", id="a-missing-key"),
        pytest.param(
            '{{ range .status.conditions }}{{ if eq .type "Ready" }}{{ eq .status "True" }}{{ end }}{{ end }}',
            "true",
            id="a-condition",
        ),
        pytest.param(
            "{{ $n := len .status.conditions }}{{ and (gt $n 1) (ge .spec.replicas 3) }}", "true", id="a-variable"
        ),
    ],
)
def test_a_condition_is_what_kubectl_prints(template: str, text: str) -> None:
    assert render(template) == text


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        ('{{ base64decode "?" }}', "failed"),
        ("{{ base64decode .spec.replicas }}", "argument type"),
        ('{{ upper "x" }}', "undefined function"),
        ("{{ .metadata.name | quote }}", "undefined function"),
        ('{{ env "PATH" }}', "refused"),
        ("{{ eq .spec.replicas 3.0 }}", "comparison"),
    ],
)
def test_there_is_no_sprig(template: str, kind: str) -> None:
    with pytest.raises(TemplateError) as raised:
        render(template)
    assert raised.value.kind == kind
