# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a bucket keeps of objects that are deleted: versions, and what object lock does not let go."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt

from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import Answer, GuardedClient
from ansible_collections.arkive.k8s.plugins.module_utils._aws.errors import error_code, status_code
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.errors import is_hopeless
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Keeping

_NO_LOCK = ("ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration")
#: Of servers that know nothing of it.
_UNKNOWN = (400, 404, 405, 501)


def read_keeping(client: GuardedClient, bucket: str, errors: tuple[type[Exception], ...]) -> Keeping:
    """Two requests. Where the answer about locks is none, or is denied, each object has to be looked at."""
    versions = locks = False
    try:
        versions = client.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"
    except errors as exc:
        _raise_failure(exc)
    try:
        found = client.get_object_lock_configuration(Bucket=bucket).get("ObjectLockConfiguration")
        locks = isinstance(found, dict) and found.get("ObjectLockEnabled") == "Enabled"
        versions = versions or locks
    except errors as exc:
        if error_code(exc) not in _NO_LOCK and status_code(exc) not in _UNKNOWN:
            _raise_failure(exc)
            locks = True
    return Keeping(versions=versions, locks=locks)


def _raise_failure(exc: Exception) -> None:
    """Raise what says nothing about the bucket: a server that fails, or is not reached."""
    status = status_code(exc)
    if is_hopeless(exc) or (status is not None and status >= 500 and status not in _UNKNOWN):
        raise exc


def lock_of(head: Answer) -> str:
    """What the answer to a HEAD says of an object's lock; empty when it may go."""
    if head.get("ObjectLockLegalHoldStatus") == "ON":
        return "by a legal hold"
    until = head.get("ObjectLockRetainUntilDate")
    if isinstance(until, dt.datetime) and until > utc_now():
        return f"until {rfc3339(until)} ({head.get('ObjectLockMode') or 'by a retention'})"
    return ""


__all__ = ("lock_of", "read_keeping")
