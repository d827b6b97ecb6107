# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a write waits for: an object that goes, one that comes, a type that is served."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUME_SNAPSHOTS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object, wait_gone
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan import PlanItem
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import SnapshotObjects

_ACCOUNT_SECONDS = 15.0
_NUDGE_SECONDS = 5.0
#: Types whose controllers lose sight of objects that are being deleted.
_SNAPSHOT_TYPES = frozenset({VOLUME_SNAPSHOTS, VOLUME_SNAPSHOT_CONTENTS})


class ObjectWaits:
    """Safe to use from any thread. ``accounts``: how the server serves service accounts."""

    def __init__(self, run: RestoreRun, accounts: ApiResource | None, snapshots: SnapshotObjects | None) -> None:
        self._run = run
        self._accounts = accounts
        self._snapshots = snapshots

    def await_account(self, namespace: str, name: str) -> None:
        """Wait shortly for a service account that a controller makes in a new namespace; in vain is no error here."""
        if self._accounts is None:
            return
        with contextlib.suppress(KubeTimeout):
            wait_for_object(
                self._run.client,
                self._accounts,
                name,
                namespace,
                lambda account: account is not None,
                timeout=_ACCOUNT_SECONDS,
                cancel=self._run.cancel,
            )

    def await_established(self, item: PlanItem, resource: ApiResource) -> None:
        """Raises ``KubeTimeout`` for a CustomResourceDefinition that the server does not take up."""
        seconds = self._run.request.resource_timeout
        self._run.progress(f"waiting for CustomResourceDefinition {item.name} to be established")
        try:
            wait_for_object(
                self._run.client, resource, item.name, None, is_established, timeout=seconds, cancel=self._run.cancel
            )
        except KubeTimeout as exc:
            raise KubeTimeout(
                f"{item.title} was not established within {seconds:g} s.",
                hint="Look at the conditions in its status; another definition may hold its names.",
            ) from exc

    def await_gone(self, item: PlanItem, resource: ApiResource) -> None:
        """Raises ``KubeTimeout`` for an old object that stays."""
        self._run.progress(f"waiting for the old {item.title} to be gone")
        seconds = self._run.request.terminating_timeout
        try:
            wait_gone(
                self._run.client,
                resource,
                item.name,
                item.namespace,
                timeout=seconds,
                every=_NUDGE_SECONDS,
                look_again=lambda: self._nudge(item, resource),
                cancel=self._run.cancel,
            )
        except KubeTimeout as exc:
            old = get_object(self._run.client, resource, item.name, item.namespace) or {}
            held = ", ".join((old.get("metadata") or {}).get("finalizers") or ())
            raise KubeTimeout(
                f"the old one is still being deleted after {seconds:g} s"
                + (f", held by its finalizers ({held})" if held else ""),
                hint="See to it that it can go, or give a longer terminating_resource_timeout.",
            ) from exc

    def _nudge(self, item: PlanItem, resource: ApiResource) -> None:
        if self._snapshots is not None and item.group_resource in _SNAPSHOT_TYPES:
            self._snapshots.nudge(resource, item.name, item.namespace)


def is_established(definition: t.Mapping[str, t.Any] | None) -> bool:
    """True once a CustomResourceDefinition is Established and its names are accepted."""
    conditions = ((definition or {}).get("status") or {}).get("conditions") or []
    states = {condition.get("type"): condition.get("status") for condition in conditions}
    return states.get("Established") == "True" and states.get("NamesAccepted") == "True"


__all__ = ("ObjectWaits", "is_established")
