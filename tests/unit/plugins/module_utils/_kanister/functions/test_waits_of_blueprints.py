# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait and WaitV2 (docs/compatibility 15.7). What conditions give is in the tables of their engines."""

from __future__ import annotations

import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function_table import load_function
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.functions import conditions
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import NAMESPACE, FunctionLab

POD = {"apiVersion": "v1", "resource": "pods", "namespace": NAMESPACE, "name": "web-0"}
NODE = {"apiVersion": "v1", "resource": "nodes", "name": "n1"}
#: The page's, to the letter.
BARE = "{{ if { $.status.containerStatuses[].ready } }}true{{ else }}false{{ end }}"
QUOTED = '{{ if eq "{ $.status.phase }" "Running" }}true{{ end }}'
V2 = '{{ if eq .status.phase "Running" }}true{{ else }}false{{ end }}'
EXISTS = '{{ if exists . "status" "podIP" }}true{{ end }}'


@pytest.fixture(autouse=True)
def objects(lab: FunctionLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(conditions, "_LONGEST_PAUSE", 0.02)
    lab.node.status = {"phase": "Running", "containerStatuses": [{"ready": True}]}
    lab.api.add("pods", "web-0", NAMESPACE)
    lab.api.add("nodes", "n1", status={"phase": "Ready"})


def entry(condition: str, reference: Object | None = None) -> Object:
    return {"condition": condition, "objectReference": POD if reference is None else reference}


def run(lab: FunctionLab, function: str, timeout: str = "100ms", seconds: float = 20.0, **groups: t.Any) -> t.Any:
    call = lab.call(function, {"timeout": timeout, "conditions": groups}, seconds=seconds)
    return load_function(function).run(call)


@pytest.mark.parametrize(
    ("function", "groups"),
    [
        pytest.param("Wait", {"anyOf": [entry(BARE)]}, id="the page's"),
        pytest.param("Wait", {"anyOf": [entry(QUOTED)]}, id="a quoted path"),
        pytest.param("Wait", {"allOf": [entry(BARE), entry(QUOTED)]}, id="all of two"),
        pytest.param("Wait", {"anyOf": [entry("false"), entry(" true\n")]}, id="any of two"),
        pytest.param("Wait", {"anyOf": [entry("false")], "allOf": [entry(BARE)]}, id="any or all"),
        pytest.param("Wait", {"allOf": [entry('{{ eq "{ $.status.phase }" "Ready" }}', NODE)]}, id="of the cluster"),
        pytest.param("WaitV2", {"anyOf": [entry(V2)]}, id="V2"),
        pytest.param("WaitV2", {"allOf": entry(V2)}, id="V2, one in the place of a list"),
    ],
)
def test_true_at_once(lab: FunctionLab, function: str, groups: Object) -> None:
    assert run(lab, function, **groups) is None


@pytest.mark.parametrize(
    ("function", "groups", "words"),
    [
        pytest.param(
            "Wait",
            {"anyOf": [entry('{{ eq "{ $.status.phase }" "Done" }}')]},
            "for any of the conditions on pods/shop/web-0; last seen: conditions.anyOf[0] on pods/shop/web-0 gave "
            "'false', and not 'true'.",
            id="false",
        ),
        pytest.param(
            "Wait",
            {"allOf": [entry(BARE), entry("{ $.status.none }")]},
            "last seen: conditions.allOf[1] on pods/shop/web-0: ",
            id="a path that finds nothing",
        ),
        pytest.param(
            "Wait",
            {"anyOf": [entry(BARE, {**POD, "name": "gone"})]},
            "last seen: conditions.anyOf[0]: pods/shop/gone is not there.",
            id="not there",
        ),
        pytest.param(
            "Wait",
            {"anyOf": [entry(BARE, {"resource": "pods", "name": "x"})]},
            "its objectReference needs apiVersion, resource and name",
            id="half a reference",
        ),
        pytest.param(
            "Wait",
            {"anyOf": [entry("{ $.status.none }")], "allOf": [entry(BARE)]},
            "anyOf[0]",
            id="an error ends a look",
        ),
        pytest.param("WaitV2", {"anyOf": [entry(EXISTS)]}, "anyOf[0] on pods/shop/web-0 gave ''", id="V2 exists"),
        pytest.param("WaitV2", {"anyOf": [entry("{{ .status.none }}")]}, "gave '<no value>'", id="V2 no value"),
        pytest.param("WaitV2", {"anyOf": [entry("{{ index .a 1 }}")]}, "anyOf[0] on pods/shop/web-0: ", id="V2 error"),
    ],
)
def test_never_true(lab: FunctionLab, function: str, groups: Object, words: str) -> None:
    with pytest.raises(BlueprintError) as caught:
        run(lab, function, **groups)
    assert caught.value.message.startswith(f"{function} waited 0 s, until its timeout was over, for ")
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("function", "condition", "words"),
    [
        ("Wait", "{{ if { $.status[ } }}true{{ end }}", "conditions.anyOf[0] can never come true: "),
        ("Wait", "{{ if }}true", "conditions.anyOf[0] can never come true: "),
        ("WaitV2", "{{ if { $.status.phase } }}true{{ end }}", "conditions.anyOf[0] can never come true: "),
        ("WaitV2", "{{ .a | upper }}", "there is no function 'upper'"),
    ],
)
def test_what_cannot_be_read_is_not_waited_for(lab: FunctionLab, function: str, condition: str, words: str) -> None:
    """Kanister waits in vain until the timeout."""
    with pytest.raises(BlueprintError) as caught:
        run(lab, function, timeout="1h", anyOf=[entry(condition)])
    assert words in caught.value.message


def test_it_comes_true_later(lab: FunctionLab) -> None:
    lab.node.status = {"phase": "Pending"}
    lab.api.add("pods", "web-1", NAMESPACE)
    running = {**lab.api.objects["pods", NAMESPACE, "web-1"], "status": {"phase": "Running"}}
    timer = threading.Timer(0.1, lambda: lab.api.kept.put(("pods", NAMESPACE, "web-1"), running))
    timer.start()
    run(lab, "WaitV2", timeout="20s", anyOf=[entry(V2, {**POD, "name": "web-1"})])


def test_an_api_server_that_is_away_is_waited_for(lab: FunctionLab) -> None:
    away = [KubeError("no connection", status=500)] * 40
    lab.api.refuse = lambda verb, path, _dry: away.pop() if verb == "GET" and path.endswith("/web-0") and away else None
    run(lab, "Wait", timeout="20s", anyOf=[entry(BARE)])


def test_the_time_of_the_phase_is_over_first(lab: FunctionLab) -> None:
    with pytest.raises(BlueprintError, match="waited 0 s, until its phase's time was over"):
        run(lab, "Wait", timeout="1h", seconds=0.1, anyOf=[entry("false")])


def test_the_answer_for_a_secret_is_not_shown(lab: FunctionLab) -> None:
    lab.api.add("secrets", "key", NAMESPACE, data={"a": "aHVudGVyMjI="})
    reference = {**POD, "resource": "secrets", "name": "key"}
    with pytest.raises(BlueprintError) as caught:
        run(lab, "WaitV2", anyOf=[entry("{{ base64decode .data.a }}", reference)])
    assert "hunter22" not in caught.value.message
    assert "gave something that is not shown" in caught.value.message


@pytest.mark.parametrize("function", ["Wait", "WaitV2"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"timeout": "soon", "conditions": {"anyOf": [entry("true")]}},
            "Argument timeout of .*'soon' is not a duration",
        ),
        ({"timeout": "1s", "conditions": {}}, "has no condition under anyOf or allOf"),
        ({"timeout": "1s", "conditions": {"anyOf": ["true"]}}, "is no condition with an objectReference"),
        ({"timeout": "1s", "conditions": {"anyOf": [entry(" ")]}}, "has no condition"),
    ],
)
def test_arguments(lab: FunctionLab, function: str, arguments: Object, words: str) -> None:
    with pytest.raises(BlueprintError, match=words):
        load_function(function).run(lab.call(function, arguments))


def test_cancelled(lab: FunctionLab) -> None:
    threading.Timer(0.1, lambda: lab.run.cancel.cancel("SIGTERM")).start()
    with pytest.raises(Cancelled):
        run(lab, "Wait", timeout="1h", anyOf=[entry("false")])


@pytest.mark.parametrize("function", ["Wait", "WaitV2"])
def test_plans(lab: FunctionLab, function: str) -> None:
    call = lab.call(function, {"timeout": "2m", "conditions": {"anyOf": [entry("true"), entry("true")]}})
    assert load_function(function).plan(call).does == "wait up to 120 s for 2 conditions"
