# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a location holds is known without a cluster: nothing that talks to one, or knows its volumes, is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_files import gzip_json
from ansible_collections.arkive.k8s.plugins.module_utils._archive.backup_writer import BackupWriter
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.written_backups import backup_files

#: Libraries, and rooms of ``module_utils``.
NEVER_LOADED = (
    *("kubernetes", "urllib3", "websocket", "boto3", "botocore", "ansible"),
    *("_kube", "_volumes", "_hooks", "_quiesce", "_backup", "_restore", "_snapshot", "_ansible"),
)

USES = {
    "import": """
        from {catalog} import delete, find_backup, interrupted, leftovers, listing, newest, old_backup, open_backup
        from {catalog} import backup_text, extract, restore_listing, restore_text
    """,
    "list": """
        from {catalog}.backup_filter import BackupFilter
        from {catalog}.describe import SECTIONS
        from {catalog}.listing import list_backups
        (found,) = list_backups(store, BackupFilter(phases=frozenset(["Completed"])), sections=SECTIONS).backups
        assert found["items"] == {{}} and found["results"] and found["logs"], found
    """,
    "newest of a schedule": """
        from {catalog}.errors import CatalogError
        from {catalog}.newest import newest_backup
        try:
            newest_backup(store, "nightly")
        except CatalogError as exc:
            assert "There is no backup of schedule 'nightly'" in exc.message
    """,
    "find and open": """
        from {catalog}.catalog import Catalog
        from {catalog}.find_backup import find_backup
        from {catalog}.open_backup import open_backup
        catalog = Catalog(store)
        with open_backup(catalog.files("b1"), find_backup(catalog, "b1")) as opened:
            assert [ref.name for ref in opened.items.items] == ["web"]
    """,
    "restores": """
        from {catalog}.restores import find_restores, find_unfinished
        assert list(find_restores(store, "b1").keys) == ["r1"]
        assert find_unfinished(store, "b1").names == []
    """,
    "delete": """
        from {catalog}.delete import delete_backup
        assert delete_backup("b1", store=store, providers=()).deleted
        assert store.list().objects == []
    """,
}


@pytest.mark.parametrize("use", USES)
def test_nothing_of_a_cluster_is_loaded(tmp_path: Path, use: str) -> None:
    store = LocalStore(LocalLocation(path=str(tmp_path)))
    BackupWriter(store).publish(backup_files())
    store.put("restores/r1/r1-arkive.json.gz", gzip_json({"restore": {"spec": {"backupName": "b1"}}}))
    assert loaded_by(USES[use], tmp_path).isdisjoint(NEVER_LOADED)


def test_what_is_loaded_is_seen(tmp_path: Path) -> None:
    assert {"_volumes", "_kube"} <= loaded_by("import {rooms}._volumes.provider", tmp_path)


def loaded_by(use: str, location: Path) -> set[str]:
    """The libraries and the rooms that a process has loaded after it."""
    rooms = t.cast("str", BackupWriter.__module__).rpartition("._archive")[0]
    program = f"""
        import json, sys
        sys.path[:0] = {[path for path in sys.path if path]!r}
        from {rooms}._store.local.location import LocalLocation
        from {rooms}._store.open import open_store
        store = open_store(LocalLocation(path={str(location)!r}))
    """
    lines = (textwrap.dedent(program), textwrap.dedent(use).format(catalog=f"{rooms}._catalog", rooms=rooms))
    shown = "print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", "\n".join([*lines, shown])], capture_output=True, text=True, check=True)
    names: list[str] = json.loads(ran.stdout)
    return {name.removeprefix(f"{rooms}.").partition(".")[0] for name in names}
