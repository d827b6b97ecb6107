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


def await_claim_room(mover: BackupMover, claims: t.Sequence[ObjectView]) -> None:
    """Return when the cluster would let in each of ``claims``. Raises ``MoverError``, ``Cancelled`` once the run is.

    What dead runs hold goes. Other backups are waited for as long as a pod.
    """
    end = time.monotonic() + mover.moving.settings.pod_start_timeout
    waits = False
    while True:
        try:
            require_claims_admitted(mover.client, claims)
        except NoRoomError as exc:
            # A quota learns a moment later that a claim has gone: who has waited once waits for that too.
            if exc.never or time.monotonic() >= end or not (exc.holders or waits):
                raise
        else:
            return
        if not waits:
            waits = True
            sweep_jobs(mover.client, {claim["metadata"]["namespace"] for claim in claims})
            mover.moving.run.progress("waiting for room in a quota, which temporary claims of other backups take")
        if mover.cancel.wait(_LOOK_SECONDS):
            mover.cancel.check()


def foresee_claim_room(mover: BackupMover, claims: t.Iterable[ObjectView]) -> list[str]:
    """What the same would wait for, sentences. Raises what it would raise without waiting."""
    warnings = []
    for claim in claims:
        try:
            require_claims_admitted(mover.client, [claim])
        except NoRoomError as exc:
            if not exc.holders:
                raise
            seconds = mover.moving.settings.pod_start_timeout
            warnings.append(f"{exc.message} The backup waits for them, for {seconds:.0f} s at most.")
    return warnings


__all__ = ("await_claim_room", "foresee_claim_room")
