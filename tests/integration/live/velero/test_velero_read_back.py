# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other direction: a backup that Velero made is listed and restored by our engines."""

from __future__ import annotations

import re
import typing as t

import pytest
from judged_backups import Judged
from original_objects import Object, differences, moved
from velero_judge import Judge

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_text import describe_backup_lines
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restore_listing import list_restores
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.restore_text import describe_restore_lines
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec

pytestmark = pytest.mark.velero


def test_listed(judge: Judge, judged: Judged, judged_store: t.Any) -> None:
    """With the items, which only its tarball has, and what else it has files for."""
    name = judged.names.server
    listing = list_backups(judged_store, sections=("items", "results", "volumes", "resource_list", "logs"))
    found = {entry["name"]: entry for entry in listing.backups}
    assert set(found) >= set(judged.names) - {judged.names.expired, judged.names.doomed}
    theirs, described = judge.get("backups", name), judge.describe_backup(name)
    assert theirs is not None
    entry = found[name]
    assert (entry["phase"], entry["errors"], entry["problems"]) == ("Completed", 0, [])
    assert entry["backup"]["spec"]["includedNamespaces"] == theirs["spec"]["includedNamespaces"]
    assert entry["resource_list"] == described["status"]["resourceList"]
    assert sum(entry["items"].values()) == described["status"]["itemsBackedUp"]
    assert entry["results"] == {"errors": {}, "warnings": {}}
    assert [volume["pvcName"] for volume in entry["volumes"]] == ["nginx-logs"]
    assert "running exec hook" in entry["logs"]


#: What Velero says of what only its server knows, or under another title.
_OTHERWISE = {
    "Velero-Native Snapshot PVs",
    "File System Backup (Default)",
    "Data Mover",
    "Snapshot Move Data",
    "Backup Template",
}
#: What may have been said with another number of blanks, and must be the same.
_SAME = (
    *("Phase", "TTL", "CSISnapshotTimeout", "ItemOperationTimeout", "Backup Format Version", "Storage Location"),
    *("Total items to be backed up", "Items backed up", "HooksAttempted", "HooksFailed", "Label selector"),
)


def fields(text: str) -> dict[str, str]:
    """The titles of the outermost level, with what stands behind them."""
    found = re.findall(r"^([A-Za-z][^:\n]*):[ \t]*(.*?)$", text, re.MULTILINE)
    return {title: value.strip() for title, value in found}


@pytest.mark.parametrize("name", ["server", "nginx", "broken", "kinds"])
def test_our_description_says_what_that_of_velero_says(
    judge: Judge, judged: Judged, judged_store: t.Any, name: str
) -> None:
    backup = getattr(judged.names, name)
    sections: t.Any = ("hooks", "results", "volumes", "resource_list")
    entries = {entry["name"]: entry for entry in list_backups(judged_store, sections=sections).backups}
    text = "\n".join(describe_backup_lines(entries[backup]))
    theirs, ours = fields(judge.describe("backup", backup)), fields(text)
    assert set(theirs) - set(ours) - _OTHERWISE == set()
    assert {title: ours[title] for title in _SAME if title in theirs} == {
        title: theirs[title] for title in _SAME if title in theirs
    }
    objects = re.compile(r"^ +- (\S+)$", re.MULTILINE)
    assert set(objects.findall(judge.describe("backup", backup))) <= set(objects.findall(text))


def test_restores_of_the_server_are_listed(
    judge: Judge, judged: Judged, restored: dict[str, Object], judged_store: t.Any
) -> None:
    sections: t.Any = ("results", "volumes", "resource_list")
    found = {entry["name"]: entry for entry in list_restores(judged_store, sections=sections)}
    for restore in restored.values():
        name = restore["metadata"]["name"]
        entry = found[name]
        assert (entry["backup"], entry["problems"]) == (restore["spec"]["backupName"], [])
        text = "\n".join(describe_restore_lines(entry))
        told = set(re.findall(r"^ +- (\S+\(created\))$", judge.describe("restore", name), re.MULTILINE))
        assert told
        assert told <= set(re.findall(r"^ +- (\S+)$", text, re.MULTILINE))


def test_restored(judged: Judged, restored: dict[str, Object], judged_store: t.Any, client: t.Any) -> None:
    assert restored["kinds"]["status"]["phase"] == "Completed"  # what has no namespace is there
    where = judged.namespaces
    options = {
        "backup_name": judged.names.server,
        "included_namespaces": [where.kinds],
        "namespace_mapping": {where.kinds: where.ours},
    }
    done = run_restore(RestoreRequest(spec=RestoreSpec.from_options(options)), client=client, store=judged_store)
    assert (done.phase, done.errors_list) == ("Completed", [])
    expected = moved(judged.originals[where.kinds], old=where.kinds, new=where.ours)
    assert differences(expected, judged.read(where.ours)) == []
