# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget, Limits
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import parse_template

#: Of the processor. What is not bounded takes minutes, or the memory of the machine.
_SECONDS = 20.0

_DOUBLING = "".join(
    f'{{{{ define "t{number}" }}}}{{{{ template "t{number + 1}" }}}}{{{{ template "t{number + 1}" }}}}{{{{ end }}}}'
    for number in range(30)
)

BY_STEPS = [
    pytest.param("{{ range until 1000000000 }}x{{ end }}", id="a-huge-list"),
    pytest.param("{{ range 100000000000 }}{{ end }}", id="a-range-over-a-number"),
    pytest.param("{{ untilStep 0 9223372036854775807 1 | len }}", id="until-step"),
    pytest.param("{{ range $i := until 9999 }}{{ range until 9999 }}{{ end }}{{ end }}", id="ranges-in-ranges"),
    pytest.param(f'{_DOUBLING}{{{{ define "t30" }}}}{{{{ end }}}}{{{{ template "t0" }}}}', id="templates-that-double"),
    pytest.param(
        "{{ $x := list 1 }}{{ range until 30 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}", id="lists-that-double"
    ),
    pytest.param(
        "{{ $x := dict }}{{ range until 30 }}{{ $x = dict `a` $x `b` $x }}{{ end }}{{ $y := deepCopy $x }}",
        id="maps-that-double",
    ),
    pytest.param("{{ $l := list }}{{ range until 99999 }}{{ $l = append $l . }}{{ end }}", id="a-list-that-grows"),
    pytest.param("{{ uniq (until 100000) | len }}", id="uniq"),
    pytest.param('{{ $s := repeat 1000000 "ab" }}{{ range until 9999 }}{{ contains "z" $s }}{{ end }}', id="contains"),
    pytest.param('{{ $s := repeat 1000000 "ab" }}{{ range until 9999 }}{{ len $s }}{{ end }}', id="len"),
    pytest.param('{{ $s := repeat 1000000 "ab" }}{{ range until 9999 }}{{ eq $s $s }}{{ end }}', id="eq"),
    pytest.param('{{ split "" (repeat 1000000 "a") | len }}', id="split"),
    pytest.param('{{ snakecase (repeat 500000 "aB") | len }}', id="snakecase"),
    pytest.param('{{ wrapWith 1 "-" (repeat 1000000 "a") | len }}', id="wrap"),
    pytest.param('{{ regexMatch "(x+x+)+y" (repeat 100000 "x") }}', id="an-expression-that-backtracks"),
    pytest.param('{{ regexMatch "(a|a?)+b" (repeat 100000 "a") }}', id="an-expression-with-empty-loops"),
    pytest.param('{{ range until 9999 }}{{ regexMatch "^(a?){50}a{50}$" (repeat 50 "a") }}{{ end }}', id="expressions"),
    pytest.param("{{ shuffle (repeat 1000000 `a`) | len }}{{ randAlpha 1000000 }}", id="random"),
]

BY_TEXT = [
    pytest.param('{{ repeat 1000000000 "x" }}', id="repeat"),
    pytest.param('{{ $x := "x" }}{{ range until 100 }}{{ $x = cat $x $x }}{{ end }}', id="cat"),
    pytest.param('{{ $x := "x" }}{{ range until 100 }}{{ $x = printf "%s%s" $x $x }}{{ end }}', id="printf"),
    pytest.param('{{ range until 100 }}{{ printf "%1000000d" 1 | len }}{{ end }}', id="a-width"),
    pytest.param('{{ range until 100 }}{{ printf "%.1000000f" 0.1 | len }}{{ end }}', id="a-precision"),
    pytest.param('{{ range until 100 }}{{ printf "%*d" 1000000 1 | len }}{{ end }}', id="a-width-that-is-given"),
    pytest.param('{{ range until 100 }}{{ printf "%1000000s|%v" "" . | len }}{{ end }}', id="a-width-of-a-text"),
    pytest.param('{{ indent 1000000 (repeat 100000 "\\n") | len }}', id="indent"),
    pytest.param('{{ replace "" "yyyyyyyyyyyyyyyyyyyy" (repeat 1000000 "a") | len }}', id="replace"),
    pytest.param('{{ join (repeat 100000 "x") (until 10000) | len }}', id="join"),
    pytest.param('{{ regexReplaceAll "a" (repeat 5000 "a") (repeat 9999 "b") | len }}', id="an-expression"),
    pytest.param('{{ html (repeat 3000000 "<") | len }}', id="html"),
    pytest.param('{{ quote (repeat 3000000 "\\x00") (repeat 3000000 "\\x00") | len }}', id="quote"),
    pytest.param('{{ range until 99 }}{{ repeat 500000 "x" | b64enc | len }}{{ end }}', id="base64"),
]

BY_OUTPUT = [
    pytest.param('{{ range until 1100 }}{{ repeat 1000 "x" }}{{ end }}', id="texts"),
    pytest.param(f"{{{{ range until 1200 }}}}{'x' * 1000}{{{{ end }}}}", id="text-outside-of-braces"),
    pytest.param('{{ printf "%1000000d" 1 }}{{ printf "%1000000d" 1 }}', id="widths"),
]

BY_DEPTH = [
    pytest.param('{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', id="a-template-in-itself"),
    pytest.param(
        '{{ define "a" }}{{ template "b" }}{{ end }}{{ define "b" }}{{ template "a" }}{{ end }}{{ template "a" }}',
        id="two-templates-in-each-other",
    ),
    pytest.param(f"{{{{ {'(' * 10000}1{')' * 10000} }}}}", id="parentheses"),
    pytest.param("{{ if true }}" * 5000, id="blocks"),
    pytest.param("{{ $x := list 1 }}{{ range until 200 }}{{ $x = list $x }}{{ end }}{{ $x }}", id="lists"),
    pytest.param('{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $d }}', id="a-map-in-itself"),
    pytest.param('{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ toJson $d }}', id="JSON-of-a-map-in-itself"),
    pytest.param('{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ deepEqual $d (deepCopy $d) }}', id="its-copy"),
    pytest.param('{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ merge (dict "a" (dict "a" 1)) $d }}', id="merged"),
]


def ended(template: str) -> TemplateError:
    started = time.process_time()
    with pytest.raises(TemplateError) as raised:
        parse_template(template, name="the argument 'command'").render({})
    assert time.process_time() - started < _SECONDS
    assert raised.value.kind == "budget"
    return raised.value


@pytest.mark.parametrize("template", BY_STEPS)
def test_too_many_steps_end_a_template(template: str) -> None:
    error = ended(template)

    assert "takes more than 200000 steps" in error.sentence
    assert error.sentence.startswith("The argument 'command' cannot be rendered: line 1, at '")


@pytest.mark.parametrize("template", BY_TEXT)
def test_too_much_text_ends_a_template(template: str) -> None:
    assert "makes more than 4194304 bytes of text" in ended(template).sentence


@pytest.mark.parametrize("template", BY_OUTPUT)
def test_too_large_a_result_ends_a_template(template: str) -> None:
    assert "its result is larger than 1048576 bytes" in ended(template).sentence


@pytest.mark.parametrize("template", BY_DEPTH)
def test_too_deep_a_template_ends(template: str) -> None:
    assert "nested more than" in ended(template).sentence


def test_too_long_a_template_is_not_parsed() -> None:
    assert "longer than 262144 characters" in ended("x" * 262145).sentence


@pytest.mark.parametrize(
    "expression", ["(((a{100}){10}){10}){10}", "((((((((((a?){3}){3}){3}){3}){3}){3}){3}){3}){3}){3}"]
)
def test_too_large_an_expression_is_not_run(expression: str) -> None:
    assert "this regular expression is too large" in ended(f"{{{{ regexFind `{expression}` `a` }}}}").sentence


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(f"{{{{ {'1' * 100000} }}}}", id="digits"),
        pytest.param(f"{{{{ 0x{'1' * 100000} }}}}", id="digits-of-sixteen"),
        pytest.param(f"{{{{ {'1' * 100000}.5 }}}}", id="digits-before-a-point"),
        pytest.param(f"{{{{ 1{'_1' * 50000}_ }}}}", id="underscores"),
        pytest.param(f"{{{{ 1e{'9' * 1000} }}}}", id="an-exponent"),
        pytest.param('{{ semver (printf "%s.1.1" (repeat 100000 "9")) }}', id="a-version"),
        pytest.param('{{ regexFind (repeat 1000 "()") "a" }}', id="groups"),
        pytest.param('{{ regexFind (printf "[%s]" (repeat 1000 "ab")) "a" }}', id="a-class"),
        pytest.param('{{ regexFind (repeat 100 "(") "a" }}', id="groups-in-groups"),
    ],
)
def test_what_is_too_long_is_an_error_at_once(template: str) -> None:
    started = time.process_time()
    with pytest.raises(TemplateError) as raised:
        parse_template(template).render({})

    assert time.process_time() - started < _SECONDS
    assert raised.value.kind in ("syntax", "failed")
    assert len(raised.value.sentence) < 1000


@pytest.mark.parametrize(
    ("template", "text"),
    [
        pytest.param('{{ atoi (repeat 100000 "9") }}', "9223372036854775807", id="atoi"),
        pytest.param('{{ int (repeat 100000 "9") }}', "0", id="int"),
        pytest.param('{{ float64 (repeat 100000 "9") }}', "0", id="float64"),
        pytest.param('{{ toDecimal (repeat 100000 "7") }}', "0", id="octal"),
        pytest.param('{{ printf (printf "%%%sd" (repeat 100000 "1")) 1 }}', "%!(NOVERB)%!(EXTRA int=1)", id="a-width"),
        pytest.param('{{ printf (printf "%%%sd" (repeat 100000 "0")) 1 }}', "1", id="a-width-of-zeros"),
        pytest.param('{{ semverCompare "1.x-0" (printf "1.1.1-%s" (repeat 9999 "9")) }}', "true", id="a-label"),
        pytest.param('{{ toDate "MST" (printf "GMT+%s" (repeat 9999 "9")) | date "2006" }}', "0001", id="a-zone"),
        pytest.param('{{ toDate "2006.000" (printf "2006.%s" (repeat 9999 "9")) | date "2006" }}', "0001", id="a-time"),
        pytest.param('{{ dateModify (printf "%sh" (repeat 9999 "9")) now | date "2006" | len }}', "4", id="a-duration"),
    ],
)
def test_what_is_too_long_for_a_function_is_what_it_is_in_go(template: str, text: str) -> None:
    assert parse_template(template).render({}).text == text


def test_a_budget_counts() -> None:
    budget = Budget()
    parse_template(
        '{{ range .list }}{{ . | upper }}{{ end }}{{ template "t" . }}{{ define "t" }}{{ end }}'
    ).render_within(budget, {"list": ["a", "b", "ö"]})

    assert 15 < budget.steps < 60
    assert (budget.text, budget.output, budget.depth) == (3, 4, 0)


def test_a_budget_that_is_shared_runs_out() -> None:
    budget = Budget(Limits(steps=100))
    template = parse_template("{{ range until 10 }}{{ . }}{{ end }}")
    template.render_within(budget, {})

    with pytest.raises(TemplateError, match="takes more than 100 steps"):
        template.render_within(budget, {})


def test_a_depth_is_given_back_after_an_error() -> None:
    budget = Budget()
    template = parse_template("{{ if true }}{{ range list 1 }}{{ (index (list) 1) }}{{ end }}{{ end }}")

    with pytest.raises(TemplateError):
        template.render_within(budget, {})
    assert budget.depth == 0


def test_a_usual_template_is_far_from_its_limits() -> None:
    budget = Budget()
    template = (
        'pg_dump -h {{ .Name }} {{ if eq .Kind "x" }}-x{{ else }}-y{{ end }}{{ range .Pods }} {{ . }}{{ end }}'
        '{{ toDate "2006-01-02T15:04:05Z07:00" .Time | date "2006-01-02T15-04-05" | replace "-" "" | lower | quote }}'
    )
    parse_template(template).render_within(
        budget, {"Name": "db", "Kind": "x", "Pods": ["a"] * 20, "Time": "2026-01-01T00:00:00Z"}
    )

    assert budget.steps < budget.limits.steps / 500
    assert budget.text < budget.limits.text / 10_000
