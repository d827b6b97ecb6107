# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stock Velero with its node-agent restores what our Jobs moved, and deletes it."""

from __future__ import annotations

import secrets
import typing as t
from pathlib import Path

import pytest
from files_app import SCRATCH_PATH, FilesApp
from kopia_command import Kopia
from velero_judge import Judge, until

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

pytestmark = pytest.mark.velero

#: Velero's own, where nobody has made its Secret before it.
PASSWORD = "static-passw0rd"


class Ours(t.NamedTuple):
    """``files``: the backup in which the files of the running pod are copied."""

    app: FilesApp
    backup: BackupOutcome
    name: str
    files: BackupOutcome
    files_name: str
    tree: list[str]

    @property
    def copy(self) -> str:
        return f"{self.app.namespace}-copy"


@pytest.fixture(scope="module")
def ours(
    client: KubeClient,
    kubectl: Kubectl,
    moving_judge: Judge,
    judged_store: Store,
    pod_s3_url: str,
    kopia_image: str,
) -> t.Iterator[Ours]:
    """Two backups of ours; their password is Velero's, of which nothing is said."""
    app, name = FilesApp(kubectl, f"arkive-test-v-{secrets.token_hex(3)}"), f"ours{secrets.token_hex(3)}"

    def back_up(name: str, option: str) -> BackupOutcome:
        request = BackupRequest(
            name=name,
            spec=BackupSpec.from_options({"included_namespaces": [app.namespace], option: True}),
            mover=MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static", ephemeral_containers=True),
        )
        return run_backup(request, client=client, store=judged_store)

    try:
        app.create()
        backup, files = back_up(name, "snapshot_move_data"), back_up(f"{name}f", "default_volumes_to_fs_backup")
        yield Ours(app, backup, name, files, f"{name}f", app.tree())
    finally:
        app.remove(f"{app.namespace}-copy", f"{app.namespace}-files")


def test_velero_restores_it(ours: Ours, moving_judge: Judge) -> None:
    """Into another namespace: the repository is that of the first."""
    assert (ours.backup.phase, ours.backup.errors_list) == ("Completed", [])
    moving_judge.start()
    moving_judge.await_synced({ours.name})
    restore = moving_judge.restore(ours.name, {ours.app.namespace: ours.copy})
    assert restore["status"]["phase"] == "Completed", moving_judge.describe("restore", restore["metadata"]["name"])
    ours.app.await_ready(ours.copy)
    assert ours.app.tree(namespace=ours.copy) == ours.tree


def test_velero_restores_the_files_of_a_pod(ours: Ours, moving_judge: Judge) -> None:
    """They were copied while it ran: Velero fills the volume in a pod of the same name (docs/compatibility 19.9)."""
    assert ours.files.errors_list == []
    assert ours.files.phase == "Completed"
    moving_judge.await_synced({ours.files_name})
    copy = f"{ours.app.namespace}-files"
    restore = moving_judge.restore(ours.files_name, {ours.app.namespace: copy})
    assert restore["status"]["phase"] == "Completed", moving_judge.describe("restore", restore["metadata"]["name"])
    ours.app.await_ready(copy)
    assert ours.app.tree(namespace=copy) == ours.tree
    # The emptyDir, which a container in the pod has read.
    assert ours.app.tree(SCRATCH_PATH, namespace=copy) == ours.app.tree(SCRATCH_PATH)


def test_velero_describes_it(ours: Ours, moving_judge: Judge) -> None:
    text = moving_judge.describe("backup", ours.name)
    (entry,) = ours.backup.volumes
    assert "Data Movement" in text
    assert entry["snapshotDataMovementInfo"]["operationID"] in text
    assert "Pod Volume Backups - kopia" in moving_judge.describe("backup", ours.files_name)


def test_velero_deletes_it(
    ours: Ours, moving_judge: Judge, judged_store: Store, s3: S3Access, kopia_program: str, tmp_path: Path
) -> None:
    """With their copies in the repository, which it finds by the record in the tarball, and by the PodVolumeBackup."""
    kopia = Kopia(kopia_program, tmp_path, PASSWORD)
    kopia.connect(s3, moving_judge.bucket, f"kopia/{ours.app.namespace}/")
    (entry,) = ours.backup.volumes
    known = {entry["snapshotDataMovementInfo"]["snapshotHandle"]}
    known |= {copied["pvbInfo"]["snapshotHandle"] for copied in ours.files.volumes}
    assert len(known) == 3
    assert set(kopia.ids()) == known
    moving_judge.await_synced((ours.name, ours.files_name))
    for name in (ours.name, ours.files_name):
        moving_judge("backup", "delete", name, "--confirm")
    folders = [f"backups/{name}/" for name in (ours.name, ours.files_name)]
    until(lambda: not any(judged_store.list(folder).objects for folder in folders), "the backups are gone", seconds=120)
    assert kopia.ids() == []
