# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the container reported to the account of a freeze: who thawed, when, and whether the window held."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import HookResult
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import ReleaseReport
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import ThawedBy

#: How far the node's clock (hundredths of a second, rounded down) and ours may be apart over a freeze.
_CLOCK_SECONDS = 0.05


@dataclasses.dataclass(frozen=True, slots=True)
class FreezeAccount:
    """``consistent``: the release won, so everything between freeze and release saw the frozen file system."""

    thawed_by: ThawedBy
    consistent: bool
    seconds: float | None
    error: str = ""
    #: When it was thawed; None for now.
    ended: dt.datetime | None = None


def account_for(
    report: ReleaseReport,
    *,
    post: HookResult | None,
    pure: bool,
    where: str,
    now: dt.datetime,
    held_seconds: float | None = None,
) -> FreezeAccount:
    """The account of a proven release that was reported ``now``; ``pure``: the post hook is exactly the thaw.

    ``held_seconds``: how long it was frozen at least when its release was asked for. A thaw before that, by the node's
    clock, was the release of another run.
    """
    frozen_up = report.frozen_up

    def window(end: float) -> float | None:
        return None if frozen_up is None else max(0.0, end - frozen_up)

    if report.winner == "lease" or report.fired_at is not None:
        seconds = window(report.fired_at if report.fired_at is not None else report.up)
        length = "" if seconds is None else f" after {seconds:.0f} s"
        by: ThawedBy = "lease" if report.fired_frozen else "release" if report.thaw == "1" else "someone else"
        if frozen_up is None and not report.fired_frozen:
            return FreezeAccount("not frozen", False, None)
        ended = now - dt.timedelta(seconds=max(0.0, report.up - (report.fired_at or report.up)))
        return FreezeAccount(
            by,
            False,
            seconds,
            f"The lease on {where} ran out{length}, before the release: what was done after "
            f"{rfc3339(ended)} was not protected.",
            ended,
        )
    length_held = window(report.up)
    if (
        report.thaw == "1"
        and length_held is not None
        and held_seconds is not None
        and length_held + _CLOCK_SECONDS < held_seconds
    ):
        return FreezeAccount(
            "someone else",
            False,
            length_held,
            f"{where} was thawed by another run, {held_seconds - length_held:.1f} s before its release: what was done "
            "meanwhile was not protected.",
        )
    if report.thaw == "p":
        return FreezeAccount("post hook", frozen_up is not None, window(report.up))
    if report.thaw == "1":
        return FreezeAccount("release", frozen_up is not None, window(report.up))
    if post is not None and (post.state in ("timed_out", "lost") or (post.state == "ok" and not pure)):
        # Its stream broke, but it ran under our token: nobody else has thawed.
        return FreezeAccount("post hook", frozen_up is not None, window(report.up))
    if frozen_up is None and held_seconds is not None:
        return FreezeAccount(
            "someone else",
            False,
            None,
            f"{where} was found thawed at the release, and nothing of its timer is left: another run thawed it, or a "
            "release whose answer was lost. What was done meanwhile counts as not protected.",
        )
    if frozen_up is None:
        return FreezeAccount("not frozen", False, None)
    return FreezeAccount(
        "someone else",
        False,
        window(report.up),
        f"{where} was found thawed at the release: someone else thawed it, and what was done meanwhile "
        "was not protected.",
    )


def explain_unproven(where: str, reason: str, *, lease_seconds: float | None) -> str:
    """The sentence for a release that could not be proven."""
    timer = (
        f" The lease in its container thaws it by itself within {lease_seconds:g} s, if the container lives."
        if lease_seconds
        else " No lease guards it."
    )
    return f"The release of {where} is not proven: {reason.rstrip('.')}.{timer}"


__all__ = ("FreezeAccount", "account_for", "explain_unproven")
