# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server of AWS, or one that speaks like it, has answered: nothing in it is believed unseen.

The XML is botocore's to read, and botocore leaves out what is not there. Whatever is missing, of another type, or no
XML at all is a ``BadAnswer``, which is one of the exceptions that a client raises (see ``_aws.client``).
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import functools
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError

#: Makes a call and gives what it gives.
Waiting: t.TypeAlias = "t.Callable[[t.Callable[[], t.Any]], t.Any]"

#: Servers may give pages without entries, where much was deleted; but not forever.
_EMPTY_PAGES = 1000


class BadAnswer(Exception):
    """The server has answered, and it is no answer to what was asked: half a sentence, without a full stop."""


class Abandoned(BadAnswer):
    """Nobody waits for the answer any more; what was asked for may be done nevertheless."""


class Overdue(Abandoned):
    """So it was because the longest time was over."""


class Answer(dict[str, t.Any]):
    """The answer to ``operation`` (such as ``UploadPart``), or an entry of one."""

    def __init__(self, operation: str, values: t.Mapping[str, t.Any]) -> None:
        super().__init__(values)
        self.operation = operation

    def text(self, name: str) -> str:
        """A string that must be there, and not be empty."""
        found = self.get(name)
        if not isinstance(found, str) or not found:
            raise self.lacks(name)
        return found

    def number(self, name: str) -> int:
        found = self.get(name)
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise self.lacks(name)
        return found

    def moment(self, name: str) -> dt.datetime:
        """In UTC. What botocore gives has a zone of its own for each, which takes more room than all the rest."""
        found = self.get(name)
        if not isinstance(found, dt.datetime):
            raise self.lacks(name)
        return found.astimezone(dt.UTC)

    def entries(self, name: str, *, required: bool = False) -> list[Answer]:
        """Entries of a list. S3 leaves an empty list out, EC2 never does: there it is ``required``."""
        found = self.get(name)
        if found is None and not required:
            return []
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            raise self.lacks(name)
        return [Answer(self.operation, entry) for entry in found]

    def lacks(self, name: str) -> BadAnswer:
        return BadAnswer(f"the server's answer to {self.operation} has no {name}")


class Pages:
    """Sees that the pages of a list come to an end."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._tokens: set[str] = set()
        #: Digests of the names: lists are long, and a page must have nothing but known ones.
        self._seen: set[int] = set()
        self._empty = 0

    def turn(self, names: t.Iterable[str], token: object) -> str:
        """The page had ``names``, and says that the next one is at ``token``, which is returned."""
        if not isinstance(token, str) or not token:
            raise BadAnswer(f"the server says that its answer to {self._operation} is not all, but not how to go on")
        found = set(map(hash, names))
        self._empty = 0 if found else self._empty + 1
        again = token in self._tokens or (found and found <= self._seen)
        if again or self._empty > _EMPTY_PAGES:
            raise BadAnswer(f"the server gives the same part of its answer to {self._operation} again and again")
        self._tokens.add(token)
        self._seen |= found
        return token


class GuardedClient:
    """boto3's ``client``: every request gives an ``Answer``, or raises one of ``errors``.

    ``wait_for`` makes each call, and may give it up with ``Abandoned``.
    """

    def __init__(self, client: t.Any, errors: tuple[type[Exception], ...], wait_for: Waiting) -> None:
        self._client = client
        self._errors = errors
        self._wait_for = wait_for

    def before_signing(self, operation: str, change: t.Callable[..., None]) -> None:
        """Have ``change(request=...)`` called with each request of ``operation`` before it is signed."""
        self._client.meta.events.register(f"before-sign.{operation}", change)

    def presigned(self, method: str, *, seconds: int, **arguments: str) -> str:
        """The address by which anybody can make this request for ``seconds``. Credentials may be asked for."""
        url = self._wait_for(lambda: self._client.generate_presigned_url(method, Params=arguments, ExpiresIn=seconds))
        return str(url)

    def __getattr__(self, method: str) -> t.Callable[..., Answer]:
        request = getattr(self._client, method)
        operation = operation_name(method)

        def call(**arguments: t.Any) -> Answer:
            ask = functools.partial(request, **arguments)
            values = self._wait_for(lambda: guarded(ask, operation, self._errors))
            if not isinstance(values, dict):
                raise BadAnswer(f"the server's answer to {operation} is empty")
            if "Body" in values:
                values["Body"] = _GuardedBody(values["Body"], operation, self._errors, self._wait_for)
            return Answer(operation, values)

        return call


class _GuardedBody:
    """The body of an object, as it arrives."""

    def __init__(self, body: t.Any, operation: str, errors: tuple[type[Exception], ...], wait_for: Waiting) -> None:
        self._body = body
        self._operation = operation
        self._errors = errors
        self._wait_for = wait_for
        self._is_abandoned = False

    def read(self, size: int | None = None) -> bytes:
        try:
            data: bytes = self._wait_for(lambda: guarded(lambda: self._body.read(size), self._operation, self._errors))
        except Abandoned:
            self._is_abandoned = True
            raise
        return data

    def close(self) -> None:
        # While a read is under way, this would wait for it.
        if not self._is_abandoned:
            self._body.close()


def operation_name(method: str) -> str:
    """``upload_part`` as ``UploadPart``."""
    return "".join(word.capitalize() for word in method.split("_"))


def guarded(act: t.Callable[[], t.Any], operation: str, errors: tuple[type[Exception], ...]) -> t.Any:
    """What ``act`` gives. botocore's parsers meet bad answers with exceptions of every kind."""
    try:
        return act()
    except ArkiveError:
        raise
    except errors:
        raise
    except Exception as exc:
        # Its text is not shown: it quotes pages of HTML.
        raise BadAnswer(f"the server's answer to {operation} cannot be read ({type(exc).__name__})") from exc


__all__ = ("Abandoned", "Answer", "BadAnswer", "GuardedClient", "Overdue", "Pages", "Waiting")
