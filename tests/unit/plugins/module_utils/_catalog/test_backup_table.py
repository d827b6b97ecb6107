# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups as a table."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_table import backup_table


def entry(name: str, **more: t.Any) -> dict[str, t.Any]:
    found = {"name": name, "phase": "Completed", "started": "2026-06-01T02:00:00Z", "size": 48213, "problems": []}
    return {**found, "errors": 0, "warnings": 2, "expiration": "2026-07-01T02:00:00Z", "schedule": "", **more}


def test_a_table() -> None:
    backups = [
        entry("a"),
        entry("b", started="2026-06-02T02:00:00Z", phase="PartiallyFailed", errors=3, schedule="nightly", held=True),
        entry("c", started=None, phase="", size=None, expiration=None, problems=["It has no tarball."]),
    ]
    assert "\n".join(backup_table(backups)) == (
        "NAME  STATUS                 ERRORS  WARNINGS  STARTED               EXPIRES                   SIZE  "
        "SCHEDULE\n"
        "b     PartiallyFailed, held       3         2  2026-06-02T02:00:00Z  2026-07-01T02:00:00Z  47.1 KiB  nightly\n"
        "a     Completed                   0         2  2026-06-01T02:00:00Z  2026-07-01T02:00:00Z  47.1 KiB  -\n"
        "c     New, damaged                0         2  -                     never                        -  -"
    )


def test_no_backups() -> None:
    assert backup_table([]) == []


def test_what_others_have_named() -> None:
    """It is bounded, and nothing in it steers a terminal."""
    lines = backup_table([entry(f"{'x' * 500}\x1b[2J\n{number}", schedule="日" * 300) for number in range(500)])
    assert len(lines) == 102
    assert lines[-1] == "and 400 older backups"
    assert all(line.isprintable() and len(line) < 260 for line in lines)
