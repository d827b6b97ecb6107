# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as a person types them into a form: a survey of AWX gives strings, numbers and lists, and nothing else.

A list may have its entries between commas or on lines, a mapping as ``key=value`` between commas or on lines, or as
YAML, and what was left empty is not set. What cannot be read so stays as it is, and Ansible's own message says so.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.unknown_options import Spec
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml

#: ``key=value``; a key has neither blanks nor what YAML begins a collection with.
_PAIR = re.compile(r"\s*([^\s=:{\[,]+)\s*=\s*(.*?)\s*", re.DOTALL)

#: What must be approved before something is done. A file or a step before that gave nothing has approved nothing.
_GATES = frozenset({"expected_plan", "expected_plan_digest"})

_LOOKS_STRUCTURED = re.compile(r"^\s*[\[{]|^\s*-\s|:\s|:$", re.MULTILINE)


def read_answers(spec: Spec, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``given``, by the types that the options of ``spec`` have."""
    by_name = {
        name: option for option_name, option in spec.items() for name in (option_name, *option.get("aliases", ()))
    }
    read = {
        name: _read(by_name[name], value) if name in by_name and name not in _GATES else value
        for name, value in given.items()
    }
    return {name: value for name, value in read.items() if value is not _UNSET}


_UNSET: t.Any = object()


def _read(option: t.Mapping[str, t.Any], value: t.Any) -> t.Any:
    kind = option.get("type", "str")
    if isinstance(value, float) and value.is_integer() and kind in ("bool", "int", "path", "str"):
        return int(value)
    if not isinstance(value, str):
        return value
    if not value.strip() and _is_unset_by_nothing(option, kind):
        return _UNSET
    if kind in ("bool", "int", "float") or option.get("choices"):
        return value.strip()
    if kind == "list":
        return _read_list(value, of_texts=option.get("elements") == "str")
    if kind == "dict":
        return _read_mapping(value)
    if kind == "raw":
        return _read_structure(value)
    return value


def _is_unset_by_nothing(option: t.Mapping[str, t.Any], kind: str) -> bool:
    """Text that has a default may be meant to be empty."""
    return kind not in ("str", "path") or option.get("default") is None or bool(option.get("choices"))


def _read_list(text: str, *, of_texts: bool) -> t.Any:
    """YAML where it is a list of that; else what is on lines and between commas."""
    structure = _read_structure(text, as_text=of_texts)
    if isinstance(structure, list):
        return structure
    parts = re.split(r"[,\r\n]", text)
    return [part.strip() for part in parts if part.strip()]


def _read_mapping(text: str) -> t.Any:
    structure = _read_structure(text)
    if isinstance(structure, dict):
        is_flat = not any(isinstance(value, (dict, list)) for value in structure.values())
        # Names, of which some look like something else: ``shop: no``. Of a member with a type Ansible reads the text.
        return _read_structure(text, as_text=True) if is_flat else structure
    parts = text.splitlines() if "\n" in text.strip() else text.split(",")
    pairs = [_PAIR.fullmatch(part) for part in parts if part.strip()]
    return {pair[1]: pair[2] for pair in pairs if pair} if all(pairs) else text


def _read_structure(text: str, *, as_text: bool = False) -> t.Any:
    """What YAML makes of it, where that is a collection; else the text."""
    if not _LOOKS_STRUCTURED.search(text):
        return text
    try:
        found = read_yaml(text, source="the option", as_kubernetes=True, as_text=as_text)
    except ValidationError:
        return text
    is_collection = len(found) == 1 and isinstance(found[0], (dict, list))
    return found[0] if is_collection else text


__all__ = ("read_answers",)
