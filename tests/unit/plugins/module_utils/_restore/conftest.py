# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply import object_writer
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import RestoreApi


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> RestoreApi:
    """An API server with the namespace ``shop``; nobody waits between attempts."""
    fake = RestoreApi()
    monkeypatch.setattr(object_writer, "_PAUSE", 0.0)
    fake.add("namespaces", "shop", status={"phase": "Active"})
    return fake


@pytest.fixture
def store(tmp_path: Path) -> t.Any:
    return open_store(LocalLocation(path=str(tmp_path)))
