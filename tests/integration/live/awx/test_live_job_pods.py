# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Job templates of AWX over the shipped playbooks and modules, in pods of the execution environment."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from awx_jobs import ContainerGroup, StubCredential
from volume_lab import DataApp

pytestmark = pytest.mark.node

Credentials = dict[str, StubCredential]
Location = dict[str, t.Any]


def test_backup_restore_schedule_and_prune_with_the_answers_of_surveys(
    image: str, namespace: str, credentials: Credentials, location: Location, kubectl: t.Any, tmp_path: Path
) -> None:
    """Answers are strings, numbers and lists: what a survey asks of a boolean is the word."""
    app = DataApp(kubectl, namespace)
    app.create()
    app.write("note", "kept")
    group = ContainerGroup(tmp_path, namespace, image)
    where = {"backup_storage_location": location}
    answers = {
        "backup_included_namespaces": namespace,
        "backup_excluded_resources": ["events", "events.events.k8s.io"],
        "backup_snapshot_volumes": "true",
        "backup_fail_on_partial": "yes",
        "backup_workers": 4,
        "backup_ttl": "24h",
        "backup_labels": "team=shop,stage=night",
        "backup_name": "b1",
    }
    made = group.launch("arkive.k8s.backup", variables=where | answers, credentials=credentials).result()
    assert made.status == "successful", made.text
    assert made.artifacts["arkive_backup_phase"] == "Completed"

    app.delete()
