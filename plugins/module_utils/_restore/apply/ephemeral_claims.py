# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims of generic ephemeral volumes: Kubernetes lets a pod use one only where the pod owns it (Kubernetes 1.34)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CLAIMS
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object, patch_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import ephemeral_claims
from ansible_collections.arkive.k8s.plugins.module_utils._restore.plan.metadata import made_by
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun


class EphemeralClaims:
    """Gives the claims that a restore has made to the new pods that they were made for. Safe to use from any thread."""

    def __init__(self, run: RestoreRun, resource: ApiResource | None) -> None:
        """``resource``: how the server serves claims."""
        self._run = run
        self._client = run.client
        self._resource = resource

    def adopt(self, pod: t.Mapping[str, t.Any]) -> None:
        """``pod`` as the server has made it. A claim that cannot be given to it is an error."""
        for claim in ephemeral_claims(pod):
            self._adopt(pod["metadata"], claim)

    def _adopt(self, pod: t.Mapping[str, t.Any], name: str) -> None:
        namespace = str(pod["namespace"])
        owner = {"apiVersion": "v1", "kind": "Pod", "name": pod["name"], "uid": pod["uid"], "controller": True}
        try:
            claim = get_object(self._client, self._resource, name, namespace) if self._resource is not None else None
            if claim is None or not made_by(claim, self._run.name) or claim["metadata"].get("ownerReferences"):
                return
            change = {"metadata": {"ownerReferences": [owner]}}
            patch_object(self._client, t.cast(ApiResource, self._resource), name, change, namespace=namespace)
        except KubeError as exc:
            self._run.issues.error(
                f"PersistentVolumeClaim {namespace}/{name} was not given to its pod '{pod['name']}', which does not"
                f" start without: {exc.message}",
                resource=str(CLAIMS),
                namespace=namespace,
                name=name,
                reason=exc.reason,
                hint=exc.hint or "",
            )


__all__ = ("EphemeralClaims",)
