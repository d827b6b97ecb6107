# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where Velero keeps the repository of a namespace's volumes, and how pods reach it.

Velero 1.18, ``pkg/repository/provider/unified_repo.go``: one repository for each location and namespace of volumes, at
``<prefix of the location>/kopia/<namespace>/``; the endpoint is the host of ``s3Url``, else Amazon's for the region.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import ipaddress
import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._store.bucket import BucketAccess
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import RepositoryPlace

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation

_FOLDER = "kopia"
#: What a signature has to name where a server has no regions.
_ANY_REGION = "us-east-1"


def repositories_folder() -> str:
    """The beginning of the keys of all repositories in a location."""
    return f"{_FOLDER}/"


def repository_folder(namespace: str) -> str:
    """Where it lies in the location: the beginning of its keys."""
    return f"{_FOLDER}/{namespace}/"


def lock_key(namespace: str) -> str:
    """The object by which runs of this collection make a repository one at a time; not among its own objects.

    Velero makes no repository where any object lies.
    """
    return f"{_FOLDER}/{namespace}.arkive.lock"


def require_bucket(location: StorageLocation) -> BucketAccess:
    """How ``location`` is reached. Raises ``MoverError`` where it is one that pods cannot reach."""
    found = location.bucket_access
    if found is None:
        raise MoverError(
            f"The storage location '{location.name}' ({location.describe}) cannot take the data of volumes: pods "
            "do not reach it.",
            hint="Use a location with 'bucket'.",
        )
    return found


def repository_place(location: StorageLocation, namespace: str, *, s3_url: str = "") -> RepositoryPlace:
    """The repository of the volumes of ``namespace``. ``s3_url``: the endpoint as pods reach it.

    Raises ``MoverError``.
    """
    found = require_bucket(location)
    access = found.access
    url = s3_url or access.endpoint_url or ""
    named = "mover.s3_url" if s3_url else "endpoint_url"
    tls, endpoint = _read_url(url, named) if url else (True, _amazon(access.region))
    return RepositoryPlace(
        namespace=namespace,
        bucket=found.bucket,
        prefix="/".join(filter(None, (found.prefix, repository_folder(namespace)))),
        region=access.region or (_ANY_REGION if url else ""),
        endpoint=endpoint,
        tls=tls,
        verify=access.validate_certs,
        ca=_read_bundle(access.ca_bundle) if tls and access.ca_bundle and access.validate_certs else "",
    )


def require_reachable(place: RepositoryPlace, namespace: str) -> None:
    """Raise ``MoverError`` for a loopback address: to a pod, that is the pod itself."""
    host = urllib.parse.urlsplit(f"//{place.endpoint}").hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost" or host.endswith(".localhost")
    if loopback:
        raise MoverError(
            f"Pods in namespace {namespace} do not reach the S3 server {place.endpoint}, which is an address of the "
            "machine that runs this task alone.",
            hint=f"Give the address by which pods reach it as {place.url_option}.",
        )


def _read_url(url: str, option: str) -> tuple[bool, str]:
    """Whether it is by TLS, and host with port."""
    parts = urllib.parse.urlsplit(url if "://" in url else f"https://{url}")
    try:
        host = parts.hostname and parts.netloc.rpartition("@")[2] if parts.port != 0 else ""
    except ValueError:
        host = ""
    if parts.scheme not in ("http", "https") or not host or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        raise MoverError(
            f"The {option} of the location cannot be used to move data: it must be a host, with a port or without.",
            hint="Write it as http://host:port or https://host, without a path (Velero refuses one too).",
        )
    return parts.scheme == "https", host


def _amazon(region: str | None) -> str:
    """With a region the server of that region, so that no other one is asked where the bucket is."""
    suffix = "amazonaws.com.cn" if (region or "").startswith("cn-") else "amazonaws.com"
    return f"s3.{region}.{suffix}" if region else f"s3.{suffix}"


def _read_bundle(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except (OSError, ValueError) as exc:
        raise MoverError(f"The CA bundle {path} cannot be read: {exc}.", hint="Check 'ca_bundle'.") from exc


__all__ = (
    "lock_key",
    "repositories_folder",
    "repository_folder",
    "repository_place",
    "require_bucket",
    "require_reachable",
)
