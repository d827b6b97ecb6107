# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Warnings and errors: as entries of a result, and as sentences for people."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted

#: Warnings that are shown one by one; errors that ``msg`` has. All are in the result.
SHOWN_WARNINGS = 10
_SHOWN_ERRORS = 3
#: One error takes at most so much of ``msg``: an admission webhook may answer with pages.
_LONGEST, _END = 600, 250

_FIELDS = ("resource", "namespace", "name", "message", "reason", "hint")


def whole_issue(entry: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``entry`` with all of its members, each on one line."""
    return {**entry, **{name: one_line(str(entry.get(name) or "")) for name in _FIELDS}}


def issue_text(entry: t.Mapping[str, t.Any]) -> str:
    """One sentence with the object, what happened and why, and the remedy after it."""
    said = str(entry.get("message") or "").rstrip()
    reason = str(entry.get("reason") or "").strip()
    if reason and reason.rstrip(".").lower() not in said.lower():
        said = f"{said.rstrip('.')}: {reason}" if said else reason
    where = _where(entry, said)
    said = f"{where}: {said}" if where else said
    if said and said[-1] not in ".!?":
        said += "."
    hint = str(entry.get("hint") or "").strip()
    return _shorten(f"{said} {hint}" if hint and hint not in said else said)


def first_errors(errors: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """The first of a run's errors for ``msg``, and how many more there are; empty without any."""
    texts = list(dict.fromkeys(map(issue_text, errors)))
    shown = texts[:_SHOWN_ERRORS]
    text = shown[0] if len(shown) == 1 else " ".join(f"({at}) {said}" for at, said in enumerate(shown, 1))
    return f"{text} And {len(texts) - len(shown)} more in errors_list." if len(texts) > len(shown) else text


def shown_warnings(warnings: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """The warnings as Ansible shows them: the first ones, and how many more there are."""
    texts = list(dict.fromkeys(map(issue_text, warnings)))
    if len(texts) <= SHOWN_WARNINGS + 1:
        return texts
    rest = counted(len(texts) - SHOWN_WARNINGS, "more warning")
    return [*texts[:SHOWN_WARNINGS], f"And {rest}, see warnings_list in the result."]


def _where(entry: t.Mapping[str, t.Any], said: str) -> str:
    """``pod shop/db-0``, unless the sentence names the object itself."""
    namespace, name = (str(entry.get(key) or "") for key in ("namespace", "name"))
    kind = singular(str(entry.get("resource") or ""))
    if kind == "namespace":
        # Results of other writers count a Namespace among the objects of its own.
        namespace, name = "", name or namespace
    if name:
        place = f"{namespace}/{name}" if namespace else name
        named = [f"'{name}'", f"{kind} {name}", *((place,) if namespace else ())]
    else:
        place, kind = (f"namespace {namespace}", "") if namespace else (kind, "")
        named = [namespace, place]
    return "" if any(text.lower() in said.lower() for text in named) else f"{kind} {place}".strip()


def singular(resource: str) -> str:
    """``pod`` of ``pods``, ``networkpolicy.networking.k8s.io`` of the group-resource."""
    plural, dot, group = resource.partition(".")
    if plural.endswith("ies"):
        word = f"{plural[:-3]}y"
    elif plural.endswith(("sses", "uses", "xes", "ches", "shes")):
        word = plural[:-2]
    else:
        word = plural if plural == "endpoints" else plural.removesuffix("s")
    return f"{word}{dot}{group}"


def _shorten(text: str) -> str:
    text = one_line(text)
    if len(text) <= _LONGEST:
        return text
    # The remedy is at the end.
    return f"{text[: _LONGEST - _END]} ... {text[-_END:]}"


__all__ = (
    "SHOWN_WARNINGS",
    "first_errors",
    "issue_text",
    "shown_warnings",
    "singular",
    "whole_issue",
)
