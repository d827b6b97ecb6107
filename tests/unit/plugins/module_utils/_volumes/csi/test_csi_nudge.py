# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controllers are made to look again: by any change, where that may be made."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.nudge import nudge

CONTENTS = ApiResource(
    group="snapshot.storage.k8s.io",
    version="v1",
    plural="volumesnapshotcontents",
    singular="volumesnapshotcontent",
    kind="VolumeSnapshotContent",
    namespaced=False,
    verbs=frozenset(),
    preferred=True,
)


class Server:
    """Answers a patch with ``status``; 200 takes it."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.changes: list[tuple[str, t.Any]] = []

    def patch(self, path: str, body: t.Any, **_more: t.Any) -> dict[str, t.Any]:
        if self.status != 200:
            raise KubeError("No.", status=self.status)
        self.changes.append((path, body))
        return {}


def test_each_time_another_change() -> None:
    server = Server(200)
    for _time in range(2):
        nudge(t.cast("t.Any", server), CONTENTS, "c")
    (path, first), (_path, second) = server.changes
    assert path == "/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents/c"
    assert first["metadata"].keys() == {"annotations"}
    assert first != second


@pytest.mark.parametrize("status", [404, 403], ids=["gone", "must not be changed"])
def test_what_is_fine(status: int) -> None:
    nudge(t.cast("t.Any", Server(status)), CONTENTS, "c")


@pytest.mark.parametrize("status", [500, 409])
def test_what_is_not(status: int) -> None:
    with pytest.raises(KubeError):
        nudge(t.cast("t.Any", Server(status)), CONTENTS, "c")
