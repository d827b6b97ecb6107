# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates that chance makes: functions with arguments that mostly fit, and golden cases with a few changes."""

from __future__ import annotations

import random
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.function_sets import KANISTER
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Function

#: Their answers depend on the clock, on chance or on the order of a map.
_UNSTEADY = frozenset(
    ("ago", "keys", "randAlpha", "randAlphaNum", "randAscii", "randNumeric", "shuffle", "uuidv4", "values")
)
#: Of anything but a time they make the time of the day at which Go runs.
_OF_NOW = frozenset(("date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone"))
_NAMES = sorted(KANISTER.keys() - _UNSTEADY - _OF_NOW)

_FIELDS = (
    ".name", ".replicas", ".weight", ".ready", ".empty", ".nothing", ".zero", ".list", ".numbers", ".none", ".mixed",
    ".labels", ".hollow", ".nested", ".rows", ".umlaut", ".quoted", ".password", ".texts", ".options", ".data", ".at",
    ".east", ".big", ".missing", ".",
)  # fmt: skip
_TEXTS = (
    '"a"', '"A b_C-d"', '""', '"1"', '"-7"', '"1.5"', '"a,b,,c"', '","', '"x y  z"', '"ä✓"', '"2006-01-02"',
    '"2026-03-09"', '"15:04:05.000"', '"/a/b.c"', '"http://u:p@h:80/p?q#f"', '"aGk="', '"%d-%v|%5s|%x"',
    '"%q %T %+v %#v"', '"[a-c]+"', '"%6.2f|%-5d|%05d"', '"(a|b)*"', '"1.2.3"', '">=1.0"', '"tier"', '"true"',
    '"\\n\\t"', '" lead"', "`raw`",
)  # fmt: skip
_NUMBERS = (
    "0", "1", "-1", "2", "3", "10", "1.5", "-2.5", "0.0", "1e10", "1e-7", "0x1F", "'x'", "true", "false", "nil",
)  # fmt: skip
_MADE = (
    '(list 1 "a" nil)',
    '(dict "a" 1 "b" (list))',
    "(until 3)",
    '(split "," "a,b")',
    "(int 3)",
    "(int64 2)",
    "(float64 2)",
)
_ANY = (*_FIELDS, *_TEXTS, *_NUMBERS, *_MADE)
_FITTING: dict[str, tuple[str, ...]] = {
    "string": (*_TEXTS, ".name", ".umlaut", ".quoted", ".empty"),
    "int": ("0", "1", "2", "3", "5", "10", "-1", "(int 3)", "(len .list)"),
    "bool": ("true", "false", ".ready", "(eq 1 1)"),
    "float64": ("0.5", "1.5", "2"),
    "map": (".labels", ".hollow", ".nested", '(dict "a" 1)', "(dict)"),
    "time": (".at", ".east", '(toDate "2006-01-02" "2026-03-09")'),
    "version": ('(semver "1.2.3")',),
}
_DEEPEST = 3
_BLOCKS = (
    "{{ if %s }}a{{ else if %s }}b{{ else }}c{{ end }}",
    "{{ range $i, $e := %s }}{{ $i }}={{ $e }};{{ else }}none{{ end }}",
    "{{ with $x := %s }}{{ . }}{{ $x }}{{ else }}{{ $x }}{{ end }}",
    '{{ $x := %s }}{{ printf "%%v %%T %%q" $x $x $x }}',
)
_LETTERS = "{}()|.$ \"'`-/*:=,;0123aZ_\n\\%[]<>!+eExn"
_PIECES = ("{{ ", " }}", "{{- ", " -}}", "{{ end }}", "{{ else }}", "/*", "*/", "$x", " := ", " | ", ".name")


def make_template(chance: random.Random, known: t.Sequence[str]) -> str:
    """A new template, or one of the ``known`` ones with a few changes."""
    if chance.random() < 0.5:
        return _changed(chance, chance.choice(known))
    if chance.random() < 0.7:
        return f"{{{{ {_expression(chance, 0)} }}}}"
    block = chance.choice(_BLOCKS)
    return block % tuple(_expression(chance, 0) for _place in range(block.count("%s")))


def _changed(chance: random.Random, template: str) -> str:
    for _time in range(chance.randint(1, 3)):
        place = chance.randint(0, len(template))
        rest = template[place + chance.choice((0, 0, 1, 1, 4)) :]
        template = template[:place] + chance.choice(("", chance.choice(_LETTERS), chance.choice(_PIECES))) + rest
    return template


def _expression(chance: random.Random, depth: int) -> str:
    if depth >= _DEEPEST or chance.random() < 0.3:
        return chance.choice(_ANY)
    function = KANISTER[chance.choice(_NAMES)]
    if chance.random() < 0.1 and function.parameters:
        return f"({_expression(chance, depth + 1)} | {_call(chance, function, -1, depth)})"
    return f"({_call(chance, function, chance.choice((0,) * 30 + (-1, 1)), depth)})"


def _call(chance: random.Random, function: Function, more: int, depth: int) -> str:
    """A call with so many arguments more than are wanted."""
    count = len(function.parameters) + more + (chance.randint(0, 2) if function.rest else 0)
    wanted = [*function.parameters, *[function.rest or "any"] * 4][: max(count, 0)]
    return " ".join([function.name, *(_argument(chance, parameter, depth + 1) for parameter in wanted)])


def _argument(chance: random.Random, parameter: str, depth: int) -> str:
    if parameter in _FITTING and chance.random() < 0.8:
        return chance.choice(_FITTING[parameter])
    return _expression(chance, depth)


__all__ = ("make_template",)
