# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One owner as it is in the cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
import shlex
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.field_owners import may_be_git
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_kind import (
    OwnerKind,
    Settings,
    nested,
    read_field,
)
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pause_mark import (
    PAUSED_ANNOTATION,
    PauseMark,
    read_mark,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Owner:
    """``obj`` as it was read last. ``mark_problem``: what is wrong with the mark of a pause on it."""

    kind: OwnerKind
    resource: ApiResource
    obj: Object
    mark: PauseMark | None = None
    mark_problem: str = ""

    @classmethod
    def of(cls, kind: OwnerKind, resource: ApiResource, obj: Object) -> Owner:
        obj = {"apiVersion": resource.api_version, "kind": resource.kind, **obj}
        try:
            return cls(kind, resource, obj, read_mark(obj, kind))
        except ValueError as exc:
            return cls(kind, resource, obj, mark_problem=str(exc))

    @property
    def ref(self) -> OwnerRef:
        metadata = self.obj["metadata"]
        return OwnerRef(self.kind.kind, str(metadata.get("namespace") or ""), str(metadata["name"]))

    @property
    def now(self) -> Settings:
        return self.kind.read(self.obj)

    @property
    def unpaused(self) -> Settings:
        """What it does once it is resumed: what it does now where it is not paused, or waits for a person."""
        if self.mark is None or self.mark.until is None:
            return self.now
        obj = copy.deepcopy({"metadata": self.obj["metadata"], "spec": self.obj.get("spec") or {}})
        place = obj
        *parents, last = self.kind.field
        for name in parents:
            if not isinstance(place.get(name), dict):
                place[name] = {}
            place = place[name]
        if self.was is None:
            place.pop(last, None)
        else:
            place[last] = self.was
        return self.kind.read(obj)

    @property
    def was(self) -> t.Any:
        """The field before the pause. What somebody has made of it since is what it is."""
        if self.mark is None or self.value != self.kind.paused_value:
            return self.value
        return self.mark.was

    @property
    def value(self) -> t.Any:
        """Of the field by which it is paused."""
        return read_field(self.obj, self.kind.field)

    @property
    def is_running(self) -> bool:
        return self.kind.is_running(self.obj)

    @property
    def last_applied(self) -> dt.datetime | None:
        """When it last wrote all that git has; None where it does not say so."""
        return self.kind.last_applied(self.obj)

    def is_resumed_by(self, parent: Owner) -> bool:
        """Whether ``parent`` may write the field back that pauses it: one that is not there is none of git's."""
        return self.value is not None and may_be_git(self.obj, self.kind.field, parent.last_applied)

    @property
    def resume_command(self) -> str:
        """How a person resumes it, exactly as it was."""
        patch = resume_patch(self)
        where = shlex.quote(self.ref.namespace)
        what = f"{self.kind.group_resource} {shlex.quote(self.ref.name)}"
        return f"kubectl -n {where} patch {what} --type merge -p {shlex.quote(json.dumps(patch, sort_keys=True))}"

    def to_return(self) -> dict[str, t.Any]:
        """What it is and does. ``paused_by`` and ``paused_until`` where it is paused by a run of this collection."""
        settings = self.unpaused
        return {
            **self.ref._asdict(),
            "auto_sync": settings.auto_sync,
            "self_heal": settings.self_heal,
            "prune": settings.prune,
            "suspended": self.now.suspended,
            "paused_by": self.mark.run if self.mark else None,
            "paused_until": rfc3339(self.mark.until) if self.mark and self.mark.until else None,
        }


def pause_patch(owner: Owner, mark: PauseMark) -> Object:
    """A merge patch that the server refuses when somebody else was faster."""
    patch = nested(owner.kind.field, owner.kind.paused_value)
    return patch | {"metadata": _metadata(owner, mark.to_text())}


def renewal_patch(owner: Owner, mark: PauseMark) -> Object:
    """The mark alone, guarded as ``pause_patch``."""
    return {"metadata": _metadata(owner, mark.to_text())}


def resume_patch(owner: Owner, *, guarded: bool = False) -> Object:
    """The reverse. What somebody else has made of the field meanwhile stays. ``guarded``: as ``pause_patch``."""
    metadata = _metadata(owner, None) if guarded else {"annotations": {PAUSED_ANNOTATION: None}}
    patch: Object = {"metadata": metadata}
    if owner.mark is not None and owner.value == owner.kind.paused_value:
        patch |= nested(owner.kind.field, owner.was)
    return patch


def _metadata(owner: Owner, mark: str | None) -> Object:
    version = owner.obj["metadata"].get("resourceVersion")
    return {"resourceVersion": version, "annotations": {PAUSED_ANNOTATION: mark}}


__all__ = ("Owner", "pause_patch", "renewal_patch", "resume_patch")
