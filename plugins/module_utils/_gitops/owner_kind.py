# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of one kind of owner."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Identity


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``auto_sync``: it applies what is new in git. ``self_heal``: it undoes changes in the cluster as well.

    ``prune``: it deletes what git has no more. ``suspended``: it does none of this.
    """

    auto_sync: bool
    self_heal: bool
    prune: bool
    suspended: bool

    @property
    def would_undo(self) -> bool:
        """Whether it takes back what somebody else does to the objects that it owns."""
        return not self.suspended and (self.self_heal or (self.auto_sync and self.prune))

    @property
    def acts(self) -> bool:
        """Whether it writes anything without being told to."""
        return not self.suspended and (self.self_heal or self.auto_sync)


class OwnerKind(t.Protocol):
    """Reads objects of one kind; talks to no cluster."""

    kind: str
    group_resource: GroupResource
    #: The one field by which it is paused, and what that is then; None takes the field away.
    field: tuple[str, ...]
    paused_value: t.Any

    def read(self, obj: ObjectView) -> Settings:
        """What it does by itself."""

    def is_running(self, obj: ObjectView) -> bool:
        """Whether it is at work at this moment."""

    def is_value(self, value: t.Any) -> bool:
        """Whether the field can have this value; None stands for no field."""

    def last_applied(self, obj: ObjectView) -> dt.datetime | None:
        """When it last wrote all fields that git has; None where nobody knows."""

    def inventory(self, obj: ObjectView) -> t.Iterator[Identity]:
        """The objects that it says it owns."""


def read_field(obj: ObjectView, path: t.Sequence[str]) -> t.Any:
    """What is at ``path``; None where there is nothing."""
    found: t.Any = obj
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def read_entries(obj: ObjectView, path: t.Sequence[str]) -> t.Iterator[dict[str, t.Any]]:
    """The mappings in the list at ``path``. A definition without a schema lets anything be there."""
    found = read_field(obj, path)
    yield from (entry for entry in found if isinstance(entry, dict)) if isinstance(found, list) else ()


def read_texts(values: t.Any) -> list[str]:
    """The texts of a list; none of anything else."""
    return [text for text in values if isinstance(text, str)] if isinstance(values, list) else []


def nested(path: t.Sequence[str], value: t.Any) -> dict[str, t.Any]:
    """A document with ``value`` at ``path`` and nothing else."""
    for name in reversed(path):
        value = {name: value}
    return t.cast("dict[str, t.Any]", value)


__all__ = ("OwnerKind", "Settings", "nested", "read_entries", "read_field", "read_texts")
