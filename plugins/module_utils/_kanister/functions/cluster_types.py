# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The type that an object, or a reference to one, belongs to in the cluster of a call."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import FunctionCall
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import ObjectReference
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

#: Where Kanister looks for what is in no namespace, as it is written.
DEFAULT_NAMESPACE = "default"


class ClusterTypes:
    """Reads what the cluster serves, once."""

    def __init__(self, call: FunctionCall) -> None:
        self._call = call
        try:
            self._discovery = Discovery.read(call.client)
        except KubeError as exc:
            raise BlueprintError(f"What the cluster serves cannot be read: {exc.message}", hint=exc.hint) from exc

    def of_object(self, obj: ObjectView) -> ApiResource:
        """The type of an object that is to be made."""
        api_version, kind = str(obj.get("apiVersion") or ""), str(obj.get("kind") or "")
        found = self._discovery.find_kind(api_version, kind)
        if found is None:
            raise self._unknown(
                f"{kind or 'an object without kind'} in version {api_version or 'that is not said'}", kind
            )
        return found

    def of_reference(self, reference: ObjectReference) -> ApiResource:
        """The type that a reference names: the plural with its group, and the version if it says one."""
        group, version = reference.group, reference.api_version
        if "/" in version:
            # Many blueprints write group and version as a manifest does.
            group, _slash, version = version.partition("/")
        wanted = GroupResource(reference.resource, group)
        found = self._discovery.find(wanted)
        for each in self._discovery.resources:
            if version and each.group_resource == wanted and each.version == version:
                return each
        if found is None or version:
            raise self._unknown(f"{wanted}{f' in version {version}' if version else ''}", str(wanted))
        return found

    def _unknown(self, what: str, name: str) -> BlueprintError:
        words = self._call.place.words
        near = self._discovery.near(name)
        return BlueprintError(
            f"The cluster has no {what}, which {words} needs.",
            hint=f"There is {' and '.join(near)}." if near else "resource is the plural, apiVersion the version alone.",
        )


def in_words(resource: ApiResource, name: str, namespace: str | None) -> str:
    """``ConfigMap shop/settings``."""
    return f"{resource.kind} {namespace}/{name}" if resource.namespaced and namespace else f"{resource.kind} {name}"


__all__ = ("DEFAULT_NAMESPACE", "ClusterTypes", "in_words")
