# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which fields of an object come from git, by the names under which the tools write them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView

#: Field managers: kustomize-controller and helm-controller name themselves, as do Argo CD's two parts.
TOOLS = frozenset({"kustomize-controller", "helm-controller", "argocd-controller", "argocd-application-controller"})


def is_declared(obj: ObjectView, path: t.Sequence[str]) -> bool:
    """Whether a tool has written the field at ``path``, and writes it again. True where nobody noted who wrote what."""
    written = _written_by_tools(obj)
    if written is None:
        return True
    return any(_reaches(fields, path) for fields in written)


def declared_changes(live: ObjectView, patch: t.Mapping[str, t.Any]) -> list[str]:
    """The fields of a merge patch over ``live`` that a tool has written: it will write them back.

    All of them where nobody noted who wrote what.
    """
    written = _written_by_tools(live)
    changed = list(_leaves(patch, ()))
    if written is not None:
        changed = [path for path in changed if any(_reaches(fields, path) for fields in written)]
    return [".".join(path) for path in changed]


def _written_by_tools(obj: ObjectView) -> list[t.Mapping[str, t.Any]] | None:
    """Their trees of fields; None for an object without any."""
    managed = (obj.get("metadata") or {}).get("managedFields") or []
    entries = [entry for entry in managed if isinstance(entry, dict) and not entry.get("subresource")]
    if not entries:
        return None
    return [entry.get("fieldsV1") or {} for entry in entries if entry.get("manager") in TOOLS]


def _reaches(fields: t.Any, path: t.Sequence[str]) -> bool:
    """Whether ``fields`` has ``path``, or, of a list or a value that is one whole, something on the way to it."""
    for name in path:
        if not isinstance(fields, dict) or f"f:{name}" not in fields:
            return False
        fields = fields[f"f:{name}"]
        if not fields:
            return True
    return True


def _leaves(patch: t.Mapping[str, t.Any], path: tuple[str, ...]) -> t.Iterator[tuple[str, ...]]:
    for name, value in patch.items():
        here = (*path, str(name))
        if isinstance(value, dict) and value:
            yield from _leaves(value, here)
        else:
            yield here


__all__ = ("TOOLS", "declared_changes", "is_declared")
