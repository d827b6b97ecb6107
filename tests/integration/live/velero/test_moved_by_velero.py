# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a stock Velero with its node-agent has copied comes back without it (docs/compatibility 5.12)."""

from __future__ import annotations

import secrets
import typing as t

import pytest
from files_app import CLAIM, SCRATCH_PATH, FilesApp
from velero_judge import Judge

from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings

if t.TYPE_CHECKING:
    from cluster_access import Kubectl

    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

pytestmark = pytest.mark.velero


@pytest.fixture(scope="module")
def app(kubectl: Kubectl) -> t.Iterator[FilesApp]:
    made = FilesApp(kubectl, f"arkive-test-w-{secrets.token_hex(3)}")
    try:
        made.create()
        yield made
    finally:
        made.remove(f"{made.namespace}-fs", f"{made.namespace}-moved")


@pytest.mark.parametrize(
    ("kind", "option", "method"),
    [("fs", "--default-volumes-to-fs-backup", "PodVolumeBackup"), ("moved", "--snapshot-move-data", "CSISnapshot")],
)
def test_it_comes_back(
    moving_judge: Judge,
    judged_store: Store,
    app: FilesApp,
    client: KubeClient,
    kopia_image: str,
    pod_s3_url: str,
    kind: str,
    option: str,
    method: str,
) -> None:
    """The password is that of Velero's Secret. What an emptyDir held is there too, where its files were copied."""
    name, copy = f"w{kind}{secrets.token_hex(3)}", f"{app.namespace}-{kind}"
    backup = moving_judge.back_up(name, app.namespace, options=[option])
    assert backup["status"]["phase"] == "Completed", moving_judge.describe("backup", name)
    request = RestoreRequest(
        spec=RestoreSpec.from_options({"backup_name": name, "namespace_mapping": {app.namespace: copy}}),
        name=copy,
        mover=MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static"),
    )
    done: RestoreOutcome = run_restore(request, client=client, store=judged_store)
    assert (done.phase, done.errors_list) == ("Completed", []), done.errors_list
    claims = [(entry["claim"], entry["method"], entry["state"]) for entry in done.volumes if entry["claim"]]
    assert claims == [(CLAIM, method, "bound")]
    app.await_ready(copy)
    assert app.tree(namespace=copy) == app.tree()
    assert app.tree(SCRATCH_PATH, namespace=copy) == (app.tree(SCRATCH_PATH) if kind == "fs" else [])
    pods = [(entry["pod_volume"], entry["state"]) for entry in done.volumes if entry["pod"]]
    assert pods == ([("scratch", "filled")] if kind == "fs" else [])
