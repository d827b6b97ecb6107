# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_filter import BackupFilter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import BackupEntry
from ansible_collections.arkive.k8s.plugins.module_utils._velero.label_selector import LabelSelector

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def backup(**members: t.Any) -> dict[str, t.Any]:
    document: dict[str, t.Any] = {
        "metadata": {"name": "n", "labels": {"velero.io/schedule-name": "nightly", "team": "shop"}},
        "spec": {"includedNamespaces": ["shop", "web-*"], "excludedNamespaces": ["web-test"]},
        "status": {"phase": "Completed", "startTimestamp": "2026-06-01T12:00:00Z"},
    }
    return document | members


@pytest.mark.parametrize(
    ("wanted", "document", "expected"),
    [
        pytest.param(BackupFilter(), {}, True, id="nothing asked"),
        pytest.param(BackupFilter(phases=frozenset({"Completed", "Failed"})), backup(), True, id="one of the phases"),
        pytest.param(BackupFilter(phases=frozenset({"Failed"})), backup(), False, id="another phase"),
        pytest.param(BackupFilter(phases=frozenset({"Failed"})), backup(status=None), False, id="no phase"),
        pytest.param(BackupFilter(schedule="nightly"), backup(), True, id="schedule"),
        pytest.param(BackupFilter(schedule="night"), backup(), False, id="another schedule"),
        pytest.param(BackupFilter(schedule="nightly"), backup(metadata={"labels": None}), False, id="null labels"),
        pytest.param(BackupFilter(label_selector=LabelSelector.from_text("team=shop")), backup(), True, id="label"),
        pytest.param(BackupFilter(label_selector=LabelSelector.from_text("!team")), backup(), False, id="no label"),
        pytest.param(BackupFilter(namespace="shop"), backup(), True, id="namespace"),
        pytest.param(BackupFilter(namespace="web-1"), backup(), True, id="namespace by a pattern (3.5)"),
        pytest.param(BackupFilter(namespace="web-test"), backup(), False, id="an exclude wins (3.4)"),
        pytest.param(BackupFilter(namespace="bank"), backup(), False, id="another namespace"),
        pytest.param(BackupFilter(namespace="bank"), backup(spec={}), True, id="no include is all (3.4)"),
        pytest.param(BackupFilter(namespace="bank"), backup(spec={"includedNamespaces": None}), True, id="null is all"),
        pytest.param(BackupFilter(namespace="bank"), backup(spec={"includedNamespaces": ["*"]}), True, id="star"),
        pytest.param(BackupFilter(started_after=NOON - HOUR), backup(), True, id="after"),
        pytest.param(BackupFilter(started_after=NOON), backup(), False, id="the time itself is not after"),
        pytest.param(BackupFilter(started_before=NOON + HOUR), backup(), True, id="before"),
        pytest.param(BackupFilter(started_before=NOON), backup(), False, id="the time itself is not before"),
        pytest.param(
            BackupFilter(started_after=NOON - HOUR),
            backup(status={}, metadata={"creationTimestamp": "2026-06-01T12:00:00Z"}),
            True,
            id="created, never started",
        ),
        pytest.param(BackupFilter(started_after=NOON - HOUR), backup(status={}), False, id="no time"),
        pytest.param(
            BackupFilter(started_after=NOON), backup(status={"startTimestamp": "x"}), False, id="no such time"
        ),
    ],
)
def test_admits(wanted: BackupFilter, document: dict[str, t.Any], *, expected: bool) -> None:
    assert wanted.admits(document) is expected


@pytest.mark.parametrize(
    ("wanted", "written", "expected"),
    [
        pytest.param(BackupFilter(), NOON, True, id="nothing asked"),
        pytest.param(BackupFilter(name="n"), NOON, True, id="name"),
        pytest.param(BackupFilter(name="m"), NOON, False, id="another name"),
        pytest.param(BackupFilter(started_after=NOON), NOON - 25 * HOUR, False, id="stored long before"),
        pytest.param(BackupFilter(started_after=NOON), NOON - 23 * HOUR, True, id="clocks differ"),
        pytest.param(BackupFilter(started_after=NOON), None, True, id="unknown"),
        pytest.param(BackupFilter(started_before=NOON), NOON + 25 * HOUR, True, id="copied later"),
    ],
)
def test_admits_entry(wanted: BackupFilter, written: dt.datetime | None, *, expected: bool) -> None:
    entry = BackupEntry(name="n", complete=True, locked=False, size=1, objects=1, written=written)
    assert wanted.admits_entry(entry) is expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(BackupFilter(), False), (BackupFilter(name="n"), False), (BackupFilter(name="n", schedule="s"), True)],
)
def test_reads_objects(wanted: BackupFilter, *, expected: bool) -> None:
    assert wanted.reads_objects is expected
