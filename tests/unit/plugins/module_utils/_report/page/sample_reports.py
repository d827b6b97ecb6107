# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups and locations to make reports of: as they are, and as somebody would write them who means harm."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._report.page.backup_report import Report, backup_report
from ansible_collections.arkive.k8s.plugins.module_utils._report.page.location_report import (
    LocationFacts,
    location_report,
)

#: What must be seen as text, and do nothing.
HOSTILE = (
    "</script><script>window.ran = 1</script>",
    "<!--<script>",
    "]]><svg onload=window.ran=1>",
    "<img src=x onerror=window.ran=1>",
    "\"'><a href='javascript:window.ran=1'>go</a>",
    "&lt;script&gt;&#60;b&#62;",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe\u2066\u200b",
    "\ud800 \x00 \u2028",
    "{{ 7 * 7 }} ${window.ran = 1}",
)
NASTY = " ".join(HOSTILE)


def described(**changes: t.Any) -> dict[str, t.Any]:
    """As ``_catalog`` describes a backup that went wrong here and there."""
    return {
        "name": "shop-1",
        "phase": "PartiallyFailed",
        "schedule": "shop",
        "started": "2026-06-01T02:00:00Z",
        "completed": "2026-06-01T02:00:42Z",
        "expiration": "2026-07-01T02:00:00Z",
        "warnings": 1,
        "errors": 2,
        "size": 48213,
        "held": True,
        "problems": ["Its file shop-1-logs.gz is missing."],
        "backup": {"spec": {"includedNamespaces": ["shop", "web-*"], "excludedResources": ["events"]}, "status": {}},
        "results": {
            "errors": {
                "velero": [" resource: /pods name: /db-0 message: /hook failed error: /command terminated with exit 1"],
                "namespaces": {"shop": ['pods "x" is forbidden: User cannot get it']},
            },
            "warnings": {"cluster": ["careful"]},
        },
        "resource_list": {
            "v1/Pod": ["shop/web-0", "shop/db-0"],
            "v1/Secret": ["shop/db-password"],
            "v1/Namespace": ["shop"],
        },
        "volumes": [
            {
                "pvcNamespace": "shop",
                "pvcName": "data",
                "backupMethod": "CSISnapshot",
                "csiSnapshotInfo": {"snapshotHandle": "snap-1", "driver": "ebs.csi.aws.com", "size": 1 << 30},
                "startTimestamp": "2026-06-01T02:00:11Z",
                "completionTimestamp": "2026-06-01T02:00:14Z",
                "result": "succeeded",
            },
            {"pvcNamespace": "shop", "pvcName": "old", "backupMethod": "CSISnapshot", "result": "failed"},
            {"pvcNamespace": "shop", "pvcName": "nfs", "skipped": True, "skippedReason": "it has no snapshots"},
        ],
        "hooks": [_hook("pre", 10, "done"), _hook("post", 15, "failed", rc=3, error="It ended with 3.")],
        "freezes": [
            {
                "namespace": "shop",
                "pod": "db-0",
                "container": "db",
                "path": "/data",
                "claim": "data",
                "started": "2026-06-01T02:00:10Z",
                "seconds": 5.25,
                "lease": "armed",
                "thawed_by": "post hook",
                "consistent": True,
                "error": "",
            }
        ],
        "quiesces": [
            {
                "namespace": "shop",
                "pod": "pg-0",
                "container": "pg",
                "kind": "postgresql",
                "mode": "backup",
                "started": "2026-06-01T02:00:09Z",
                "seconds": 6.5,
                "ended_by": "release",
                "consistent": True,
                "error": "",
            }
        ],
        **changes,
    }


def _hook(phase: str, second: int, state: str, **changes: t.Any) -> dict[str, t.Any]:
    return {
        "namespace": "shop",
        "pod": "db-0",
        "container": "db",
        "phase": phase,
        "source": "annotation",
        "name": "",
        "argv": ["/bin/sh", "-c", "sync"],
        "on_error": "Fail",
        "started": f"2026-06-01T02:00:{second:02}Z",
        "duration_seconds": 0.52,
        "rc": 0,
        "state": state,
        "error": "",
        **changes,
    }


def sample_backup(**changes: t.Any) -> Report:
    return backup_report(described(**changes), location="s3://backups/production", hold="held by legal")


def with_objects(number: int) -> Report:
    """The catalogue of a large cluster."""
    names = [f"ns-{each % 200}/name-{each}" for each in range(number)]
    return sample_backup(resource_list={"v1/ConfigMap": names[::2], "apps/v1/Deployment": names[1::2]})


def hostile_backup() -> Report:
    """Every text is hostile, and the longest are of a megabyte."""

    def spoiled(value: t.Any) -> t.Any:
        if isinstance(value, str):
            return value if value[:5] == "2026-" or value in ("failed", "pre", "post") else f"{NASTY} {value}"
        if isinstance(value, list):
            return [spoiled(each) for each in value]
        if isinstance(value, dict):
            return {key: spoiled(each) for key, each in value.items()}
        return value

    found = spoiled(described())
    found["hooks"][0] |= {"error": NASTY + "x" * (1 << 20), "argv": ["<b>" * 300_000], "rc": float("nan")}
    found["logs"] = f"{NASTY}{'x' * (1 << 20)}\n" * 20
    found["resource_list"] = {f"v1/{NASTY}": [f"{NASTY}/{NASTY}", "a" * (1 << 20)]}
    found["volumes"][0]["csiSnapshotInfo"]["size"] = 10**400
    return backup_report(found, location=NASTY, hold=NASTY)


def sample_location(**changes: t.Any) -> Report:
    backups = [
        {
            "name": f"shop-{day:02}",
            "schedule": "shop" if day % 4 else "weekly",
            "phase": "Failed" if day == 7 else "Completed",
            "started": f"2026-06-{day:02}T02:00:00Z",
            "completed": f"2026-06-{day:02}T02:0{day % 10}:00Z",
            "expiration": f"2026-07-{day:02}T02:00:00Z",
            "size": day * 1_000_000,
            "held": day == 3,
            "errors": 0,
            "warnings": 0,
            "problems": [],
        }
        for day in range(1, 29)
    ]
    facts: dict[str, t.Any] = {
        "location": "s3://backups/production",
        "backups": backups,
        "incomplete": [{"name": "shop-99", "in_progress": False, "interrupted": True}],
        "restores": [
            {
                "name": "drill-1",
                "backup": "shop-20",
                "phase": "Completed",
                "started": "2026-06-21T08:00:00Z",
                "completed": "2026-06-21T08:12:30Z",
                "errors": 0,
                "warnings": 2,
                "problems": [],
            }
        ],
        "schedules": [
            _schedule("shop", "kept", late_at="2026-06-30T02:00:00Z"),
            _schedule("weekly", "broken", late_at="2026-06-08T02:00:00Z"),
            _schedule("old", "paused", good="", good_made=None),
        ],
        "verdicts": [
            {"name": "shop-01", "schedule": "shop", "goes": True, "reasons": ["no rule keeps it"], "size": 1},
            {
                "name": "shop-02",
                "schedule": "shop",
                "goes": False,
                "by_ttl": True,
                "expires": "2026-07-02T02:00:00Z",
                "reasons": ["it expires at 2026-07-02T02:00:00Z"],
                "size": 2,
            },
            {"name": "shop-03", "schedule": "shop", "goes": False, "by_ttl": False, "reasons": ["held"], "size": 3},
        ],
        "holds": {"shop-03": {"by": "legal", "since": "2026-06-04T00:00:00Z", "reason": "case 4711"}},
        **changes,
    }
    return location_report(LocationFacts(**facts))


def _schedule(name: str, promise: str, **changes: t.Any) -> dict[str, t.Any]:
    return {
        "name": name,
        "promise": promise,
        "schedule": "0 2 * * *",
        "dialect": "strict",
        "newest": "shop-28",
        "newest_phase": "Completed",
        "newest_made": "2026-06-28T02:00:00Z",
        "good": "shop-28",
        "good_made": "2026-06-28T02:00:00Z",
        "late_at": None,
        "problem": "",
        **changes,
    }


__all__ = (
    "HOSTILE",
    "NASTY",
    "described",
    "hostile_backup",
    "sample_backup",
    "sample_location",
    "with_objects",
)
