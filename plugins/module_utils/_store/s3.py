# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""Backups in an S3 bucket, through boto3."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._store.aws_client import Errors, make_client
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.keys import check_key, check_list_prefix
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3_errors import error_code, status_code, store_error
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3_stream import S3Stream
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3_upload import S3Target, put_object, upload
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import (
    CHUNK_SIZE,
    MAX_CONNECTIONS,
    ByteSource,
    IteratorSource,
    Listing,
    ObjectInfo,
    StoredObject,
    refuse_write,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation

_DELETE_BATCH = 1000
_CONNECT_SECONDS = 10
_READ_SECONDS = 60
_ATTEMPTS = 4
_CONFLICT_ATTEMPTS = 5
_NO_BATCH_DELETE = frozenset({"NotImplemented", "MethodNotAllowed", "501", "405"})


class S3Store:
    """A ``Store`` in ``location.bucket`` below ``location.prefix``. boto3's client is safe to share between threads."""

    def __init__(self, location: StorageLocation) -> None:
        self.location = location
        self._root = f"{location.prefix}/" if location.prefix else ""
        self._client, self._errors = _make_client(location)
        self._options = _write_options(location)
        self._conditional: bool | None = None
        self._conditional_lock = threading.Lock()

    @property
    def conditional_writes(self) -> bool:
        """True until the server was seen to ignore or refuse ``If-None-Match``."""
        return self._conditional is not False

    def check(self, *, write: bool) -> None:
        """List one key; with ``write`` begin an upload and drop it, which leaves no object and no version."""
        try:
            self._client.list_objects_v2(Bucket=self.location.bucket, Prefix=self._root, MaxKeys=1)
        except self._errors as exc:
            found = store_error(self.location, exc, verb="read")
            if not found.not_found:
                raise found from exc
            # A 404 without S3's NoSuchBucket comes from some other web server.
            raise StoreError(
                f"{self.location.endpoint_url or 'The endpoint'} does not answer as an S3 server.",
                failure="no_location",
                hint="Check 'endpoint_url'.",
            ) from exc
        if write:
            refuse_write(self.location)
            target = self._target("arkive-write-check")
            with self._calling("write to"):
                begun = self._client.create_multipart_upload(**target.address, **target.options)
                self._client.abort_multipart_upload(**target.address, UploadId=begun["UploadId"])

    def put(self, key: str, data: bytes) -> StoredObject:
        return self.put_file(key, io.BytesIO(data), size=len(data))

    def put_stream(self, key: str, chunks: t.Iterable[bytes], *, size: int | None = None) -> StoredObject:
        return self.put_file(key, IteratorSource(chunks), size=size)

    def put_file(self, key: str, fileobj: ByteSource, *, size: int | None = None) -> StoredObject:
        target = self._writable_target(key)
        with self._calling("write", key):
            return upload(target, fileobj, name=key, size=size)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        target = self._writable_target(key)
        if self._conditional is None:
            with self._conditional_lock:
                return self._first_put_if_absent(key, target, data)
        if not self._conditional:
            return self._check_and_put(key, target, data)
        return self._conditional_put(key, target, data)

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        with self.open(key) as stream:
            data = stream.read(-1 if max_bytes is None else max_bytes + 1)
        if max_bytes is not None and len(data) > max_bytes:
            raise StoreError(
                f"{key} in {self.location.describe} is larger than {max_bytes} bytes.", failure="too_large"
            )
        return data

    def open(self, key: str) -> t.BinaryIO:
        full = self._full(key)

        def request(**arguments: str) -> t.Any:
            return self._client.get_object(Bucket=self.location.bucket, Key=full, **arguments)

        raw = S3Stream(key, request, lambda: self._calling("read", key), self._errors)
        return io.BufferedReader(raw, CHUNK_SIZE)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        if length <= 0:
            self.size(key)
            return b""
        try:
            answer = self._client.get_object(
                Bucket=self.location.bucket, Key=self._full(key), Range=f"bytes={start}-{start + length - 1}"
            )
            data: bytes = answer["Body"].read()
        except self._errors as exc:
            if error_code(exc) in ("InvalidRange", "416"):
                return b""
            raise store_error(self.location, exc, verb="read", key=key) from exc
        return data

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except StoreError as exc:
            if exc.not_found:
                return False
            raise
        return True

    def size(self, key: str) -> int:
        with self._calling("read", key):
            return int(self._client.head_object(Bucket=self.location.bucket, Key=self._full(key))["ContentLength"])

    def list(self, prefix: str = "", delimiter: str | None = None) -> Listing:
        check_list_prefix(prefix)
        if delimiter not in (None, "/"):
            raise StoreError(f"The delimiter {delimiter!r} is not supported; use '/'.", failure="bad_key")
        arguments = {"Bucket": self.location.bucket, "Prefix": self._root + prefix}
        if delimiter:
            arguments["Delimiter"] = delimiter
        listing = Listing()
        with self._calling("list"):
            for page in self._client.get_paginator("list_objects_v2").paginate(**arguments):
                listing.objects.extend(self._objects(page))
                listing.prefixes.extend(found["Prefix"][len(self._root) :] for found in page.get("CommonPrefixes", ()))
        listing.objects.sort(key=lambda info: info.key)
        listing.prefixes.sort()
        return listing

    def delete_many(self, keys: t.Iterable[str]) -> None:
        refuse_write(self.location)
        wanted = list(dict.fromkeys(map(check_key, keys)))
        failed: dict[str, str] = {}
        for start in range(0, len(wanted), _DELETE_BATCH):
            failed.update(self._delete_batch(wanted[start : start + _DELETE_BATCH]))
        if failed:
            shown = "; ".join(f"{key}: {why}" for key, why in sorted(failed.items())[:3])
            raise StoreError(
                f"{counted(len(failed), 'object')} in {self.location.describe} could not be deleted ({shown}).",
                details={"not_deleted": dict(sorted(failed.items()))},
            )

    def _objects(self, page: t.Mapping[str, t.Any]) -> t.Iterator[ObjectInfo]:
        for found in page.get("Contents", ()):
            # Consoles make empty objects that end with a slash and show them as folders.
            if not found["Key"].endswith("/"):
                yield ObjectInfo(found["Key"][len(self._root) :], int(found["Size"]), found["LastModified"])

    def _delete_batch(self, keys: t.Sequence[str]) -> dict[str, str]:
        """Delete up to 1000 keys; what could not be deleted, and why."""
        objects = [{"Key": self._full(key)} for key in keys]
        try:
            answer = self._client.delete_objects(
                Bucket=self.location.bucket, Delete={"Objects": objects, "Quiet": True}
            )
        except self._errors as exc:
            if error_code(exc) in _NO_BATCH_DELETE or status_code(exc) in (405, 501):
                return self._delete_each(keys)
            raise store_error(self.location, exc, verb="delete from") from exc
        return {
            error["Key"][len(self._root) :]: error.get("Message") or error.get("Code", "unknown")
            for error in answer.get("Errors", ())
            if error.get("Code") != "NoSuchKey"
        }

    def _delete_each(self, keys: t.Sequence[str]) -> dict[str, str]:
        failed: dict[str, str] = {}
        for key in keys:
            try:
                self._client.delete_object(Bucket=self.location.bucket, Key=self._full(key))
            except self._errors as exc:
                if error_code(exc) != "NoSuchKey":
                    failed[key] = error_code(exc)
        return failed

    def _first_put_if_absent(self, key: str, target: S3Target, data: bytes) -> bool:
        """Find out on the way whether the server honours ``If-None-Match``: a second put of the same must fail.

        A server that ignores the header would replace what is there, so the key is looked up first.
        """
        if self.exists(key):
            return False
        if self._conditional is not None:
            return self.put_if_absent(key, data)
        if not self._conditional_put(key, target, data):
            return False
        if self._conditional is None:
            self._conditional = not self._conditional_put(key, target, data)
        return True

    def _conditional_put(self, key: str, target: S3Target, data: bytes) -> bool:
        for attempt in range(_CONFLICT_ATTEMPTS):
            try:
                put_object(target, data, IfNoneMatch="*")
            except self._errors as exc:
                code, status = error_code(exc), status_code(exc)
                if code == "PreconditionFailed" or status == 412:
                    if self._conditional is None and attempt == 0:
                        # Refused although the key was absent a moment ago: the header is honoured.
                        self._conditional = True
                    return False
                if status == 409 and attempt + 1 < _CONFLICT_ATTEMPTS:
                    continue
                if self._conditional is None and (code in _NO_CONDITIONS or status == 501):
                    self._conditional = False
                    return self._check_and_put(key, target, data)
                raise store_error(self.location, exc, verb="write", key=key) from exc
            else:
                return True
        return False

    def _check_and_put(self, key: str, target: S3Target, data: bytes) -> bool:
        """The weaker way, for servers without conditional writes: two runs at once may both succeed."""
        if self.exists(key):
            return False
        with self._calling("write", key):
            put_object(target, data)
        return True

    def _full(self, key: str) -> str:
        return self._root + check_key(key)

    def _target(self, key: str) -> S3Target:
        bucket = self.location.bucket or ""
        return S3Target(self._client, bucket, self._full(key), self._options, self.location.object_lock, self._errors)

    def _writable_target(self, key: str) -> S3Target:
        refuse_write(self.location)
        return self._target(key)

    @contextlib.contextmanager
    def _calling(self, verb: str, key: str = "") -> t.Iterator[None]:
        try:
            yield
        except self._errors as exc:
            raise store_error(self.location, exc, verb=verb, key=key) from exc


#: How servers (and a botocore from before 2024) say that they do not know ``If-None-Match`` on a PUT.
_NO_CONDITIONS = frozenset({"NotImplemented", "InvalidArgument", "InvalidRequest", "ParamValidationError"})


def _write_options(location: StorageLocation) -> dict[str, t.Any]:
    options: dict[str, t.Any] = {}
    sse = location.sse or ("aws:kms" if location.kms_key_id else None)
    if sse:
        options["ServerSideEncryption"] = sse
    if location.kms_key_id:
        options["SSEKMSKeyId"] = location.kms_key_id
    return options


def _make_client(location: StorageLocation) -> tuple[t.Any, Errors]:
    """boto3's client for ``location``, and the exceptions that it raises."""
    client, errors = make_client(
        "s3",
        location,
        what="S3",
        error=StoreError,
        explain=lambda exc: store_error(location, exc, verb="use"),
        max_connections=MAX_CONNECTIONS,
        # Servers other than Amazon's seldom have regions, but a signature always names one.
        default_region="us-east-1" if location.endpoint_url else None,
        # Virtual-host addressing needs DNS for each bucket, which servers other than Amazon's seldom have.
        s3={"addressing_style": location.addressing_style or ("path" if location.endpoint_url else "auto")},
    )
    client.meta.events.register("before-sign.s3.DeleteObjects", _add_content_md5)
    return client, errors


def _add_content_md5(request: t.Any, **_kwargs: t.Any) -> None:
    """Older servers take a batch delete only with Content-MD5, which newer botocore does not send."""
    body = request.data if isinstance(request.data, bytes) else str(request.data).encode()
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()


__all__ = ("S3Store",)
