# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the compatibility pages list is what the code has."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_init import WAIT_CONTAINERS
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import FORMAT_VERSION
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import ALLOWED_TOP_LEVEL
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import (
    HIGH_PRIORITIES,
    LOW_PRIORITIES,
    NON_RESTORABLE,
)

PAGES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "compatibility"


def section(page: str, number: str) -> str:
    """The text below a heading, up to the next one."""
    text = (PAGES / f"{page}.md").read_text()
    found = re.search(rf"^#+ {re.escape(number)} .*?$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, number
    return found[1]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([a-z][a-z0-9.-]*)`", text)


@pytest.mark.parametrize(
    ("page", "number", "names"),
    [
        pytest.param("formats", "1.1", ALLOWED_TOP_LEVEL, id="directories"),
        pytest.param("formats", "2.1", [FORMAT_VERSION], id="version"),
        pytest.param("restores", "5.2", [str(kind) for kind in NON_RESTORABLE], id="never restored"),
        pytest.param("restores", "5.9", WAIT_CONTAINERS, id="wait containers"),
    ],
)
def test_lists(page: str, number: str, names: t.Iterable[str]) -> None:
    assert [name for name in names if f"`{name}`" not in section(page, number)] == []


def test_the_order_of_types() -> None:
    first, _dot, last = section("restores", "5.3").partition("Last:")
    named = [name for name in quoted(first) if "." not in name or name in map(str, HIGH_PRIORITIES)]
    snapshots = {"volumesnapshotclasses", "volumesnapshotcontents", "volumesnapshots"}
    code = [kind for kind in HIGH_PRIORITIES if kind.resource not in snapshots]
    assert named == [str(kind) if str(kind) in named else kind.resource for kind in code]
    assert quoted(last)[: len(LOW_PRIORITIES)] == [str(kind) for kind in LOW_PRIORITIES]
