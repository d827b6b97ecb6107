# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A move of a type from an API version that servers have given up to one that they serve."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import Shape

#: Changes an object in place, whose ``apiVersion`` is the new one already and whose shape is known to be right.
#: Returns a sentence for each thing that is not as it was. Raises ``ConversionError`` for what cannot be said any more.
Change: t.TypeAlias = "t.Callable[[Object], t.Iterable[str]]"


class ConversionError(ArkiveError):
    """An object that has no form in the new version."""


def nothing_to_change(_obj: Object) -> tuple[str, ...]:
    """Of a type that has the same fields in both versions."""
    return ()


class Conversion(t.NamedTuple):
    """What a stored object became. ``refusal``: why it could not be converted; it is as it was stored then."""

    body: Object
    notes: tuple[str, ...] = ()
    refusal: str = ""
    source: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """``kind`` in ``versions`` of one group, to the first of ``targets`` (``apps/v1``) that the cluster serves.

    ``shape`` is what ``change`` counts on. ``plural`` is the name of the resource in both groups.
    """

    group: str
    versions: tuple[str, ...]
    kind: str
    plural: str
    targets: tuple[str, ...]
    change: Change = nothing_to_change
    shape: Shape = dict

    @property
    def sources(self) -> tuple[str, ...]:
        """``extensions/v1beta1`` and the like."""
        return tuple(f"{self.group}/{version}" for version in self.versions)

    @property
    def source_type(self) -> GroupResource:
        return GroupResource(self.plural, self.group)


__all__ = ("Change", "Conversion", "ConversionError", "Move", "nothing_to_change")
