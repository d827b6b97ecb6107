# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for an object to become what one wants, by watch."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.answer_shapes import check_items
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.watch_event import parse_event
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline

Predicate: t.TypeAlias = "t.Callable[[dict[str, t.Any] | None], bool]"

#: Between two reads where a watch is not to be had or ended at once, in seconds.
_PAUSE = 0.5
_READ_SECONDS = 30.0
#: How long one watch lasts; one that broke without a sign is noticed after the slack. In seconds.
_WATCH_SECONDS = 60.0
_SLACK_SECONDS = 15.0


def wait_for_object(
    client: KubeClient,
    resource: ApiResource,
    name: str,
    namespace: str | None,
    predicate: Predicate,
    *,
    timeout: float,
    cancel: CancelToken | None = None,
) -> dict[str, t.Any] | None:
    """Wait until ``predicate`` is true of the object (None while it is not there); returns that state.

    The object is read, then watched from that resourceVersion; a watch that ends or expired (410) starts over with a
    read. Without the right to watch it is read every half second. Raises ``KubeTimeout`` after ``timeout`` seconds.
    """
    client = client if cancel is None else client.with_cancel(cancel)
    deadline = Deadline(timeout)
    wait = _Wait(client, resource, name, namespace, predicate, deadline)
    while True:
        if wait.read():
            return wait.state
        if wait.may_watch and wait.watch():
            return wait.state
        if deadline.has_passed:
            where = f" in namespace {namespace}" if namespace else ""
            message = f"{resource.kind} {name}{where} was not in the wanted state within {timeout:g} s."
            raise KubeTimeout(message, hint=wait.last_error or None)
        if client.cancel.wait(min(_PAUSE, deadline.remaining)):
            client.cancel.check()


def _is_none(obj: dict[str, t.Any] | None) -> bool:
    return obj is None


def wait_gone(
    client: KubeClient,
    resource: ApiResource,
    name: str,
    namespace: str | None,
    *,
    timeout: float,
    every: float,
    look_again: t.Callable[[], None],
    is_gone: Predicate = _is_none,
    cancel: CancelToken | None = None,
) -> None:
    """Wait until an object that is being deleted is gone.

    ``look_again`` is called each ``every`` seconds of that: whoever takes the object away may have lost sight of it.
    What it is refused, and an API server that is away for a while, only make the wait longer. Raises ``KubeTimeout``
    after ``timeout`` seconds.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            limit = max(0.0, min(every, end - time.monotonic()))
            wait_for_object(client, resource, name, namespace, is_gone, timeout=limit, cancel=cancel)
        except KubeError as exc:
            late = isinstance(exc, KubeTimeout)
            if not (late or exc.may_pass):
                raise
            if time.monotonic() >= end:
                where = f" in namespace {namespace}" if namespace else ""
                message = f"{resource.kind} {name}{where} was still there after {timeout:g} s."
                raise KubeTimeout(message, hint=exc.hint if late else exc.message) from exc
            _pause_after(exc, cancel or client.cancel)
        else:
            return
        with contextlib.suppress(KubeError):
            look_again()


def _pause_after(exc: KubeError, cancel: CancelToken) -> None:
    """A wait that was refused at once has taken no time."""
    if not isinstance(exc, KubeTimeout) and cancel.wait(_PAUSE):
        cancel.check()


class _Wait:
    """One wait: the last state seen, and whether a watch is worth trying."""

    def __init__(
        self,
        client: KubeClient,
        resource: ApiResource,
        name: str,
        namespace: str | None,
        predicate: Predicate,
        deadline: Deadline,
    ) -> None:
        self._client = client
        self._resource = resource
        self._name = name
        self._namespace = namespace
        self._predicate = predicate
        self._deadline = deadline
        self._version = ""
        self._was_read = False
        self.last_error = ""
        self.state: dict[str, t.Any] | None = None
        self.may_watch = not resource.verbs or {"list", "watch"} <= resource.verbs

    def read(self) -> bool:
        """Read the object again; True when it is in the wanted state.

        Once it has been read, an API server that is away for a while only makes the wait longer.
        """
        try:
            state = self._read_by_list() if self.may_watch else self._read_by_name()
        except KubeError as exc:
            if not (self._was_read and _passes(exc)):
                raise
            self.last_error = exc.message
            return False
        self._was_read = True
        self.last_error = ""
        return self._accept(state)

    def _read_by_list(self) -> dict[str, t.Any] | None:
        """By a list of one, whose resourceVersion a watch can start from."""
        limit = max(1.0, min(self._deadline.remaining, _READ_SECONDS))
        try:
            answer = self._client.get(self._path, query=self._selector, timeout=limit)
        except KubeError as exc:
            if not exc.forbidden:
                raise
            self.may_watch = False
            return self._read_by_name()
        self._version = str((answer.get("metadata") or {}).get("resourceVersion") or "")
        items = answer.get("items") or []
        try:
            check_items(items)
        except ValueError as exc:
            what = f"The answer of {self._client.server} to GET {self._path}"
            raise KubeError(f"{what} cannot be used: {exc}.", status=200) from exc
        return t.cast("dict[str, t.Any]", items[0]) if items else None

    def _read_by_name(self) -> dict[str, t.Any] | None:
        return get_object(self._client, self._resource, self._name, self._namespace)

    def watch(self) -> bool:
        """Follow the object until it is in the wanted state (True) or the watch ends (False)."""
        if self._deadline.has_passed:
            return False
        query = {
            **self._selector,
            "watch": "1",
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(max(1, int(min(self._deadline.remaining, _WATCH_SECONDS)))),
        }
        limit = min(self._deadline.remaining, _WATCH_SECONDS + _SLACK_SECONDS)
        lines = self._client.stream(self._path, query=query, timeout=limit)
        try:
            with contextlib.closing(lines):
                return any(self._follow(line) for line in lines)
        except KubeError as exc:
            if exc.forbidden:
                self.may_watch = False
            elif not (exc.expired or _passes(exc)):
                raise
            return False

    def _follow(self, line: bytes) -> bool:
        """Take one event; an ERROR event (410 mostly) ends the watch."""
        kind, obj = parse_event(line)
        if kind == "BOOKMARK":
            return False
        return self._accept(None if kind == "DELETED" else obj)

    def _accept(self, obj: dict[str, t.Any] | None) -> bool:
        if obj is not None:
            obj.setdefault("apiVersion", self._resource.api_version)
            obj.setdefault("kind", self._resource.kind)
        self.state = obj
        return self._predicate(obj)

    @property
    def _path(self) -> str:
        return self._resource.path(self._namespace)

    @property
    def _selector(self) -> dict[str, str]:
        return {"fieldSelector": f"metadata.name={self._name}"}


def _passes(exc: KubeError) -> bool:
    """Whether the trouble may pass by waiting."""
    return exc.unreachable or exc.status == 429 or (exc.status or 0) >= 500


__all__ = ("Predicate", "wait_for_object", "wait_gone")
