# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an action works on: a namespace, a workload, a claim, or any other object."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import ObjectReference

#: By the words that blueprints, Kasten and kubectl have for it, in lower case.
_REFERENCES: t.Mapping[str, tuple[str, str, str, str]] = {
    "namespace": ("Namespace", "", "v1", "namespaces"),
    "statefulset": ("StatefulSet", "apps", "v1", "statefulsets"),
    "deployment": ("Deployment", "apps", "v1", "deployments"),
    "deploymentconfig": ("DeploymentConfig", "apps.openshift.io", "v1", "deploymentconfigs"),
    "pvc": ("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims"),
    "persistentvolumeclaim": ("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims"),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """``reference`` is complete but for the name of another kind, which says group, version and resource itself."""

    reference: ObjectReference

    def __str__(self) -> str:
        reference = self.reference
        name = f"{reference.namespace}/{reference.name}" if reference.namespace else reference.name
        return f"{reference.kind or reference.resource} {name}"

    @property
    def kind(self) -> str:
        """In the spelling of Kubernetes; empty where only the resource is known."""
        return self.reference.kind

    @property
    def namespace(self) -> str:
        """The one that an action on it works in; empty for an object of the cluster that is no namespace."""
        return self.reference.name if self.kind == "Namespace" else self.reference.namespace

    @classmethod
    def of_namespace(cls, name: str) -> Subject:
        return cls.of(kind="namespace", name=name)

    @classmethod
    def of(
        cls,
        *,
        kind: str = "",
        name: str,
        namespace: str = "",
        api_version: str = "",
        group: str = "",
        resource: str = "",
    ) -> Subject:
        """Raises ``ValidationError`` where it is not said what it is, or where it is."""
        if not name:
            raise ValidationError("The subject has no name.", hint="Set subject.name.")
        known = _REFERENCES.get(kind.lower())
        if known is None and not (resource and api_version):
            raise ValidationError(
                f"The subject {name} is of the kind '{kind}', of which the type is not known.",
                hint=f"Set resource (the plural), api_version and group, or one of the kinds {', '.join(_REFERENCES)}.",
            )
        if known is not None:
            kind, group, api_version, resource = known
            if kind != "Namespace" and not namespace:
                raise ValidationError(f"The subject {kind} {name} has no namespace.", hint="Set subject.namespace.")
            namespace = "" if kind == "Namespace" else namespace
        return cls(
            reference=ObjectReference(
                api_version=api_version, group=group, resource=resource, kind=kind, name=name, namespace=namespace
            )
        )


__all__ = ("Subject",)
