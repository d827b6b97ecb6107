# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of a comparison of backups (documented in ``k8s_backup_diff``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import NAME_OF_BACKUP, ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_options import kube_auth
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.large_results import SHOWN_OBJECTS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import require_library
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import named_or_newest, open_to_read
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.report_file import write_report
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.selection_options import selection
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Task
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._proof.diff_outcome import DiffOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

_OF_CLUSTER = (
    "included_namespaces",
    "excluded_namespaces",
    "included_resources",
    "excluded_resources",
    "include_cluster_resources",
    "label_selector",
    "or_label_selectors",
    "namespace_mapping",
    "names",
)
DIFF = ArgumentSpec(
    meant=NAME_OF_BACKUP,
    options={
        "name": {"type": "str"},
        "schedule": {"type": "str"},
        "other_backup": {"type": "str"},
        "namespace_mapping": {"type": "dict"},
        "names": {"type": "list", "elements": "str"},
        "fail_on_empty": {"type": "bool", "default": True},
        "fail_on_drift": {"type": "bool", "default": False},
        "junit_path": {"type": "path"},
    },
    mutually_exclusive=(("name", "schedule"), *(("other_backup", name) for name in _OF_CLUSTER)),
    required_one_of=(("name", "schedule"),),
)


def compare(task: Task) -> DiffOutcome:
    """With another backup where one is named, else with the cluster. Raises ``ArkiveError``."""
    store = open_to_read(task)
    if task.params["other_backup"]:
        return _with_backup(task, store)
    return _with_cluster(task, store)


def drift_issues(outcome: DiffOutcome) -> Issues:
    """An error for each object that differs, and for what is not known."""
    issues = Issues()
    for each in (*outcome.drift, *outcome.not_known):
        issues.error(
            f"not known: {each.reason}" if each.is_unknown else f"{each.state} {', '.join(each.fields)}".strip(),
            resource=str(each.group_resource),
            namespace=each.namespace,
            name=each.name,
        )
    for sentence in outcome.unknown:
        issues.error(sentence)
    return issues


def drift_sentence(outcome: DiffOutcome) -> str:
    """That it differs, or that it is not known whether it does."""
    other = f"{outcome.other[:1].upper()}{outcome.other[1:]}"
    if outcome.drift:
        return f"{other} differs from backup '{outcome.backup}' in {counted(len(outcome.drift), 'object')}."
    rights = " The rights to look are those of k8s_access_info for 'diff'." if outcome.unknown else ""
    return f"Whether {outcome.other} differs from backup '{outcome.backup}' is not known.{rights}"


def _with_backup(task: Task, store: Store) -> DiffOutcome:
    from ansible_collections.arkive.k8s.plugins.module_utils._proof.backup_diff import diff_backups

    name, warnings = named_or_newest(task, store)
    outcome = diff_backups(
        name,
        task.params["other_backup"],
        store=store,
        max_diffs=SHOWN_OBJECTS if task.diff_mode else 0,
        cancel=task.cancel,
    )
    return dataclasses.replace(outcome, warnings=(*warnings, *outcome.warnings))


def _with_cluster(task: Task, store: Store) -> DiffOutcome:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
    from ansible_collections.arkive.k8s.plugins.module_utils._proof.live_diff import diff_live
    from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

    require_library("kubernetes")
    params = task.params
    fields = {
        **selection(params),
        "namespace_mapping": _texts(params["namespace_mapping"]),
        "existing_resource_policy": "update",
        "backup_name": params["name"],
        "schedule_name": params["schedule"],
    }
    request = RestoreRequest(
        spec=RestoreSpec.from_options(fields),
        names=tuple(params["names"] or ()),
        fail_on_empty=params["fail_on_empty"],
        on_missing_volume_data="warn",
        on_bad_member="skip",
        restore_failed_jobs=True,
        want_diff=task.diff_mode,
        max_diffs=SHOWN_OBJECTS,
        write_records=False,
    )
    client = connect(kube_auth(params), cancel=task.cancel)
    return diff_live(request, client=client, store=store, progress=task.progress, cancel=task.cancel)


def _texts(mapping: t.Mapping[t.Any, t.Any] | None) -> dict[str, str] | None:
    return None if mapping is None else {str(name): str(other) for name, other in mapping.items()}


def write_junit(path: str, outcome: DiffOutcome) -> None:
    """The JUnit report. Raises ``ReportError``, ``ValidationError`` for a folder."""
    from ansible_collections.arkive.k8s.plugins.module_utils._proof.junit import junit_report

    write_report("junit_path", path, junit_report(outcome))


__all__ = ("DIFF", "compare", "drift_issues", "drift_sentence", "write_junit")
