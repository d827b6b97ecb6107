# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes that are killed, lose the API server, or whose store fails, at random requests: the next ones end it all.

The cluster is one in memory, and the store a directory, so that each request of a pass can be the last. Each case: some
of everything that a pass sees to, up to three such passes, then those that nothing happens to. Whatever has begun is
whole or gone by then, nothing is made twice, and what nobody asked to go is there.
"""

from __future__ import annotations

import random
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.faulty_run import (
    FaultKind,
    FaultyRun,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.operations_lab import (
    OperationsLab,
    ago,
)

_SHOP = {"includedNamespaces": ["shop"]}
_KINDS: tuple[FaultKind, ...] = t.get_args(FaultKind)
#: A cluster that went away in the middle makes a backup, or a restore, that is not whole, and says so.
_STORED = ("Completed", "PartiallyFailed")
#: More requests than a pass has.
_REQUESTS = 190


class OperationsCampaign:
    """Needs no cluster."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="arkive-passes-")

    def __enter__(self) -> t.Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._folder.cleanup()

    def run_case(self, chance: random.Random) -> str:
        lab = _furnished(Path(tempfile.mkdtemp(dir=self._folder.name)))
        kept = _files(lab, "kept")
        faults = []
        for _again in range(chance.choice((1, 1, 2, 3))):
            kind, at, after = chance.choice(_KINDS), chance.randint(1, _REQUESTS), chance.random() < 0.5
            run = FaultyRun(lab, kind, at, after=after)
            run.make(restore_only=chance.random() < 0.1)
            faults.append(f"{kind} {'after' if after else 'at'} {at} of {run.seen}")
        wrong = _end(lab, kept)
        return f"{', '.join(faults)}: {wrong}" if wrong else ""


def _furnished(folder: Path) -> OperationsLab:
    lab = OperationsLab(folder)
    lab.add_location(default=True)
    for name in ("kept", "gone", "old", "theirs"):
        lab.add("backups", name, _SHOP)
    lab.pass_once()
    lab.add("restores", "of-gone", {"backupName": "gone"})
    lab.add("restores", "leaving", {"backupName": "kept"})
    lab.pass_once()
    # Stored by another cluster, while an object of that name is made here.
    del lab.api.objects["backups", lab.namespace, "theirs"]
    lab.add("backups", "theirs", _SHOP)
    lab.get("backups", "old")["status"]["expiration"] = ago(seconds=1)
    lab.add("deletebackuprequests", "ask", {"backupName": "gone"})
    lab.get("restores", "leaving")["metadata"]["deletionTimestamp"] = ago(seconds=1)
    lab.add("backups", "new", _SHOP)
    lab.add("restores", "back", {"backupName": "kept"})
    made = {"creationTimestamp": ago(days=1)}
    lab.add("schedules", "daily", {"schedule": "@every 1h", "template": _SHOP}, metadata=made)
    lab.add("downloadrequests", "log", {"target": {"kind": "BackupLog", "name": "kept"}})
    return lab


def _files(lab: OperationsLab, name: str) -> dict[str, bytes]:
    return {key: lab.store.get(key) for key in lab.stored() if key.startswith(f"backups/{name}/")}


def _end(lab: OperationsLab, kept: dict[str, bytes]) -> str:
    """What is wrong once passes have been made that nothing happens to; empty where nothing is."""
    for _again in range(3):
        for name in lab.names("deletebackuprequests"):
            # Who waits for the server asks anew; what has expired is asked for again after an hour.
            lab.get("deletebackuprequests", name)["metadata"]["creationTimestamp"] = ago(days=2)
        if "gone" in lab.names("backups") and not lab.names("deletebackuprequests"):
            lab.add("deletebackuprequests", "again", {"backupName": "gone"})
        status = lab.get("backupstoragelocations", "default").get("status") or {}
        status.pop("lastValidationTime", None)
        lab.pass_once()
    outcome = lab.pass_once()
    return " ".join(filter(None, _wrong(lab, outcome.changed, kept)))


def _wrong(lab: OperationsLab, changed: bool, kept: dict[str, bytes]) -> t.Iterator[str]:
    phases = {name: lab.status("backups", name).get("phase", "New") for name in lab.names("backups")}
    scheduled = [name for name in phases if name.startswith("daily-")]
    if changed:
        yield "there is something to do still."
    if sorted(phases) != sorted([*scheduled, "kept", "new", "theirs"]) or len(scheduled) != 1:
        yield f"the backups are {sorted(phases)}."
    if not set(phases.values()) <= {*_STORED, "Failed"}:
        yield f"their phases are {phases}."
    good = {name for name, phase in phases.items() if phase in _STORED} | {"theirs"}
    stored = {key.split("/")[1] for key in lab.stored() if key.startswith("backups/")}
    if stored != good:
        yield f"stored are {sorted(stored)}, and should be {sorted(good)}."
    if _files(lab, "kept") != kept:
        yield "a backup that nobody touched is another one."
    if "backups/theirs/velero-backup.json" not in lab.stored():
        yield "the backup of another cluster is gone."
    left = [key for key in lab.stored() if "-arkive-claim" in key or "-arkive-deletion" in key]
    if left:
        yield f"left behind are {left}."
    if lab.names("deletebackuprequests"):
        yield f"not deleted were {lab.names('deletebackuprequests')}."
    if lab.names("restores") != ["back"] or lab.status("restores", "back").get("phase") not in (*_STORED, "Failed"):
        yield f"the restores are {[(name, lab.status('restores', name)) for name in lab.names('restores')]}."
    records = {key.split("/")[1] for key in lab.stored() if key.startswith("restores/")}
    if not records <= {"back"}:
        yield f"there are records of {sorted(records)}."
    if lab.names("leases"):
        yield "a Lease is left."


__all__ = ("OperationsCampaign",)
