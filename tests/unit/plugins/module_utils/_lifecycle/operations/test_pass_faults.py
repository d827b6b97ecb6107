# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API server gone in the middle of a pass, and a store that does not delete: the next pass ends what was begun."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations import location_book
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    OperationsOutcome,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.lock_record import LockRecord
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store as open_real_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.operations.operations_lab import (
    NAMESPACE,
    OperationsLab,
    ago,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._lifecycle.refused_delete import RefusedDelete

SHOP = {"includedNamespaces": ["shop"]}


class GoneServer:
    """The API server, which goes with the write of that number: ``after`` it had its effect, or before."""

    def __init__(self, lab: OperationsLab, at: int, *, after: bool) -> None:
        self._lab, self._at, self._after = lab, at, after
        self.writes = 0
        self.is_gone = False
        lab.api.refuse = self._refuse
        lab.api.lose = self._lose

    def back(self) -> None:
        """The process that lost it has ended, so that its Lease is over."""
        self._lab.api.refuse = lambda _verb, _path, _dry_run: None
        self._lab.api.lose = lambda _verb, _path: None
        lease = self._lab.api.objects.get(("leases", NAMESPACE, "arkive-operations"))
        if lease is not None:
            lease["spec"]["renewTime"] = ago(seconds=90)

    def _refuse(self, verb: str, _path: str, dry_run: bool) -> KubeError | None:
        if verb in ("POST", "PUT", "PATCH", "DELETE") and not dry_run and not self.is_gone:
            self.writes += 1
            self.is_gone = self.writes == self._at and not self._after
        return self._error()

    def _lose(self, _verb: str, _path: str) -> KubeError | None:
        self.is_gone = self.is_gone or self.writes == self._at
        return self._error()

    def _error(self) -> KubeError | None:
        return KubeError("The API server cannot be reached.") if self.is_gone else None


def _furnished(folder: Path) -> OperationsLab:
    """Something for each controller to do."""
    folder.mkdir()
    lab = OperationsLab(folder)
    lab.add_location(default=True)
    for name in ("kept", "gone", "old"):
        lab.add("backups", name, SHOP)
    lab.pass_once()
    lab.add("restores", "of-gone", {"backupName": "gone"})
    lab.pass_once()
    lab.get("backups", "old")["status"]["expiration"] = ago(seconds=1)
    lab.add("deletebackuprequests", "ask", {"backupName": "gone"})
    lab.add("backups", "new", SHOP)
    lab.add("restores", "back", {"backupName": "kept"})
    lab.add(
        "schedules", "daily", {"schedule": "@every 1h", "template": SHOP}, metadata={"creationTimestamp": ago(days=1)}
    )
    lab.add("downloadrequests", "log", {"target": {"kind": "BackupLog", "name": "kept"}})
    return lab


def _pass(lab: OperationsLab) -> OperationsOutcome | None:
    """None when it may not begin, or cannot say what it did."""
    try:
        return lab.pass_once()
    except KubeError:
        return None


def _require_end(lab: OperationsLab) -> None:
    """Backups are there whole, or have failed and left nothing; each was asked for once; nothing else is left."""
    phases = {name: lab.status("backups", name)["phase"] for name in lab.names("backups")}
    scheduled = [name for name in phases if name.startswith("daily-")]
    assert sorted(phases) == sorted([*scheduled, "kept", "new"])
    assert len(scheduled) == 1
    assert set(phases.values()) <= {"Completed", "Failed"}
    good = {name for name, phase in phases.items() if phase == "Completed"}
    assert {key.split("/")[1] for key in lab.stored() if key.startswith("backups/")} == good
    assert not [key for key in lab.stored() if "-arkive-claim" in key or "-arkive-deletion" in key]
    assert lab.names("deletebackuprequests") == lab.names("leases") == []
    assert lab.names("restores") == ["back"]
    assert lab.status("restores", "back")["phase"] in ("Completed", "Failed")
    assert {key.split("/")[1] for key in lab.stored() if key.startswith("restores/")} <= {"back"}
    assert lab.status("downloadrequests", "log")["phase"] == "Processed"


@pytest.mark.parametrize("after", [False, True])
def test_an_api_server_that_goes_at_each_write(tmp_path: Path, after: bool) -> None:
    at = 0
    while True:
        at += 1
        lab = _furnished(tmp_path / str(at))
        server = GoneServer(lab, at, after=after)
        outcome = _pass(lab)
        is_over = not server.is_gone
        # The Lease is the last thing, by when all is done.
        assert is_over or outcome is None or outcome.issues.errors or "/leases" in lab.api.requests[-1], at
        server.back()
        for _again in range(2):
            outcome = _pass(lab)
        assert outcome is not None
        assert not outcome.changed, at
        _require_end(lab)
        if is_over:
            break
    assert at > 20


@pytest.mark.parametrize("all_keys", [False, True])
@pytest.mark.parametrize("expired", [False, True])
def test_a_store_that_refuses_the_nth_delete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, all_keys: bool, expired: bool
) -> None:
    at = 0
    while True:
        at += 1
        lab = _with_a_restore(tmp_path / str(at))
        if expired:
            lab.get("backups", "gone")["status"]["expiration"] = ago(seconds=1)
        else:
            lab.add("deletebackuprequests", "ask", {"backupName": "gone"})
        refusing: list[RefusedDelete] = []
        with monkeypatch.context() as patched:
            patched.setattr(location_book, "open_store", _refusing(refusing, at, all_keys=all_keys))
            outcome = lab.pass_once()
        for name in lab.names("deletebackuprequests"):
            request = lab.get("deletebackuprequests", name)
            assert request["status"]["phase"] == "Processed"
            assert "Access Denied" in request["status"]["errors"][0], at
            # Who waits for the server asks anew; what has expired is asked for again after an hour.
            assert lab.names("backups") == ["gone", "kept"]
            request["metadata"]["creationTimestamp"] = ago(hours=2)
        if lab.names("backups") != ["kept"] and not expired:
            lab.add("deletebackuprequests", "again", {"backupName": "gone"})
        lab.pass_once()
        assert lab.names("backups") == ["kept"]
        assert lab.names("restores") == lab.names("deletebackuprequests") == []
        _require_no_files(lab, outcome)
        if refusing[0].deletes < at:
            break
    assert at > 3


def _require_no_files(lab: OperationsLab, outcome: OperationsOutcome) -> None:
    """But a lock that did not go is said, and goes with the next deletion, once it has expired."""
    left = [key for key in lab.stored() if key.split("/")[1] != "kept"]
    if left:
        lock = BackupKeys("gone").write_lock
        assert left == [lock]
        assert lock in " ".join(issue.message for issue in outcome.issues.warnings)
        lab.store.put(lock, LockRecord.make("dead", "elsewhere", 1, utc_now(), -3600).encode())
        lab.add("deletebackuprequests", "kept", {"backupName": "kept"})
        lab.pass_once()
        assert lab.stored() == []


def _with_a_restore(folder: Path) -> OperationsLab:
    folder.mkdir()
    lab = OperationsLab(folder)
    lab.add_location(default=True)
    for name in ("kept", "gone"):
        lab.add("backups", name, SHOP)
    lab.pass_once()
    lab.add("restores", "of-gone", {"backupName": "gone"})
    lab.pass_once()
    return lab


def _refusing(made: list[RefusedDelete], at: int, *, all_keys: bool) -> t.Callable[..., Store]:
    def open_store(location: StorageLocation, **more: t.Any) -> Store:
        made.append(RefusedDelete(open_real_store(location, **more), at, all_keys=all_keys))
        return made[-1]

    return open_store


def test_a_right_that_is_lacking_is_not_the_only_one(tmp_path: Path) -> None:
    lab = OperationsLab(tmp_path)
    lab.api.denied = {("list", "backupstoragelocations")}
    with pytest.raises(KubeError, match="backupstoragelocations") as caught:
        lab.pass_once()
    assert "those of k8s_access_info for 'operations'" in caught.value.sentence


def test_options_for_a_name_that_no_location_has(tmp_path: Path) -> None:
    lab = OperationsLab(tmp_path)
    lab.add_location()
    given = dict(lab.request.locations)
    said = [issue.message for issue in lab.pass_once(locations={**given, "defualt": {"path": "/"}}).issues.warnings]
    assert said == ["The option locations says where 'defualt' is, and there is no BackupStorageLocation of that name."]
    assert not lab.pass_once(locations=given).issues.warnings
