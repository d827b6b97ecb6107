# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks import executor
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._backup.backup_api import BackupApi


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> BackupApi:
    """An API server with two namespaces."""
    fake = BackupApi()
    monkeypatch.setattr(executor, "exec_command", fake.exec_command)
    for name in ("shop", "web"):
        fake.add("namespaces", name, status={"phase": "Active"})
    return fake


@pytest.fixture
def store(tmp_path: Path) -> t.Any:
    return open_store(LocalLocation(path=str(tmp_path)))
