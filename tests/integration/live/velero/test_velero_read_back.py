# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other direction: a backup that Velero made is listed and restored by our engines."""

from __future__ import annotations

import typing as t

import pytest
from judged_backups import Judged
from original_objects import Object, differences, moved
from velero_judge import Judge

from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
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
