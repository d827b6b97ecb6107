# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a kind of store come from its row of the table."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible import storage_options
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.libraries import MINIMUM_VERSIONS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import (
    require_store_library,
    storage_location,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store import kinds
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.attic import ROW, AtticLocation


def test_options_of_a_third_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, ROW))
    location = storage_location({"storage_location": {"box": "one", "lamp": "red", "path": None, "object_lock": False}})
    assert location == AtticLocation(box="one", lamp="red")
    asked: list[str] = []
    monkeypatch.setattr(storage_options, "require_library", asked.append)
    for options in ({"box": "one"}, {"path": "/srv"}, {"bucket": "b"}):
        require_store_library({"storage_location": options})
    assert asked == ["ladder", "boto3"]


def test_the_version_of_each_library_is_known() -> None:
    assert {kind.library for kind in kinds.KINDS} - {""} <= set(MINIMUM_VERSIONS)
