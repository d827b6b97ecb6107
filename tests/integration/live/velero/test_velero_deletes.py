# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero deletes our backups: when it is asked to, and when they have expired; never those that do not expire."""

from __future__ import annotations

import typing as t

import pytest
from judged_backups import Judged
from velero_judge import Judge, until

pytestmark = pytest.mark.velero


def keys(bucket: t.Any, name: str) -> set[str]:
    prefix = f"backups/{name}/"
    return {found.key.removeprefix(prefix) for found in bucket.objects.filter(Prefix=prefix)}


def test_deleted_with_all_files(judge: Judge, judged: Judged, judged_bucket: t.Any) -> None:
    name = judged.names.doomed
    before = keys(judged_bucket, name)
    assert {"velero-backup.json", f"{name}.tar.gz", f"{name}-logs.gz"} < before
    assert any("arkive" in key for key in before), before  # files that Velero does not know go as well
    judge("backup", "delete", name, "--confirm")
    until(lambda: judge.get("backups", name) is None, f"Velero deletes {name}", seconds=60)
    assert keys(judged_bucket, name) == set()
    others = {found.key.split("/")[1] for found in judged_bucket.objects.filter(Prefix="backups/")}
    assert others >= set(judged.names) - {name, judged.names.expired}


def test_expired_goes_and_never_stays(judge: Judge, judged: Judged, judged_bucket: t.Any) -> None:
    names = judged.names
    assert (judged.made[names.expired].backup or {})["status"]["expiration"]
    until(lambda: not keys(judged_bucket, names.expired), f"Velero collects {names.expired}", seconds=90)
    until(lambda: judge.get("backups", names.expired) is None, f"Velero forgets {names.expired}", seconds=60)
    never = judge.get("backups", names.never)
    assert never is not None
    assert "expiration" not in never["status"]
    assert "velero-backup.json" in keys(judged_bucket, names.never)
