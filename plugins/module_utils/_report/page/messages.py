# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What went wrong in one backup, errors first: each with where, the reason, and what to do."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._report.page.plain_values import (
    mapping_of,
    mappings_of,
    name_of,
    sentence_of,
    texts_of,
    volume_of_pod,
)
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.remedies import remedy_of
from ansible_collections.arkive.k8s.plugins.module_utils._velero.results_file import parse_result_text

#: Of each severity.
_MOST = 2_000
#: States of hooks.
_FAILED = ("failed", "timed_out", "lost")
#: Characters of a text that are looked at; fewer are shown.
_READ = 20_000

Message: t.TypeAlias = "dict[str, str]"


def message(severity: str, where: str, text: t.Any, remedy: str = "") -> Message:
    """``where`` may be shown as it is."""
    said = sentence_of(text) or "No reason was recorded."
    return {"severity": severity, "where": where, "text": said, "remedy": remedy_of(said, remedy)}


def place_of(entry: t.Mapping[str, t.Any]) -> str:
    """Where something ran: ``shop/db-0 (postgres)``."""
    pod = "/".join(filter(None, (name_of(entry.get("namespace")), name_of(entry.get("pod")))))
    container = name_of(entry.get("container"))
    return f"{pod} ({container})" if container else pod


def has_failed(hook: t.Mapping[str, t.Any]) -> bool:
    """Of a recorded hook; one that was skipped has an error as well, which says why."""
    return hook.get("state") in _FAILED


def messages_of(described: t.Mapping[str, t.Any]) -> list[Message]:
    """``described``: a backup with its sections, as ``_catalog`` describes it."""
    found = [*_of_files(described), *_of_phase(described), *_of_work(described), *_of_volumes(described)]
    results = mapping_of(described.get("results"))
    for severity in ("error", "warning"):
        told = {entry["text"] for entry in found}
        found += [entry for entry in _of_results(results, severity) if entry["text"] not in told]
    return _sorted(found)


def _sorted(found: t.Sequence[Message]) -> list[Message]:
    """Errors first; of too many of a kind it is said how many there are."""
    kept: list[Message] = []
    for severity in ("error", "warning"):
        of_kind = [entry for entry in found if entry["severity"] == severity]
        kept += of_kind[:_MOST]
        if len(of_kind) > _MOST:
            kept.append(message(severity, "", f"{len(of_kind) - _MOST} more are in the files of the backup."))
    return kept


def _of_files(described: t.Mapping[str, t.Any]) -> t.Iterator[Message]:
    name = name_of(described.get("name"))
    for problem in texts_of(described.get("problems")):
        yield message("error", name, problem, "Read the backup back with k8s_backup_verify.")


def _of_phase(described: t.Mapping[str, t.Any]) -> t.Iterator[Message]:
    status = mapping_of(mapping_of(described.get("backup")).get("status"))
    name = name_of(described.get("name"))
    for refused in texts_of(status.get("validationErrors")):
        yield message("error", name, refused, "Correct the specification of the backup.")
    if status.get("failureReason"):
        yield message("error", name, status["failureReason"], "Make the backup again when the reason is gone.")


def _of_work(described: t.Mapping[str, t.Any]) -> t.Iterator[Message]:
    for hook in mappings_of(described.get("hooks")):
        if has_failed(hook):
            severity = "error" if hook.get("on_error") != "Continue" else "warning"
            said = (
                hook.get("error") or f"The {name_of(hook.get('phase'))} hook failed with rc {name_of(hook.get('rc'))}."
            )
            yield message(
                severity, place_of(hook), said, "See the log of the backup, and run the command of the hook by hand."
            )
    for freeze in mappings_of(described.get("freezes")):
        if freeze.get("error") or freeze.get("thawed_by") == "not proven":
            said = freeze.get("error") or f"The thaw is not proven of {name_of(freeze.get('path'))}."
            yield message("error", place_of(freeze), said, "Look for what is frozen with k8s_hook_exec, state: swept.")
    for quiesce in mappings_of(described.get("quiesces")):
        if quiesce.get("error") or quiesce.get("consistent") is False:
            said = quiesce.get("error") or f"It is not proven that {name_of(quiesce.get('kind'))} was held."
            yield message("error", place_of(quiesce), said, "See the log of the server, and make the backup again.")


def _of_volumes(described: t.Mapping[str, t.Any]) -> t.Iterator[Message]:
    for volume in mappings_of(described.get("volumes")):
        claim = "/".join(filter(None, (name_of(volume.get("pvcNamespace")), name_of(volume.get("pvcName")))))
        where = claim or name_of(volume.get("pvName")) or volume_of_pod(volume)
        if volume.get("skipped"):
            reason = volume.get("skippedReason") or "no reason was recorded."
            yield message("warning", where, f"The data of the volume is not in the backup: {sentence_of(reason)}")
        elif volume.get("result") == "failed":
            yield message("error", where, "The snapshot of the volume failed.", "See the errors of the same claim.")


def _of_results(results: t.Mapping[str, t.Any], severity: str) -> t.Iterator[Message]:
    buckets = mapping_of(results.get(f"{severity}s"))
    for bucket in ("velero", "cluster"):
        for text in texts_of(buckets.get(bucket)):
            yield _of_text(text, "", severity)
    for namespace, texts in sorted(mapping_of(buckets.get("namespaces")).items()):
        for text in texts_of(texts):
            yield _of_text(text, namespace, severity)


def _of_text(text: t.Any, namespace: str, severity: str) -> Message:
    issue = parse_result_text(str(text)[:_READ], namespace)
    place = "/".join(filter(None, (name_of(issue.namespace), name_of(issue.name))))
    where = " ".join(filter(None, (name_of(issue.resource), place)))
    said = ": ".join(filter(None, (issue.message.rstrip(": "), issue.error)))
    return message(severity, where, said)


__all__ = ("Message", "has_failed", "message", "messages_of", "place_of")
