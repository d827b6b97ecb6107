# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.


"""YAML that a person wrote: read strictly, so that no line of it is lost."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError


def read_yaml(text: str, *, source: str) -> list[t.Any]:
    """The documents of ``text`` (JSON is YAML as well), empty ones left out.

    ``source`` names the text in sentences, such as "the file x.yml". Raises ``ValidationError`` for what is no YAML,
    and for a key that stands twice in a mapping: plain YAML readers drop the first of the two.
    """
    try:
        import yaml
    except ImportError as exc:
        raise ValidationError(
            f"The Python library PyYAML is needed to read {source}.", hint="The library kubernetes installs it."
        ) from exc

    class StrictLoader(yaml.SafeLoader):
        """Refuses a key that stands twice in a mapping."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[t.Hashable, t.Any]:
            written: set[str] = set()
            for key, _value in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                    if key.value in written:
                        raise ValidationError(
                            f"In {source}, line {key.start_mark.line + 1}, the key '{key.value}' is written twice."
                        )
                    written.add(key.value)
            return super().construct_mapping(node, deep=deep)

    try:
        return [document for document in yaml.load_all(text, Loader=StrictLoader) if document is not None]
    except yaml.YAMLError as exc:
        why = " ".join(str(exc).split())
        raise ValidationError(f"{source[:1].upper()}{source[1:]} is not valid YAML: {why}.") from exc


__all__ = ("read_yaml",)
