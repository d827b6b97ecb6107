# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The storage locations of a namespace by their names, each opened once in a pass."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
import threading
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, Cancelled, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_object import is_read_only
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.location_options import (
    ca_certificate,
    decode,
    location_options,
    public_url,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operation_objects import OperationObjects
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import kind_of, make_location
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

_BSL = "BackupStorageLocation"
#: What ``velero install`` makes of its credentials file, for locations that name no Secret.
_SERVER_SECRET = ("cloud-credentials", "cloud")
#: Velero's default of ``--default-backup-storage-location``.
DEFAULT_LOCATION = "default"


@dataclasses.dataclass(frozen=True, slots=True)
class OpenLocation:
    """A BackupStorageLocation and its store."""

    bsl: Object
    store: Store

    @property
    def name(self) -> str:
        return str(self.bsl["metadata"]["name"])

    @property
    def is_available(self) -> bool:
        """As its last validation found it."""
        return (self.bsl.get("status") or {}).get("phase") == "Available"

    @property
    def is_read_only(self) -> bool:
        return self.store.location.read_only

    def download_url(self, key: str, seconds: int, cancel: CancelToken) -> str:
        """Where anybody can read ``key`` for a while; empty when the location has no addresses."""
        location = self.store.location
        make = kind_of(location).download_url
        if make is None:
            return ""
        return make(location, key, seconds=seconds, public_url=public_url(self.bsl), cancel=cancel)


class LocationBook:
    """Finds and opens locations; safe to use from several threads. ``given``: options by name, which win.

    A context manager: certificates of locations lie in a directory of its own while it is entered.
    """

    def __init__(
        self,
        objects: OperationObjects,
        client: KubeClient,
        *,
        given: t.Mapping[str, t.Mapping[str, t.Any]],
        restore_only: bool,
        cancel: CancelToken,
    ) -> None:
        self._objects = objects
        self._client = client
        self._given = given
        self._restore_only = restore_only
        self._cancel = cancel
        self._lock = threading.Lock()
        #: By the location's options, so that one that was changed is opened anew.
        self._stores: dict[str, tuple[StorageLocation, Store]] = {}
        self._certificates: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> LocationBook:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        if self._certificates is not None:
            self._certificates.cleanup()

    def open(self, name: str) -> OpenLocation | None:
        """None when there is no such BackupStorageLocation.

        Raises ``ValidationError`` when it cannot be used, ``KubeError``, ``Cancelled``.
        """
        bsl = self._objects.get(_BSL, name)
        try:
            return None if bsl is None else self.open_object(bsl)
        except (KubeError, Cancelled):
            raise
        except ArkiveError as exc:
            raise ValidationError(exc.message, hint=exc.hint) from exc

    def open_of(self, backup: ObjectView) -> tuple[str, OpenLocation | None]:
        """The location of a Backup, with its name; the default where it names none. Raises as ``open`` does."""
        name = str((backup.get("spec") or {}).get("storageLocation") or "") or self.default_name()
        return name, self.open(name)

    def open_object(self, bsl: Object) -> OpenLocation:
        """Raises ``ArkiveError`` when it cannot be used."""
        with self._lock:
            location = self._location(bsl)
            known = self._stores.get(location.name)
            if known is None or known[0] != location:
                known = self._stores[location.name] = (location, open_store(location, cancel=self._cancel))
        return OpenLocation(bsl, known[1])

    def default_name(self) -> str:
        """The location of backups that name none."""
        marked = [bsl for bsl in self._objects.all(_BSL) if (bsl.get("spec") or {}).get("default")]
        return str(marked[0]["metadata"]["name"]) if marked else DEFAULT_LOCATION

    def _location(self, bsl: ObjectView) -> StorageLocation:
        name = bsl["metadata"]["name"]
        options = self._given.get(name)
        read_only = self._restore_only or is_read_only(bsl)
        if options is not None:
            return make_location({**options, "name": name, "read_only": read_only or bool(options.get("read_only"))})
        found = location_options(bsl, credentials=self.credentials(bsl), ca_bundle=self._ca_bundle(bsl))
        return make_location({**found, "read_only": read_only})

    def credentials(self, bsl: ObjectView) -> str:
        """The text of the file with keys that a location, of backups or of snapshots, names; else the server's own."""
        named = (bsl.get("spec") or {}).get("credential") or {}
        if named.get("name"):
            return self._secret_value(bsl, str(named["name"]), str(named.get("key") or "")).decode(errors="replace")
        return server_credentials(self._client, self._objects.namespace)

    def _ca_bundle(self, bsl: ObjectView) -> str | None:
        data = ca_certificate(bsl)
        named = ((bsl.get("spec") or {}).get("objectStorage") or {}).get("caCertRef") or {}
        if not data and named.get("name"):
            data = self._secret_value(bsl, str(named["name"]), str(named.get("key") or ""))
        if not data:
            return None
        if self._certificates is None:
            self._certificates = tempfile.TemporaryDirectory(prefix="arkive-ca-")
        path = pathlib.Path(self._certificates.name) / f"{bsl['metadata']['name']}.pem"
        path.write_bytes(data)
        return str(path)

    def _secret_value(self, bsl: ObjectView, name: str, key: str) -> bytes:
        secret = _read_secret(self._client, self._objects.namespace, name)
        text = ((secret or {}).get("data") or {}).get(key)
        if text is None:
            what = f"has no key '{key}'" if secret else "is not there"
            raise ValidationError(
                f"{bsl['kind']} '{bsl['metadata']['name']}' names the Secret '{name}', which {what}.",
                hint="Make the Secret, or say with the option locations where the location is.",
            )
        return decode(str(text), f"'{key}' of Secret '{name}'")


def server_credentials(client: KubeClient, namespace: str) -> str:
    """The text of the credentials file that the server has itself; empty without one."""
    secret, key = _SERVER_SECRET
    found = _read_secret(client, namespace, secret)
    text = ((found or {}).get("data") or {}).get(key) or ""
    return decode(text, f"'{key}' of Secret '{secret}'").decode(errors="replace")


def _read_secret(client: KubeClient, namespace: str, name: str) -> Object | None:
    try:
        return client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    except KubeError as exc:
        if exc.not_found:
            return None
        raise


__all__ = ("DEFAULT_LOCATION", "LocationBook", "OpenLocation", "server_credentials")
