# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands beside a dump and is no record of one is said to be none."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.dump_record import DumpRecord
from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError


@pytest.mark.parametrize("size", ["1e999", "-1e999", "NaN", "null", "[]", '"x"'])
def test_a_size_that_is_no_number(size: str) -> None:
    with pytest.raises(ArchiveError, match="is not the record of a dump"):
        DumpRecord.parse(f'{{"version": 1, "size": {size}, "dump_size": 1}}'.encode(), what="x")
