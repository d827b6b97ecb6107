# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads in parts: a few parts in memory at a time, and nothing left behind when one fails."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import typing as t
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import GuardedClient
from ansible_collections.arkive.k8s.plugins.module_utils._aws.errors import error_code
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ByteSource, StoredObject, read_exactly

_MIB = 1 << 20
_SMALLEST_PART = 8 * _MIB
#: For a stream of unknown length: 10,000 of these are 156 GiB.
_STREAM_PART = 16 * _MIB
_MAX_PARTS = 10_000
_PARALLEL = 3
_MD5 = re.compile("[0-9a-f]{32}")
_OF_DIGESTS = re.compile("[0-9a-f]{32}(-[0-9]+)?")


class S3Target(t.NamedTuple):
    """Where an upload goes.

    ``options`` are the encryption arguments of its first request, ``errors`` what botocore raises.
    """

    client: GuardedClient
    bucket: str
    key: str
    options: dict[str, t.Any]
    content_md5: bool
    errors: tuple[type[Exception], ...]

    @property
    def address(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key}

    def digest_header(self, data: bytes) -> dict[str, str]:
        """Content-MD5, which buckets with object lock demand."""
        if not self.content_md5:
            return {}
        return {"ContentMD5": base64.b64encode(_md5(data)).decode()}


def part_size(size: int | None) -> int:
    """Bytes in a part (all but the last are equal): at least 8 MiB, larger when 10,000 of them would not do."""
    if size is None:
        return _STREAM_PART
    return max(_SMALLEST_PART, -(-size // (_MAX_PARTS * _MIB)) * _MIB)


def upload(target: S3Target, source: ByteSource, *, name: str, size: int | None) -> StoredObject:
    """Store all of ``source``; small ones in one request. botocore's exceptions come out as they are."""
    length = part_size(size)
    first = read_exactly(source, length)
    if len(first) < length:
        put_object(target, first)
        return StoredObject(name, len(first), hashlib.sha256(first).hexdigest(), _md5(first).hex())
    return _MultipartUpload(target, name).run(source, first)


def put_object(target: S3Target, data: bytes, **conditions: str) -> None:
    """One request; ``conditions`` such as ``IfNoneMatch="*"``."""
    target.client.put_object(**target.address, Body=data, **target.options, **target.digest_header(data), **conditions)


class _MultipartUpload:
    def __init__(self, target: S3Target, name: str) -> None:
        self._target = target
        self._name = name
        self._digest = hashlib.sha256()
        self._part_digests = b""
        self._size = 0
        self._parts: list[dict[str, t.Any]] = []
        self._running: deque[Future[dict[str, t.Any]]] = deque()
        self._id = ""

    def run(self, source: ByteSource, first: bytes) -> StoredObject:
        begun = self._target.client.create_multipart_upload(**self._target.address, **self._target.options)
        self._id = begun.text("UploadId")
        completed = False
        try:
            with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="arkive-upload") as pool:
                self._send_all(pool, source, first)
            self._complete()
            completed = True
        finally:
            # The pool has ended: a part that arrived after the abort would stay forever and cost money.
            if not completed:
                self._abort()
        # How servers make the ETag of an upload in parts: the digest of the parts' digests, and their number.
        etag = f"{_md5(self._part_digests).hex()}-{len(self._parts)}"
        return StoredObject(self._name, self._size, self._digest.hexdigest(), etag)

    def _complete(self) -> None:
        try:
            self._target.client.complete_multipart_upload(
                **self._target.address, UploadId=self._id, MultipartUpload={"Parts": self._parts}
            )
        except self._target.errors as exc:
            # The answer to the first request was lost, and boto3 asked again for what was done.
            if error_code(exc) != "NoSuchUpload" or not self._is_stored():
                raise

    def _is_stored(self) -> bool:
        try:
            found = self._target.client.head_object(**self._target.address)
        except self._target.errors:
            return False
        return found.get("ContentLength") == self._size and self._may_be_ours(str(found.get("ETag") or "").strip('"'))

    def _may_be_ours(self, etag: str) -> bool:
        """Of the same size may also be what was there before."""
        if not _OF_DIGESTS.fullmatch(etag):
            return True
        digests = [part["ETag"].strip('"') for part in self._parts]
        if not all(map(_MD5.fullmatch, digests)):
            return False
        return etag == f"{_md5(bytes.fromhex(''.join(digests))).hex()}-{len(digests)}"

    def _abort(self) -> None:
        # What went wrong before is what the user must hear of.
        with contextlib.suppress(*self._target.errors):
            self._target.client.abort_multipart_upload(**self._target.address, UploadId=self._id)

    def _send_all(self, pool: ThreadPoolExecutor, source: ByteSource, first: bytes) -> None:
        data, length, number = first, len(first), 1
        try:
            while data:
                if number > _MAX_PARTS:
                    raise StoreError(f"{self._name} is too large for S3: more than {_MAX_PARTS} parts.")
                self._digest.update(data)
                self._part_digests += _md5(data)
                self._size += len(data)
                if len(self._running) >= _PARALLEL:
                    self._parts.append(self._running.popleft().result())
                self._running.append(pool.submit(self._send, number, data))
                number += 1
                data = read_exactly(source, length) if len(data) == length else b""
            while self._running:
                self._parts.append(self._running.popleft().result())
        finally:
            for future in self._running:
                future.cancel()

    def _send(self, number: int, data: bytes) -> dict[str, t.Any]:
        answer = self._target.client.upload_part(
            **self._target.address,
            UploadId=self._id,
            PartNumber=number,
            Body=data,
            **self._target.digest_header(data),
        )
        return {"PartNumber": number, "ETag": answer.text("ETag")}


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


__all__ = ("S3Target", "part_size", "put_object", "upload")
