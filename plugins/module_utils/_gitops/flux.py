# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Flux: Kustomizations and HelmReleases (kustomize-controller 1.7 docs/spec/v1, helm-controller 1.4 docs/spec/v2)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_kind import (
    OwnerKind,
    Settings,
    read_entries,
    read_field,
)
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Identity

#: ``spec.suspend`` stops drift correction and new revisions; what runs already goes on to its end.
_SUSPEND = ("spec", "suspend")
#: Times are written in whole seconds.
_CLOCK_SECONDS = 1.0


def _is_suspended(obj: ObjectView) -> bool:
    return read_field(obj, _SUSPEND) is True


def _is_reconciling(obj: ObjectView) -> bool:
    """From the beginning of a reconciliation to its end."""
    return _is(obj, "Reconciling")


def _is(obj: ObjectView, condition: str) -> bool:
    found = read_entries(obj, ("status", "conditions"))
    return any((one.get("type"), one.get("status")) == (condition, "True") for one in found)


class Kustomization(OwnerKind):
    """Applies what it has at each interval, so that every change of a field that git has is undone."""

    kind = "Kustomization"
    group_resource = GroupResource("kustomizations", "kustomize.toolkit.fluxcd.io")
    field = _SUSPEND
    paused_value = True

    def read(self, obj: ObjectView) -> Settings:
        return Settings(
            auto_sync=True,
            self_heal=True,
            prune=read_field(obj, ("spec", "prune")) is True,
            suspended=_is_suspended(obj),
        )

    def is_running(self, obj: ObjectView) -> bool:
        return _is_reconciling(obj)

    def is_value(self, value: t.Any) -> bool:
        return value is None or isinstance(value, bool)

    def last_applied(self, obj: ObjectView) -> dt.datetime | None:
        """Of the newest entry of its history, which is the first (since kustomize-controller 1.7), if it is Ready."""
        history = read_field(obj, ("status", "history"))
        newest = history[0] if isinstance(history, list) and history else None
        if not isinstance(newest, dict) or not _is(obj, "Ready"):
            return None
        ended = read_moment(newest.get("lastReconciled"))
        try:
            lasted = parse_duration(str(newest.get("lastReconciledDuration") or ""), "lastReconciledDuration")
        except ValidationError:
            return None
        # What was written while it ran may have come after its own write.
        return None if ended is None else ended - dt.timedelta(seconds=lasted + _CLOCK_SECONDS)

    def inventory(self, obj: ObjectView) -> t.Iterator[Identity]:
        """Entries are ``<namespace>_<name>_<group>_<kind>``; a ``:`` of a name is written as two underscores."""
        for entry in read_entries(obj, ("status", "inventory", "entries")):
            text = str(entry.get("id") or "")
            namespace, _first, rest = text.partition("_")
            rest, _second, kind = rest.rpartition("_")
            name, _third, group = rest.rpartition("_")
            if name and kind:
                yield Identity(group, kind, namespace, name.replace("__", ":"))


class HelmRelease(OwnerKind):
    """Undoes changes only where its drift detection is on; without, they stay until the next upgrade."""

    kind = "HelmRelease"
    group_resource = GroupResource("helmreleases", "helm.toolkit.fluxcd.io")
    field = _SUSPEND
    paused_value = True

    def read(self, obj: ObjectView) -> Settings:
        corrects = read_field(obj, ("spec", "driftDetection", "mode")) == "enabled"
        return Settings(auto_sync=True, self_heal=corrects, prune=False, suspended=_is_suspended(obj))

    def is_running(self, obj: ObjectView) -> bool:
        return _is_reconciling(obj)

    def is_value(self, value: t.Any) -> bool:
        return value is None or isinstance(value, bool)

    def last_applied(self, obj: ObjectView) -> dt.datetime | None:
        """It corrects what its drift detection sees."""
        return None

    def inventory(self, obj: ObjectView) -> t.Iterator[Identity]:
        """Where its controller keeps such a list, it has the form of a Kustomization's."""
        yield from Kustomization().inventory(obj)


__all__ = ("HelmRelease", "Kustomization")
