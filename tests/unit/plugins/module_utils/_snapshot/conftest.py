# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster whose containers answer by a script."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._quiesce.scripted_cluster import (
    install_clock,
    install_cluster,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> t.Any:
    return install_clock(monkeypatch)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> t.Any:
    return install_cluster(monkeypatch)
