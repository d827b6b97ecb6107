# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates beside a backup: of which Backup they are, and what a prune makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.database_proofs import (
    has_failed_proof,
    read_proofs,
    write_proof,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import BackupKeys

BACKUP = {"metadata": {"name": "one", "uid": "u1"}}
ANOTHER = {"metadata": {"name": "one", "uid": "u2"}}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    store = open_store(LocalLocation(path=str(tmp_path)))
    store.put(BackupKeys("one").metadata, b"{}")
    return Catalog(store, CancelToken())


def test_each_database_has_its_newest_certificate(catalog: Catalog) -> None:
    for name, sound in (("shop/a", False), ("shop/b", True), ("shop/a", True)):
        assert write_proof(catalog, "one", BACKUP, name, {"sound": sound}) == (True, ())
    assert read_proofs(catalog.store, "one", BACKUP) == {"shop/a": {"sound": True}, "shop/b": {"sound": True}}
    assert not has_failed_proof(catalog.store, "one", BACKUP)
    assert write_proof(catalog, "one", BACKUP, "shop/b", {"sound": False}) == (True, ())
    assert has_failed_proof(catalog.store, "one", BACKUP)
    # Another backup of its name is another one.
    assert read_proofs(catalog.store, "one", ANOTHER) == {}
    assert not has_failed_proof(catalog.store, "one", ANOTHER)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"uid": "u1"}', b'{"uid": "u1", "proofs": [1]}', b"{" * 5000])
def test_what_nobody_can_read_is_no_certificate(catalog: Catalog, text: bytes) -> None:
    catalog.store.put(BackupKeys("one").proofs, text)
    assert read_proofs(catalog.store, "one", BACKUP) == {}


def test_nothing_is_left_of_a_backup_that_is_gone(catalog: Catalog) -> None:
    catalog.store.delete_many([BackupKeys("one").metadata])
    (warning,) = write_proof(catalog, "one", BACKUP, "shop/a", {"sound": True}).warnings
    assert "the backup is gone" in warning
