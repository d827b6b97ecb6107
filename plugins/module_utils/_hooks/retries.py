# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Try a hook again that failed, and log what is final."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import format_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import (
    Hook,
    HookPolicy,
    HookResult,
    OnError,
    log_fields,
)

#: No pause between two tries is longer.
LONGEST_BACKOFF_SECONDS = 60.0


def run_with_retries(
    hook: Hook,
    attempt: t.Callable[[], HookResult],
    *,
    run: RunContext,
    policy: HookPolicy,
    may_repeat: t.Callable[[HookResult], bool] = lambda result: result.may_be_repeated,
) -> HookResult:
    """The result of the last try; pauses double. A failure is an error in the log only when it is final.

    ``may_repeat`` is asked after a failure: it says no unless it is certain that a second run does no harm.
    """
    first = result = attempt()
    pause = hook.retry_backoff_seconds
    for tried in range(1, hook.retries + 1):
        if not result.failed or run.cancel.is_cancelled or not may_repeat(result):
            break
        pause = min(pause, LONGEST_BACKOFF_SECONDS)
        run.issues.warning(
            f"Error executing hook, it is tried again in {format_duration(pause)} ({tried} of {hook.retries})",
            error=result.error,
            **_where(result, policy.default_on_error),
        )
        if run.cancel.wait(pause):
            break
        pause *= 2
        last = attempt()
        spent = (last.started - first.started).total_seconds() + last.duration_seconds
        result = dataclasses.replace(last, attempts=tried + 1, started=first.started, duration_seconds=spent)
    if result.failed:
        run.issues.error("Error executing hook", error=result.error, **_where(result, policy.default_on_error))
    return result


def _where(result: HookResult, default_on_error: OnError) -> dict[str, str]:
    fields = log_fields(result.hook, default_on_error)
    fields["hookContainer"] = result.container
    return {"name": result.pod, "namespace": result.namespace} | fields


__all__ = ("LONGEST_BACKOFF_SECONDS", "run_with_retries")
