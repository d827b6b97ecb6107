# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2, or what stands in its place, answers with what is no answer."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._aws import client as aws_client
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.ebs.ec2 import EbsSnapshotter
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import Reply, Request, S3Wire

_VOLUME = (
    "<DescribeVolumesResponse><volumeSet><item><volumeId>vol-1</volumeId></item></volumeSet></DescribeVolumesResponse>"
)
_HTML = "<html><body>Log in<br>here.</body></html>"
_XHTML = "<html><body>Log in here.</body></html>"
_counter = itertools.count()


def _snapshots(entries: str, more: str = "") -> str:
    return f"<DescribeSnapshotsResponse><snapshotSet>{entries}</snapshotSet>{more}</DescribeSnapshotsResponse>"


def _snapshot(*, size: object = 1, tags: str = "") -> str:
    return f"<item><snapshotId>snap-1</snapshotId><volumeSize>{size}</volumeSize><tagSet>{tags}</tagSet></item>"


_TAG = "<item><key>set</key><value>a</value></item>"


def _snapshotter(url: str) -> EbsSnapshotter:
    location = SnapshotLocation(region="eu-central-1", endpoint_url=url, access_key="a" * 20, secret_key="s" * 40)
    return EbsSnapshotter(location)


def _list(ebs: EbsSnapshotter) -> object:
    return ebs.list_snapshots({"set": "a"})


def _create(ebs: EbsSnapshotter) -> object:
    return ebs.create_snapshot("vol-1", "", {})


@pytest.mark.parametrize(
    ("answers", "act", "message"),
    [
        pytest.param({"CreateSnapshot": "<R/>"}, _create, "CreateSnapshot has no SnapshotId", id="no id"),
        pytest.param({"DescribeVolumes": "<R/>"}, _create, "DescribeVolumes has no Volumes", id="no volumes"),
        pytest.param(
            {"DescribeSnapshots": "<R/>"},
            lambda ebs: ebs.describe_snapshot("snap-1"),
            "DescribeSnapshots has no Snapshots",
            id="what is not told is not gone",
        ),
        pytest.param({"DescribeSnapshots": _XHTML}, _list, "has no Snapshots", id="XHTML"),
        pytest.param({"DescribeSnapshots": _HTML}, _list, r"cannot be read|\(500\)", id="HTML"),
        pytest.param(
            {"DescribeSnapshots": _snapshots("<item><volumeSize>1</volumeSize></item>")},
            _list,
            "has no SnapshotId",
            id="a snapshot without an id",
        ),
        pytest.param({"DescribeSnapshots": _snapshots(_snapshot(size="big"))}, _list, "cannot be read", id="size"),
        pytest.param(
            {"DescribeSnapshots": _snapshots(_snapshot(tags="<item><value>x</value></item>"))},
            _list,
            "has no Key",
            id="a tag without a key",
        ),
        pytest.param(
            {"DescribeSnapshots": _snapshots(_snapshot(), "<nextToken>t</nextToken>")},
            _list,
            "again and again",
            id="the same token for ever",
        ),
        pytest.param(
            {"DescribeSnapshots": lambda: _snapshots(_snapshot(), f"<nextToken>t{next(_counter)}</nextToken>")},
            _list,
            "again and again",
            id="token ignored",
        ),
        pytest.param(
            {"DescribeSnapshots": _snapshots(_snapshot(tags=_TAG)), "CreateVolume": "<R/>"},
            lambda ebs: ebs.create_volume("snap-1", "gp3", "eu-central-1a"),
            "CreateVolume has no VolumeId",
            id="no id of a volume",
        ),
    ],
)
def test_answers_that_are_none(
    monkeypatch: pytest.MonkeyPatch,
    answers: dict[str, str | t.Callable[[], str]],
    act: t.Callable[[EbsSnapshotter], object],
    message: str,
) -> None:
    monkeypatch.setattr(aws_client, "_ATTEMPTS", 2)

    def answer(request: Request) -> Reply:
        words = dict(part.split("=", 1) for part in request.body.decode().split("&"))
        found = answers.get(words["Action"], _VOLUME)
        return Reply(200, (found if isinstance(found, str) else found()).encode())

    with S3Wire(answer) as wire, pytest.raises(SnapshotError, match=message) as caught:
        act(_snapshotter(wire.url))
    assert caught.value.message.startswith("Cannot ")
    assert "snapshot location 'default'" in caught.value.message
    assert "<" not in caught.value.sentence


def test_a_filter_that_is_ignored_lists_nothing_else() -> None:
    """What is listed may be deleted next."""
    page = _snapshots(_snapshot() + _snapshot(tags=_TAG).replace("snap-1", "snap-2"))
    with S3Wire(lambda _request: Reply(200, page.encode())) as wire:
        found = _snapshotter(wire.url).list_snapshots({"set": "a"})
    assert [entry.id for entry in found] == ["snap-2"]
