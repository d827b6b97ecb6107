# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of Argo CD and Flux in the local cluster, whose types are those of their own releases. Nobody acts on them.

What the real controllers do is tested where they run.
"""

from __future__ import annotations

import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

if t.TYPE_CHECKING:
    from cluster_access import Kubectl
    from restore_lab import Cluster

_LAB = Path(__file__).parents[3] / "cluster" / "lab.py"
_DEFINITIONS = (
    "applications.argoproj.io",
    "applicationsets.argoproj.io",
    "helmreleases.helm.toolkit.fluxcd.io",
    "kustomizations.kustomize.toolkit.fluxcd.io",
)
_GROUPS = {
    "Application": ("argoproj.io/v1alpha1", "applications"),
    "ApplicationSet": ("argoproj.io/v1alpha1", "applicationsets"),
    "Kustomization": ("kustomize.toolkit.fluxcd.io/v1", "kustomizations"),
    "HelmRelease": ("helm.toolkit.fluxcd.io/v2", "helmreleases"),
}
FLUX = "kustomize.toolkit.fluxcd.io"
PAUSED = "arkive.k8s/paused"
#: What an Application says that nothing syncs by itself.
APPLICATION: Object = {
    "project": "default",
    "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
    "source": {"repoURL": "https://git.example.org/fleet.git", "path": "shop"},
    "syncPolicy": {"syncOptions": ["CreateNamespace=true"]},
}


def install_types(kubectl: Kubectl, cluster: Cluster) -> None:
    command = [sys.executable, str(_LAB), "gitops-types"]
    folder = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    kubectl("apply", "--server-side", "--force-conflicts", "-f", folder)
    for name in _DEFINITIONS:
        cluster.wait("crd", name, None, _is_established)


def _is_established(definition: Object | None) -> bool:
    conditions = ((definition or {}).get("status") or {}).get("conditions") or ()
    return any((each["type"], each["status"]) == ("Established", "True") for each in conditions)


class Owners:
    """Owners in one namespace, which go with it."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self.client = client
        self.namespace = namespace

    def make(self, kind: str, name: str, spec: Object, *, status: Object | None = None, **metadata: t.Any) -> Object:
        """As somebody has it in git: ``manager`` is who wrote it."""
        api_version, plural = _GROUPS[kind]
        manager = metadata.pop("manager", "kubectl-create")
        obj = {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {"name": name, "namespace": self.namespace, **metadata},
            "spec": spec,
        }
        path = f"/apis/{api_version}/namespaces/{self.namespace}/{plural}"
        made = self.client.post(path, obj, query={"fieldManager": manager})
        if status is None:
            return made
        if kind == "Application":  # it has no subresource
            return self.client.patch(f"{path}/{name}", {"status": status})
        return self.client.patch(f"{path}/{name}/status", {"status": status})

    def kustomization(self, name: str = "shop", *, suspend: bool | None = None, **more: t.Any) -> Object:
        spec: Object = {
            "interval": "10m",
            "path": "./shop",
            "prune": True,
            "sourceRef": {"kind": "GitRepository", "name": "fleet"},
        }
        return self.make("Kustomization", name, spec | ({} if suspend is None else {"suspend": suspend}), **more)

    def application(self, name: str = "shop", *, automated: Object | None = None, **more: t.Any) -> Object:
        spec = dict(APPLICATION)
        if automated is not None:
            spec["syncPolicy"] = {**spec["syncPolicy"], "automated": automated}
        return self.make("Application", name, spec, **more)

    def get(self, kind: str, name: str = "shop") -> Object:
        api_version, plural = _GROUPS[kind]
        return self.client.get(f"/apis/{api_version}/namespaces/{self.namespace}/{plural}/{name}")

    def patch(self, kind: str, name: str, patch: Object) -> Object:
        api_version, plural = _GROUPS[kind]
        return self.client.patch(f"/apis/{api_version}/namespaces/{self.namespace}/{plural}/{name}", patch)

    def labels(self, name: str = "shop") -> dict[str, str]:
        """Those that Flux puts on what a Kustomization applies."""
        return {f"{FLUX}/name": name, f"{FLUX}/namespace": self.namespace}


def config(namespace: str, name: str = "web", *, labels: Object | None = None, **data: str) -> tuple[str, Object]:
    metadata: Object = {"name": name, "namespace": namespace, "labels": labels or {}}
    return "configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def tracked(app: str, namespace: str, name: str = "web") -> dict[str, str]:
    """The annotation that Argo CD puts on what an Application has."""
    return {"argocd.argoproj.io/tracking-id": f"{app}:/ConfigMap:{namespace}/{name}"}


__all__ = ("APPLICATION", "FLUX", "PAUSED", "Owners", "config", "install_types", "tracked")
