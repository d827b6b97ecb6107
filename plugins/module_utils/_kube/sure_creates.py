# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create an object, and find out what became of a request whose answer was lost."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object, get_object

_GATEWAY = frozenset({502, 503, 504})


class CreateUnknown(KubeError):
    """Nobody knows whether the object was made: the answer was lost, and the API server stays away."""


def create_surely(
    client: KubeClient,
    resource: ApiResource,
    obj: t.Mapping[str, t.Any],
    *,
    namespace: str | None = None,
    is_ours: t.Callable[[Object], bool],
) -> Object:
    """Create ``obj``; when the answer is lost, look for it, and create once more what is not there.

    ``is_ours`` distinguishes what this call has made from what another has made under its name. Raises ``KubeError``: a
    ``CreateUnknown``, also in place of ``Cancelled``, where it may have been made all the same.
    """

    def look() -> Object | None:
        found = get_object(client, resource, obj["metadata"]["name"], namespace)
        return found if found is not None and is_ours(found) else None

    try:
        return create_object(client, resource, obj, namespace=namespace)
    except Cancelled as exc:
        raise _unknown(resource, obj, exc) from exc
    except KubeError as exc:
        if not leaves_open(exc):
            raise
        first = exc
    with _doubt_as_unknown(resource, obj):
        found = look()
        if found is None and (first.unreachable or first.status in _GATEWAY):
            try:
                return create_object(client, resource, obj, namespace=namespace)
            except KubeError as exc:
                # The first request was on its way for longer than the look.
                found = look() if exc.already_exists else None
                if found is None:
                    raise
    if found is None:
        raise first
    return found


def leaves_open(exc: KubeError) -> bool:
    """Whether a request that failed so may have had its effect."""
    return exc.may_pass and exc.status != 429


@contextlib.contextmanager
def _doubt_as_unknown(resource: ApiResource, obj: t.Mapping[str, t.Any]) -> t.Iterator[None]:
    try:
        yield
    except Cancelled as exc:
        raise _unknown(resource, obj, exc) from exc
    except KubeError as exc:
        if not leaves_open(exc):
            raise
        raise _unknown(resource, obj, exc) from exc


def _unknown(resource: ApiResource, obj: t.Mapping[str, t.Any], exc: KubeError | Cancelled) -> CreateUnknown:
    metadata = obj["metadata"]
    where = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    return CreateUnknown(f"Nobody knows whether {resource.kind} {where} was made: {exc.message}", hint=exc.hint)


__all__ = ("CreateUnknown", "create_surely", "leaves_open")
