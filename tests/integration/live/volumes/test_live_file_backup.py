# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a volume without snapshots, copied while its pod runs, and brought back with owners and modes."""

from __future__ import annotations

import json
import secrets
import typing as t

import pytest
from files_app import CLAIM, PATH, FilesApp
from granted import Granted
from pod_location import PASSWORD, PodLocation

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import names_around

if t.TYPE_CHECKING:
    from cluster_access import Kubectl

pytestmark = pytest.mark.node

NAME = "files"
DUMP = f"{PATH}/dump"
#: The dump is there between the hooks only.
_HOOKS = {
    "pre.hook.backup.velero.io/command": json.dumps(["sh", "-c", f"echo whole >{DUMP}"]),
    "post.hook.backup.velero.io/command": json.dumps(["rm", DUMP]),
}


class Copied(t.NamedTuple):
    """``tree``: what the volume held when it was copied, but for the dump. ``left``: in the cluster afterwards."""

    app: FilesApp
    planned: BackupOutcome
    backup: BackupOutcome
    tree: list[str]
    left: list[str]
    granted: Granted


@pytest.fixture(scope="module")
def copied(
    kubectl: Kubectl,
    pod_location: PodLocation,
    make_granted: t.Callable[[str], Granted],
    make_local_volume: t.Callable[[str], str],
) -> t.Iterator[Copied]:
    """By an account with the rights that ``k8s_access_info`` names, and no others."""
    namespace = f"arkive-test-l-{secrets.token_hex(3)}"
    for _volume in ("of the application", "of its copy"):
        make_local_volume("64Mi")
    app = FilesApp(kubectl, namespace, storage_class="local", size="64Mi")
    store, granted = pod_location.store, make_granted(namespace)
    request = pod_location.request(NAME, namespace, default_volumes_to_fs_backup=True)
    try:
        app.create()
        notes = [f"{key}={text}" for key, text in _HOOKS.items()]
        kubectl("-n", namespace, "annotate", "pods", "--all", *notes)
        tree = app.tree()
        client = granted.caller("backup", providers=names_around("mover"))
        planned = plan_backup(request, client=client, store=store)
        backup = run_backup(request, client=client, store=store)
        kinds = "jobs,secrets,persistentvolumeclaims,pods"
        left = kubectl("-n", namespace, "get", kinds, "-o", "name").splitlines()
        yield Copied(app, planned, backup, tree, left, granted)
    finally:
        app.remove(f"{namespace}-copy")
        for gone in (namespace, f"{namespace}-copy"):
            kubectl("wait", "--for=delete", f"namespace/{gone}", "--timeout=60s")


def test_check_mode_says_what_would_be_copied(copied: Copied) -> None:
    assert (copied.planned.phase, copied.planned.errors_list) == ("New", [])
    (entry,) = copied.planned.volumes
    assert (entry["pvcName"], entry["backupMethod"]) == (CLAIM, "PodVolumeBackup")
    assert entry["pvbInfo"]["repository"].endswith(f"/p/kopia/{copied.app.namespace}/")


def test_the_backup_is_whole_and_says_what_it_has_not(copied: Copied, pod_location: PodLocation) -> None:
    assert (copied.backup.phase, copied.backup.errors_list) == ("Completed", [])
    (entry,) = copied.backup.volumes
    assert (entry["result"], entry["pvbInfo"]["size"] > 20 << 20) == ("succeeded", True)
    (record,) = Catalog(pod_location.store).files(NAME).read_json("podvolumebackups")
    assert record["status"]["snapshotID"] == entry["pvbInfo"]["snapshotHandle"]
    lost = [found["message"] for found in copied.backup.warnings_list if "scratch (emptyDir)" in found["message"]]
    assert len(lost) == 1


def test_nothing_is_left_in_the_cluster(copied: Copied) -> None:
    assert sorted(name.partition("/")[0] for name in copied.left) == ["persistentvolumeclaim", "pod"]


def test_it_comes_back_as_it_was_between_the_hooks(copied: Copied, pod_location: PodLocation, kubectl: Kubectl) -> None:
    """By an account with the rights that ``k8s_access_info`` names for the new namespace."""
    copy = f"{copied.app.namespace}-copy"
    spec = RestoreSpec.from_options(
        {
            "backup_name": NAME,
            "namespace_mapping": {copied.app.namespace: copy},
            # Those of the test's own accounts, whose rights nobody else may hand on.
            "excluded_resources": ["roles", "rolebindings"],
        }
    )
    request = RestoreRequest(
        spec=spec,
        name=copy,
        mover=pod_location.settings,
        repository_password=PASSWORD,
    )
    kubectl("create", "namespace", copy)
    restorer = copied.granted.caller("restore", providers=names_around("mover"), namespaces=(copy,))
    done: RestoreOutcome = run_restore(request, client=restorer, store=pod_location.store)
    assert (done.phase, done.errors_list) == ("Completed", []), done.errors_list
    assert [(entry["claim"], entry["method"]) for entry in done.volumes] == [(CLAIM, "PodVolumeBackup")]
    copied.app.await_ready(copy)
    assert copied.app.sh(f"cat {DUMP} && rm {DUMP}", namespace=copy) == "whole\n"
    assert copied.app.tree(namespace=copy) == copied.tree
    assert copied.app.tree() == copied.tree, "the original is as it was"
