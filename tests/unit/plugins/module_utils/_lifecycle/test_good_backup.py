# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a good backup is: retention, the alarm of a schedule, and the newest for a restore say the same."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.newest import newest_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prunable import read_prunables
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.schedule_backups import find_backups
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import TERMINAL_PHASES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.schedule_lab import Lab

NAME = "shop-20260601000000"
MADE = "2026-06-01T00:00:00Z"

Spoil: t.TypeAlias = "t.Callable[[Lab], t.Any]"
SPOILT: t.Mapping[str, Spoil] = {
    "no file of objects": lambda lab: lab.store.delete_many([BackupKeys(NAME).tarball]),
    "an empty one": lambda lab: lab.store.put(BackupKeys(NAME).tarball, b""),
    "its deletion has begun": lambda lab: lab.store.put(BackupKeys(NAME).deletion, b"{}"),
    "its object is damaged": lambda lab: lab.store.put(BackupKeys(NAME).metadata, b"{"),
    "its object is of another": lambda lab: lab.store.put(
        BackupKeys(NAME).metadata, lab.store.get(BackupKeys(NAME).metadata).replace(NAME.encode(), b"other")
    ),
    "no object": lambda lab: lab.store.delete_many([BackupKeys(NAME).metadata]),
}


def verdicts(lab: Lab) -> tuple[bool, bool, bool]:
    """Of retention, of the alarm and of a restore."""
    kept = read_prunables(Catalog(lab.store), CancelToken()).backups
    alarm = find_backups(Catalog(lab.store), "shop", lab.now, need_good=True).good
    try:
        chosen = newest_backup(lab.store, "shop").name
    except CatalogError:
        chosen = ""
    return any(backup.is_good for backup in kept), alarm is not None, chosen == NAME


@pytest.mark.parametrize("phase", ["", "New", "InProgress", "Deleting", *sorted(TERMINAL_PHASES)])
def test_by_its_phase(tmp_path: Path, phase: str) -> None:
    lab = Lab(tmp_path)
    lab.put(NAME, MADE, phase=phase)
    assert verdicts(lab) == ((phase == "Completed",) * 3)


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_by_its_files(tmp_path: Path, spoil: Spoil) -> None:
    lab = Lab(tmp_path)
    lab.put(NAME, MADE)
    spoil(lab)
    assert verdicts(lab) == (False, False, False)
