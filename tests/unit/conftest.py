# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for all unit tests."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: the collector need not look at them again, and a fork need not copy them."""
    gc.collect()
    gc.freeze()
