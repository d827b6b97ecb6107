# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The judge of moved data can judge: a stock Velero with its node-agent restores what it copied itself."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from files_app import CLAIM, OWNER, FilesApp
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
        made.remove(f"{made.namespace}-moved")


def phase_of(found: Object) -> str:
    return str(found["status"]["phase"])


@pytest.fixture(scope="module")
def moved(moving_judge: Judge, app: FilesApp) -> str:
    """A backup of the claim, by a snapshot that was moved."""
    return backed_up(moving_judge, app, "--snapshot-move-data")


def backed_up(judge: Judge, app: FilesApp, option: str) -> str:
    name = f"n{secrets.token_hex(3)}"
    assert phase_of(judge.back_up(name, app.namespace, options=[option])) == "Completed", judge.describe("backup", name)
    return name


def restored(judge: Judge, app: FilesApp, backup: str, copy: str) -> None:
    restore = judge.restore(backup, {app.namespace: copy})
    assert phase_of(restore) == "Completed", judge.describe("restore", restore["metadata"]["name"])
    app.await_ready(copy)


def test_a_moved_snapshot_comes_back(moving_judge: Judge, app: FilesApp, moved: str, kubectl: Kubectl) -> None:
    tarball = moving_judge.download(moved)
    uploads = [obj for path, obj in tarball.items() if path.startswith("resources/datauploads.velero.io/namespaces/")]
    assert [(obj["spec"]["sourcePVC"], phase_of(obj)) for obj in uploads] == [(CLAIM, "Completed")]
    assert kubectl("get", "volumesnapshots", "-n", app.namespace, "-o", "name") == "", "a moved snapshot is not kept"
    copy = f"{app.namespace}-moved"
    restored(moving_judge, app, moved, copy)
    assert app.tree(namespace=copy) == app.tree()


def test_its_repository_is_maintained(moving_judge: Judge, app: FilesApp, moved: str) -> None:
    """In a Job of the image that its Deployment names, whose result it notes."""
    assert moving_judge.repository(app.namespace)["status"]["phase"] == "Ready", moved
    assert moving_judge.maintain(app.namespace)["result"] == "Succeeded"
