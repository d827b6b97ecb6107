# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blueprints that are objects of the cluster."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import BLUEPRINT_NAMESPACE
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reading import ReadBlueprint, read_blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path

_VERSION, _PLURAL = "cr.kanister.io/v1alpha1", "blueprints"
#: Names of blueprints that an error lists.
_LISTED = 20


def fetch_blueprint(client: KubeClient, name: str, namespace: str = BLUEPRINT_NAMESPACE) -> ReadBlueprint:
    """Raises ``BlueprintError``, which says what is there where it is not."""
    try:
        found = client.get(namespaced_path(_VERSION, namespace, _PLURAL, name))
    except KubeError as exc:
        if not exc.not_found:
            raise BlueprintError(
                f"The blueprint {namespace}/{name} cannot be read: {exc.message}", hint=exc.hint
            ) from exc
        raise BlueprintError(
            f"There is no blueprint {name} in namespace {namespace}.", hint=_what_is_there(client, namespace)
        ) from exc
    try:
        return read_blueprint(found, source=f"the cluster's blueprint {namespace}/{name}")
    except ValidationError as exc:
        raise BlueprintError(exc.message, hint=exc.hint) from exc


def _what_is_there(client: KubeClient, namespace: str) -> str:
    elsewhere = "Blueprints of another namespace are found with blueprint_namespace."
    try:
        items = client.get(namespaced_path(_VERSION, namespace, _PLURAL), query={"limit": "500"}).get("items") or []
    except KubeError as exc:
        if exc.not_found:
            return "The cluster has no type Blueprint: give the blueprint itself in the place of its name."
        return elsewhere
    names = sorted(str(item["metadata"]["name"]) for item in items)
    if not names:
        return f"That namespace has none. {elsewhere}"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"There is {', '.join(names[:_LISTED])}{more}. {elsewhere}"


__all__ = ("fetch_blueprint",)
