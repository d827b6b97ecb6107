# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A location, a clock that is set by hand, and backups that are stored without a cluster."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339, rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_request import (
    ScheduleOutcome,
    ScheduleRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_run import tick
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import tar_gz


class Lab:
    """``made``: the names of the backups that were made, in their order."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.store = LocalStore(LocalLocation(path=str(path), read_only=read_only))
        self.now = parse_rfc3339("2026-06-01T12:00:00Z")
        self.made: list[str] = []

    def tick(
        self, schedule: str = "@daily", *, at: str = "", check_mode: bool = False, name: str = "shop", **options: t.Any
    ) -> ScheduleOutcome:
        if at:
            self.now = parse_rfc3339(at)
        request = ScheduleRequest(
            name=name,
            schedule=schedule,
            dialect=options.pop("dialect", "strict"),
            backup=lambda backup: BackupRequest(name=backup, spec=BackupSpec.from_options({})),
            **options,
        )
        return tick(request, self.store, self.make, check_mode=check_mode, clock=lambda: self.now)

    def make(self, request: BackupRequest) -> BackupOutcome:
        self.made.append(request.name)
        return BackupOutcome(
            changed=True, backup=self.put(request.name, rfc3339(self.now), labels=dict(request.labels))
        )

    def put(
        self,
        name: str,
        made: str,
        *,
        phase: str = "Completed",
        labels: t.Mapping[str, str] | None = None,
        archive: bool = True,
    ) -> dict[str, t.Any]:
        backup = {
            "apiVersion": "velero.io/v1",
            "kind": "Backup",
            "metadata": {"name": name, "labels": {"velero.io/schedule-name": "shop"} if labels is None else labels},
            "status": {"phase": phase, "startTimestamp": made},
        }
        if archive:
            self.store.put(BackupKeys(name).tarball, tar_gz())
        self.store.put(BackupKeys(name).metadata, json.dumps(backup).encode())
        return backup

    def stored(self) -> list[str]:
        return [info.key for info in self.store.list().objects]


def minutes(count: int) -> dt.timedelta:
    return dt.timedelta(minutes=count)
