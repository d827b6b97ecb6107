# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for a process holds for a test: each task is a process of its own."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core import secrets


@pytest.fixture(autouse=True)
def no_secrets_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that are a password in one test are words in the next."""
    monkeypatch.setattr(secrets, "_known", set())
