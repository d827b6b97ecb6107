# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that ended by an error: what it reports beside the sentence."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import build_failed_backup


@contextlib.contextmanager
def failures_with_outcome(request: BackupRequest, so_far: t.Callable[[], BackupOutcome]) -> t.Iterator[None]:
    """Put what had happened (``so_far``) into the ``details`` of an error that passes, with Velero's phase for it.

    The Backup object among them is nowhere stored: a backup that failed leaves nothing in its location. But one whose
    commit is unknown is reported as one that may be there, and once a backup is stored an error is only a warning.
    """
    started = utc_now()
    try:
        yield
    except ArkiveError as exc:
        outcome = so_far()
        if outcome.is_stored:
            outcome.issues.warning(f"The backup is stored, but what followed failed: {exc.sentence}")
            return
        if not outcome.commit_unknown:
            outcome = dataclasses.replace(
                outcome, changed=outcome.replaced, backup=_failed_backup(request, exc, started)
            )
        returned = outcome.to_return(default_on_error=request.hook_on_error_default)
        exc.details.update({"changed": outcome.changed, **returned})
        raise


def _failed_backup(request: BackupRequest, exc: ArkiveError, started: dt.datetime) -> dict[str, t.Any]:
    invalid = isinstance(exc, ValidationError) and exc.details.get("phase") != "Failed"
    errors = exc.details.get("validation_errors") or [exc.message]
    return build_failed_backup(
        request.name,
        request.spec,
        namespace=request.namespace,
        started=started,
        failed=utc_now(),
        reason="" if invalid else exc.message,
        validation_errors=errors if invalid else (),
    )


__all__ = ("failures_with_outcome",)
