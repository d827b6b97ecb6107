# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of one type in one namespace as they are now, kept up to date by one watch."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError, KubeTimeout
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import get_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.watch_event import WatchEvent, parse_event

#: How long one watch lasts; one that broke without a sign is noticed after the slack. In seconds.
_WATCH_SECONDS = 60
_SLACK_SECONDS = 15.0
#: Between two tries, and between two reads where there is no right to watch, in seconds.
_PAUSE = 0.5
_LONGEST_PAUSE = 5.0
_POLL_SECONDS = 2.0


class NamespaceWatch:
    """Begins with the first object that is tracked, at its resourceVersion: nothing is listed for it.

    Or with ``follow``, by a list of all there is. One of the two, not both.

    A watch that ends goes on where it was; one that is too old (410) starts over with a list. Without the right to
    watch, the objects are listed again and again, without that right those that are tracked are read by name. An API
    server that is away only delays the news. ``keep`` makes of an object what is worth being kept in memory, with its
    metadata's name, uid and resourceVersion. ``on_change`` is called from the watch's thread. ``labels``: a selector
    for one that follows, empty for all objects.
    """

    def __init__(
        self,
        client: KubeClient,
        resource: ApiResource,
        namespace: str,
        *,
        keep: t.Callable[[Object], Object],
        on_change: t.Callable[[], None],
        labels: str = "",
    ) -> None:
        self._cancel = CancelToken()
        self._client = client.with_cancel(self._cancel)
        self._resource = resource
        self._namespace = namespace
        self._labels = labels
        self._keep = keep
        self._on_change = on_change
        self._lock = threading.Lock()
        self._objects: dict[str, Object] = {}
        self._tracked: set[str] = set()
        #: Everything that happened after the first and up to the second is in ``_objects``.
        self._since = self._position = 0
        self._must_list = False
        self._read: t.Callable[[], None] = self._watch
        self._thread: threading.Thread | None = None
        #: What kept the last news away, a sentence; empty while all is well.
        self.trouble = ""
        #: True once everything is known that was there before the watch; it stays False for one that tracks.
        self._is_complete = False
        #: Set for good once there is no right to read the objects in any way.
        self.refused: KubeError | None = None

    def track(self, obj: Object) -> None:
        """Take ``obj`` as the API server returned it, unless newer things are known already."""
        name, version = obj["metadata"]["name"], _version(obj)
        with self._lock:
            self._tracked.add(name)
            known = self._objects.get(name)
            if known is not None and _uid(known) == _uid(obj):
                return
            if self._thread is None:
                self._since = self._position = version
                self._objects[name] = self._keep(obj)
                self._begin()
                return
            if version >= self._position:
                self._objects[name] = self._keep(obj)
                return
            if version > self._since:
                return  # Its end was seen: its beginning is not news.
        self.refresh(name)

    def follow(self, names: t.Iterable[str]) -> None:
        """Begin with a list; ``names`` are read one by one where there is no right to list."""
        with self._lock:
            self._tracked.update(names)
            self._must_list = True
            self._begin()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"watch {self._namespace}", daemon=True)
        self._thread.start()

    def refresh(self, name: str) -> Object | None:
        """Read one object again; None when it is not there."""
        before = self.current(name)
        obj = get_object(self._client, self._resource, name, self._namespace)
        with self._lock:
            if obj is not None:
                self._put(obj)
            elif self._objects.get(name) is before:
                self._objects.pop(name, None)
            return self._objects.get(name)

    def current(self, name: str) -> Object | None:
        """The object as far as is known; None when it is not there."""
        with self._lock:
            return self._objects.get(name)

    def is_gone(self, name: str) -> bool:
        """Whether the object is not there; False while that is not known yet.

        ``current`` that was asked before this cannot say so: what is there may have been listed in between.
        """
        with self._lock:
            return self._is_complete and name not in self._objects

    def objects(self) -> list[Object]:
        """All that are known; those that were there before the watch began may be missing."""
        with self._lock:
            return list(self._objects.values())

    def close(self) -> None:
        """End the watch, without waiting for its thread."""
        self._cancel.cancel("nobody looks any more")

    def _run(self) -> None:
        pause = _PAUSE
        while not self._cancel.is_cancelled:
            before = self._position
            try:
                self._read()
                self.trouble = ""
            except Cancelled:
                return
            except KubeError as exc:
                if exc.forbidden:
                    self._fall_back(exc)
                self.trouble = exc.sentence
                # Only a broken watch keeps its place; whatever else was said, what is there is listed.
                self._must_list = self._must_list or not exc.unreachable
            pause = _PAUSE if self._position != before else min(pause * 2, _LONGEST_PAUSE)
            self._on_change()
            self._cancel.wait(pause if self._read == self._watch else _POLL_SECONDS)

    def _fall_back(self, exc: KubeError) -> None:
        """Do with less rights."""
        if self._read == self._watch:
            self._read = self._list
        elif self._read == self._list:
            self._read = self._read_tracked
        else:
            self.refused = exc
            self._cancel.cancel("no right to read")

    def _watch(self) -> None:
        if self._must_list:
            self._list()
            self._on_change()
        query = {
            "watch": "1",
            "resourceVersion": str(self._position),
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH_SECONDS),
            **({"labelSelector": self._labels} if self._labels else {}),
        }
        path = self._resource.path(self._namespace)
        lines = self._client.stream(path, query=query, timeout=_WATCH_SECONDS + _SLACK_SECONDS)
        with contextlib.suppress(KubeTimeout), contextlib.closing(lines):
            for line in lines:
                self._take(parse_event(line))

    def _take(self, event: WatchEvent) -> None:
        kind, obj = event
        self.trouble = ""
        with self._lock:
            self._position = max(self._position, _version(obj))
            if kind == "DELETED":
                known = self._objects.get(obj["metadata"]["name"])
                if known is not None and _version(known) <= _version(obj):
                    del self._objects[obj["metadata"]["name"]]
            elif kind != "BOOKMARK":
                self._put(obj)
        if kind != "BOOKMARK":
            self._on_change()

    def _put(self, obj: Object) -> None:
        known = self._objects.get(obj["metadata"]["name"])
        if known is None or _version(known) <= _version(obj):
            self._objects[obj["metadata"]["name"]] = self._keep(obj)

    def _list(self) -> None:
        found: dict[str, Object] = {}
        version = 0
        for page in list_pages(self._client, self._resource, namespace=self._namespace, label_selector=self._labels):
            version = version or int(page.resource_version or 0)
            found |= {obj["metadata"]["name"]: self._keep(obj) for obj in page.items}
        with self._lock:
            for name, obj in self._objects.items():
                if _version(obj) > version:
                    found[name] = obj
            self._objects = found
            self._since, self._position, self._must_list = 0, version, False
            self._is_complete = True

    def _read_tracked(self) -> None:
        with self._lock:
            names = sorted(self._tracked)
        for name in names:
            self.refresh(name)
        with self._lock:
            self._is_complete = True


def _version(obj: t.Mapping[str, t.Any]) -> int:
    """Kubernetes' resourceVersions of one type are numbers that grow."""
    return int((obj.get("metadata") or {}).get("resourceVersion") or 0)


def _uid(obj: t.Mapping[str, t.Any]) -> str:
    return str(obj["metadata"].get("uid", ""))


__all__ = ("NamespaceWatch",)
