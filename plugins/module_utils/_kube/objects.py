# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single objects: read, create, patch, replace, delete, with the server's dry run."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import MERGE_PATCH, KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

FIELD_MANAGER = "arkive.k8s"


def get_object(
    client: KubeClient, resource: ApiResource, name: str, namespace: str | None = None
) -> dict[str, t.Any] | None:
    """The object, None when it is not there."""
    try:
        return client.get(_named(resource, name, namespace))
    except KubeError as exc:
        if exc.not_found:
            return None
        raise


def create_object(
    client: KubeClient,
    resource: ApiResource,
    obj: t.Mapping[str, t.Any],
    *,
    namespace: str | None = None,
    dry_run: bool = False,
) -> dict[str, t.Any]:
    """Create ``obj`` in ``namespace``, else in that of its metadata. Returns what the server made of it.

    Raises ``KubeError`` with ``already_exists`` when the name is taken.
    """
    where = namespace or (obj.get("metadata") or {}).get("namespace")
    return client.post(resource.path(_required(resource, where)), obj, query=_query(dry_run))


def create_encoded(client: KubeClient, resource: ApiResource, body: bytes, *, namespace: str | None = None) -> bytes:
    """Create the object whose JSON is ``body``; the answer as the server wrote it. Otherwise as ``create_object``."""
    return client.post_bytes(resource.path(_required(resource, namespace)), body, query=_query(False))


def patch_object(
    client: KubeClient,
    resource: ApiResource,
    name: str,
    patch: t.Any,
    *,
    namespace: str | None = None,
    patch_type: str = MERGE_PATCH,
    dry_run: bool = False,
    subresource: str | None = None,
) -> dict[str, t.Any]:
    """Patch an object or a subresource; ``patch`` is a dict, or a list of operations for ``JSON_PATCH``."""
    path = _named(resource, name, namespace, subresource)
    return client.patch(path, patch, patch_type=patch_type, query=_query(dry_run))


def replace_object(
    client: KubeClient,
    resource: ApiResource,
    name: str,
    obj: t.Mapping[str, t.Any],
    *,
    namespace: str | None = None,
    dry_run: bool = False,
    subresource: str | None = None,
) -> dict[str, t.Any]:
    """Put ``obj`` in the place of what is there; a ``resourceVersion`` in it makes the server refuse newer changes."""
    return client.put(_named(resource, name, namespace, subresource), obj, query=_query(dry_run))


def delete_object(
    client: KubeClient,
    resource: ApiResource,
    name: str,
    namespace: str | None = None,
    *,
    propagation: str = "Background",
    grace_seconds: int | None = None,
    uid: str = "",
    dry_run: bool = False,
) -> bool:
    """Ask for deletion; False when the object was not there. Finalizers may keep it for a while.

    ``uid``: that object only, and none that has its name by now.
    """
    options: dict[str, t.Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
    if grace_seconds is not None:
        options["gracePeriodSeconds"] = grace_seconds
    if uid:
        options["preconditions"] = {"uid": uid}
    if dry_run:
        options["dryRun"] = ["All"]
    try:
        client.delete(_named(resource, name, namespace), body=options)
    except KubeError as exc:
        if exc.not_found or (uid and exc.conflict):
            return False
        raise
    return True


def _named(resource: ApiResource, name: str, namespace: str | None, subresource: str | None = None) -> str:
    if not name:
        raise KubeError(f"A name is missing for a {resource.kind}.", status=400, reason="Invalid")
    return resource.path(_required(resource, namespace), name, subresource)


def _required(resource: ApiResource, namespace: str | None) -> str | None:
    if resource.namespaced and not namespace:
        raise KubeError(f"A namespace is missing for a {resource.kind}.", status=400, reason="Invalid")
    return namespace


def _query(dry_run: bool) -> dict[str, str]:
    return {"fieldManager": FIELD_MANAGER, **({"dryRun": "All"} if dry_run else {})}


__all__ = (
    "FIELD_MANAGER",
    "create_encoded",
    "create_object",
    "delete_object",
    "get_object",
    "patch_object",
    "replace_object",
)
