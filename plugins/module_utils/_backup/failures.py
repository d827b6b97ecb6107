# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""A run that ended by an error: what it tells beside the sentence."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import build_failed_backup


@contextlib.contextmanager
def failures_told(request: BackupRequest, outcome: BackupOutcome) -> t.Iterator[None]:
    """Put what had happened into the ``details`` of an error that passes, with the phase that Velero would give.

    The Backup object among them is nowhere stored: a backup that failed leaves nothing in its location.
    """
    started = utc_now()
    try:
        yield
    except ArkiveError as exc:
        invalid = isinstance(exc, ValidationError) and exc.details.get("phase") != "Failed"
        errors = exc.details.get("validation_errors") or [exc.message]
        outcome.changed = False
        outcome.backup = build_failed_backup(
            request.name,
            request.spec,
            namespace=request.namespace,
            started=started,
            failed=utc_now(),
            reason="" if invalid else exc.message,
            validation_errors=errors if invalid else (),
        )
        exc.details.update(outcome.to_return(default_on_error=request.hook_on_error_default))
        raise


__all__ = ("failures_told",)
