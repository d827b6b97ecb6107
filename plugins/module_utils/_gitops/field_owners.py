# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which fields of an object come from git, as far as the names and times of its writers tell.

A change by somebody else takes a field away from the tool that has applied it, and one that is removed is nobody's, so
that little follows where the tool is not named. Each reconciliation of Flux takes all fields that git has, by force
(kustomize-controller docs/spec/v1). So a field that somebody else has had since before the last one is not git's, and
any other may be.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView

#: Field managers: kustomize-controller and helm-controller name themselves, as do Argo CD's two parts.
_TOOLS = frozenset({"kustomize-controller", "helm-controller", "argocd-controller", "argocd-application-controller"})
#: Flux takes over what these have written, and removes it where git does not have it (fluxcd/pkg/ssa, patch.go).
_TAKEN_OVER = ("kubectl", "before-first-apply")
#: What restores add, which is nobody's else.
_OURS = ("velero.io/", "ark-restore")

Path: t.TypeAlias = "tuple[str, ...]"


def may_be_git(obj: ObjectView, path: t.Sequence[str], applied: dt.datetime | None) -> bool:
    """Whether the field at ``path`` may be written back.

    ``applied``: when all that git has was written last; None where nobody knows.
    """
    managed = (obj.get("metadata") or {}).get("managedFields") or []
    having = [
        entry
        for entry in managed
        if isinstance(entry, dict) and not entry.get("subresource") and _reaches(entry.get("fieldsV1") or {}, path)
    ]
    return not having or any(_may_go(entry, applied) for entry in having)


def git_changes(live: ObjectView, patch: ObjectView, applied: dt.datetime | None) -> tuple[str, ...]:
    """The fields of a merge patch over ``live`` that may be written back."""
    return tuple(".".join(path) for path in _leaves(patch, ()) if may_be_git(live, path, applied))


def changed_fields(patch: ObjectView) -> tuple[str, ...]:
    """All fields of a merge patch but those that restores add."""
    return tuple(".".join(path) for path in _leaves(patch, ()))


def _may_go(entry: Object, applied: dt.datetime | None) -> bool:
    manager = str(entry.get("manager") or "")
    if manager in _TOOLS or manager.startswith(_TAKEN_OVER):
        return True
    written = read_moment(entry.get("time"))
    return applied is None or written is None or written >= applied


def _reaches(fields: t.Any, path: t.Sequence[str]) -> bool:
    """Whether ``fields`` has ``path``, or, of a list or a value that is one whole, something on the way to it."""
    for name in path:
        if not isinstance(fields, dict) or f"f:{name}" not in fields:
            return False
        fields = fields[f"f:{name}"]
        if not fields:
            return True
    return True


def _leaves(patch: ObjectView, path: Path) -> t.Iterator[Path]:
    for name, value in patch.items():
        here = (*path, str(name))
        if here[:-1] == ("metadata", "labels") and here[-1].startswith(_OURS):
            continue
        if isinstance(value, dict) and value:
            yield from _leaves(value, here)
        else:
            yield here


__all__ = ("changed_fields", "git_changes", "may_be_git")
