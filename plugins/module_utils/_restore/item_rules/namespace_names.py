# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Under a namespace mapping, objects name the namespaces that theirs are mapped to, or it is told where they do not."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import ArchiveView
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.namespace_mentions import (
    Mention,
    MentionFinder,
)
from ansible_collections.arkive.k8s.plugins.module_utils._velero.builtin_types import builtin_kind

#: Places that one warning lists.
_SHOWN = 5


class NamespaceNames:
    """Safe to use from any thread. ``mapping`` of the namespaces of the backup."""

    def __init__(self, mapping: t.Mapping[str, str]) -> None:
        self._mapping = {old: new for old, new in mapping.items() if old != new}
        self._all = MentionFinder(self._mapping)
        # What is somebody's new name as well may be meant.
        self._left = MentionFinder(self._mapping.keys() - set(self._mapping.values()))

    @property
    def maps(self) -> bool:
        """Whether any namespace goes to another one."""
        return bool(self._mapping)

    def map(self, group_resource: GroupResource, body: Object) -> list[Mention]:
        """Where it can mean nothing but a namespace, in place. Returns the others."""
        found = self._all.find(group_resource, body)
        for mention in found:
            if mention.known:
                mention.put(self._mapping[mention.name])
        return [mention for mention in found if not mention.known]

    def warn(
        self, group_resource: GroupResource, body: t.Mapping[str, t.Any], *, known: list[Mention] | None = None
    ) -> list[str]:
        """What still names a namespace that is mapped, by path and value: one sentence, or none.

        ``known``: what ``map`` has left, where nothing has changed the body since.
        """
        left = known
        if left is None or self._left.names != self._all.names:
            left = self._left.find(group_resource, body)
        if not left:
            return []
        names = ", ".join(f"'{name}'" for name in sorted({mention.name for mention in left}))
        places = "; ".join(mention.shown for mention in left[:_SHOWN])
        more = f"; and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        return [
            f"It is restored under a namespace mapping and still names {names}: {places}{more}. "
            "A rule of resource_modifiers can change that."
        ]


def is_made_by_another(owner: t.Mapping[str, t.Any] | None, namespace: str, archive: ArchiveView) -> bool:
    """Whether what controls an object is in the backup as well: it says the same, and is told of."""
    if owner is None:
        return False
    group = str(owner.get("apiVersion") or "").rpartition("/")[0]
    known = builtin_kind(group, str(owner.get("kind") or ""))
    return known is not None and owner.get("name") in archive.names(known.group_resource, namespace or None)


__all__ = ("NamespaceNames", "is_made_by_another")
