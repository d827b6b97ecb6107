# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pauses of a run that lasts longer than others respect one: they are renewed while it works."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pausing import Pausing
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

#: So often within the limit: three attempts in a row may fail.
_RENEWALS = 4


class PauseKeeper:
    """Beside one change. ``limit``: for how many seconds others respect a pause that is not renewed."""

    def __init__(self, run: ClusterRun, pausing: Pausing, *, limit: float) -> None:
        self._run = run
        self._pausing = pausing
        self._pause = limit / _RENEWALS
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._failed: dict[OwnerRef, ArkiveError] = {}

    def start(self, owners: t.Sequence[Owner]) -> None:
        """Renew the pauses of ``owners`` until ``stop``; a process that is killed renews none."""
        if owners:
            self._thread = threading.Thread(target=self._keep, args=(owners,), name="pauses", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """What could not be renewed at last is a warning. Nothing is renewed after it."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for ref, exc in self._failed.items():
            self._run.issues.warning(
                f"The pause of {ref} could not be renewed, so that another run may have taken it over: {exc.message}",
                namespace=ref.namespace,
                name=ref.name,
                hint="Set gitops_pause_limit to more than the restore takes.",
            )
        self._failed = {}

    def _keep(self, owners: t.Sequence[Owner]) -> None:
        while not self._ended.wait(self._pause):
            for owner in owners:
                if self._ended.is_set():
                    return
                try:
                    self._pausing.renew(owner)
                except ArkiveError as exc:
                    self._failed[owner.ref] = exc
                else:
                    self._failed.pop(owner.ref, None)


__all__ = ("PauseKeeper",)
