# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a volume without snapshots, copied while its pod runs, and brought back with owners and modes."""

from __future__ import annotations

import json
import secrets
import typing as t

import pytest
from callers import Callers, Rule
from files_app import CLAIM, PATH, FilesApp

from ansible_collections.arkive.k8s.plugins.module_utils._access.tasks import grants_of
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.catalog import Catalog
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import RightsScope
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import names_around

if t.TYPE_CHECKING:
    from cluster_access import Kubectl, S3Access

    from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

pytestmark = pytest.mark.node

PASSWORD, NAME = "of-the-repository", "files"
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
    store: Store
    settings: MoverSettings


@pytest.fixture(scope="module")
def store(s3: S3Access) -> t.Iterator[Store]:
    import boto3

    keys = {"aws_access_key_id": s3.access_key, "aws_secret_access_key": s3.secret_key, "region_name": "us-east-1"}
    bucket = boto3.resource("s3", endpoint_url=s3.endpoint, **keys).Bucket("arkive-test-" + secrets.token_hex(6))
    bucket.create()
    yield open_store(
        S3Location(
            bucket=bucket.name,
            prefix="p",
            endpoint_url=s3.endpoint,
            access_key=s3.access_key,
            secret_key=s3.secret_key,
            region="us-east-1",
        )
    )
    bucket.objects.all().delete()
    bucket.delete()


@pytest.fixture(scope="module")
def copied(
    kubeconfig: str,
    kubectl: Kubectl,
    store: Store,
    pod_s3_url: str,
    kopia_image: str,
    make_local_volume: t.Callable[[str], str],
) -> t.Iterator[Copied]:
    """By an account with the rights that ``k8s_access_info`` names, and no others."""
    namespace = f"arkive-test-l-{secrets.token_hex(3)}"
    for _volume in ("of the application", "of its copy"):
        make_local_volume("64Mi")
    app = FilesApp(kubectl, namespace, storage_class="local", size="64Mi")
    settings = MoverSettings(image=kopia_image, s3_url=pod_s3_url, credentials="static")
    request = BackupRequest(
        name=NAME,
        spec=BackupSpec.from_options({"included_namespaces": [namespace], "default_volumes_to_fs_backup": True}),
        mover=settings,
        repository_password=PASSWORD,
    )
    callers = Callers(kubectl, kubeconfig, namespace)
    try:
        app.create()
        notes = [f"{key}={text}" for key, text in _HOOKS.items()]
        kubectl("-n", namespace, "annotate", "pods", "--all", *notes)
        tree = app.tree()
        client = callers.may(*rules_of("backup", namespace), cluster=True)
        planned = plan_backup(request, client=client, store=store)
        backup = run_backup(request, client=client, store=store)
        kinds = "jobs,secrets,persistentvolumeclaims,pods"
        left = kubectl("-n", namespace, "get", kinds, "-o", "name").splitlines()
        yield Copied(app, planned, backup, tree, left, store, settings)
    finally:
        app.remove(f"{namespace}-copy")
        for name in callers.cluster_wide:
            kubectl("delete", "clusterrole,clusterrolebinding", name, "--ignore-not-found")
        for gone in (namespace, f"{namespace}-copy"):
            kubectl("wait", "--for=delete", f"namespace/{gone}", "--timeout=60s")


def rules_of(task: str, namespace: str) -> list[Rule]:
    scope = RightsScope(namespaces=(namespace,), providers=names_around("mover"))
    needs = [need for grant in grants_of(task, scope) for need in grant.needs]
    # The password is given.
    needs = [need for need in needs if (need.resource, need.namespace) != ("secrets", "velero")]
    return [
        {
            "apiGroups": [need.group],
            "resources": ["/".join(filter(None, (need.resource, need.subresource)))],
            "verbs": [need.verb],
        }
        for need in needs
    ]


def test_check_mode_says_what_would_be_copied(copied: Copied) -> None:
    assert (copied.planned.phase, copied.planned.errors_list) == ("New", [])
    (entry,) = copied.planned.volumes
    assert (entry["pvcName"], entry["backupMethod"]) == (CLAIM, "PodVolumeBackup")
    assert entry["pvbInfo"]["repository"].endswith(f"/p/kopia/{copied.app.namespace}/")


def test_the_backup_is_whole_and_says_what_it_has_not(copied: Copied) -> None:
    assert (copied.backup.phase, copied.backup.errors_list) == ("Completed", [])
    (entry,) = copied.backup.volumes
    assert (entry["result"], entry["pvbInfo"]["size"] > 20 << 20) == ("succeeded", True)
    (record,) = Catalog(copied.store).files(NAME).read_json("podvolumebackups")
    assert record["status"]["snapshotID"] == entry["pvbInfo"]["snapshotHandle"]
    lost = [found["message"] for found in copied.backup.warnings_list if "scratch (emptyDir)" in found["message"]]
    assert len(lost) == 1


def test_nothing_is_left_in_the_cluster(copied: Copied) -> None:
    assert sorted(name.partition("/")[0] for name in copied.left) == ["persistentvolumeclaim", "pod"]


def test_it_comes_back_as_it_was_between_the_hooks(copied: Copied, client: KubeClient) -> None:
    copy = f"{copied.app.namespace}-copy"
    request = RestoreRequest(
        spec=RestoreSpec.from_options({"backup_name": NAME, "namespace_mapping": {copied.app.namespace: copy}}),
        name=copy,
        mover=copied.settings,
        repository_password=PASSWORD,
    )
    done: RestoreOutcome = run_restore(request, client=client, store=copied.store)
    assert (done.phase, done.errors_list) == ("Completed", []), done.errors_list
    assert [(entry["claim"], entry["method"]) for entry in done.volumes] == [(CLAIM, "PodVolumeBackup")]
    copied.app.await_ready(copy)
    assert copied.app.sh(f"cat {DUMP} && rm {DUMP}", namespace=copy) == "whole\n"
    assert copied.app.tree(namespace=copy) == copied.tree
    assert copied.app.tree() == copied.tree, "the original is as it was"
