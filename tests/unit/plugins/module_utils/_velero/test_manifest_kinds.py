# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A manifest of another kind is answered with what to do."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_manifest import parse_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.manifest import find_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_manifest import parse_restore_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.schedule_manifest import parse_schedule


def manifest(kind: str, name: t.Any = "nightly") -> dict[str, t.Any]:
    return {"apiVersion": "velero.io/v1", "kind": kind, "metadata": {"name": name}, "spec": {}}


@pytest.mark.parametrize(
    ("read", "document", "hint"),
    [
        pytest.param(parse_manifest, manifest("Schedule"), "k8s_backup_schedule takes it", id="schedule"),
        pytest.param(parse_manifest, {"kind": "Schedule", "metadata": "x"}, "k8s_backup_schedule", id="odd metadata"),
        pytest.param(parse_schedule, manifest("Backup"), "k8s_backup takes it.", id="schedule of backup"),
        pytest.param(parse_manifest, manifest("Restore"), "k8s_restore", id="restore"),
        pytest.param(parse_manifest, manifest("List"), "one of its items", id="list"),
        pytest.param(parse_manifest, manifest("BackupList"), "one of its items", id="list of backups"),
        pytest.param(parse_manifest, manifest("Pod"), "Write 'kind: Backup'.", id="pod"),
        pytest.param(parse_restore_manifest, manifest("Schedule"), "set schedule: nightly", id="restore of schedule"),
        pytest.param(parse_restore_manifest, manifest("Backup"), "set backup: nightly", id="restore of backup"),
    ],
)
def test_another_kind(read: t.Callable[[t.Any], t.Any], document: t.Any, hint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(document)
    assert hint in (caught.value.hint or "")


def test_another_kind_among_several_documents() -> None:
    with pytest.raises(ValidationError, match="There are 0 Backups") as caught:
        find_manifest([{"kind": "Namespace"}, manifest("Schedule")], "Backup", source="the file x")
    assert "k8s_backup_schedule" in (caught.value.hint or "")
