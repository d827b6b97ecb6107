# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is to say of a blueprint before anything runs."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import readable

#: ``error``: Kanister refuses it as well. ``refused``: Kanister runs it, this collection cannot. ``warning``: it runs,
#: and may not do what was meant.
FindingLevel: t.TypeAlias = t.Literal["error", "refused", "warning"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``action``, ``phase`` and ``argument`` say where, as far as it is about one; ``hint`` is the remedy."""

    level: FindingLevel
    message: str
    action: str = ""
    phase: str = ""
    argument: str = ""
    hint: str = ""

    @property
    def place(self) -> str:
        """``action backup, phase dump, argument command``."""
        parts = (("action", self.action), ("phase", self.phase), ("argument", self.argument))
        return ", ".join(f"{word} {readable(name)}" for word, name in parts if name)

    @property
    def sentence(self) -> str:
        """All of it: where, what, and the remedy."""
        said = f"{self.place}: {self.message}" if self.place else self.message
        return f"{said[:1].upper()}{said[1:]} {self.hint}".rstrip()

    def to_return(self) -> dict[str, str]:
        """The entry of a task's result."""
        return {"place": self.place} | {str(key): str(value) for key, value in dataclasses.asdict(self).items()}


__all__ = ("Finding", "FindingLevel")
