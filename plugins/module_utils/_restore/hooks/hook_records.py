# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of exec hooks in the record of a restore: a hook with one does not run again when it is resumed."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_exec import RestoreExecHook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_run import was_canceled

#: Between two writes, in seconds.
_SAVE_PAUSE = 1.0

Entry: t.TypeAlias = "t.Mapping[str, t.Any]"
Entries: t.TypeAlias = "list[dict[str, t.Any]]"


class RecordedHooks:
    """The hooks that have a result, by the restored pod and by what is written of them."""

    def __init__(self, entries: t.Iterable[Entry] = ()) -> None:
        self._keys = {_key_of_entry(entry) for entry in entries}

    def without_result(self, namespace: str, pod: str, hooks: t.Iterable[RestoreExecHook]) -> list[RestoreExecHook]:
        """Those of the hooks of a restored pod that are still to run, in their order."""
        return [hook for hook in hooks if _key(namespace, pod, hook) not in self._keys]


def record_result(result: HookResult, restored_pod: str, *, with_output: bool) -> dict[str, t.Any] | None:
    """The entry for the record; None for a hook that a cancel kept from running: a resumed restore runs it.

    ``restored_pod`` is the pod that the restore created, whose hook a replacement may have got.
    """
    if was_canceled(result):
        return None
    hook = result.hook
    return {
        **result.to_return(default_on_error="Continue", with_output=with_output),
        "restored_pod": restored_pod,
        "hook_container": hook.container,
        "hook_index": hook.index,
    }


class ResultSaver:
    """Writes results down while other hooks still run: a restore that is killed and resumed does not repeat them.

    A write that fails is passed over: the record that is written in the end says what is wrong.
    """

    def __init__(self, collect: t.Callable[[], Entries], save: t.Callable[[Entries], None]) -> None:
        self._collect = collect
        self._save = save
        self._news = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="hook results", daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """There may be new results."""
        self._news.set()

    def close(self) -> None:
        """Returns when nothing is being written any more."""
        self._closing.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        saved = 0
        while self._news.wait() and not self._closing.is_set():
            self._news.clear()
            entries = self._collect()
            if len(entries) == saved:
                continue
            try:
                self._save(entries)
                saved = len(entries)
            except ArkiveError:
                saved = 0
            self._closing.wait(_SAVE_PAUSE)


def _key(namespace: str, pod: str, entry: RestoreExecHook) -> tuple[t.Any, ...]:
    hook = entry.hook
    return (namespace, pod, hook.source, hook.name, hook.index, hook.container, *hook.argv)


def _key_of_entry(entry: Entry) -> tuple[t.Any, ...]:
    return (
        entry.get("namespace"),
        entry.get("restored_pod"),
        entry.get("source"),
        entry.get("name"),
        entry.get("hook_index"),
        entry.get("hook_container"),
        *(entry.get("argv") or ()),
    )


__all__ = ("Entries", "RecordedHooks", "ResultSaver", "record_result")
