# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Choosing single objects: by name, and by an expression over the stored object."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.patterns import compile_glob, matches_glob
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery

#: Gets a stored object; the object is taken when the answer is neither None nor false nor empty.
Expression: t.TypeAlias = "t.Callable[[t.Mapping[str, t.Any]], t.Any]"


@dataclasses.dataclass(slots=True)
class NamePattern:
    """``kind/namespace/name``, or ``kind/name`` for an object in any namespace or in none; each part is a glob."""

    text: str
    kind: str
    namespace: str | None
    name: str
    used: bool = False

    @classmethod
    def parse(cls, text: str) -> NamePattern:
        parts = text.split("/")
        if len(parts) not in (2, 3) or not all(parts) or any(compile_glob(part) is None for part in parts):
            raise ValidationError(
                f"'{text}' in names is not the name of an object.",
                hint="Write kind/namespace/name, such as secret/shop/db-*, or kind/name; '*' stands for any text.",
            )
        return cls(text, parts[0], parts[1] if len(parts) == 3 else None, parts[-1])

    def fits(self, ref: ItemRef, known: GroupResource | None) -> bool:
        """``known`` is the type that the API server knows under this kind."""
        if not matches_glob(self.name, ref.name):
            return False
        if self.namespace is not None and not matches_glob(self.namespace, ref.namespace or ""):
            return False
        if known is not None:
            return known == ref.group_resource
        return matches_glob(self.kind.lower(), str(ref.group_resource))


class ObjectChoice:
    """What the names and the expression of a request let through; without either, everything."""

    def __init__(self, names: t.Sequence[str], expression: Expression | None) -> None:
        self._patterns = [NamePattern.parse(text) for text in names]
        self._expression = expression
        self._kinds: dict[str, GroupResource | None] = {}

    @property
    def chooses(self) -> bool:
        return bool(self._patterns) or self._expression is not None

    def takes(self, ref: ItemRef, discovery: Discovery, read: t.Callable[[ItemRef], t.Mapping[str, t.Any]]) -> bool:
        """``read`` is called only where the expression has to see the object."""
        if self._patterns:
            fitting = [
                pattern for pattern in self._patterns if pattern.fits(ref, self._resolve(pattern.kind, discovery))
            ]
            for pattern in fitting:
                pattern.used = True
            if not fitting:
                return False
        return self._expression is None or bool(self._expression(read(ref)))

    def _resolve(self, kind: str, discovery: Discovery) -> GroupResource | None:
        if kind not in self._kinds:
            known = discovery.resolve(kind)
            self._kinds[kind] = known.group_resource if known else None
        return self._kinds[kind]

    @property
    def unused(self) -> list[str]:
        """The names that fitted nothing."""
        return [pattern.text for pattern in self._patterns if not pattern.used]


__all__ = ("Expression", "NamePattern", "ObjectChoice")
