# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import os
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.function_sets import KANISTER
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.template import Rendered, parse_template
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    Struct,
    Tainted,
    of_type,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.template.golden_templates import (
    PARAMS,
)

CANARY = "hunter2-canary"


def params() -> t.Any:
    """As the runner makes them: the data of Secrets is marked, in phases as well."""
    secrets = {"login": {"Name": "login", "Data": Tainted({"password": CANARY.encode()})}}
    return of_type(
        {
            "Secrets": secrets,
            "Phases": {"first": {"Secrets": secrets, "Output": {"path": "/dump", "token": Tainted(CANARY)}}},
            "Options": {"size": "10"},
            "Object": {"metadata": {"name": "db"}, "spec": {"a": ["x", {"b": Tainted(CANARY)}]}},
        },
        PARAMS,
    )


def render(template: str) -> Rendered:
    return parse_template(template).render(params())


@pytest.mark.parametrize(
    "template",
    [
        "{{ .Secrets.login.Name }}",
        "{{ .Options.size }}",
        "{{ .Phases.first.Output.path }}",
        '{{ (index .Phases "first").Output.path | upper }}',
        "{{ .Object.metadata.name }}",
        "{{ index .Object.spec.a 0 }}",
        "{{ toJson .Object.metadata }}",
        "{{ len .Phases }}{{ len .Object.spec.a }}",
        "{{ range .Object.spec.a }}{{ break }}{{ end }}",
        '{{ hasKey .Object "spec" }}',
        "{{ first .Object.spec.a }}",
        "{{ if .Secrets }}y{{ end }}",
        "{{ with .Secrets.login }}{{ .Name }}{{ end }}",
        "{{ or .Options.size .Secrets.login.Data }}",
    ],
)
def test_what_looks_at_no_secret_is_not_tainted(template: str) -> None:
    assert not render(template).tainted


@pytest.mark.parametrize(
    "template",
    [
        "{{ .Secrets.login.Data.password | toString }}",
        '{{ index .Secrets.login.Data "password" | toString }}',
        '{{ index (index .Secrets "login").Data "password" | toString | b64enc }}',
        "{{ len .Secrets.login.Data.password }}",
        '{{ if eq (toString .Secrets.login.Data.password) "x" }}a{{ else }}b{{ end }}',
        "{{ with .Secrets.login.Data }}x{{ end }}",
        "{{ range .Secrets.login.Data }}x{{ end }}",
        "{{ $x := .Secrets.login.Data }}nothing",
        "{{ .Secrets.login.Data }}",
        "{{ .Secrets.login }}",
        "{{ .Secrets }}",
        "{{ . }}",
        "{{ .Phases.first.Output.token }}",
        "{{ .Phases.first.Output }}",
        "{{ .Phases.first }}",
        '{{ index (index .Phases "first").Output "token" }}',
        "{{ toJson .Object }}",
        "{{ toJson .Secrets }}",
        '{{ printf "%v" .Object }}',
        "{{ print .Secrets.login }}",
        "{{ .Object.spec | toPrettyJson }}",
        "{{ index .Object.spec.a 1 }}",
        "{{ (index .Object.spec.a 1).b | sha256sum }}",
        "{{ last .Object.spec.a }}",
        "{{ range .Object.spec.a }}{{ . }}{{ end }}",
        "{{ join `,` .Object.spec.a }}",
        "{{ list .Secrets | toJson }}",
        "{{ (dict `a` .Secrets.login).a.Data.password | toString }}",
        "{{ $x := .Phases.first }}{{ $x.Output.token }}",
        '{{ define "t" }}{{ .Data.password | toString }}{{ end }}{{ template "t" .Secrets.login }}',
        "{{ deepEqual .Object .Object }}",
        "{{ and .Secrets.login.Data 1 }}",
        "{{ or .Secrets.login.Data 1 }}",
        "{{ not .Secrets.login.Data }}",
        "{{ default `x` .Secrets.login.Data }}",
        "{{ coalesce `` .Phases.first.Output.token }}",
        "{{ ternary .Phases.first.Output.token `b` true }}",
        "{{ empty .Secrets.login.Data }}",
        "{{ values .Phases.first.Output | join `,` }}",
        "{{ pluck `token` .Phases.first.Output }}",
        "{{ (pick .Phases.first.Output `token`).token }}",
        "{{ (merge (dict) .Phases.first.Output).token }}",
        "{{ (deepCopy .Phases.first.Output).token }}",
        "{{ (set (dict) `a` .Phases.first.Output).a.token }}",
        "{{ regexFind `[a-z]+` .Phases.first.Output.token }}",
        "{{ .Phases.first.Output.token | trunc 0 }}",
        "{{ html .Object }}",
        "{{ concat .Object.spec.a | last }}",
        "{{ (slice .Object.spec.a 1) }}",
        "{{ kindOf .Phases.first.Output.token }}",
    ],
)
def test_what_looks_at_a_secret_is_tainted_as_a_whole(template: str) -> None:
    assert render(template).tainted


@pytest.mark.parametrize(
    ("template", "secrets"),
    [
        ("{{ .Phases.first.Output.token | upper }} {{ print `n` }}", (CANARY.upper(),)),
        ("{{ $p := .Phases.first.Output.token | quote }}{{ print `n` }}{{ $p }}", (f'"{CANARY}"',)),
        ("{{ with .Phases.first.Output.token | upper }}{{ . }}{{ end }}", (CANARY.upper(),)),
        ("{{ range list .Phases.first.Output.token }}{{ . | upper }}{{ end }}", (CANARY.upper(),)),
        ('{{ define "t" }}{{ lower . }}{{ end }}{{ template "t" .Phases.first.Output.token }}', (CANARY.lower(),)),
        ('{{ $p := "" }}{{ $p = .Phases.first.Output.token | trunc 8 }}{{ $p }}', (CANARY[:8],)),
        ("{{ if .Phases.first.Output.token }}{{ print `n` }}{{ end }}", ()),
    ],
)
def test_what_was_made_of_a_secret_is_known(template: str, secrets: tuple[str, ...]) -> None:
    assert render(template).secrets == secrets


@pytest.mark.parametrize(
    "template",
    [
        "{{ fail .Phases.first.Output.token }}",
        "{{ fail (printf `no: %s` .Phases.first.Output.token) }}",
        "{{ index (list 1) (len .Phases.first.Output.token) }}",
        "{{ semver .Phases.first.Output.token }}",
        "{{ semverCompare .Phases.first.Output.token `1.2.3` }}",
        "{{ urlParse (printf `:%s` .Phases.first.Output.token) }}",
        "{{ regexFind (printf `[%s` .Phases.first.Output.token) `a` }}",
        "{{ upper .Secrets.login.Data.password }}",
        "{{ eq 1 .Phases.first.Output.token }}",
        "{{ (dict .Phases.first.Output.token 1).x }}",
        "{{ if .Phases.first.Output.token }}{{ .Nope }}{{ end }}",
        "{{ repeat (len .Phases.first.Output.token) `x` | int | index (list) }}",
    ],
)
def test_an_error_that_looked_at_a_secret_shows_nothing_of_it(template: str) -> None:
    with pytest.raises(TemplateError) as raised:
        render(template)

    assert raised.value.tainted
    assert CANARY not in raised.value.sentence
    assert CANARY not in repr(raised.value.details)
    assert str(len(CANARY)) not in raised.value.sentence


def test_an_error_without_a_secret_says_what_was_wrong() -> None:
    with pytest.raises(TemplateError, match=r"this is no semantic version: one\.$") as raised:
        render("{{ semver `one` }}")

    assert not raised.value.tainted


def test_the_representation_of_a_tainted_text_does_not_show_it() -> None:
    assert CANARY not in repr(render("{{ .Phases.first.Output.token }}"))
    assert repr(render("{{ .Options.size }}")) == "Rendered(text='10', tainted=False)"


REFUSED = (
    "env",
    "expandenv",
    "getHostByName",
    "genPrivateKey",
    "genCA",
    "genSelfSignedCert",
    "genSignedCert",
    "buildCustomCert",
    "derivePassword",
    "encryptAES",
    "decryptAES",
)


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_show_the_controller_or_make_keys_is_refused_by_name(name: str) -> None:
    with pytest.raises(TemplateError) as raised:
        parse_template(f'first line\n{{{{ {name} "PATH" }}}}', name="the argument 'command'")

    assert (raised.value.kind, raised.value.line) == ("refused", 2)
    assert raised.value.sentence.startswith(
        f"The argument 'command' is not a template of Go: line 2: the function '{name}' is refused, because "
    )
    assert raised.value.hint


@pytest.mark.parametrize(
    "template",
    [
        "{{ .__class__ }}",
        "{{ .Options.__class__ }}",
        "{{ .Object.metadata.name.__class__ }}",
        '{{ index .Options "__class__" }}|',
        "{{ .StatefulSet.__init__ }}",
        "{{ .go_type }}",
        "{{ .fields }}",
        "{{ now.seconds }}",
        "{{ now.zone }}",
        "{{ (semver `1.2.3`).numbers }}",
        "{{ .Options.items }}",
        "{{ .Object.spec.a.append 1 }}",
        "{{ printf `{0.__class__}` }}",
    ],
)
def test_no_way_leads_to_python(template: str) -> None:
    try:
        answer = render(template).text
    except TemplateError as error:
        answer = error.kind

    assert answer in ("no such field", "missing key", "not a function", "nil pointer", "|", "{0.__class__}")


def test_neither_environment_nor_zone_of_the_controller_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    monkeypatch.setenv("CANARY", CANARY)
    noon = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)

    text = (
        parse_template('{{ now | date "15:04 MST" }} {{ now.Local }} $CANARY ${CANARY}')
        .render({}, clock=lambda: noon)
        .text
    )

    assert text == "12:00 UTC 2026-07-01 12:00:00 +0000 UTC $CANARY ${CANARY}"
    assert os.environ["CANARY"] == CANARY


@pytest.mark.parametrize("zone", ["../../etc/passwd", "/etc/passwd", "Europe/../../../etc/passwd", "\0", "x" * 5000])
def test_a_zone_is_no_path(zone: str) -> None:
    data = {"zone": zone, "at": 0}

    assert parse_template('{{ dateInZone "2006 MST" (int .at) .zone }}').render(data).text == "1970 UTC"


def test_data_is_not_changed() -> None:
    data: dict[str, t.Any] = {"a": {"b": 1}, "list": [1], "secret": Tainted({"x": 1})}
    template = (
        '{{ $_ := set .a "b" 2 }}{{ $_ := unset .a "c" }}{{ $_ := merge .a (dict "d" 1) }}{{ $_ := set .secret "x" 2 }}'
        "{{ $_ := append .list 2 }}{{ .a.b }}{{ .a.d }}{{ .secret.x }}"
    )

    rendered = parse_template(template).render(data)

    assert rendered == Rendered("212", tainted=True)
    assert data["a"] == {"b": 1}
    assert data["list"] == [1]
    assert data["secret"].value == {"x": 1}


def test_a_field_that_a_struct_has_not_cannot_be_given() -> None:
    with pytest.raises(TypeError, match="has no field Nope"):
        Struct(PARAMS, {"Nope": 1})


def test_a_template_is_parsed_once_and_rendered_with_many_data() -> None:
    template = parse_template("{{ $x := int .n }}{{ range until $x }}{{ . }}{{ end }}|{{ $x }}")

    assert [template.render({"n": number}).text for number in (0, 2, 3)] == ["|0", "01|2", "012|3"]


def test_an_error_says_what_to_do() -> None:
    with pytest.raises(TemplateError) as raised:
        parse_template("{{ range until .n }}{{ end }}", name="the command").render({"n": 3})

    assert raised.value.sentence == (
        "The command cannot be rendered: line 1, at '.n': a value of type int is wanted here, and this one is int64. "
        "Pass it through int."
    )


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    halves = '{{ trunc 1 "\u00f6" }}{{ substr 1 2 "\u00f6" }}'

    assert parse_template(f'{{{{ b64dec "/w==" }}}}{halves}').render({}).text == "\ufffd\u00f6"


#: A secret at each place of a call: as it is, as bytes, and in a list and a mapping.
_CALLS = [
    f"{{{{ {before} {given} {after} }}}}"
    for given in ("$s", "$b", "(list $s)", '(dict "k" $s)')
    for before, after in (
        ("%s", ""),
        ('%s "a"', ""),
        ("%s", '"a"'),
        ("%s 1", ""),
        ("%s", "1"),
        ('%s "a" "b"', ""),
        ("%s 1 2", ""),
    )
]
#: What they give is another one each time.
_RANDOM = frozenset({"randAlpha", "randAlphaNum", "randAscii", "randNumeric", "shuffle", "uuidv4", "now", "ago"})


@pytest.mark.parametrize("name", sorted(set(KANISTER) - _RANDOM))
def test_no_function_lets_a_secret_through(name: str) -> None:
    """What a call gives is tainted, or is the same whatever the secret is; errors do not quote it."""
    for call in _CALLS:
        secrets = (CANARY, "42x-secret-of-another-length", "A==")
        said = {_said(call % name, secret) for secret in secrets}
        assert len(said - {None}) <= 1, (call % name, said)
        assert not any(secret in (text or "") for text in said for secret in secrets), (call % name, said)


def _said(call: str, secret: str) -> str | None:
    """What is shown; None for what is masked, and for an error."""
    template = parse_template(f"{{{{ $s := .s }}}}{{{{ $b := .b }}}}{call}")
    try:
        rendered = template.render({"s": Tainted(secret), "b": Tainted(secret.encode())})
    except TemplateError as exc:
        return exc.sentence if secret in exc.sentence else None
    return None if rendered.tainted else rendered.text
