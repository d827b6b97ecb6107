# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controllers are made to look again: by any change, where that may be made."""

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.nudge import nudge
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_api import MemoryApi
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import SNAPSHOT_TYPES


@pytest.fixture
def api() -> MemoryApi:
    found = MemoryApi(SNAPSHOT_TYPES)
    found.add("volumesnapshotcontents", "c")
    return found


def nudge_it(api: MemoryApi, name: str = "c") -> None:
    contents = Discovery.read(api.client).resolve("volumesnapshotcontents")
    assert contents is not None
    nudge(api.client, contents, name)


def test_each_time_another_change(api: MemoryApi) -> None:
    found = []
    for _time in range(2):
        nudge_it(api)
        found.append(dict(api.objects["volumesnapshotcontents", "", "c"]["metadata"]))
    first, second = found
    assert first["annotations"] != second["annotations"]
    assert {name for name in second if first[name] != second[name]} == {"annotations", "resourceVersion"}


def test_what_is_fine(api: MemoryApi) -> None:
    nudge_it(api, "gone")
    api.denied = {("patch", "volumesnapshotcontents")}
    nudge_it(api)


@pytest.mark.parametrize("status", [500, 409])
def test_what_is_not(api: MemoryApi, status: int) -> None:
    api.refuse = lambda verb, _path, _dry: KubeError("No.", status=status) if verb == "PATCH" else None
    with pytest.raises(KubeError):
        nudge_it(api)
