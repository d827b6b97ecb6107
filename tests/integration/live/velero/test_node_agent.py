# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The judge of moved data can judge: a stock Velero with its node-agent restores what it copied itself."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from files_app import CLAIM, OWNER, PATH, SCRATCH_PATH, FilesApp
from velero_judge import Judge

if t.TYPE_CHECKING:
    from cluster_access import Kubectl

    from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

pytestmark = pytest.mark.velero


@pytest.fixture(scope="module")
def app(kubectl: Kubectl) -> t.Iterator[FilesApp]:
    made = FilesApp(kubectl, f"arkive-test-v-{secrets.token_hex(3)}")
    try:
        made.create()
        assert any(OWNER in line for line in made.tree())
        yield made
    finally:
        made.remove(f"{made.namespace}-fs", f"{made.namespace}-moved")


def phase_of(found: Object) -> str:
    return str(found["status"]["phase"])


def of_backup(judge: Judge, kind: str, backup: str) -> list[Object]:
    """The records of a backup's volumes in the cluster."""
    return [obj for obj in judge.all_of(kind) if obj["metadata"]["labels"]["velero.io/backup-name"] == backup]


def test_volumes_of_pods_come_back(moving_judge: Judge, app: FilesApp) -> None:
    copy, name = f"{app.namespace}-fs", f"fs{secrets.token_hex(3)}"
    backup = moving_judge.back_up(name, app.namespace, options=["--default-volumes-to-fs-backup"])
    assert phase_of(backup) == "Completed", moving_judge.describe("backup", name)
    volumes = {each["spec"]["volume"]: phase_of(each) for each in of_backup(moving_judge, "podvolumebackups", name)}
    assert volumes == {"data": "Completed", "scratch": "Completed"}
    restore = moving_judge.restore(name, {app.namespace: copy})
    assert phase_of(restore) == "Completed", moving_judge.describe("restore", restore["metadata"]["name"])
    app.await_ready(copy)
    for path in (PATH, SCRATCH_PATH):
        assert app.tree(path, namespace=copy) == app.tree(path), path


def test_a_moved_snapshot_comes_back(moving_judge: Judge, app: FilesApp, kubectl: Kubectl) -> None:
    copy, name = f"{app.namespace}-moved", f"mv{secrets.token_hex(3)}"
    backup = moving_judge.back_up(name, app.namespace, options=["--snapshot-move-data"])
    assert phase_of(backup) == "Completed", moving_judge.describe("backup", name)
    tarball = moving_judge.download(name)
    uploads = [obj for path, obj in tarball.items() if path.startswith("resources/datauploads.velero.io/namespaces/")]
    assert [(obj["spec"]["sourcePVC"], phase_of(obj)) for obj in uploads] == [(CLAIM, "Completed")]
    assert kubectl("get", "volumesnapshots", "-n", app.namespace, "-o", "name") == "", "a moved snapshot is not kept"
    restore = moving_judge.restore(name, {app.namespace: copy})
    assert phase_of(restore) == "Completed", moving_judge.describe("restore", restore["metadata"]["name"])
    app.await_ready(copy)
    assert app.tree(namespace=copy) == app.tree()
