# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Members of a Velero manifest, read strictly: known names, right types, a sentence for what is wrong."""

# Private: not for use outside of this collection.

from __future__ import annotations

import difflib
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import shown_value

_CAPITAL = re.compile(r"(?<=[a-z])([A-Z])")


def snake_case(name: str) -> str:
    """``includedNamespaces`` as ``included_namespaces``."""
    return _CAPITAL.sub(lambda found: f"_{found[1].lower()}", name)


def camel_case(name: str) -> str:
    """``included_namespaces`` as ``includedNamespaces``."""
    first, *rest = name.split("_")
    return first + "".join("PVs" if part == "pvs" else part.capitalize() for part in rest)


#: The name of a field of a spec, given in snake_case, as the user has written it.
Spelling: t.TypeAlias = "t.Callable[[str], str]"


def as_option(name: str) -> str:
    """How options of a task are spelled."""
    return name


def spelling_of(from_manifest: t.Container[str]) -> Spelling:
    """Fields that come ``from_manifest`` have Velero's spelling, all others that of options."""
    return lambda name: camel_case(name) if name in from_manifest else name


def near_names(name: str, known: t.Iterable[str]) -> str:
    """A hint that names what was probably meant, or all that there is."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    return f"Did you mean {' or '.join(near)}?" if near else f"Its fields are {', '.join(known)}."


def read_mapping(value: t.Any, where: str) -> dict[str, t.Any]:
    """A mapping with text for keys; None is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, t.Mapping) or not all(isinstance(key, str) for key in value):
        raise ValidationError(f"{where} is not a mapping of names to values: {shown_value(value)}.")
    return dict(value)


def read_members(value: t.Any, known: t.Collection[str], where: str, *, snake: bool = False) -> dict[str, t.Any]:
    """The members of a mapping by their camelCase names ``known``; those that are null are left out.

    With ``snake``, the names may be written in snake_case too; one that is written in both ways is refused.
    """
    spelled = {name: name for name in known} | ({snake_case(name): name for name in known} if snake else {})
    out: dict[str, t.Any] = {}
    for written, member in read_mapping(value, where).items():
        name = spelled.get(written)
        if name is None:
            raise ValidationError(f"{where} has no field '{written}'.", hint=near_names(written, known))
        if name in out:
            raise ValidationError(
                f"{where} has '{name}' in two spellings.", hint="Use camelCase or snake_case, not both."
            )
        if member is not None:
            out[name] = member
    return out


def read_text(value: t.Any, where: str) -> str:
    if not isinstance(value, str):
        raise ValidationError(f"{where} is not text: {shown_value(value)}.", hint="Put it in quotes.")
    return str(value)


def read_texts(value: t.Any, where: str) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list | tuple):
        raise ValidationError(f"{where} is not a list: {shown_value(value)}.")
    return tuple(read_text(entry, where) for entry in value)


def read_list(value: t.Any, where: str) -> t.Sequence[t.Any]:
    """A list of anything; None is an empty one."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise ValidationError(f"{where} is not a list: {shown_value(value)}.")
    return value


def read_duration(value: t.Any, where: str) -> float | None:
    """Seconds of a Go duration; None when nothing is given."""
    if value is None or value == "":
        return None
    return parse_duration(str(value), where)


def read_count(value: t.Any, where: str) -> int:
    """A whole number; YAML's booleans are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValidationError(f"{where} is not a number: {shown_value(value)}.")
    return value


def read_bool(value: t.Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ValidationError(f"{where} is neither true nor false: {shown_value(value)}.")
    return value


def read_labels(value: t.Any, where: str) -> dict[str, str]:
    """Labels or annotations."""
    return {name: read_text(text, f"{where}.{name}") for name, text in read_mapping(value, where).items()}


__all__ = (
    "Spelling",
    "as_option",
    "camel_case",
    "near_names",
    "read_bool",
    "read_count",
    "read_duration",
    "read_labels",
    "read_list",
    "read_mapping",
    "read_members",
    "read_text",
    "read_texts",
    "snake_case",
    "spelling_of",
)
