# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all parts of one run have in common."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.progress import ProgressSink, no_progress


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Where a run reports to, what ends it early, its id (empty where it needs none), and its clock."""

    progress: ProgressSink = no_progress
    cancel: CancelToken = dataclasses.field(default_factory=CancelToken)
    issues: Issues = dataclasses.field(default_factory=Issues)
    run_id: str = ""
    now: t.Callable[[], dt.datetime] = utc_now


__all__ = ("RunContext",)
