# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argo CD 3.6: Applications, and the ApplicationSets that write them (docs/user-guide, docs/operator-manual)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_kind import (
    OwnerKind,
    Settings,
    read_entries,
    read_field,
    read_texts,
)
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Identity

APPLICATION_SETS = GroupResource("applicationsets", "argoproj.io")
#: Alpha: stops its whole reconciliation. It is heeded, and never set, as the status stands still as well.
_SKIP_RECONCILE = "argocd.argoproj.io/skip-reconcile"
#: ``applicationsSync`` with which a set leaves an Application as it is once it is there.
_CREATE_ONLY = ("create-only", "create-delete")
_SYNC_POLICY = "/spec/syncPolicy"


class Application(OwnerKind):
    """Paused without ``automated``, which every version of Argo CD knows; ``automated.enabled`` is new."""

    kind = "Application"
    group_resource = GroupResource("applications", "argoproj.io")
    field = ("spec", "syncPolicy", "automated")
    paused_value = None

    def read(self, obj: ObjectView) -> Settings:
        automated = read_field(obj, self.field)
        on = isinstance(automated, dict) and automated.get("enabled") is not False
        policy = automated if on else {}
        skipped = read_field(obj, ("metadata", "annotations", _SKIP_RECONCILE)) == "true"
        return Settings(
            auto_sync=on,
            self_heal=policy.get("selfHeal") is True,
            prune=policy.get("prune") is True,
            suspended=skipped or not on,
        )

    def is_running(self, obj: ObjectView) -> bool:
        if obj.get("operation"):
            return True
        return read_field(obj, ("status", "operationState", "phase")) in ("Running", "Terminating")

    def is_value(self, value: t.Any) -> bool:
        return value is None or isinstance(value, dict)

    def last_applied(self, obj: ObjectView) -> dt.datetime | None:
        """It applies what differs only, and is asked itself."""
        return None

    def inventory(self, obj: ObjectView) -> t.Iterator[Identity]:
        for entry in read_entries(obj, ("status", "resources")):
            if entry.get("name") and entry.get("kind"):
                where = str(entry.get("namespace") or "")
                yield Identity(str(entry.get("group") or ""), str(entry["kind"]), where, str(entry["name"]))


def set_lets_edit(application_set: ObjectView, application: str) -> bool:
    """Whether the set leaves ``spec.syncPolicy`` of that Application to others."""
    if read_field(application_set, ("spec", "syncPolicy", "applicationsSync")) in _CREATE_ONLY:
        return True
    for rule in read_entries(application_set, ("spec", "ignoreApplicationDifferences")):
        if rule.get("name") not in (None, "", application):
            continue
        pointers = read_texts(rule.get("jsonPointers"))
        paths = ["/" + path.strip().lstrip(".").replace(".", "/") for path in read_texts(rule.get("jqPathExpressions"))]
        if any(found in (_SYNC_POLICY, f"{_SYNC_POLICY}/automated", "/spec") for found in (*pointers, *paths)):
            return True
    return False


__all__ = ("APPLICATION_SETS", "Application", "set_lets_edit")
