# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deleting many objects, in the ways that servers know."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import hashlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import GuardedClient
from ansible_collections.arkive.k8s.plugins.module_utils._aws.errors import error_code
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.errors import is_hopeless, is_unsupported

_BATCH = 1000
_GONE = "NoSuchKey"
_CHECKSUMS = ("x-amz-checksum-", "x-amz-sdk-checksum-", "x-amz-trailer")


class Deletion:
    """Deletes in batches, and one by one from the first batch on that the server refused as such."""

    def __init__(self, client: GuardedClient, bucket: str, errors: tuple[type[Exception], ...]) -> None:
        self._client = client
        self._bucket = bucket
        self._errors = errors
        self._in_batches = True

    def delete(self, names: t.Mapping[str, str]) -> dict[str, str]:
        """``names``: what each key is called in the store. What could not be deleted, by that, and why."""
        keys = list(names)
        failed: dict[str, str] = {}
        for start in range(0, len(keys), _BATCH):
            failed.update(self._delete_some(keys[start : start + _BATCH]))
        return {names.get(key, key): why for key, why in failed.items()}

    def _delete_some(self, keys: t.Sequence[str]) -> dict[str, str]:
        if self._in_batches:
            try:
                return self._delete_batch(keys)
            except self._errors as exc:
                if not is_unsupported(exc):
                    raise
                self._in_batches = False
        return self._delete_each(keys)

    def _delete_batch(self, keys: t.Sequence[str]) -> dict[str, str]:
        objects = [{"Key": key} for key in keys]
        answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
        return {
            error.text("Key"): str(error.get("Message") or error.get("Code") or "the server does not say why")
            for error in answer.entries("Errors")
            if error.get("Code") != _GONE
        }

    def _delete_each(self, keys: t.Sequence[str]) -> dict[str, str]:
        failed: dict[str, str] = {}
        for key in keys:
            try:
                self._client.delete_object(Bucket=self._bucket, Key=key)
            except self._errors as exc:
                if is_hopeless(exc):
                    raise
                if error_code(exc) != _GONE:
                    failed[key] = error_code(exc)
        return failed


def as_older_servers_take_it(request: t.Any, **_kwargs: t.Any) -> None:
    """A batch must carry a digest. Content-MD5 is the one that all servers know; the newer ones some refuse.

    Botocore before 1.36 sets it by itself, and a header that is set twice is sent twice.
    """
    for name in {name.lower() for name in request.headers}:
        if name == "content-md5" or name.startswith(_CHECKSUMS):
            del request.headers[name]
    body = request.data if isinstance(request.data, bytes) else str(request.data).encode()
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()


__all__ = ("Deletion", "as_older_servers_take_it")
