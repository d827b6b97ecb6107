# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of a report for people (documented in ``k8s_backup_report``), and the files that it is written to."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import NAME_OF_BACKUP, ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.location_store import named_or_newest, open_to_read
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.report_file import write_report
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import (
    require_store_library,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Task
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restore_listing import list_restores
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.location_overview import overview_of
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.backup_report import Report, report_of_backup
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.location_report import (
    LocationFacts,
    location_report,
)
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.page import page_of, report_json
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.report_junit import report_junit
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

REPORT = ArgumentSpec(
    meant=NAME_OF_BACKUP,
    options={
        "name": {"type": "str"},
        "schedule": {"type": "str"},
        "log": {"type": "bool", "default": False},
        "html_path": {"type": "path"},
        "json_path": {"type": "path"},
        "junit_path": {"type": "path"},
    },
    mutually_exclusive=(("name", "schedule"),),
    required_one_of=(("html_path", "json_path", "junit_path"),),
)

#: The options that name files, and what makes each of them.
_FORMS: dict[str, t.Callable[[Report], bytes]] = {
    "html_path": page_of,
    "json_path": report_json,
    "junit_path": report_junit,
}


class MadeReport(t.NamedTuple):
    """``backup``: empty for one of the whole location. ``written``: the files that were changed, or would be."""

    report: Report
    backup: str
    location: str
    written: list[str]
    warnings: list[str]


def make_report(task: Task) -> MadeReport:
    """Raises ``ArkiveError``."""
    params = task.params
    if params["log"] and not (params["name"] or params["schedule"]):
        raise ValidationError("log is for a report of one backup only.", hint="Give name or schedule, or remove it.")
    require_store_library(params)
    store = open_to_read(task)
    name = ""
    warnings: tuple[str, ...] = ()
    if params["name"] or params["schedule"]:
        name, warnings = named_or_newest(task, store)
    log: bool = params["log"]
    report = report_of_backup(store, name, log=log, cancel=task.cancel) if name else _of_location(task, store)
    written = [params[option] for option in _FORMS if _write(task, option, report)]
    return MadeReport(report, name, store.location.describe, written, list(warnings))


def _of_location(task: Task, store: Store) -> Report:
    listing = list_backups(store, cancel=task.cancel)
    overview = overview_of(store, cancel=task.cancel)
    return location_report(
        LocationFacts(
            location=store.location.describe,
            backups=listing.backups,
            incomplete=listing.incomplete,
            restores=list_restores(store, cancel=task.cancel),
            schedules=[schedule.to_return() for schedule in overview.schedules],
            verdicts=overview.verdicts_to_return(),
            holds=overview.held(),
        )
    )


def _write(task: Task, option: str, report: Report) -> bool:
    path = task.params[option]
    return bool(path) and write_report(option, path, _FORMS[option](report), dry_run=task.check_mode)


__all__ = ("REPORT", "MadeReport", "make_report")
