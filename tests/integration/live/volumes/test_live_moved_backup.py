# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup whose data is moved: frozen no longer than for the snapshot, nothing left, and the repository has the files.

What is in the repository is read back by kopia itself, from this machine.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import subprocess
import typing as t
from pathlib import Path

import pytest
from granted import Granted
from kopia_command import Kopia
from pod_location import PASSWORD, PodLocation
from volume_lab import LATE, PATH, DataApp, Storage, until

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import DeletedBackup, delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import (
    make_providers,
    names_around,
)

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

    from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

pytestmark = pytest.mark.node

NAME = "moved"
#: Runs in the pod: files of several owners, modes and kinds.
_FILL = f"""
cd {PATH} && mkdir -p a/b empty cache && head -c 300000 /dev/urandom >a/b/random && echo text >a/text
ln -s a/text link && chmod 0640 a/text && chown 1234:5678 a/text && chmod 0700 a/b
printf 'Signature: 8a477f597d28d172789f06886806bc55\\n' >cache/CACHEDIR.TAG && echo kept >cache/file
echo 'a' >.kopiaignore && sync
"""


class Moved(t.NamedTuple):
    """``caller``: who made it; ``deleter``: who may delete it. ``sums``: of what was in the volume.

    ``thawed``: what the volume had when the first byte was moved. ``left``: what is in the cluster afterwards.
    """

    app: DataApp
    deleter: KubeClient
    caller: KubeClient
    planned: BackupOutcome
    backup: BackupOutcome
    thawed: dict[str, str]
    left: str
    sums: str
    store: Store
    moving: Moving


@pytest.fixture(scope="module")
def moved(kubectl: Kubectl, pod_location: PodLocation, make_granted: t.Callable[[str], Granted]) -> t.Iterator[Moved]:
    """By an account with the rights that ``k8s_access_info`` names, and no others."""
    app = DataApp(kubectl, f"arkive-test-d-{secrets.token_hex(3)}")
    store = pod_location.store
    request = pod_location.request(NAME, app.namespace, snapshot_move_data=True)
    thawed: dict[str, str] = {}

    def note(line: str) -> None:
        if line.startswith("moving the data"):
            app.await_thawed()
            thawed.update(marks=app.marks(), late=app.files()[LATE])

    kubectl("create", "namespace", app.namespace)
    granted = make_granted(app.namespace)
    try:
        app.create()
        client = granted.caller("backup", providers=names_around("mover"))
        app.sh(_FILL)
        planned = plan_backup(request, client=client, store=store)
        assert not pod_location.keys()
        backup = run_backup(request, client=client, store=store, progress=note)
        kinds = "jobs,secrets,persistentvolumeclaims,pods,volumesnapshots"
        left = kubectl("-n", app.namespace, "get", kinds, "-o", "name")
        deleter = granted.caller("delete", providers=names_around("mover"))
        yield Moved(app, deleter, client, planned, backup, thawed, left, sums_of(app), store, pod_location.moving())
    finally:
        kubectl("delete", "namespace", app.namespace, "--wait=false")


def sums_of(app: DataApp) -> str:
    """Kind, mode, owner, size and digest of all but what met the freeze."""
    script = f"cd {PATH} && {_TREE}"
    return app.sh(script)


_TREE = (
    f"find . ! -name {LATE} ! -name lost+found ! -path . | sort | "
    'while read -r f; do stat -c \'%F %a %u:%g %n\' "$f"; [ -L "$f" ] || [ ! -f "$f" ] || sha256sum "$f"; done'
)


def stored_objects(store: Store, folder: str) -> dict[str, Object]:
    """Objects of the tarball by path, read once."""
    with Catalog(store).files(NAME).open_tarball() as tarball:
        return {ref.path: tarball.read(ref) for ref in tarball.items if folder in ref.path}


def test_check_mode_says_what_would_be_moved_where(moved: Moved, pod_location: PodLocation) -> None:
    assert (moved.planned.phase, moved.planned.errors_list) == ("New", [])
    (entry,) = moved.planned.volumes
    assert (entry["pvcName"], entry["snapshotDataMoved"]) == ("data", True)
    where = f"s3://{pod_location.bucket.name}/p/kopia/{moved.app.namespace}/"
    assert entry["snapshotDataMovementInfo"]["repository"] == where


def test_the_backup_is_whole_and_says_so(moved: Moved) -> None:
    assert (moved.backup.phase, moved.backup.errors_list) == ("Completed", [])
    status = (moved.backup.backup or {})["status"]
    assert (status["backupItemOperationsAttempted"], status["backupItemOperationsCompleted"]) == (1, 1)
    assert (moved.backup.backup or {})["spec"]["snapshotMoveData"] is True
    (entry,) = moved.backup.volumes
    assert (entry["result"], entry["snapshotDataMoved"]) == ("succeeded", True)
    info = entry["snapshotDataMovementInfo"]
    assert (info["Phase"], info["size"] > 300000) == ("Completed", True)


def test_the_freeze_ends_before_anything_is_moved(moved: Moved) -> None:
    (freeze,) = moved.backup.freezes
    assert freeze.consistent
    assert moved.thawed == {"marks": "", "late": "late"}


def test_nothing_is_left_in_the_cluster(moved: Moved, storage: Storage) -> None:
    names = {line.partition("/")[0] for line in moved.left.splitlines()}
    claims = [line for line in moved.left.splitlines() if line.startswith("persistentvolumeclaim/")]
    pods = [line for line in moved.left.splitlines() if line.startswith("pod/")]
    assert (names, claims, len(pods)) == ({"persistentvolumeclaim", "pod"}, ["persistentvolumeclaim/data"], 1)
    assert moved.app.snapshot_objects() == []
    assert storage.snapshots(*moved.app.volume_handles()) == set()


def test_the_records_are_where_velero_looks(moved: Moved) -> None:
    (upload,) = stored_objects(moved.store, "datauploads.velero.io/namespaces/").values()
    (claim,) = stored_objects(moved.store, "persistentvolumeclaims/namespaces/").values()
    reference = f"velero/{upload['metadata']['name']}"
    assert claim["metadata"]["annotations"]["velero.io/data-upload-name"] == reference
    assert upload["status"]["snapshotID"] == handle_of(moved)
    resources = json.dumps(Catalog(moved.store).files(NAME).read_json("resource_list"))
    assert ("DataUpload" in resources, f"{moved.app.namespace}/data" in resources) == (False, True)


def test_the_repository_has_what_the_volume_had(
    moved: Moved, pod_location: PodLocation, s3: S3Access, kopia_program: str, tmp_path: Path
) -> None:
    kopia = Kopia(kopia_program, tmp_path, PASSWORD)
    kopia.connect(s3, pod_location.bucket.name, f"p/kopia/{moved.app.namespace}/")
    kopia("snapshot", "restore", handle_of(moved), str(tmp_path / "back"))
    found = subprocess.run(["sh", "-c", _TREE], cwd=tmp_path / "back", capture_output=True, text=True, check=True)
    assert found.stdout == moved.sums


def test_a_quota_of_claims_is_known_in_check_mode(moved: Moved, pod_location: PodLocation, kubectl: Kubectl) -> None:
    """The snapshot would be mounted by a claim of its own."""
    namespace = moved.app.namespace
    request = pod_location.request("more", namespace, snapshot_move_data=True)
    assert plan_backup(request, client=moved.caller, store=moved.store).errors_list == []
    kubectl("-n", namespace, "create", "quota", "one", "--hard=persistentvolumeclaims=1")
    used = ("get", "quota", "one", "-o", "jsonpath={.status.used.persistentvolumeclaims}")
    until(lambda: kubectl("-n", namespace, *used) == "1", "the quota counts", seconds=60)
    with pytest.raises(MoverError, match="exceeded quota: one") as caught:
        plan_backup(request, client=moved.caller, store=moved.store)
    assert "one more of its size" in (caught.value.hint or "")
    kubectl("-n", namespace, "delete", "quota", "one")


def test_a_wrong_password_is_known_in_check_mode(moved: Moved, pod_location: PodLocation) -> None:
    """It is tried on what a pod's kopia wrote, and by no pod."""
    request = pod_location.request("more", moved.app.namespace, snapshot_move_data=True)
    wrong = dataclasses.replace(request, repository_password="another")
    with pytest.raises(MoverError, match="does not open with this password"):
        plan_backup(wrong, client=moved.caller, store=moved.store)
    moving = dataclasses.replace(moved.moving, password="another")
    providers = make_providers(VolumeContext(connect=lambda: moved.deleter, moving=moving))
    with pytest.raises(ValidationError, match="does not open with this password"):
        delete_backup(NAME, store=moved.store, providers=providers, check_mode=True)


def test_its_deletion_takes_it_out_of_the_repository(
    moved: Moved, pod_location: PodLocation, s3: S3Access, kopia_program: str, tmp_path: Path
) -> None:
    kopia = Kopia(kopia_program, tmp_path, PASSWORD)
    kopia.connect(s3, pod_location.bucket.name, f"p/kopia/{moved.app.namespace}/")
    before = kopia.ids()
    context = VolumeContext(connect=lambda: moved.deleter, moving=moved.moving)
    done: DeletedBackup = delete_backup(NAME, store=moved.store, providers=make_providers(context))
    assert [found["kind"] for found in done.deleted_snapshots] == ["repository"]
    assert (before, kopia.ids()) == ([handle_of(moved)], [])


def handle_of(moved: Moved) -> str:
    (entry,) = moved.backup.volumes
    return str(entry["snapshotDataMovementInfo"]["snapshotHandle"])
