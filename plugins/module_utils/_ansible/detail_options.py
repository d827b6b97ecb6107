# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of each backup or restore that is listed: the options ``details`` and ``describe``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import Result, clean_details
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import SECTIONS, Section
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

DETAILS = ArgumentSpec(
    options={
        "details": {"type": "raw", "default": False},
        "describe": {"type": "bool", "default": False},
    }
)

#: What a description tells of, beside the object itself.
_TOLD: frozenset[Section] = frozenset({"hooks", "volumes", "results", "resource_list", "dumps"})
_KEYS: dict[Section, tuple[str, ...]] = {
    "items": ("items",),
    "hooks": ("hooks", "freezes", "quiesces"),
    "volumes": ("volumes",),
    "results": ("results",),
    "resource_list": ("resource_list",),
    "dumps": ("dumps",),
    "logs": ("logs", "logs_truncated"),
}

Lines: t.TypeAlias = "t.Callable[[t.Mapping[str, t.Any]], list[str]]"


class Details:
    """The two options. Raises ``ValidationError`` for a section that there is not."""

    def __init__(
        self, params: t.Mapping[str, t.Any], *, told: t.Collection[Section] = (), known: tuple[Section, ...] = SECTIONS
    ) -> None:
        """``told``: what a description tells of beyond what it does of a backup. ``known``: those that there are."""
        self._asked = read_sections(params["details"], known)
        self._describe: bool = params["describe"]
        self.sections: frozenset[Section] = self._asked | (
            {*_TOLD, *told}.intersection(known) if self._describe else frozenset()
        )

    def to_return(self, entries: t.Iterable[t.Mapping[str, t.Any]], lines: Lines) -> list[Result]:
        """The entries with what was asked for, and no more; ``lines`` describes one."""
        left = {key for section in self.sections - self._asked for key in _KEYS[section]}
        shown = []
        for entry in entries:
            told = {"description": lines(entry)} if self._describe else {}
            kept = {name: value for name, value in entry.items() if name not in left}
            shown.append(clean_details(kept, with_output=True) | told)
        return shown


def read_sections(details: t.Any, known: tuple[Section, ...] = SECTIONS) -> frozenset[Section]:
    """``details`` as a truth value, a list, or words with commas between them."""
    try:
        return frozenset(known if boolean(details) else ())
    except TypeError:
        words = [word.strip() for word in details.split(",")] if isinstance(details, str) else details
    unknown = [word for word in words if word not in known] if isinstance(words, list) else [words]
    if unknown:
        raise ValidationError(
            f"'{unknown[0]}' is no value of details.", hint=f"Choose from {', '.join(known)}, or true for all."
        )
    return frozenset(section for section in known if section in words)


__all__ = ("DETAILS", "Details", "read_sections")
