# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Room for the temporary claims of a backup, before it begins: what other backups take comes back when they end."""

# Private: not for use outside of this collection.

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.backup.backup_mover import BackupMover
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.dry_run import require_claims_admitted
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.room import NoRoomError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.sweep import sweep_jobs

#: Whether there is room by now is looked at so often, in seconds.
_LOOK_SECONDS = 3.0


def await_claim_room(mover: BackupMover, claims: t.Sequence[ObjectView], *, patience: float) -> None:
    """Return when the cluster would let in each of ``claims``. Raises ``MoverError``, ``Cancelled`` once the run is.

    Where other backups hold what a quota admits, they are waited for for ``patience`` seconds, and what dead runs hold
    goes. With no patience, as in check mode, nothing changes.
    """
    end = time.monotonic() + patience
    waits = False
    while True:
        try:
            require_claims_admitted(mover.client, claims)
        except NoRoomError as exc:
            # A quota learns a moment later that a claim has gone: who has waited once waits for that too.
            if time.monotonic() >= end or not (exc.holders or waits or _has_swept(mover, claims)):
                raise
        else:
            return
        if not waits:
            waits = True
            mover.moving.run.progress("waiting for room in a quota, which temporary claims of other backups take")
        if mover.cancel.wait(_LOOK_SECONDS):
            mover.cancel.check()


def _has_swept(mover: BackupMover, claims: t.Iterable[ObjectView]) -> bool:
    """Whether anything of dead runs was there, with which its claims go."""
    return bool(sweep_jobs(mover.client, {claim["metadata"]["namespace"] for claim in claims}).removed)


__all__ = ("await_claim_room",)
