# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The choice of a VolumeSnapshotClass: docs/compatibility 8.3."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.classes import choose_class
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError

LABEL = "velero.io/csi-volumesnapshot-class"
DEFAULT = "snapshot.storage.kubernetes.io/is-default-class"


def entry(
    name: str, driver: str = "a.csi", *, label: str | None = None, default: str | None = None
) -> dict[str, t.Any]:
    metadata: dict[str, t.Any] = {"name": name}
    if label is not None:
        metadata["labels"] = {LABEL: label}
    if default is not None:
        metadata["annotations"] = {DEFAULT: default}
    return {"metadata": metadata, "driver": driver}


LABELLED, PLAIN, OTHER = entry("labelled", label="false"), entry("plain"), entry("other", "b.csi", label="true")


@pytest.mark.parametrize(
    ("classes", "claim", "backup", "chosen"),
    [
        pytest.param([LABELLED, PLAIN], {LABEL: "plain"}, {}, "plain", id="8.3 1"),
        pytest.param([LABELLED, PLAIN], {LABEL: "PLAIN"}, {}, "plain", id="8.3 1: case"),
        pytest.param([LABELLED, PLAIN], {LABEL: "gone"}, {}, "labelled", id="8.3 1: unknown class"),
        pytest.param([LABELLED, OTHER], {LABEL: "other"}, {}, "labelled", id="8.3 1: other driver"),
        pytest.param([LABELLED, PLAIN], {}, {f"{LABEL}_a.csi": "plain"}, "plain", id="8.3 2"),
        pytest.param([LABELLED, PLAIN], {}, {f"{LABEL}_b.csi": "plain"}, "labelled", id="8.3 2: another driver's"),
        pytest.param([LABELLED, PLAIN], {}, {f"{LABEL}_a.csi": "gone"}, "labelled", id="8.3 2: unknown class"),
        pytest.param([LABELLED, PLAIN], {LABEL: "labelled"}, {f"{LABEL}_a.csi": "plain"}, "labelled", id="8.3: 1 wins"),
        pytest.param([PLAIN, LABELLED], {}, {}, "labelled", id="8.3 3: value not looked at"),
        pytest.param([entry("y", label=""), entry("x", label="")], {}, {}, "x", id="8.3 3: several"),
        pytest.param([entry("z", default="false"), PLAIN], {}, {}, "z", id="8.3 4: the key counts"),
        pytest.param([entry("z", default="true"), LABELLED], {}, {}, "labelled", id="8.3: 3 before 4"),
        pytest.param([PLAIN, OTHER], {}, {}, "plain", id="8.3 5"),
        pytest.param([entry("upper", "A.CSI")], {}, {}, "upper", id="drivers without case"),
    ],
)
def test_choice(classes: list[dict[str, t.Any]], claim: dict[str, str], backup: dict[str, str], chosen: str) -> None:
    found = choose_class("a.csi", classes, claim_annotations=claim, backup_annotations=backup)
    assert found.name == chosen


@pytest.mark.parametrize(
    ("classes", "message", "hint"),
    [
        pytest.param([OTHER], "The driver a.csi has no VolumeSnapshotClass.", "driver: a.csi", id="8.3 6: none"),
        pytest.param(
            [PLAIN, entry("more")], "has 2 VolumeSnapshotClasses (more, plain), and none is marked", LABEL, id="8.3 6"
        ),
    ],
)
def test_no_choice(classes: list[dict[str, t.Any]], message: str, hint: str) -> None:
    with pytest.raises(SnapshotError) as caught:
        choose_class("a.csi", classes)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
