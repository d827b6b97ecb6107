# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups in an S3 bucket, through boto3."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import io
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import Answer
from ansible_collections.arkive.k8s.plugins.module_utils._aws.errors import error_code, status_code
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.keys import KEY_BYTES, check_key, check_list_prefix
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.client import make_s3_client
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.deletion import Deletion
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.errors import is_unsupported, store_error
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.keeping import lock_of, read_keeping
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.listing import (
    list_pages,
    list_upload_pages,
    names_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.stream import S3Stream, check_range
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.upload import S3Target, put_object, upload
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import (
    CHUNK_SIZE,
    ByteSource,
    IteratorSource,
    Keeping,
    Listing,
    ObjectInfo,
    StoredObject,
    Unfinished,
    read_at_most,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location

_CONFLICT_ATTEMPTS = 5


class S3Store:
    """A ``Store`` in ``location.bucket`` below ``location.prefix``. boto3's client is safe to share between threads."""

    def __init__(self, location: S3Location, cancel: CancelToken | None = None) -> None:
        """Once ``cancel`` is set, a server that does not answer at once is given up."""
        self.location = location
        self._root = f"{location.prefix}/" if location.prefix else ""
        self._client, self._errors = make_s3_client(location, cancel or CancelToken())
        self._options = _write_options(location)
        self._deletion = Deletion(self._client, location.bucket, self._errors)
        self._keeping: Keeping | None = None
        self._conditional: bool | None = None
        self._conditional_lock = threading.Lock()

    @property
    def conditional_writes(self) -> bool:
        """True until the server was seen to ignore or refuse ``If-None-Match``."""
        return self._conditional is not False

    @property
    def has_late_writes(self) -> bool:
        """Always: what was sent goes on its way without us."""
        return True

    def check(self, *, write: bool, touch: bool = True) -> None:
        """List one key; with ``write`` begin an upload and drop it, which leaves no object and no version.

        Nothing shows without ``touch`` who may write.
        """
        try:
            next(list_pages(self._client, Bucket=self.location.bucket, Prefix=self._root, MaxKeys=1))
        except self._errors as exc:
            found = store_error(self.location, exc, verb="read")
            if not found.not_found:
                raise found from exc
            # A 404 without S3's NoSuchBucket comes from some other web server.
            raise StoreError(
                f"{self.location.endpoint_text or 'The endpoint'} does not answer as an S3 server.",
                failure="no_location",
                hint="Check 'endpoint_url'.",
            ) from exc
        if write and touch:
            target = self._target("arkive-write-check")
            with self._calling("write to"):
                begun = self._client.create_multipart_upload(**target.address, **target.options)
                self._client.abort_multipart_upload(**target.address, UploadId=begun.text("UploadId"))

    def put(self, key: str, data: bytes) -> StoredObject:
        return self.put_file(key, io.BytesIO(data), size=len(data))

    def put_stream(self, key: str, chunks: t.Iterable[bytes], *, size: int | None = None) -> StoredObject:
        return self.put_file(key, IteratorSource(chunks), size=size)

    def put_file(self, key: str, fileobj: ByteSource, *, size: int | None = None) -> StoredObject:
        target = self._target(key)
        with self._calling("write", key):
            return upload(target, fileobj, name=key, size=size)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        target = self._target(key)
        if self._conditional is None:
            with self._conditional_lock:
                return self._first_put_if_absent(key, target, data)
        if not self._conditional:
            return self._check_and_put(key, target, data)
        return self._conditional_put(key, target, data)

    def get(self, key: str, *, max_bytes: int | None = None) -> bytes:
        with self.open(key) as stream:
            # Not all that it may have at once: so much room would be made for it.
            data = stream.read() if max_bytes is None else read_at_most(stream, max_bytes + 1)
        if max_bytes is not None and len(data) > max_bytes:
            raise StoreError(
                f"{key} in {self.location.describe} is larger than {max_bytes} bytes.", failure="too_large"
            )
        return data

    def open(self, key: str) -> t.BinaryIO:
        full = self._full(key)

        def request(**arguments: str) -> Answer:
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
            check_range(answer, start)
            data: bytes = answer["Body"].read(length)
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
            answer = self._client.head_object(Bucket=self.location.bucket, Key=self._full(key))
            return answer.number("ContentLength")

    def list(self, prefix: str = "", delimiter: str | None = None) -> Listing:
        check_list_prefix(prefix, segment_bytes=KEY_BYTES)
        if delimiter not in (None, "/"):
            raise StoreError(f"The delimiter {delimiter!r} is not supported; use '/'.", failure="bad_key")
        arguments = {"Bucket": self.location.bucket, "Prefix": self._root + prefix}
        if delimiter:
            arguments["Delimiter"] = delimiter
        listing = Listing()
        with self._calling("list"):
            for page in list_pages(self._client, **arguments):
                objects, prefixes = names_of(page, self._root + prefix)
                listing.objects.extend(self._object(found) for found in objects)
                listing.prefixes.extend(name[len(self._root) :] for name in prefixes)
        listing.objects.sort(key=lambda info: info.key)
        listing.prefixes.sort()
        return listing

    def delete_many(self, keys: t.Iterable[str]) -> None:
        wanted = dict.fromkeys(check_key(key, segment_bytes=KEY_BYTES) for key in keys)
        with self._calling("delete from"):
            failed = self._deletion.delete({self._full(key): key for key in wanted})
        if failed:
            shown = "; ".join(f"{key}: {why}" for key, why in sorted(failed.items())[:3])
            raise StoreError(
                f"{counted(len(failed), 'object')} in {self.location.describe} could not be deleted ({shown}).",
                details={"not_deleted": dict(sorted(failed.items()))},
            )

    def keeping(self) -> Keeping:
        if self._keeping is None:
            with self._calling("look into"):
                self._keeping = read_keeping(self._client, self.location.bucket, self._errors)
        return self._keeping

    def locked(self, key: str) -> str:
        try:
            with self._calling("read", key):
                return lock_of(self._client.head_object(Bucket=self.location.bucket, Key=self._full(key)))
        except StoreError as exc:
            if exc.not_found:
                return ""
            raise

    def unfinished(self, folder: str) -> t.Sequence[Unfinished]:
        with self._calling("list the uploads in"):
            pages = list_upload_pages(self._client, Bucket=self.location.bucket, Prefix=self._root + folder)
            return [self._upload(found) for page in pages for found in page.entries("Uploads")]

    def drop_unfinished(self, writes: t.Sequence[Unfinished]) -> None:
        for write in writes:
            key, upload_id = write.handle
            try:
                self._client.abort_multipart_upload(Bucket=self.location.bucket, Key=key, UploadId=upload_id)
            except self._errors as exc:
                if error_code(exc) != "NoSuchUpload" and status_code(exc) != 404:
                    raise store_error(self.location, exc, verb="end an upload in") from exc

    def _upload(self, found: Answer) -> Unfinished:
        full = found.text("Key")
        key = full[len(self._root) :]
        place = key.rpartition("/")[0]
        handle = (full, found.text("UploadId"))
        return Unfinished(f"{place}/" if place else "", found.moment("Initiated"), handle, key)

    def _object(self, found: Answer) -> ObjectInfo:
        etag = str(found.get("ETag", "")).strip('"')
        return ObjectInfo(
            found.text("Key")[len(self._root) :], found.number("Size"), found.moment("LastModified"), etag
        )

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
                if self._conditional is None and is_unsupported(exc):
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
        return self._root + check_key(key, segment_bytes=KEY_BYTES)

    def _target(self, key: str) -> S3Target:
        bucket = self.location.bucket
        return S3Target(self._client, bucket, self._full(key), self._options, self.location.object_lock, self._errors)

    @contextlib.contextmanager
    def _calling(self, verb: str, key: str = "") -> t.Iterator[None]:
        try:
            yield
        except self._errors as exc:
            raise store_error(self.location, exc, verb=verb, key=key) from exc


def _write_options(location: S3Location) -> dict[str, t.Any]:
    options: dict[str, t.Any] = {}
    sse = location.sse or ("aws:kms" if location.kms_key_id else None)
    if sse:
        options["ServerSideEncryption"] = sse
    if location.kms_key_id:
        options["SSEKMSKeyId"] = location.kms_key_id
    return options


__all__ = ("S3Store",)
