# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose an object is, by what it carries.

| mark | of | source |
|---|---|---|
| annotation ``argocd.argoproj.io/tracking-id`` | Application | [1] |
| the same, with ``<namespace>_<app>`` | Application in any namespace | [2] |
| label ``app.kubernetes.io/instance``, or that of ``application.instanceLabelKey`` | Application | [1] |
| label ``argocd.argoproj.io/instance``, which is the example of such a key | Application | [1] |
| labels ``kustomize.toolkit.fluxcd.io/name``, ``/namespace`` | Kustomization | [3] |
| labels ``helm.toolkit.fluxcd.io/name``, ``/namespace`` | HelmRelease | [4] |
| annotations ``meta.helm.sh/release-name``, ``/release-namespace`` | a release of Helm, which acts when told to | [5] |

[1] Argo CD docs/user-guide/resource_tracking.md [2] docs/operator-manual/app-any-namespace.md [3] kustomize-controller
docs/spec/v1 [4] helm-controller docs/spec/v2 [5] Helm 3.2 release notes, adoption of resources
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import is_subdomain_name
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Mark, OwnerRef

TRACKING_ID = "argocd.argoproj.io/tracking-id"
INSTALLATION_ID = "argocd.argoproj.io/installation-id"
#: The label that Argo CD has always used, and that Helm charts have, too.
INSTANCE_LABEL = "app.kubernetes.io/instance"
_OWN_LABEL = "argocd.argoproj.io/instance"
_FLUX: t.Mapping[str, str] = {
    "Kustomization": "kustomize.toolkit.fluxcd.io",
    "HelmRelease": "helm.toolkit.fluxcd.io",
}
_FLUX_LABELS = tuple(f"{domain}/{word}" for domain in _FLUX.values() for word in ("name", "namespace"))
#: On an object: its owner leaves it as it is (kustomize-controller docs/spec/v1, helm-controller docs/spec/v2).
_LEFT_ALONE = (
    ("Kustomization", "kustomize.toolkit.fluxcd.io/reconcile", "disabled"),
    ("Kustomization", "kustomize.toolkit.fluxcd.io/ssa", "ignore"),
    ("Kustomization", "kustomize.toolkit.fluxcd.io/ssa", "ifnotpresent"),
    ("HelmRelease", "helm.toolkit.fluxcd.io/driftdetection", "disabled"),
)
#: What Helm itself has installed: no object of the cluster, and nobody that undoes anything.
HELM = "Helm release"
_HELM = "meta.helm.sh"
_TRACKING_ID = re.compile(r"([^:]+):([^:/]*)/([^:]+):([^:/]*)/(.+)")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """How the Argo CD of this cluster knows its objects again.

    ``namespace``: where it runs. ``by_label``: None where nobody knows. ``label``: its key. ``applications``: names
    that the label can have; None where they could not be listed.
    """

    namespace: str = "argocd"
    by_label: bool | None = False
    label: str = INSTANCE_LABEL
    applications: frozenset[str] | None = frozenset()

    def marks(self, obj: ObjectView) -> tuple[Mark, ...]:
        """The owners that ``obj`` names, each once, the surest first; not those whose names nothing can have."""
        metadata = obj.get("metadata") or {}
        labels, annotations = _texts(metadata.get("labels")), _texts(metadata.get("annotations"))
        if not labels and not annotations:
            return ()
        found = [
            *self._tracking_id(obj, annotations),
            *_flux_marks(labels, annotations),
            *self._labels(labels),
            *_helm_marks(annotations),
        ]
        return tuple({mark.owner: mark for mark in reversed(found) if _can_be(mark.owner)}.values())[::-1]

    def strip(self, metadata: dict[str, t.Any], *, keep_labels: bool = False) -> None:
        """Take off what would make a copy one of the owner's objects.

        ``keep_labels``: the label of Argo CD stays, as others select by it.
        """
        for field, names in (("annotations", (TRACKING_ID, INSTALLATION_ID)), ("labels", _FLUX_LABELS)):
            values = metadata.get(field) or {}
            for name in names:
                values.pop(name, None)
        labels = metadata.get("labels") or {}
        for name in () if keep_labels else self._own_labels(labels):
            del labels[name]

    def _own_labels(self, labels: t.Mapping[str, t.Any]) -> list[str]:
        """Those by which an Application of this cluster would know the object; that of Helm charts may mean nothing."""
        names = [name for name in dict.fromkeys((_OWN_LABEL, self.label)) if name in labels]
        return [name for name in names if name != INSTANCE_LABEL or self._counts(str(labels[name]))]

    def _counts(self, value: str) -> bool:
        return self.by_label is not False and (self.applications is None or value in self.applications)

    def _tracking_id(self, obj: ObjectView, annotations: t.Mapping[str, str]) -> t.Iterator[Mark]:
        """One that does not name the object that it is on is ignored by Argo CD, for its status and for pruning."""
        found = _TRACKING_ID.fullmatch(annotations.get(TRACKING_ID, ""))
        if found is None:
            return
        app, group, kind, namespace, name = found.groups()
        metadata = obj.get("metadata") or {}
        own_group, _slash, _version = str(obj.get("apiVersion") or "").rpartition("/")
        where = metadata.get("namespace")
        same_place = not where or namespace == where
        if (group, kind, name) == (own_group, obj.get("kind"), metadata.get("name")) and same_place:
            yield Mark(_application(app))

    def _labels(self, labels: t.Mapping[str, str]) -> t.Iterator[Mark]:
        for name in self._own_labels(labels):
            if labels[name]:
                yield Mark(_application(labels[name]))


def _flux_marks(labels: t.Mapping[str, str], annotations: t.Mapping[str, str]) -> t.Iterator[Mark]:
    for kind, domain in _FLUX.items():
        name, namespace = labels.get(f"{domain}/name"), labels.get(f"{domain}/namespace")
        if name and namespace:
            alone = any(
                kind == of and {key.lower(): text.lower() for key, text in values.items()}.get(key_) == value
                for of, key_, value in _LEFT_ALONE
                for values in (labels, annotations)
            )
            yield Mark(_ref(kind, namespace, name), left_alone=alone)


def _helm_marks(annotations: t.Mapping[str, str]) -> t.Iterator[Mark]:
    name, namespace = annotations.get(f"{_HELM}/release-name"), annotations.get(f"{_HELM}/release-namespace")
    if name and namespace:
        yield Mark(_ref(HELM, namespace, name))


def _application(text: str) -> OwnerRef:
    """``<namespace>_<app>`` or ``<app>``: no name in Kubernetes has an underscore."""
    namespace, _line, name = text.rpartition("_")
    return _ref("Application", namespace, name)


@functools.lru_cache(maxsize=1024)
def _can_be(ref: OwnerRef) -> bool:
    """A label or an annotation may say anything; what is no name of an object names no owner."""
    return is_subdomain_name(ref.name) and (not ref.namespace or is_subdomain_name(ref.namespace))


@functools.lru_cache(maxsize=1024)
def _ref(kind: str, namespace: str, name: str) -> OwnerRef:
    """The same object for all that name the same owner: a plan may have many thousands."""
    return OwnerRef(kind, namespace, name)


def _texts(values: t.Any) -> t.Mapping[str, str]:
    if not isinstance(values, dict):
        return {}
    return {str(name): value for name, value in values.items() if isinstance(value, str)}


__all__ = ("HELM", "INSTANCE_LABEL", "TRACKING_ID", "Tracking")
