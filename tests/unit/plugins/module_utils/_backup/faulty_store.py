# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store that fails or lies at one of its requests, and may stay away from then on."""

from __future__ import annotations

import hashlib
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import StoredObject

#: ``error``: answered with an error, nothing done. ``lost``: done, and the answer lost. ``away``: not done, and no
#: answer any more. ``lost, away``: done, and no answer any more. ``refused``: denied, and each such request after it.
#: ``dropped`` and ``truncated``: a write that is answered as done.
Fault: t.TypeAlias = t.Literal["error", "lost", "away", "lost, away", "refused", "dropped", "truncated"]
FAULTS: tuple[Fault, ...] = ("error", "lost", "away", "lost, away", "refused", "dropped", "truncated")
_WRITES = frozenset({"put", "put_file", "put_if_absent"})


class FaultyStore:
    """Looks like S3, and keeps everything in ``true``. Requests of the claim's thread are not counted."""

    def __init__(self, true: LocalStore) -> None:
        self.true = true
        self.location = S3Location(bucket="bucket", endpoint_url="http://s3.test:9000")
        self.conditional_writes = self.has_late_writes = True
        self.calls: list[tuple[str, str]] = []
        self.fault: Fault | None = None
        self.fault_at = -1
        self.met: tuple[str, str] | None = None
        self._away = False
        self._refused = ""

    def __getattr__(self, name: str) -> t.Any:
        act = getattr(self.true, name)
        if not callable(act):
            return act

        def request(*arguments: t.Any, **options: t.Any) -> t.Any:
            return self._request(name, act, arguments, options)

        return request

    def heal(self) -> None:
        self.fault, self._away, self._refused = None, False, ""

    def _request(self, name: str, act: t.Any, arguments: tuple[t.Any, ...], options: dict[str, t.Any]) -> t.Any:
        if self._away:
            raise StoreError("The S3 server cannot be reached: no connection.", failure="unreachable")
        if name == self._refused:
            raise StoreError(f"{name}: denied.", failure="denied")
        if threading.current_thread() is not threading.main_thread():
            return act(*arguments, **options)
        key = arguments[0] if arguments and isinstance(arguments[0], str) else ""
        self.calls.append((name, key))
        if self.fault is None or len(self.calls) - 1 != self.fault_at:
            return act(*arguments, **options)
        self.met = (name, key)
        return self._fail(self.fault, name, act, arguments, options)

    def _fail(
        self, fault: Fault, name: str, act: t.Any, arguments: tuple[t.Any, ...], options: dict[str, t.Any]
    ) -> t.Any:
        if fault in ("dropped", "truncated"):
            return self._lie(fault, name, act, arguments, options)
        if fault.startswith("lost"):
            act(*arguments, **options)
        self._away = fault.endswith("away")
        if fault == "refused":
            self._refused = name
            raise StoreError(f"{name}: denied.", failure="denied")
        if fault == "error":
            raise StoreError(f"{name}: InternalError.")
        raise StoreError("The S3 server cannot be reached: no answer in time.", failure="unreachable")

    def _lie(
        self, fault: Fault, name: str, act: t.Any, arguments: tuple[t.Any, ...], options: dict[str, t.Any]
    ) -> t.Any:
        if name == "delete_many":
            return None
        if name not in _WRITES:
            return act(*arguments, **options)
        key, content = arguments
        data = content if isinstance(content, bytes) else content.read()
        told = StoredObject(key, len(data), hashlib.sha256(data).hexdigest())
        if fault == "truncated":
            self.true.put(key, data[: len(data) // 2])
        return True if name == "put_if_absent" else told


__all__ = ("FAULTS", "Fault", "FaultyStore")
