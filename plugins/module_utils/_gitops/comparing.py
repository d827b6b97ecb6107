# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Argo CD would do to an Application's objects, as it says itself after a refresh."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.argo import Application
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.errors import GitOpsError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_kind import read_entries, read_field
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Identity
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_for_object

#: Its controller takes it off when it has compared anew (Argo CD docs/user-guide/annotations-and-labels.md).
_REFRESH = "argocd.argoproj.io/refresh"
#: ``status.sync.status`` of an Application that was compared; a comparison that failed leaves it Unknown.
_COMPARED = ("Synced", "OutOfSync")
#: Between two answers, in seconds. Watches feed its cache in batches of 0.1 s, and a busy controller lags behind
#: (gitops-engine pkg/cache/cluster.go, ``processEvents``).
_SETTLE_SECONDS = 3.0


def compares_itself(owner: Owner) -> bool:
    """Whether the tool can be asked: Flux has no such question."""
    return isinstance(owner.kind, Application)


def find_out_of_sync(
    client: KubeClient, owner: Owner, made: t.AbstractSet[Identity], *, timeout: float
) -> dict[Identity, str]:
    """The objects that a sync would change or prune, each with what it would do. ``made``: those that are new.

    It reads the cluster from a cache, which may not have yet what was just written: an answer counts when the next one
    is the same, and has what is new. Raises ``GitOpsError`` where it did not answer in time, or could not compare, and
    ``KubeError``.
    """
    begin = time.monotonic()
    before: dict[Identity, str] | None = None
    while True:
        found = _ask(client, owner, timeout)
        if found is None:
            return {}
        answer, listed = dict(_out_of_sync(found)), frozenset(Application().inventory(found))
        waited = time.monotonic() - begin
        # What it does not list for so long it takes for nobody's, or for another's: it will not prune that.
        if answer == before and (made <= listed or waited > timeout / 2):
            return answer
        if waited > timeout:
            raise GitOpsError(f"Argo CD still changed its answer after {timeout:g} s.")
        before = answer
        if client.cancel.wait(_SETTLE_SECONDS):
            client.cancel.check()


def _ask(client: KubeClient, owner: Owner, timeout: float) -> Object | None:
    """The Application after a comparison; None for one that is not there any more."""
    name, namespace = owner.ref.name, owner.ref.namespace
    patch = {"metadata": {"annotations": {_REFRESH: "hard"}}}
    patch_object(client, owner.resource, name, patch, namespace=namespace)
    try:
        found = wait_for_object(client, owner.resource, name, namespace, _is_compared, timeout=timeout)
    except KubeTimeout as exc:
        raise GitOpsError(f"Argo CD did not compare it within {timeout:g} s.") from exc
    if found is not None and read_field(found, ("status", "sync", "status")) not in _COMPARED:
        # Such as Unknown: its list is that of an earlier time, or there is none.
        raise GitOpsError("Argo CD could not compare it; its conditions say why.")
    return found


def _is_compared(obj: Object | None) -> bool:
    return obj is None or read_field(obj, ("metadata", "annotations", _REFRESH)) is None


def _out_of_sync(obj: Object) -> t.Iterator[tuple[Identity, str]]:
    kind = Application()
    states = {
        Identity(
            str(entry.get("group") or ""),
            str(entry.get("kind") or ""),
            str(entry.get("namespace") or ""),
            str(entry.get("name") or ""),
        ): entry
        for entry in read_entries(obj, ("status", "resources"))
    }
    for identity in kind.inventory(obj):
        entry = states.get(identity, {})
        if entry.get("requiresPruning") is True:
            yield identity, "git does not have it, and it would be pruned"
        elif entry.get("status") == "OutOfSync":
            yield identity, "it differs from git, and would be changed"


__all__ = ("compares_itself", "find_out_of_sync")
