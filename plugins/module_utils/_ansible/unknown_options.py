# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that no module knows. Ansible names them last, after what is missing because of them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import difflib
import typing as t

Spec: t.TypeAlias = "t.Mapping[str, t.Mapping[str, t.Any]]"


class UnknownOption(t.NamedTuple):
    """``place``: the options in which it lies, with dots; ``near``: the known one that is most like it.

    ``home``: the option within which it is known.
    """

    place: str
    name: str
    near: str
    value: t.Any
    is_secret: bool
    home: str = ""

    @property
    def sentence(self) -> str:
        where = f" in {self.place}" if self.place else ""
        if self.home:
            return f"There is no option '{self.name}'{where}; it belongs into {self.home}."
        meant = f"; did you mean '{self.near}'?" if self.near else "."
        return f"There is no option '{self.name}'{where}{meant}"


def find_unknown(
    spec: Spec,
    given: t.Mapping[str, t.Any],
    place: str = "",
    *,
    inner: t.Mapping[str, Spec] | None = None,
    meant: t.Mapping[str, str] | None = None,
) -> list[UnknownOption]:
    """Those of ``given``, and of the options within its options. ``inner``: what is known within some beside those.

    ``meant``: the option that has another name elsewhere, by that name.
    """
    known = {alias: name for name, option in spec.items() for alias in (name, *(option.get("aliases") or ()))}
    found = [
        _unknown(spec, known, name, value, place)._replace(home=_home_of(name, spec, inner or {}))
        if name not in (meant or {})
        else UnknownOption(place, name, (meant or {})[name], value, is_secret=False)
        for name, value in given.items()
        if name not in known
    ]
    for name, value in given.items():
        inner = spec[known[name]].get("options") if name in known else None
        for entry in value if isinstance(value, list) else [value]:
            if inner and isinstance(entry, dict):
                found += find_unknown(inner, entry, f"{place}.{name}" if place else name)
    return found


def _home_of(name: str, spec: Spec, inner: t.Mapping[str, Spec]) -> str:
    """The only option within which the name is known; empty when there is none, or several."""
    homes = [place for place, option in spec.items() if name in (option.get("options") or inner.get(place) or {})]
    return homes[0] if len(homes) == 1 else ""


def _unknown(spec: Spec, known: t.Mapping[str, str], name: str, value: t.Any, place: str) -> UnknownOption:
    near = next(iter(difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.6)), "")
    return UnknownOption(place, str(name), near, value, bool(near and spec[known[near]].get("no_log")))


__all__ = ("UnknownOption", "find_unknown")
