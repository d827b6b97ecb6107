# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One spec, two backups: what Velero's server puts into its tarball is what our engine puts into ours."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import typing as t

import pytest
from filter_lab import FilterLab, Object
from original_objects import steady_path
from velero_judge import NAMESPACE, Judge

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_manifest import parse_manifest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

pytestmark = pytest.mark.velero

#: What comes and goes in a cluster that others use too.
_FLEETING = ("events/", "events.events.k8s.io/", "volumeattachments.storage.k8s.io/")
_SNAPSHOTS = ".snapshot.storage.k8s.io/"
#: Where it says which namespace an object without one belongs to.
_OWNERS = {"persistentvolumes": "claimRef", "volumesnapshotcontents.snapshot.storage.k8s.io": "volumeSnapshotRef"}


class Pair(t.NamedTuple):
    """The two backups of one spec, and their phases."""

    ours: str
    theirs: str
    our_phase: str
    their_phase: str


@pytest.fixture(scope="module")
def filter_lab(kubectl: t.Any) -> t.Iterator[FilterLab]:
    found = FilterLab(kubectl)
    try:
        found.create()
        yield found
    finally:
        found.remove()


@pytest.fixture(scope="module")
def pairs(filter_lab: FilterLab, judge: Judge, client: t.Any, judged_store: t.Any, kubectl: t.Any) -> dict[str, Pair]:
    """All backups. Velero gets one after the other: its queue looks only once a minute at those that had to wait."""
    judge.start()  # it sees the new type
    filter_lab.create_policy(NAMESPACE)
    prefix, found = f"f{filter_lab.token}", {}
    for name, spec in filter_lab.specs().items():
        ours, theirs = f"{prefix}-{name}-ours", f"{prefix}-{name}-theirs"
        kubectl("create", "-f", "-", stdin=json.dumps(_manifest(theirs, spec)))
        manifest = parse_manifest(_manifest(ours, spec))
        # What a manifest says is treated as Velero treats it, unknown names of types among it.
        spec_of_ours, said = BackupSpec.from_options(manifest.options), frozenset(manifest.options)
        request = BackupRequest(name=ours, spec=spec_of_ours, from_manifest=said, fail_on_empty=False)
        outcome = run_backup(request, client=client, store=judged_store)
        phase = judge.await_end("backups", theirs)["status"]["phase"]
        found[name] = Pair(ours, theirs, outcome.phase, phase)
    return found


def _manifest(name: str, spec: Object) -> Object:
    meta = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": meta, "spec": spec}


def paths(bucket: t.Any, backup: str, lab: FilterLab) -> set[str]:
    """Of the objects in a tarball."""
    stored = bucket.Object(f"backups/{backup}/{backup}.tar.gz").get()["Body"].read()
    found = set()
    with tarfile.open(fileobj=io.BytesIO(stored), mode="r:gz") as archive:
        for member in archive:
            path = member.name.removeprefix("resources/")
            if path != member.name and not path.startswith(_FLEETING):
                obj = json.load(t.cast(t.IO[bytes], archive.extractfile(member)))
                reference = _OWNERS.get(path.partition("/")[0])
                if reference and not (obj["spec"].get(reference) or {}).get("namespace", "").startswith(lab.name):
                    continue  # of another test, whose end it may be
                found.add(steady_path(path, obj))
    return found


_NAMES = tuple(FilterLab(None).specs())


@pytest.mark.parametrize("name", _NAMES)
def test_same_objects(name: str, pairs: dict[str, Pair], judged_bucket: t.Any, filter_lab: FilterLab) -> None:
    pair = pairs[name]
    assert pair.our_phase == pair.their_phase
    found, expected = (paths(judged_bucket, backup, filter_lab) for backup in (pair.ours, pair.theirs))
    assert (sorted(found - expected), sorted(expected - found)) == ([], [])


def volumes(bucket: t.Any, backup: str) -> dict[tuple[str, str], Object]:
    """What a backup says of each claim's volume, but for what is new in each backup."""
    stored = bucket.Object(f"backups/{backup}/{backup}-volumeinfo.json.gz").get()["Body"].read()
    flags = ("snapshotDataMoved", "preserveLocalSnapshot", "skipped")
    told = ("pvName", "backupMethod", *flags, "result")
    return {
        (entry["pvcNamespace"], entry["pvcName"]): {name: entry[name] for name in told if name in entry}
        for entry in json.loads(gzip.decompress(stored)) or ()
    }


#: Velero snapshots the claims and says nothing of it, for their PersistentVolumes are not in the backup.
_UNTOLD = ("no-cluster", "scoped-nothing-of-cluster")


@pytest.mark.parametrize("name", _NAMES)
def test_same_volumes(name: str, pairs: dict[str, Pair], judged_bucket: t.Any) -> None:
    """But for the reason why one was left out: Velero's is a list of all that it did not do."""
    pair = pairs[name]
    ours, theirs = (volumes(judged_bucket, backup) for backup in (pair.ours, pair.theirs))
    if name in _UNTOLD:
        assert (theirs, [entry["result"] for entry in ours.values()]) == ({}, ["succeeded"])
    else:
        assert ours == theirs


def test_filters_pick_different_objects(pairs: dict[str, Pair], judged_bucket: t.Any, filter_lab: FilterLab) -> None:
    """Sorts out a comparison of nothing with nothing."""
    found = {name: paths(judged_bucket, pair.theirs, filter_lab) for name, pair in pairs.items()}
    sizes = {name: sum(_SNAPSHOTS not in path for path in each) for name, each in found.items()}
    assert sizes["resources-excluded"] > sizes["namespace"] > sizes["label-exists"] > sizes["label"] / 2 > 0
    assert sizes["cluster"] > sizes["namespace"] > sizes["no-cluster"] > sizes["widgets"] > 0
    assert sizes["empty-namespace"] > 0
