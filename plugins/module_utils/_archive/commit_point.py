# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commit point of a backup: after the attempt it is proven to be stored, proven to be absent, or unknown."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError, CommitUnknown
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

#: Failures after which nothing was written, nor will be.
_REFUSED = frozenset({"denied", "credentials", "read_only", "bad_key", "no_location", "lost"})


class Ownership(t.Protocol):
    """The write lock under which files are written (``_store.write_lock.WriteLock``)."""

    @property
    def is_lost(self) -> bool:
        """True when another run may own the name."""

    def require_held(self) -> None:
        """Raise when another run may own the name by now; cheap, asked before each piece."""

    def confirm(self, *, commits: str = "") -> None:
        """The same, but asks the store; before the commit of what ``commits`` names."""


@dataclasses.dataclass(frozen=True, slots=True)
class Patience:
    """How long the truth is looked for, in seconds.

    ``arrival``: a write whose answer was lost may still arrive for this long; ``arrival_answered``: one that was
    answered with an error.
    """

    seconds: float = 90.0
    arrival: float = 20.0
    arrival_answered: float = 2.0
    pause: float = 1.0


class CommitPoint:
    """Writes ``data``, whose uid is ``uid``, at ``key``. ``warnings``: what went wrong although it is stored."""

    def __init__(
        self, store: Store, key: str, data: bytes, *, uid: str, lock: Ownership | None, patience: Patience
    ) -> None:
        self._store = store
        self._key = key
        self._data = data
        self._uid = uid
        self._lock = lock
        self._patience = patience
        self.warnings: list[str] = []

    def write(self, cancel: CancelToken) -> None:
        """Returns when it is stored. Raises what went wrong when it is proven absent, else ``CommitUnknown``."""
        if self._lock is not None:
            self._lock.confirm(commits=self._uid)
        try:
            self._attempt(cancel)
        except _Absent as exc:
            raise exc.why from exc.__cause__
        except CommitUnknown:
            raise
        except BaseException as exc:
            # Whatever it was: the write had begun.
            raise self._unknown(exc) from exc

    def _attempt(self, cancel: CancelToken) -> None:
        failed: StoreError | None = None
        try:
            made = self._store.put_if_absent(self._key, self._data)
        except StoreError as exc:
            failed = exc
            made = self._find_out(exc, cancel)
        try:
            found = self._read()
        except StoreError as exc:
            if made:
                self.warnings.append(f"{self._key} was stored, but could not be read back: {exc.message}")
                return
            self._find_out(exc, cancel)
            found = self._read()
        if found != self._data:
            self._mend(found, made=made, cancel=cancel)
        elif failed is not None:
            self.warnings.append(f"The write of {self._key} failed at first; then it was there: {failed.message}")

    def _find_out(self, failure: StoreError, cancel: CancelToken) -> bool:
        """Look until it is there (returns whether this run put it), or is absent beyond doubt; once, try again."""
        end, last, arrival = self._clock() + self._patience.seconds, self._clock(), self._arrival_seconds(failure)
        again = failure.failure not in _REFUSED
        while True:
            absent = False
            try:
                found = self._read()
                if found is not None:
                    return False
                absent = True
                if again and self._may_try_again():
                    again = False
                    return self._store.put_if_absent(self._key, self._data)
            except StoreError as exc:
                if absent:
                    failure, last, arrival = exc, self._clock(), self._arrival_seconds(exc)
                    absent = False
            if absent and self._clock() - last >= arrival:
                raise _Absent(failure)
            if self._clock() >= end or cancel.wait(self._patience.pause):
                raise self._unknown(failure) from failure

    def _mend(self, found: bytes | None, *, made: bool, cancel: CancelToken) -> None:
        """The store has something else than what it took: once more, else take it away."""
        if found is not None and not made and not self._data.startswith(found):
            raise _Absent(
                ArchiveError(
                    f"Another run has stored a backup at {self._key}, so that this one is not: nothing was replaced.",
                    hint="Look at that backup; make this one under another name.",
                )
            )
        what = "nothing" if found is None else f"{len(found)} other bytes"
        wrong = ArchiveError(
            f"{self._store.location.describe} holds {what} at {self._key}, although it said that it had stored the "
            f"{len(self._data)} bytes of the backup's commit point.",
            hint="Nothing can be trusted that this storage is given: look into the server and what is before it.",
        )
        if not self._may_try_again():
            raise self._unknown(wrong) from wrong
        try:
            self._store.put(self._key, self._data)
            if self._read() == self._data:
                self.warnings.append(f"{wrong.message} It was written again, and is whole now.")
                return
            self._store.delete_many([self._key])
            if self._read() is not None or cancel.wait(self._arrival_seconds(None)) or self._read() is not None:
                raise self._unknown(wrong) from wrong
        except StoreError as exc:
            raise self._unknown(wrong) from exc
        raise _Absent(wrong)

    def _may_try_again(self) -> bool:
        """Only while nobody else may own the name."""
        if self._lock is None:
            return True
        try:
            self._lock.confirm(commits=self._uid)
        except StoreError:
            return False
        return True

    def _read(self) -> bytes | None:
        try:
            return self._store.get(self._key)
        except StoreError as exc:
            if exc.not_found:
                return None
            raise

    def _arrival_seconds(self, failure: StoreError | None) -> float:
        """A refused write is over when it returns, and with some kinds of stores every one."""
        if not self._store.has_late_writes or (failure is not None and failure.failure in _REFUSED):
            return 0.0
        lost = failure is not None and failure.failure == "unreachable"
        return self._patience.arrival if lost else self._patience.arrival_answered

    def _unknown(self, why: BaseException) -> CommitUnknown:
        said = why.message if isinstance(why, ArkiveError) else str(why) or type(why).__name__
        where = self._store.location.describe
        return CommitUnknown(
            f"The backup is unknown: may be stored. Its commit point was written, and then {where} did not tell "
            f"whether it is there: {said.rstrip('.')}.",
            hint=f"Look whether there is a {self._key} in {where} with the uid {self._uid}. Nothing that the backup "
            "names was taken back; run the task again, it finds out and ends it.",
            details={"commit_point": {"location": where, "key": self._key, "uid": self._uid}},
        )

    @staticmethod
    def _clock() -> float:
        return time.monotonic()


class _Absent(Exception):
    """Proven: there is no such backup, for this reason."""

    def __init__(self, why: ArkiveError) -> None:
        super().__init__(str(why))
        self.why = why


__all__ = ("CommitPoint", "Ownership", "Patience")
