# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of Argo CD and Flux, and objects that these own (Argo CD 3.6 docs/user-guide, kustomize-controller 1.7)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.kinds import OWNER_TYPES
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_kind import OwnerKind, read_field
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pause_mark import (
    PAUSED_ANNOTATION,
    PauseMark,
    read_mark,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, Rule, RuleContext


def strip_ownership(draft: Draft, context: RuleContext) -> None:
    """A copy in another namespace must not be taken for one of the owner's objects, which it would prune.

    What has a controller is no object of an owner's own, and is selected by its labels.
    """
    if context.tracking is None or draft.target_namespace == draft.source_namespace:
        return
    metadata = draft.body["metadata"]
    is_pod = draft.body.get("kind") == "Pod"
    keeps = draft.owner is not None or is_pod
    context.tracking.strip(metadata, keep_labels=keeps)
    tracked = any(mark.owner.kind == "Application" for mark in context.tracking.marks(draft.body))
    if is_pod and draft.owner is None and tracked:
        draft.warnings.append(
            f"Pod {draft.name} keeps a label by which Argo CD tracks objects, as others may select it by that: an "
            "Application with prune may delete the copy."
        )


def restore_paused(group_resource: GroupResource) -> Rule:
    """An owner that comes back before the data of its objects do must not act; nor by an old list of them.

    Where it was paused when it was backed up, what it was before that counts.
    """
    kind = OWNER_TYPES[group_resource]

    def rule(draft: Draft, context: RuleContext) -> None:
        draft.keeps_status = False
        draft.body.pop("operation", None)
        was = _value_before(draft.body, kind)
        draft.drop_annotations(PAUSED_ANNOTATION)
        if kind.read(draft.body).suspended and was == kind.paused_value:
            return
        _set_field(draft.body, kind.field, kind.paused_value)
        mark = PauseMark(run=context.restore_name, until=None, was=was)
        metadata = draft.body["metadata"]
        metadata["annotations"] = {**(metadata.get("annotations") or {}), PAUSED_ANNOTATION: mark.to_text()}
        draft.warnings.append(
            f"{kind.kind} {draft.name} comes back paused. Once all that it owns is there, resume it, such as by "
            "k8s_gitops with state: resumed."
        )

    return rule


def warn_of_set(draft: Draft, context: RuleContext) -> None:
    """An ApplicationSet has no field to pause it by."""
    draft.warnings.append(
        f"ApplicationSet {draft.name} writes its Applications, with their syncPolicy, as soon as it is there: they may "
        "act before their data are."
    )


def carry_pause(group_resource: GroupResource) -> t.Callable[[t.Mapping[str, t.Any], Object], None]:
    """Whether an owner that is in the cluster acts stays as it is there, and so does what it is at."""
    kind = OWNER_TYPES[group_resource]

    def carry(live: t.Mapping[str, t.Any], desired: Object) -> None:
        _set_field(desired, kind.field, read_field(live, kind.field))
        if "operation" in live:
            desired["operation"] = live["operation"]
        annotations = desired["metadata"].get("annotations") or {}
        annotations.pop(PAUSED_ANNOTATION, None)
        mark = read_field(live, ("metadata", "annotations", PAUSED_ANNOTATION))
        if mark is not None:
            # One that is deleted and made again has to be known as paused afterwards, too.
            desired["metadata"]["annotations"] = {**annotations, PAUSED_ANNOTATION: mark}

    return carry


def _value_before(body: Object, kind: OwnerKind) -> t.Any:
    try:
        mark = read_mark(body, kind)
    except ValueError:
        mark = None
    return read_field(body, kind.field) if mark is None else mark.was


def _set_field(body: Object, path: t.Sequence[str], value: t.Any) -> None:
    """None takes it away, and makes nothing that is not there."""
    *parents, last = path
    place = body
    for name in parents:
        found = place.get(name)
        if not isinstance(found, dict):
            if value is None:
                return
            found = place[name] = {}
        place = found
    if value is None:
        place.pop(last, None)
    else:
        place[last] = value


__all__ = ("carry_pause", "restore_paused", "strip_ownership", "warn_of_set")
