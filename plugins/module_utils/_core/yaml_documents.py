# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML that a person wrote: read strictly, so that no line of it is lost."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import MAX_DEPTH
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable

_MAX_VALUES = 100_000
#: What the parser says in its own words, with at most a sign or a ``<scalar>`` in quotes.
_QUOTES_NOTHING = re.compile(r"(?:[a-z -]|<block end>|'[]:,}]')+(?:, but (?:found|got) '(?:<[a-z ]+>|[]\[{},:?-])')?")


#: Sixty's in the place of tens (``1:30``), which the YAML readers of Kubernetes do not know.
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")


def read_yaml(text: str, *, source: str, as_kubernetes: bool = False, as_text: bool = False) -> list[t.Any]:
    """The documents of ``text`` (JSON is YAML as well), empty ones left out.

    ``source`` names the text in sentences, such as "the file x.yml". With ``as_kubernetes``, dates and what looks like
    a time of day (``2026-03-09``, ``1:30``) are text, as they are for Kubernetes' own reader of YAML. With ``as_text``,
    so is all else that is neither a collection nor null (``no``, ``0123``).

    Raises ``ValidationError`` for what is no YAML, for a key that occurs twice in a mapping (plain YAML readers drop
    the first of the two), and for more values or levels than any manifest has, those of its aliases counted.
    """
    try:
        import yaml
    except ImportError as exc:
        raise ValidationError(
            f"The Python library PyYAML is needed to read {source}.", hint="The library kubernetes installs it."
        ) from exc

    class StrictLoader(bounded_loader(yaml, source)):  # type: ignore[misc]
        """Refuses a key that occurs twice in a mapping."""

        def resolve(self, kind: t.Any, value: t.Any, implicit: t.Any) -> t.Any:
            tag: t.Any = super().resolve(kind, value, implicit)
            if as_text and kind is yaml.ScalarNode and implicit[0] and tag != "tag:yaml.org,2002:null":
                return "tag:yaml.org,2002:str"
            if not as_kubernetes or kind is not yaml.ScalarNode or not implicit[0]:
                return tag
            is_time = tag == "tag:yaml.org,2002:timestamp" or _SEXAGESIMAL.fullmatch(value)
            return "tag:yaml.org,2002:str" if is_time else tag

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[t.Hashable, t.Any]:
            written: set[str] = set()
            for key, _value in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    if key.value in written:
                        raise ValidationError(
                            f"In {source}, line {key.start_mark.line + 1}, the key '{readable(key.value)}' is "
                            "written twice."
                        )
                    written.add(key.value)
            found: dict[t.Hashable, t.Any] = super().construct_mapping(node, deep=deep)
            return found

    capital = f"{source[:1].upper()}{source[1:]}"
    try:
        return [document for document in yaml.load_all(text, Loader=StrictLoader) if document is not None]
    except yaml.YAMLError as exc:
        raise ValidationError(f"{capital} is not valid YAML{_problem(exc)}.") from exc
    except RecursionError as exc:
        raise ValidationError(f"{capital} is nested too deeply.") from exc
    except (ValueError, TypeError, AttributeError, OverflowError) as exc:
        # Such as what looks like a date or a number and is none (2001-13-45).
        raise ValidationError(f"{capital} is not valid YAML: it has a value that cannot be read.") from exc


def bounded_loader(yaml: t.Any, source: str) -> t.Any:
    """A loader class of the library ``yaml`` that ends where a text grows beyond all bounds, by aliases as well.

    It raises ``ValidationError``. Not made of the loader in C: that one has no limit of depth, and a text that is
    nested deeply enough ends the process.
    """
    capital = f"{source[:1].upper()}{source[1:]}"
    #: Of each anchor: how many values it stands for, and how many levels.
    anchored: dict[str, tuple[int, int]] = {}

    class BoundedLoader(yaml.SafeLoader):  # type: ignore[misc]
        values = 0
        depth = deepest = 0

        def compose_node(self, parent: t.Any, index: t.Any) -> t.Any:
            event: t.Any = self.peek_event()
            if isinstance(event, yaml.AliasEvent):
                self.count_alias(event)
                return super().compose_node(parent, index)
            anchor, values, deepest = event.anchor, self.values, self.deepest
            self.depth += 1
            self.deepest = self.depth
            self.values += 1
            self.check_limits()
            node = super().compose_node(parent, index)
            if anchor is not None:
                anchored[anchor] = (self.values - values, self.deepest - self.depth + 1)
            self.depth -= 1
            self.deepest = max(self.deepest, deepest)
            return node

        def count_alias(self, event: t.Any) -> None:
            """An alias stands for all that it names."""
            if event.anchor in self.anchors and event.anchor not in anchored:
                raise ValidationError(
                    f"In {source}, line {event.start_mark.line + 1}, a value holds itself by the alias "
                    f"*{readable(event.anchor)}."
                )
            values, height = anchored.get(event.anchor, (1, 1))
            self.values += values
            self.deepest = max(self.deepest, self.depth + height)
            self.check_limits()

        def check_limits(self) -> None:
            if self.values > _MAX_VALUES:
                raise ValidationError(f"{capital} has more than {_MAX_VALUES} values, those of its aliases counted.")
            if self.deepest > MAX_DEPTH:
                raise ValidationError(f"{capital} is nested more than {MAX_DEPTH} levels deep.")

    return BoundedLoader


def _problem(exc: Exception) -> str:
    """Where it is, and what in words of the parser's own: the text itself may be a Secret's, and is not repeated."""
    mark, problem = getattr(exc, "problem_mark", None), getattr(exc, "problem", None) or ""
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return f"{where}: {problem}" if problem and _QUOTES_NOTHING.fullmatch(problem) else where


__all__ = ("bounded_loader", "read_yaml")
