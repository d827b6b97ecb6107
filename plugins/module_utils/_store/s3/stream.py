# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A download that goes on where it broke."""

# Private: not for use outside of this collection.

from __future__ import annotations

import io
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.answers import Answer, BadAnswer
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError

if t.TYPE_CHECKING:
    import contextlib

_ATTEMPTS = 4


class S3Stream(io.RawIOBase):
    """The body of a GET. When the connection breaks, the rest is asked for, of the same version of the object.

    ``request`` makes the GET with extra arguments, ``calling`` gives the context that turns botocore's exceptions
    (``errors``) into ``StoreError``.
    """

    def __init__(
        self,
        key: str,
        request: t.Callable[..., Answer],
        calling: t.Callable[[], contextlib.AbstractContextManager[None]],
        errors: tuple[type[Exception], ...],
    ) -> None:
        super().__init__()
        self._key = key
        self._request = request
        self._calling = calling
        self._errors = errors
        self._position = 0
        self._body: t.Any = None
        with calling():
            answer = request()
            self._length = answer.number("ContentLength")
        self._etag: str = answer.get("ETag", "")
        self._body = answer["Body"]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any, /) -> int:
        if self._position >= self._length:
            return 0
        with self._calling():
            data = self._read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _read(self, size: int) -> bytes:
        for attempt in range(_ATTEMPTS):
            try:
                if attempt:
                    self._reopen()
                data: bytes = self._body.read(min(size, self._length - self._position))
            except self._errors:
                if attempt + 1 == _ATTEMPTS:
                    raise
                continue
            if data:
                return data
        raise StoreError(f"{self._key} ended after {self._position} of {self._length} bytes.", failure="unreachable")

    def _reopen(self) -> None:
        self._body.close()
        same = {"IfMatch": self._etag} if self._etag else {}
        answer = self._request(Range=f"bytes={self._position}-", **same)
        self._body = answer["Body"]
        check_range(answer, self._position)

    def close(self) -> None:
        if not self.closed and self._body is not None:
            self._body.close()
        super().close()


def check_range(answer: Answer, start: int) -> None:
    """Raise ``BadAnswer`` unless the body begins at ``start``: some servers do not know ranges and give everything."""
    if not str(answer.get("ContentRange") or "").startswith(f"bytes {start}-"):
        raise BadAnswer(f"the server does not give the part of the object from byte {start} that was asked for")


__all__ = ("S3Stream", "check_range")
