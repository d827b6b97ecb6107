# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.contract import (
    StoreContract,
    WriteLockContract,
)


class TestStore(StoreContract):
    """A directory and an S3 bucket against one table."""


class TestWriteLocks(WriteLockContract):
    """Claims in both."""
