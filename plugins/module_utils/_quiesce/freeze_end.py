# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way to end a freeze: by its timer in its container, else by its claim on its node."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.freeze_timer import (
    FreezeTimer,
    ReleaseReport,
    parse_release,
    release_argv,
    run_script,
    take_marker,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.thaw import ThawElsewhere, Thawer


@dataclasses.dataclass(frozen=True, slots=True)
class FreezeEnd:
    """How far one try came. It is proven by ``report``, or by ``elsewhere``; else ``reason`` says why it is not."""

    report: ReleaseReport | None = None
    elsewhere: ThawElsewhere | None = None
    reason: str = ""

    @property
    def proven(self) -> bool:
        return self.report is not None or self.elsewhere is not None

    @property
    def may_return(self) -> bool:
        """What is frozen is out of reach, and may come back with its node: its mark is not to be taken away."""
        return self.elsewhere is not None and self.elsewhere.may_return


def end_freeze(client: KubeClient, timer: FreezeTimer, thawer: Thawer, *, insist: bool) -> FreezeEnd:
    """Try once. Nothing is raised.

    Other ways are taken when the container cannot be asked; with ``insist``, also when it could not thaw. Never while
    the freezing command may still run, or the API server does not answer: a freeze may land after such a thaw.
    """
    try:
        result = run_script(client, timer.target, release_argv(timer, (), pure=False))
    except KubeError as exc:
        if exc.unreachable:
            return FreezeEnd(reason=exc.message)
        return _elsewhere(timer, thawer, exc.message)
    text = result.stderr.decode("utf-8", "replace").strip()[:200] or f"exit code {result.rc}"
    report = parse_release(take_marker(result.stderr, timer.lease_id)[1])
    if report is not None and report.proven:
        return FreezeEnd(report=report)
    reason = f"the thaw ended with {text}"
    if insist and (report is None or report.freezer_gone):
        return _elsewhere(timer, thawer, reason)
    return FreezeEnd(reason=reason)


def end_by_claims(timer: FreezeTimer, thawer: Thawer) -> FreezeEnd:
    """The same for a freeze whose container is known to be gone."""
    return _elsewhere(timer, thawer, "")


def _elsewhere(timer: FreezeTimer, thawer: Thawer, reason: str) -> FreezeEnd:
    answers = []
    for target in timer.targets:
        if not target.claim:
            return FreezeEnd(reason=reason)
        answer = thawer.thaw(claim=target.claim, node=target.node, device=target.device)
        if answer.state == "failed":
            reasons = "; ".join(part.rstrip(".") for part in (reason, *answer.tries) if part)
            return FreezeEnd(reason=f"{reasons}. {answer.remedy}".strip())
        answers.append(answer)
    found = next((answer for answer in answers if answer.state == "thawed"), answers[0])
    places = dict.fromkeys(answer.where for answer in answers if answer.where)
    notes = dict.fromkeys(answer.note for answer in answers if answer.note)
    may_return = any(answer.may_return for answer in answers)
    elsewhere = dataclasses.replace(found, where=", ".join(places), note=" ".join(notes), may_return=may_return)
    return FreezeEnd(elsewhere=elsewhere)


__all__ = ("FreezeEnd", "end_by_claims", "end_freeze")
