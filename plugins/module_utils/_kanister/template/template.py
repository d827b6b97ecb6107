# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates of Go, as blueprints have them: ``text/template`` with the text functions of sprig 2.22.

Parse once, render often:

>>> template = parse_template("{{ .Namespace.Name | upper }}", name="the argument 'namespace' of the phase 'dump'")
>>> template.render(params)
Rendered(text='SHOP', tainted=False)

``params`` is what JSON has (dict, list, str, int, float, bool, None, and bytes), and what ``values`` has beside it:
``Struct``, whose unknown fields are errors, ``Pointer``, which may be nil, ``TypedMap`` and ``TypedList``. ``of_type``
makes them of plain dicts and lists, by a ``struct_type`` (see ``types``):

>>> named = struct_type("param.NamespaceParams", {"Name": STRING, "Namespace": STRING})
>>> params = of_type({"Namespace": {"Name": "shop"}}, struct_type("param.Params", {"Namespace": pointer_to(named)}))

``Tainted`` goes around anything that is secret, a map of secrets as well. A rendering that looks at something tainted
is tainted as a whole, whatever becomes of it: by printing, by a condition, in an error.

What is wrong is a ``TemplateError`` with a sentence, a ``kind`` and a ``line``; its message holds nothing of the values
when it is ``tainted``. Templates are untrusted: they reach no file, no variable of the environment and no network, and
end by the ``Limits`` of a rendering. Of the data that they are given they change nothing: ``set`` changes a copy.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.budget import Budget, Limits
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.copying import copied
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault, TemplateError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.evaluator import (
    Evaluator,
    Missing,
    Surroundings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.function_sets import (
    CHANGES_DATA,
    KANISTER,
    REFUSED,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import Table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.nodes import Body
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.parser import ParseFault, parse
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import from_bytes, to_bytes

#: Of the text of a template, in characters.
_LONGEST = 256 * 1024
#: The name of the template itself, which none that it defines can have.
_MAIN = "\0"
_LAST_SURROGATE, _FIRST_SURROGATE = "\udfff", "\ud800"


@dataclasses.dataclass(frozen=True, slots=True)
class Rendered:
    """``tainted`` when a secret went into the text, or decided what is in it: it must not be shown then.

    ``secrets``: what was made of secrets, as it stands in the text.
    """

    text: str
    tainted: bool
    secrets: tuple[str, ...] = dataclasses.field(default=(), compare=False)

    def __repr__(self) -> str:
        return f"Rendered(text={MASK if self.tainted else self.text!r}, tainted={self.tainted})"


@dataclasses.dataclass(frozen=True, slots=True)
class Template:
    """A parsed template. ``name`` says what it is, in errors; ``functions_used`` are names."""

    name: str
    functions_used: frozenset[str]
    _trees: t.Mapping[str, Body]
    _functions: Table

    def render(
        self,
        data: t.Any,
        *,
        missing: Missing = "error",
        limits: Limits | None = None,
        clock: t.Callable[[], dt.datetime] = utc_now,
    ) -> Rendered:
        """``missing`` says what a key is that a map has not: an error, the zero value, or ``<no value>``."""
        return self.render_within(Budget(limits), data, missing=missing, clock=clock)

    def render_within(
        self, budget: Budget, data: t.Any, *, missing: Missing = "error", clock: t.Callable[[], dt.datetime] = utc_now
    ) -> Rendered:
        """The same, with what ``budget`` has left: several renderings may share one, and tests can count."""
        evaluator = Evaluator(Surroundings(self._trees, self._functions, missing, clock), budget)
        depth = budget.depth
        try:
            used = copied(data, budget) if self.functions_used & CHANGES_DATA else data
            text = _valid(evaluator.run(_MAIN, used))
            return Rendered(text, evaluator.tainted, tuple(map(_valid, evaluator.secret_texts)))
        except Fault as fault:
            raise self._error(fault, evaluator) from None
        finally:
            budget.depth = depth

    def _error(self, fault: Fault, evaluator: Evaluator) -> TemplateError:
        what = fault.what
        if fault.detail:
            hidden = " (not shown, as a secret went into it)"
            what += hidden if evaluator.tainted else f": {_valid(_shortened(fault.detail, 200))}"
        return TemplateError(
            f"{_sentence_start(self.name)} cannot be rendered: line {evaluator.line}, "
            f"at '{_shortened(str(evaluator.where), 80)}': {what}.",
            kind=fault.kind,
            line=evaluator.line,
            hint=fault.hint,
            tainted=evaluator.tainted,
        )


def parse_template(text: str, *, name: str = "the template", functions: Table = KANISTER) -> Template:
    """Raises ``TemplateError`` for what is no template, and for functions that are unknown or refused.

    ``name`` is how errors call it, such as "the argument 'pod' of the phase 'dump'". ``functions`` is one of the sets
    in ``function_sets``.
    """
    used: set[str] = set()

    def check_function(word: str) -> None:
        if word in REFUSED and word not in functions:
            raise Fault(
                "refused", f"the function {word!r} is refused, because {REFUSED[word][0]}", hint=REFUSED[word][1]
            )
        if word not in functions:
            raise Fault("undefined function", f"there is no function {word!r}", hint=_hint_of_unknown(word, functions))
        used.add(word)

    try:
        if len(text) > _LONGEST:
            raise ParseFault(Fault("budget", f"it is longer than {_LONGEST} characters"), 1)
        trees = parse(text, _MAIN, check_function)
    except ParseFault as exc:
        fault = exc.fault
        raise TemplateError(
            f"{_sentence_start(name)} is not a template of Go: line {exc.line}: {_shortened(fault.what, 200)}.",
            kind=fault.kind,
            line=exc.line,
            hint=fault.hint,
        ) from None
    return Template(name, frozenset(used), trees, functions)


def _sentence_start(name: str) -> str:
    return name[:1].upper() + name[1:]


def _hint_of_unknown(word: str, functions: Table) -> str:
    if word.lower() in {name.lower() for name in functions}:
        right = next(name for name in functions if name.lower() == word.lower())
        return f"It is written {right!r}."
    return (
        "There are those of Go's templates and of sprig 2.22, as in Kanister; later ones of sprig are not among them."
    )


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _valid(text: str) -> str:
    """Bytes that are no UTF-8 become U+FFFD, as they do where Kubernetes stores texts."""
    if text.isascii() or not any(_FIRST_SURROGATE <= char <= _LAST_SURROGATE for char in text):
        return text
    whole = from_bytes(to_bytes(text))
    return "".join("\ufffd" if _FIRST_SURROGATE <= char <= _LAST_SURROGATE else char for char in whole)


__all__ = ("Rendered", "Template", "parse_template")
