# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was found out of an object when it was prepared: once, and kept for the stages after the plan."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import threading
import types
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.spool import Spool
from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.volume_decisions import ClaimDecision
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.restoring import DataSource, PodData

#: Offset and length.
Place: t.TypeAlias = "tuple[int, int]"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """``body`` is complete except for what the server adds. ``skip`` is a reason to leave the object out.

    ``refusal`` is a reason why it cannot be restored; ``errors`` are reported and stop nothing.
    """

    body: Object
    skip: str = ""
    refusal: str = ""
    errors: tuple[str, ...] = ()
    #: To be set once the object is created; empty when its status is not restored. A custom one may be no mapping.
    status: t.Any = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    managed_fields: tuple[t.Any, ...] = ()
    #: The stored reference to the controller: not part of the body.
    owner: t.Mapping[str, t.Any] | None = None
    #: Of a claim: what becomes of its volume.
    volume: ClaimDecision | None = None
    #: Of a claim: how the backup has it, by which it is known again.
    stored_claim: Object | None = None
    #: Of a volume: the snapshot that it is recreated from.
    remade_from: DataSource | None = None
    #: Of a pod: its volumes without a claim, of which the backup has data.
    pod_data: tuple[PodData, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is small of a ``Prepared``, and where the rest of it is kept."""

    warnings: tuple[str, ...] = ()
    owner: t.Mapping[str, t.Any] | None = None
    volume: ClaimDecision | None = None
    remade_from: DataSource | None = None
    pod_data: tuple[PodData, ...] = ()
    #: Of a claim: how the backup has it.
    stored_claim: Place | None = None
    #: ``status`` and ``managedFields``, for an object that gets them once it is created.
    afterwards: Place | None = None


#: Of nearly all objects.
NO_FACTS = Facts()


class PreparedObjects:
    """Bodies, each encoded once, on disk between the plan and the run. Safe to use from any thread."""

    def __init__(self) -> None:
        self._spool = Spool("the objects to restore")
        self._lock = threading.Lock()
        self._flushed = 0

    def add(self, body: t.Any) -> Place:
        """Keep ``body``. Raises ``ArchiveError`` when the temporary directory is full."""
        data = encode_compact(body)
        with self._lock:
            offset = self._spool.size
            self._spool.write(data)
        return offset, len(data)

    def read(self, place: Place) -> bytes:
        """The JSON text that was kept there."""
        offset, length = place
        if offset + length > self._flushed:
            with self._lock:
                self._spool.flush()
                self._flushed = self._spool.size
        return self._spool.read_at(offset, length)

    def load(self, place: Place | None) -> Object:
        """The object that was kept there, parsed each time: the caller may change it. Empty where none was kept."""
        found: Object = parse_json(self.read(place)) if place is not None else {}
        return found

    def close(self) -> None:
        self._spool.close()

    def __enter__(self) -> PreparedObjects:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: types.TracebackType | None
    ) -> None:
        self.close()


__all__ = ("NO_FACTS", "Facts", "Place", "Prepared", "PreparedObjects")
