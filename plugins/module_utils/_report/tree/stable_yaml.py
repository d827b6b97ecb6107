# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML that is the same for the same object, and that every reader of Kubernetes takes for the same object.

One document, sorted members (apiVersion, kind, metadata, spec first), no anchors, no folded lines; lists keep their
order, because it has a meaning. What YAML 1.1 or 1.2, or Go's reader, may take for something else than text is quoted.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

_FIRST = ("apiVersion", "kind", "metadata", "spec", "data", "name", "namespace")
#: What some reader of YAML takes for a number, such as 1e3, 0o17, 0x1f, 1_000 and 1:30.
_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9][0-9a-fA-FxXoO_eE.:+-]*|[-+]?\.[0-9].*|[-+]?\.(?:inf|nan)", re.IGNORECASE)
_LIKE_A_WORD = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<", ""))


def to_yaml(document: t.Any) -> bytes:
    """In UTF-8, with a line feed at the end. ``ValidationError`` without the library, and for too many levels."""
    try:
        import yaml
    except ImportError as exc:
        raise ValidationError(
            "The Python library PyYAML is needed to write YAML.", hint="The library kubernetes installs it."
        ) from exc

    class Dumper(yaml.SafeDumper):
        """Without aliases: an object that stands twice is written twice."""

        def ignore_aliases(self, data: t.Any) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> t.Any:
            return super().increase_indent(flow, False)

    def text(dumper: t.Any, value: str) -> t.Any:
        style = None
        if "\n" in value and _fits_a_block(value):
            style = "|"
        elif (
            any(not char.isprintable() for char in value)
            or value.lower() in _LIKE_A_WORD
            or _LIKE_A_NUMBER.fullmatch(value)
        ):
            style = '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    try:
        dumped: str = yaml.dump(
            _ordered(document),
            Dumper=Dumper,
            default_flow_style=False,
            allow_unicode=True,
            sort_keys=False,
            width=1 << 30,
        )
    except RecursionError as exc:
        raise ValidationError("An object is nested too deeply to be written as YAML.") from exc
    return dumped.encode("utf-8", "backslashreplace")


def _fits_a_block(value: str) -> bool:
    """Blocks keep no blanks at the ends of lines that people's editors would take away, and no control characters."""
    lines = value.split("\n")
    return all(
        line == line.rstrip() and all(char.isprintable() or char == "\t" for char in line) for line in lines
    ) and not lines[0].startswith((" ", "\t"))


def _ordered(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        known = [name for name in _FIRST if name in value]
        rest = sorted((name for name in value if name not in _FIRST), key=str)
        return {name: _ordered(value[name]) for name in (*known, *rest)}
    if isinstance(value, list):
        return [_ordered(entry) for entry in value]
    return value


__all__ = ("to_yaml",)
