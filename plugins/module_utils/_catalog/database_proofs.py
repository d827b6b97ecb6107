# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of databases that were brought up from a backup: ``backups/<n>/<n>-arkive-proofs.json``.

Velero leaves it alone, and it goes with the backup. Each database of the backup has its newest one.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.verification import Recorded, write_beside
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

_VERSION = 1
_MAX_BYTES = 4 << 20

Certificate: t.TypeAlias = "t.Mapping[str, t.Any]"


def read_proofs(store: Store, name: str, backup: t.Mapping[str, t.Any]) -> dict[str, Certificate]:
    """By namespace/pod, those of this Backup object. Empty where there are none, or nobody can read them."""
    try:
        data = store.get(BackupKeys(name).proofs, max_bytes=_MAX_BYTES)
    except StoreError as exc:
        if exc.not_found or exc.failure == "too_large":
            return {}
        raise
    try:
        found = json.loads(data)
        if found["uid"] != _uid(backup):
            return {}
        return {str(key): dict(value) for key, value in found["proofs"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def has_failed_proof(store: Store, name: str, backup: t.Mapping[str, t.Any]) -> bool:
    """Whether the newest certificate of one of its databases says that it is not whole."""
    return any(certificate.get("sound") is not True for certificate in read_proofs(store, name, backup).values())


def write_proof(
    catalog: Catalog, name: str, backup: t.Mapping[str, t.Any], database: str, certificate: Certificate
) -> Recorded:
    """Put it in the place of the last one of this ``database`` (namespace/pod).

    Raises ``StoreError``.
    """

    def write() -> None:
        proofs = {**read_proofs(catalog.store, name, backup), database: certificate}
        document = {"version": _VERSION, "uid": _uid(backup), "proofs": proofs}
        catalog.store.put(BackupKeys(name).proofs, json.dumps(document, indent=2).encode() + b"\n")

    return write_beside(catalog, name, what="proof", write=write)


def _uid(backup: t.Mapping[str, t.Any]) -> str:
    return str((backup.get("metadata") or {}).get("uid") or "")


__all__ = ("Certificate", "has_failed_proof", "read_proofs", "write_proof")
