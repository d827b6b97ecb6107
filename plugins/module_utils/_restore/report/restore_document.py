# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore, planned or carried out, as a document for pipelines; and the approved plan out of such a document."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError, ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.expected_plan import ExpectedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan_digest import ObjectDigest, PlanDigest

Document: t.TypeAlias = "dict[str, t.Any]"

KIND = "arkive.k8s/restore"
VERSION = 1
#: What is taken over from a result, with its name there.
_OF_RESULT = {
    "phase": "phase",
    "failed": "failed",
    "message": "msg",
    "location": "location",
    "counts": "plan_counts",
    "states": "state_counts",
    "waves": "waves",
    "objects": "plan",
    "volumes": "volumes",
    "warnings": "warnings_list",
    "errors": "errors_list",
}


def restore_document(result: t.Mapping[str, t.Any], *, check_mode: bool, digest: PlanDigest | None = None) -> Document:
    """``result``: that of the task, whole. It has nothing of what is in objects, and of hooks no output."""
    restore = result.get("restore") or {}
    return {
        "kind": KIND,
        "version": VERSION,
        "check_mode": check_mode,
        "changed": bool(result.get("changed")),
        "name": (restore.get("metadata") or {}).get("name") or "",
        "backup": {
            "name": digest.backup_name if digest else (restore.get("spec") or {}).get("backupName") or "",
            "uid": digest.backup_uid if digest else "",
        },
        "plan_digest": digest.text if digest else "",
        "digests": _digests(digest),
        **{name: result.get(other, _empty(name)) for name, other in _OF_RESULT.items()},
        "hooks": [_hook(each) for each in result.get("hooks") or ()],
    }


def _digests(digest: PlanDigest | None) -> Document | None:
    if digest is None:
        return None
    return {"options": dict(digest.options), "objects": [list(each) for each in digest.objects]}


def failed_document(exc: ArkiveError, *, check_mode: bool) -> Document:
    """Of a restore that ended before there was a plan."""
    details = exc.details
    known = {name: details[other] for name, other in _OF_RESULT.items() if other in details}
    errors = [{"message": exc.message, "hint": exc.hint or ""}, *details.get("errors_list", ())]
    phase = details.get("phase", "Failed")
    document = restore_document({}, check_mode=check_mode)
    return {**document, **known, "phase": phase, "failed": True, "message": exc.sentence, "errors": errors}


def _empty(name: str) -> t.Any:
    if name in ("counts", "states"):
        return {}
    return False if name == "failed" else "" if name in ("phase", "message", "location") else []


def _hook(hook: t.Mapping[str, t.Any]) -> Document:
    names = ("namespace", "pod", "container", "phase", "name", "state", "error")
    return {name: hook.get(name) or "" for name in names}


def read_expected_plan(document: t.Any, *, source: str) -> ExpectedPlan:
    """The plan in a document of check mode. Raises ``ValidationError`` for any other."""
    if not isinstance(document, dict) or (document.get("kind"), document.get("version")) != (KIND, VERSION):
        raise ValidationError(
            f"{source} is no plan of a restore, or one of another version of this collection.",
            hint="Give the file that k8s_restore has written to plan_path in check mode.",
        )
    try:
        plan = _read_digest(document)
    except (KeyError, TypeError, ValueError) as exc:
        raise ValidationError(
            f"{source} has no digest of a plan, or a damaged one.",
            hint="Give the file that k8s_restore has written to plan_path in check mode, as it is.",
        ) from exc
    if plan.text != document["plan_digest"]:
        raise ValidationError(
            f"{source} was changed: what it says of the objects does not fit its digest.",
            hint="Give the file as k8s_restore has written it.",
        )
    return ExpectedPlan(plan.text, plan)


def _read_digest(document: t.Mapping[str, t.Any]) -> PlanDigest:
    """Raises ``KeyError``, ``TypeError`` and ``ValueError``."""
    digests, backup = document["digests"], document["backup"]
    rows = [tuple(map(str, row)) for row in digests["objects"]]
    return PlanDigest(
        backup_name=str(backup["name"]),
        backup_uid=str(backup["uid"]),
        options={str(name): str(value) for name, value in dict(digests["options"]).items()},
        objects=tuple(ObjectDigest(*row) for row in rows),
    )


__all__ = ("KIND", "VERSION", "Document", "failed_document", "read_expected_plan", "restore_document")
