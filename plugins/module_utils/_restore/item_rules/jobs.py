# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs (Velero 1.18, docs/compatibility 5.9.1)."""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._restore.item_rules.draft import Draft, RuleContext

#: Made by the API server from the Job's uid.
UID_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid")


def skip_finished_job(draft: Draft, context: RuleContext) -> None:
    """A Job that has ended would do its work again: one that failed as well, unless somebody asks for that."""
    if draft.stored_status.get("completionTime") or _has_condition(draft, "Complete", "SuccessCriteriaMet"):
        draft.skip = "the job had run to its end"
    elif not context.restore_failed_jobs and _has_condition(draft, "Failed", "FailureTarget"):
        draft.skip = "the job had failed, and would run again; restore_failed_jobs: true restores it"


def _has_condition(draft: Draft, *types: str) -> bool:
    conditions = draft.stored_status.get("conditions") or ()
    return any(each.get("type") in types and each.get("status") == "True" for each in conditions)


def reset_job(draft: Draft, context: RuleContext) -> None:
    """Take the old uid out of selector and template; a selector that held nothing else is recreated by the server."""
    spec = draft.spec
    selector = spec.get("selector") or {}
    template = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    for labels in (selector.get("matchLabels") or {}, template):
        for name in UID_LABELS:
            labels.pop(name, None)
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        spec.pop("selector", None)


__all__ = ("UID_LABELS", "reset_job", "skip_finished_job")
