# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small S3 server in memory that is as strict, as old or as dishonest as a test wants it."""

from __future__ import annotations

import base64
import collections
import datetime as dt
import hashlib
import re
import threading
import time
import typing as t
import urllib.parse
from xml.sax.saxutils import escape, unescape

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import Reply, Request, failure

Mode: t.TypeAlias = t.Literal[
    "no-checksums",  # refuses what the SDK sends since 2025: Backblaze B2, older Ceph and MinIO
    "no-conditions",  # refuses If-None-Match
    "ignores-conditions",  # knows nothing of If-None-Match
    "no-list",  # may not be listed, so what is absent is not known either
    "late-lists",  # lists are those of a moment ago
    "list-v1",  # knows the first version of lists only
    "no-batch-delete",  # 501
    "refuses-batch-delete",  # 400
    "no-deletes",  # 403
    "truncates",  # stores half of what is put, and says 200
    "drops",  # stores nothing of what is put, and says 200
    "no-part-etags",
    "slow-down",  # 503 to everything
]

_CHECKSUMS = ("x-amz-checksum-", "x-amz-sdk-checksum-", "x-amz-trailer")
_XML = {"Content-Type": "application/xml"}
_PAGE = 1000
#: How late a late list is, in seconds.
LATE = 1.0


class MemoryS3:
    """Answers for buckets of any name, which are one. Signatures are not looked at."""

    def __init__(self, *modes: Mode, page: int = _PAGE) -> None:
        self.modes = frozenset(modes)
        self.page = page
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self._keys_of_uploads: dict[str, str] = {}
        self._before: collections.deque[tuple[float, dict[str, bytes]]] = collections.deque()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Reply:
        with self._lock:
            if "late-lists" in self.modes:
                self._before.append((time.monotonic(), dict(self.objects)))
            return self._refusal(request) or _ANSWERS[request.operation](self, request)

    def store(self, _bucket: str, key: str, data: bytes) -> None:
        """Put an object past all requests."""
        self.objects[key] = data

    def open_uploads(self) -> list[str]:
        """The keys of uploads in parts that have neither been completed nor aborted."""
        return [self._keys_of_uploads[upload] for upload in self.uploads]

    def _refusal(self, request: Request) -> Reply | None:
        modes, headers = self.modes, request.headers
        if "slow-down" in modes:
            return failure(503, "SlowDown", "Please reduce your request rate.")
        if "no-checksums" in modes and _with_checksums(headers):
            return failure(400, "InvalidArgument", "Unsupported header for this API call")
        if "no-conditions" in modes and "if-none-match" in headers:
            return failure(501, "NotImplemented", "A header that you gave is not implemented")
        if request.operation == "DeleteObjects":
            return self._refused_batch(request)
        if "no-deletes" in modes and request.operation == "DeleteObject":
            return failure(403, "AccessDenied", "Access Denied")
        if "no-list" in modes and request.operation.startswith("ListObjects"):
            return failure(403, "AccessDenied", "Access Denied")
        return None

    def _refused_batch(self, request: Request) -> Reply | None:
        if "no-batch-delete" in self.modes:
            return failure(501, "NotImplemented")
        if "refuses-batch-delete" in self.modes:
            return failure(400, "InvalidRequest", "Unsupported")
        if "no-deletes" in self.modes:
            return failure(403, "AccessDenied", "Access Denied")
        # As S3 has it: a digest is required, and a header that is there twice is none.
        digest = base64.b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode()
        if request.headers.get("content-md5") != digest:
            return failure(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
        return None

    def _put(self, request: Request) -> Reply:
        refuses = "ignores-conditions" not in self.modes and request.headers.get("if-none-match") == "*"
        if refuses and request.key in self.objects:
            return failure(412, "PreconditionFailed")
        if "drops" not in self.modes:
            cut = len(request.body) // 2 if "truncates" in self.modes else len(request.body)
            self.objects[request.key] = request.body[:cut]
        return Reply(200, headers={"ETag": _etag(request.body)})

    def _get(self, request: Request) -> Reply:
        data = self.objects.get(request.key)
        if data is None:
            return self._absent()
        headers = {"ETag": _etag(data), "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if not span:
            return Reply(200, data, headers)
        start, end = int(span[1]), min(int(span[2] or len(data)), len(data) - 1)
        if start >= len(data):
            return failure(416, "InvalidRange")
        return Reply(206, data[start : end + 1], headers | {"Content-Range": f"bytes {start}-{end}/{len(data)}"})

    def _head(self, request: Request) -> Reply:
        found = self._get(request)
        return Reply(found.status, b"", {**found.headers, "Content-Length": str(len(found.body))})

    def _absent(self) -> Reply:
        return failure(403, "AccessDenied") if "no-list" in self.modes else failure(404, "NoSuchKey")

    def _delete(self, request: Request) -> Reply:
        self.objects.pop(request.key, None)
        return Reply(204)

    def _delete_many(self, request: Request) -> Reply:
        for key in re.findall(rb"<Key>(.*?)</Key>", request.body):
            self.objects.pop(unescape(key.decode()), None)
        return Reply(200, b"<DeleteResult/>", _XML)

    def _begin(self, request: Request) -> Reply:
        upload = f"upload-{len(self._keys_of_uploads) + 1}"
        self.uploads[upload] = {}
        self._keys_of_uploads[upload] = request.key
        return _xml("InitiateMultipartUploadResult", f"<UploadId>{upload}</UploadId>")

    def _part(self, request: Request) -> Reply:
        self.uploads[request.query["uploadId"]][int(request.query["partNumber"])] = request.body
        return Reply(200, headers={} if "no-part-etags" in self.modes else {"ETag": _etag(request.body)})

    def _complete(self, request: Request) -> Reply:
        parts = self.uploads.pop(request.query["uploadId"], None)
        if parts is None:
            return failure(404, "NoSuchUpload")
        self.objects[request.key] = b"".join(data for _number, data in sorted(parts.items()))
        return _xml("CompleteMultipartUploadResult", f"<ETag>&quot;x-{len(parts)}&quot;</ETag>")

    def _abort(self, request: Request) -> Reply:
        self.uploads.pop(request.query["uploadId"], None)
        return Reply(204)

    def _list_uploads(self, _request: Request) -> Reply:
        found = (
            f"<Upload><Key>{_quoted(self._keys_of_uploads[upload])}</Key><UploadId>{upload}</UploadId>"
            f"<Initiated>{_now()}</Initiated></Upload>"
            for upload in self.uploads
        )
        inner = "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
        return _xml("ListMultipartUploadsResult", inner, *found)

    def _list(self, request: Request) -> Reply:
        query = request.query
        old = "list-v1" in self.modes or "list-type" not in query
        after = query.get("marker", "") if old else query.get("continuation-token", "")
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        found = [name for name in self._names(prefix, delimiter) if name > after]
        page = found[: min(self.page, int(query.get("max-keys") or _PAGE))]
        more = len(page) < len(found)
        last = _quoted(page[-1]) if page else ""
        token = f"<NextMarker>{last}</NextMarker>" if old else f"<NextContinuationToken>{last}</NextContinuationToken>"
        return _xml(
            "ListBucketResult",
            f"<Name>{request.bucket}</Name><Prefix>{_quoted(prefix)}</Prefix><EncodingType>url</EncodingType>",
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token if more else ''}",
            *(self._entry(name, delimiter) for name in page),
        )

    def _listed(self) -> dict[str, bytes]:
        if "late-lists" not in self.modes:
            return self.objects
        then = time.monotonic() - LATE
        while len(self._before) > 1 and self._before[1][0] <= then:
            self._before.popleft()
        return self._before[0][1] if self._before[0][0] <= then else {}

    def _names(self, prefix: str, delimiter: str) -> list[str]:
        """Keys, and what they have in common up to the delimiter, in order."""
        found = set()
        for key in self._listed():
            if key.startswith(prefix):
                head, cut, _rest = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
                found.add(f"{prefix}{head}{cut}" if cut else key)
        return sorted(found)

    def _entry(self, name: str, delimiter: str) -> str:
        if delimiter and name.endswith(delimiter):
            return f"<CommonPrefixes><Prefix>{_quoted(name)}</Prefix></CommonPrefixes>"
        data = self._listed()[name]
        return (
            f"<Contents><Key>{_quoted(name)}</Key><LastModified>{_now()}</LastModified>"
            f"<ETag>{escape(_etag(data))}</ETag><Size>{len(data)}</Size></Contents>"
        )


_ANSWERS: dict[str, t.Callable[[MemoryS3, Request], Reply]] = {
    "PutObject": MemoryS3._put,
    "GetObject": MemoryS3._get,
    "HeadObject": MemoryS3._head,
    "DeleteObject": MemoryS3._delete,
    "DeleteObjects": MemoryS3._delete_many,
    "CreateMultipartUpload": MemoryS3._begin,
    "UploadPart": MemoryS3._part,
    "CompleteMultipartUpload": MemoryS3._complete,
    "AbortMultipartUpload": MemoryS3._abort,
    "ListMultipartUploads": MemoryS3._list_uploads,
    "ListObjects": MemoryS3._list,
    "ListObjectsV2": MemoryS3._list,
}


def _with_checksums(headers: t.Mapping[str, str]) -> bool:
    chunked = "aws-chunked" in headers.get("content-encoding", "")
    return chunked or any(name.startswith(_CHECKSUMS) for name in headers)


def _now() -> str:
    return dt.datetime.now(tz=dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def _quoted(name: str) -> str:
    return urllib.parse.quote(name)


def _xml(root: str, *inner: str) -> Reply:
    return Reply(200, f"<?xml version='1.0'?><{root}>{''.join(inner)}</{root}>".encode(), _XML)


__all__ = ("LATE", "MemoryS3", "Mode")
