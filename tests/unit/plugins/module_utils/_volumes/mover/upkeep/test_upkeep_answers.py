# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What kopia 0.22.3 says of a repository, and what is made of it (docs/compatibility 18.2, 18.6)."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import Outcome
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.progress import Amount, read_amount
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobEnd
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.told import told, told_object
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.held_snapshots import read_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.state import Mode, read_state
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.verified import Damage, read_damage

NOW = dt.datetime(2026, 11, 29, 12, 0, tzinfo=dt.UTC)
PAST, FUTURE = "2026-11-29T11:59:59.392918498Z", "2026-11-29T12:00:01.392918498Z"
#: One hour before NOW, as a server in another time zone writes it.
ELSEWHERE = "2026-11-29T13:00:00.5+02:00"


@pytest.mark.parametrize(
    ("source", "namespace", "claim", "pod", "volume"),
    [
        ("snapshot-data-upload-download/kopia/shop/files", "shop", "files", "", ""),
        ("snapshot-pod-volume/kopia/shop/web-0/files", "shop", "", "web-0", "files"),
        # Velero 1.12 to 1.16.
        ("pod-volume-backup-restore/kopia/shop/web-0/files", "shop", "", "web-0", "files"),
        # Velero 1.10 and 1.11: the path on the node alone.
        ("/host_pods/9f1/volumes/kubernetes.io~csi/pvc-1/mount", "", "", "", ""),
        ("snapshot-data-upload-download/kopia/shop", "", "", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_of_what_a_snapshot_is(source: str, namespace: str, claim: str, pod: str, volume: str) -> None:
    entry = {"id": "a" * 32, "source": {"path": source}, "startTime": PAST, "rootEntry": {"summ": {"size": 7}}}
    [found] = read_snapshots(json.dumps([entry]).encode())
    assert (found.namespace, found.claim, found.pod, found.volume, found.bytes, found.trouble) == (
        namespace, claim, pod, volume, 7, "",
    )  # fmt: skip


def test_the_oldest_comes_first() -> None:
    entries = [{"id": "b", "startTime": FUTURE}, {"id": "a", "startTime": PAST}, {"id": "c\x1b[2J"}]
    found = read_snapshots(json.dumps(entries).encode())
    assert [each.id for each in found] == [r"c\x1b[2J", "a", "b"]
    assert found[0].trouble == "its manifest cannot be read"


@pytest.mark.parametrize(
    ("full", "quick", "error", "due"),
    [
        (FUTURE, FUTURE, "", ""),
        (FUTURE, PAST, "", "quick"),
        (PAST, PAST, "", "full"),
        (ELSEWHERE, FUTURE, "", "full"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "", "full"),
        ("rubbish", FUTURE, "", "full"),
        (FUTURE, FUTURE, "no room", "full"),
    ],
)
def test_when_maintenance_is_due(full: str, quick: str, error: str, due: Mode) -> None:
    run = {"start": PAST, "end": PAST, "success": not error, **({"error": error} if error else {})}
    earlier = {"start": "2026-11-28T00:00:00Z", "success": True}
    schedule = {
        "nextFullMaintenance": full,
        "nextQuickMaintenance": quick,
        "runs": {"snapshot-gc": [run, earlier], "cleanup-logs": [earlier, {"start": "2026-11-27T00:00:00Z"}]},
    }
    found = read_state({"owner": "default@default", "schedule": schedule})
    assert found.due(NOW) == due
    assert found.failed == ((f"snapshot-gc: {error}",) if error else ())
    assert found.collected is not None
    assert found.collected.day == (28 if error else 29)


def test_what_is_switched_off_is_never_due() -> None:
    found = read_state({"full": {"enabled": False}, "quick": {"enabled": False}, "schedule": {}})
    assert found.due(NOW) == ""


OBJECT, LARGE = "4cc2e1eafe95c763bf0f8380a3569c0e", "Ix4cc2e1eafe95c763bf0f8380a3569c0f"


def test_damage_is_told_by_all_snapshots_that_have_it() -> None:
    text = (
        f"bad s1 {OBJECT}   s1/sub/a: b\n"
        f"bad s2 {LARGE}  s2/large\n"
        f"error error processing default@default:p@2026-11-29 09:39 UTC/sub/a: b: error reading object {OBJECT}: gone\n"
        f"error error processing default@default:p@2026-11-29 09:39:32 UTC/large: object {LARGE} is backed by missing\n"
        "error error processing default@default:p@2026-11-29 09:39:32 UTC/\x1b[2J: something else\n"
    )
    assert read_damage(text) == (
        Damage(snapshot="s1", path="sub/a: b", error=f"b: error reading object {OBJECT}: gone"),
        Damage(snapshot="s2", path="large", error=f"object {LARGE} is backed by missing"),
        Damage(snapshot="", path=r"default@default:p@2026-11-29 09:39:32 UTC/\x1b[2J", error="something else"),
    )


def test_a_folder_that_cannot_be_read_damages_its_snapshot() -> None:
    text = (
        "unread s1 error reading directory: BLOB not found.\n"
        "error error processing default@default:p@2026-11-29 09:39:32 UTC/sub: error reading directory\n"
    )
    assert read_damage(text) == (Damage(snapshot="s1", path="", error="error reading directory: BLOB not found"),)


def end_of(data: bytes, *, log: str | None = None, size: int | None = None) -> JobEnd:
    packed = base64.b64encode(gzip.compress(data)).decode()
    lines = (("told", f"x {len(data) if size is None else size}"),)
    outcome = Outcome(state="done", step="state", code=0, lines=lines)
    text = f"progress 1\narkive-told x {packed[:20]}\narkive-told y AAAA\narkive-told x {packed[20:]}\n"
    return JobEnd(outcomes=(outcome,), logs=(text if log is None else log,))


def test_what_is_told_arrives() -> None:
    assert told(end_of(b'{"a": 1}'), "x") == b'{"a": 1}'
    assert told_object(end_of(b'{"a": 1}'), "x") == {"a": 1}


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(end_of(b"{}", size=3), id="another-size"),
        pytest.param(end_of(b"{}", log=""), id="no-log"),
        pytest.param(end_of(b"{}", log="arkive-told x ????\n"), id="no-base64"),
        pytest.param(JobEnd(), id="nothing"),
    ],
)
def test_what_lost_a_part_is_not_believed(end: JobEnd) -> None:
    with pytest.raises(MoverError, match="did not arrive whole"):
        told(end, "x")


def test_what_is_no_object_is_not_believed() -> None:
    with pytest.raises(MoverError, match="not that of a kopia known here"):
        told_object(end_of(b"[1]"), "x")


@pytest.mark.parametrize(
    ("line", "amount"),
    [
        ('progress {"processedBytes":124,"readBytes":1,"expectedTotalBytes":548}', Amount(124, 548)),
        ("progress   Copied 12 blobs (845.7 KB), Speed: -, ETA: unknown", Amount(845700)),
    ],
)  # fmt: skip
def test_progress_of_reading_back_and_copying(line: str, amount: Amount) -> None:
    assert read_amount(line) == amount
