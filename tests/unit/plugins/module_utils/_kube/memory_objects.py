# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server in memory keeps: objects, their versions, what happened to them, and lists that go on later."""

from __future__ import annotations

import base64
import json
import threading
import typing as t
import uuid

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import bad_request, expired
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import Object

#: Plural, namespace and name.
Key: t.TypeAlias = "tuple[str, str, str]"


class Event(t.NamedTuple):
    """``before`` and ``after``: None where the object was not there."""

    version: int
    key: Key
    before: Object | None
    after: Object | None


class Page(t.NamedTuple):
    """``remaining``: objects after it."""

    items: list[Object]
    version: int
    remaining: int
    token: str


class MemoryObjects:
    """Objects are replaced, never changed; a test may change ``objects`` itself, which no watch notices.

    ``changed`` is the lock of everything here, and is notified of each change.
    """

    def __init__(self) -> None:
        self.objects: dict[Key, Object] = {}
        self.events: list[Event] = []
        self.version = 1
        self.oldest = 0
        self.changed = threading.Condition(threading.RLock())
        #: Called with each change, at once: ``ADDED``, ``MODIFIED`` or ``DELETED``, the key and the object.
        self.controllers: list[t.Callable[[str, Key, Object], None]] = []
        self._lists: dict[tuple[int, str, str], list[Object]] = {}

    def put(self, key: Key, obj: Object) -> Object:
        """Keep an object in its next version."""
        with self.changed:
            before = self.objects.get(key)
            self.version += 1
            made = {**obj, "metadata": self.fresh_metadata(key, obj) | {"resourceVersion": str(self.version)}}
            self.objects[key] = made
            self._note(Event(self.version, key, before, made))
            return made

    def remove(self, key: Key) -> Object:
        """Forget an object; what it was at last."""
        with self.changed:
            self.version += 1
            before = self.objects.pop(key)
            last = {**before, "metadata": {**before["metadata"], "resourceVersion": str(self.version)}}
            self._note(Event(self.version, key, last, None))
            return last

    def fresh_metadata(self, key: Key, obj: Object) -> Object:
        """Metadata with what a server gives each object."""
        metadata = dict(obj.get("metadata") or {})
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata.setdefault("creationTimestamp", rfc3339(utc_now()))
        return metadata | ({"namespace": key[1]} if key[1] else {}) | {"name": key[2]}

    def select(self, plural: str, namespace: str) -> list[Object]:
        """In the order of their keys, as etcd has it: ``a-b/1`` comes before ``a/1``."""
        with self.changed:
            found = [key for key in self.objects if key[0] == plural and namespace in ("", key[1])]
            return [self.objects[key] for key in sorted(found, key="/".join)]

    def page(self, plural: str, namespace: str, *, limit: int, token: str, matches: t.Callable[[Object], bool]) -> Page:
        """One page of a list: of its first version, unless what that was is forgotten."""
        with self.changed:
            version, start = _read_token(token) if token else (self.version, "")
            if 0 < version < self.version and (version, plural, namespace) not in self._lists:
                raise expired(_token(-1, start))
            consistent = version if version > 0 else self.version
            found = self._lists.get((consistent, plural, namespace)) or self.select(plural, namespace)
            wanted = [obj for obj in found if matches(obj) and _place(obj) >= start]
            if not limit or len(wanted) <= limit:
                return Page(wanted, consistent, 0, "")
            self._lists[(consistent, plural, namespace)] = found
            return Page(
                wanted[:limit], consistent, len(wanted) - limit, _token(consistent, _place(wanted[limit - 1]) + "\0")
            )

    def compact(self) -> None:
        """Forget everything but the newest version."""
        with self.changed:
            self.oldest = self.version
            self.events.clear()
            self._lists.clear()

    def _note(self, event: Event) -> None:
        self.events.append(event)
        self.changed.notify_all()
        kind = "DELETED" if event.after is None else "ADDED" if event.before is None else "MODIFIED"
        for controller in self.controllers:
            controller(kind, event.key, event.after or event.before or {})


def _place(obj: Object) -> str:
    metadata = obj["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def _token(version: int, start: str) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, str]:
    try:
        told = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(told["rv"]), str(told["start"])
    except (ValueError, KeyError, TypeError) as exc:
        raise bad_request("continue key is not valid: it cannot be decoded") from exc


__all__ = ("Event", "Key", "MemoryObjects", "Page")
