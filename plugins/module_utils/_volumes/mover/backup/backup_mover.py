# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one mover of a backup, for all who copy in it: moved snapshots and files of volumes use the same repositories."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.repositories import (
    probes_of,
    require_opened,
    take_back,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import Probe, Probed
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Key

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.mover import Mover


class BackupMover:
    """Made when it is first asked for; each repository is opened once. Thread-safe."""

    def __init__(self, client: KubeClient, moving: Moving, *, cancel: CancelToken) -> None:
        self.client = client
        self.moving = moving
        self.cancel = cancel
        self._lock = threading.Lock()
        self._made: Mover | None = None
        self._opened: dict[Probe, Probed] = {}
        self._foreseen: dict[Probe, Probed] = {}

    def get(self) -> Mover:
        """Raises ``ArkiveError``."""
        # Many backups move nothing.
        from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.moving import make_mover

        with self._lock:
            if self._made is None:
                self._made = make_mover(self.moving, self.client, cancel=self.cancel)
            return self._made

    def open(self, keys: t.Iterable[Key], *, hint: str) -> None:
        """Pods have reached the repositories of those claims when this returns.

        Raises ``MoverError``, with ``hint``, where they do not.
        """
        self._ask(self.get().probe, keys, self._opened, hint)

    def foresee(self, keys: t.Iterable[Key], *, hint: str) -> None:
        """The same as far as it is known without a pod."""
        self._ask(self.get().preview, keys, self._foreseen, hint)

    def take_back(self, snapshots: t.Iterable[tuple[str, str]]) -> list[str]:
        """Take ``snapshots`` (namespace, id) out of their repositories; a sentence for each that is left."""
        return take_back(snapshots, self.moving, self.client)

    @staticmethod
    def _ask(
        ask: t.Callable[[t.Sequence[Probe]], list[Probed]],
        keys: t.Iterable[Key],
        known: dict[Probe, Probed],
        hint: str,
    ) -> None:
        wanted = probes_of(keys)
        fresh = [probe for probe in wanted if probe not in known]
        if fresh:
            known.update(zip(fresh, ask(fresh), strict=True))
        require_opened([known[probe] for probe in wanted], hint=hint)


__all__ = ("BackupMover",)
