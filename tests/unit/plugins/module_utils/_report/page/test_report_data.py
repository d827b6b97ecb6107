# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report says, as data: values that are only values, errors with what to do, times, and no body of an object."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.errors import CatalogError
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import remember_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.backup_report import report_of_backup
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.page import json_block, page_of, report_json
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.plain_values import (
    NAME,
    count_of,
    line_of,
    name_of,
    number_of,
    sentence_of,
    time_of,
)
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.remedies import remedy_of
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.report_junit import report_junit
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._report.page.sample_reports import (
    HOSTILE,
    described,
    hostile_backup,
    sample_backup,
    sample_location,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import config, write_backup


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("web", "web"),
        (None, ""),
        (7, "7"),
        (True, "True"),
        ("a\nb", "a b"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("<b>", "<b>"),
        ("x" * 301, "x" * 300 + " [cut: it has 301 characters]"),
        ("\x00" * 200, "\\x00" * 75 + " [cut: it has 200 characters]"),
    ],
)
def test_a_name(value: t.Any, shown: str) -> None:
    assert name_of(value) == shown
    assert len(shown) < NAME + 60


def test_a_sentence_keeps_its_lines_and_a_line_does_not() -> None:
    assert sentence_of("a\nb\x07") == "a\nb\\x07"
    assert line_of("a\nb\x07") == "a b\\x07"
    assert len(sentence_of("<" * (1 << 20))) < 2_100


def test_a_password_is_masked_before_a_text_is_cut() -> None:
    remember_secrets(["correct-horse"])
    assert "corr" not in name_of("x" * 296 + "correct-horse")


@pytest.mark.parametrize(
    ("value", "number", "count"),
    [
        (7, 7, 7),
        (1.5, 1.5, 1),
        (-3, -3, 0),
        (True, None, 0),
        ("7", None, 0),
        (float("nan"), None, 0),
        (float("inf"), None, 0),
        pytest.param(10**400, None, 0, id="huge"),
        ([], None, 0),
    ],
)
def test_a_number(value: t.Any, number: float | None, count: int) -> None:
    assert number_of(value) == number
    assert count_of(value) == count


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-06-01T04:00:00.5+02:00", "2026-06-01T02:00:00Z"),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        (1_780_000_000, None),
        (None, None),
    ],
)
def test_a_time(value: t.Any, moment: str | None) -> None:
    assert time_of(value) == moment


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ('pods "x" is forbidden: User "u" cannot get it', "k8s_access_info"),
        ("x509: certificate signed by unknown authority", "ca_cert"),
        ("The snapshot was not ready after 600 s", "csi_snapshot_timeout"),
        ("command terminated with exit code 3", "by hand"),
        ("exec: executable file not found in $PATH", "state: linted"),
        ("the thaw is not proven", "state: swept"),
        ("Its file shop-logs.gz is missing.", "k8s_backup_verify"),
        ("dial tcp 10.0.0.1:443: connection refused", "is reached"),
    ],
)
def test_a_remedy(message: str, remedy: str) -> None:
    assert remedy in remedy_of(message)


def test_no_remedy_is_made_up() -> None:
    assert remedy_of("careful") == ""


def test_errors_of_a_backup_come_first_each_once() -> None:
    messages = sample_backup()["messages"]
    assert [entry["severity"] for entry in messages] == ["error"] * 5 + ["warning"] * 2
    assert [entry["where"] for entry in messages] == [
        "shop-1",
        "shop/db-0 (db)",
        "shop/old",
        "pods db-0",
        "shop",
        "shop/nfs",
        "",
    ]
    assert messages[3]["text"] == "hook failed: command terminated with exit 1"
    assert all(entry["remedy"] for entry in messages[:5])


def test_the_timeline_of_a_backup() -> None:
    timeline = sample_backup()["timeline"]
    assert (timeline["started"], timeline["seconds"], timeline["left_out"]) == ("2026-06-01T02:00:00Z", 42.0, 0)
    spans = {
        lane["name"]: [(s["kind"], s["offset"], s["seconds"], s["bad"]) for s in lane["spans"]]
        for lane in timeline["lanes"]
    }
    assert spans == {
        "the whole backup": [("backup", 0.0, 42.0, False)],
        "shop/db-0 (db)": [("freeze", 10.0, 5.25, False), ("hook", 10.0, 0.52, False), ("hook", 15.0, 0.52, True)],
        "shop/pg-0 (pg)": [("database", 9.0, 6.5, False)],
        "volume shop/data": [("snapshot", 11.0, 3.0, False)],
    }


def test_a_timeline_of_too_much_and_of_nothing() -> None:
    hooks = [{"namespace": "n", "pod": f"p{number}", "started": "2026-06-01T02:00:00Z"} for number in range(300)]
    timeline = sample_backup(hooks=hooks)["timeline"]
    assert (len(timeline["lanes"]), timeline["left_out"]) == (200, 104)
    empty = sample_backup(hooks=[], freezes=[], quiesces=[], volumes=[], started="never")["timeline"]
    assert empty == {"started": None, "seconds": 0.0, "lanes": [], "left_out": 0}


def test_where_the_data_of_volumes_is() -> None:
    volumes = [
        {
            "pvName": "pv-1",
            "backupMethod": "NativeSnapshot",
            "nativeSnapshotInfo": {"volumeAZ": "a", "snapshotHandle": "s"},
        },
        {
            "pvcName": "c",
            "backupMethod": "CSISnapshot",
            "snapshotDataMoved": True,
            "snapshotDataMovementInfo": {"uploaderType": "kopia"},
        },
        {
            "pvcName": "p",
            "backupMethod": "PodVolumeBackup",
            "pvbInfo": {"nodeName": "node-1", "uploaderType": "restic"},
        },
        {"pvcName": "n", "skipped": True, "skippedReason": "nfs"},
        "no mapping",
    ]
    found = [(each["data"], each["place"]) for each in sample_backup(volumes=volumes)["volumes"]]
    assert found == [
        ("snapshot of the cloud", "a"),
        ("data moved to the backup storage", "kopia"),
        ("files in a repository", "restic, node-1"),
        ("nowhere: it was left out", ""),
        ("", ""),
    ]


def test_a_volume_without_a_claim_is_named_by_its_pod() -> None:
    info = {"podNamespace": "shop", "podName": "web", "volumeName": "tmp"}
    sample = sample_backup(
        volumes=[{"pvbInfo": info, "result": "failed", "startTimestamp": "2026-06-01T02:00:05Z"}],
        hooks=[],
        freezes=[],
        quiesces=[],
    )
    (volume,) = sample["volumes"]
    assert (volume["claim"], volume["volume"]) == ("", "shop/web/tmp")
    assert "shop/web/tmp" in [each["where"] for each in sample["messages"]]
    assert "volume shop/web/tmp" in [each["name"] for each in sample["timeline"]["lanes"]]


@pytest.mark.parametrize(
    "part", ["backup", "results", "resource_list", "volumes", "hooks", "freezes", "quiesces", "problems"]
)
@pytest.mark.parametrize("value", [None, 7, "text", [7], [[]], {"a": 7}, {"errors": {"velero": [None, {}]}}])
def test_files_of_any_shape(part: str, value: t.Any) -> None:
    report = sample_backup(**{part: value})
    assert page_of(report)
    assert report_junit(report)


def test_data_is_one_block_whatever_is_in_it() -> None:
    page = page_of(hostile_backup()).decode()
    assert page.lower().count("<script") == 2
    assert page.lower().count("</script") == 2
    assert "<!--" not in page
    assert "<img" not in page
    block = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert block
    assert not set(block[1]) & set("<>&")
    assert HOSTILE[0] in json.loads(block[1])["title"]
    assert len(page) < 500_000


@pytest.mark.parametrize("text", ["</script>", "<!--", "-->", "]]>", "&lt;", "\u2028"])
def test_a_block_is_the_same_when_it_is_read(text: str) -> None:
    assert json.loads(json_block({text: [text]})) == {text: [text]}


def test_the_policy_has_the_digests_of_what_is_in_the_page() -> None:
    page = page_of(sample_backup()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        inline = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert inline
        digest = base64.b64encode(hashlib.sha256(inline[1].encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}';" in policy[1]
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.search(r"\.(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(", page)


def test_no_body_of_an_object_is_in_a_report(tmp_path: Path) -> None:
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    metadata = {"name": "db", "namespace": "shop", "annotations": {"note": "swordfish"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": "c3dvcmRmaXNo"}}
    write_backup(store, "a", config("settings", colour="ultramarine"), ("secrets", secret))
    report = report_of_backup(store, "a", log=True)
    assert {(each["type"], each["namespace"], each["name"]) for each in report["objects"]} == {
        ("configmaps", "shop", "settings"),
        ("secrets", "shop", "db"),
    }
    for made in (page_of(report), report_json(report), report_junit(report)):
        assert not [word for word in (b"swordfish", b"c3dvcmRmaXNo", b"ultramarine") if word in made]


def test_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="There is no backup 'b'"):
        report_of_backup(LocalStore(LocalLocation(path=str(tmp_path))), "b")


def test_json_is_for_everybody() -> None:
    report = json.loads(report_json(hostile_backup()))
    assert report["kind"] == "backup"
    assert json.loads(report_json(sample_location()))["overview"]["last_restore"]["seconds"] == 750.0


def test_junit_of_a_backup_and_of_a_location() -> None:
    backup = ET.fromstring(report_junit(sample_backup()))
    assert (backup.get("failures"), backup.get("skipped")) == ("7", "1")
    location = ET.fromstring(report_junit(sample_location()))
    failed = [case.get("name") for case in location.iter("testcase") if case.find("failure") is not None]
    assert failed == ["weekly", "schedule weekly"]
    assert [case.get("name") for case in location.iter("testcase") if case.find("skipped") is not None] == ["old"]
    assert ET.fromstring(report_junit(hostile_backup()))


def test_a_good_backup_has_no_failure() -> None:
    clean: dict[str, t.Any] = {name: [] for name in ("problems", "volumes", "hooks", "freezes", "quiesces")}
    report = sample_backup(phase="Completed", results={}, **clean)
    assert report["messages"] == []
    assert ET.fromstring(report_junit(report)).get("failures") == "0"


def test_what_retention_deletes_next() -> None:
    deletions = sample_location()["deletions"]
    assert [(each["name"], each["next_run"]) for each in deletions] == [("shop-01", True), ("shop-02", False)]


def test_a_location_that_nobody_has_used() -> None:
    report = sample_location(backups=[], incomplete=[], restores=[], schedules=[], verdicts=[], holds={})
    assert report["overview"]["last_restore"] is None
    assert report["messages"] == []


def test_rows_that_are_too_many_are_counted() -> None:
    report = sample_backup(hooks=[{}] * 10_007)
    assert (len(report["hooks"]), report["left_out"]) == (10_000, {"hooks": 7})


def test_the_same_report_is_the_same_page() -> None:
    assert page_of(sample_backup()) == page_of(sample_backup())
    assert described() == described()
