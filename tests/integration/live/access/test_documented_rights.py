# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that ``k8s_access_info`` returns are enough: each task is run by who has just these. All are needed."""

from __future__ import annotations

import datetime as dt
import secrets
import typing as t
from pathlib import Path

import pytest
from granted import Granted
from named_objects import Named
from volume_lab import CLAIM, PATH, DataApp, until

from ansible_collections.arkive.k8s.plugins.module_utils._access.question import ON_EXISTING
from ansible_collections.arkive.k8s.plugins.module_utils._backup.backup_objects import BackupObjects
from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.plan import plan_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import delete_backup
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_run import PruneRequest, prune
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.between_tasks import (
    FreezeTaskRequest,
    freeze_path,
    sweep_namespace,
    thaw_path,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import HookTaskRequest
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.export import TreeRequest, export_tree
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.live_source import open_live
from ansible_collections.arkive.k8s.plugins.module_utils._restore.engine import run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.request import (
    ClaimChoice,
    Quiescing,
    SnapshotRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._snapshot.task import remove_snapshots, take_snapshots
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.csi.sets import CsiSet
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.providers import make_providers

pytestmark = pytest.mark.node

POLICY = FreezePolicy(lease_seconds=30, require_lease=True)


@pytest.fixture
def app(kubectl: t.Any) -> t.Iterator[DataApp]:
    name = f"arkive-test-a-{secrets.token_hex(3)}"
    kubectl("create", "namespace", name)
    app = DataApp(kubectl, name)
    app.create()
    yield app
    kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


@pytest.fixture
def granted(client: KubeClient, kubeconfig: str, app: DataApp, namespace: str) -> t.Iterator[Granted]:
    found = Granted(client, kubeconfig, app.namespace, namespace)
    yield found
    found.remove()


@pytest.fixture
def granted_here(client: KubeClient, kubeconfig: str, namespace: str) -> t.Iterator[Granted]:
    """For a namespace without an application, where the accounts are as well."""
    found = Granted(client, kubeconfig, namespace, namespace)
    yield found
    found.remove()


@pytest.fixture
def named(kubectl: t.Any, namespace: str) -> t.Iterator[Named]:
    found = Named(kubectl, namespace)
    try:
        found.create()
        yield found
    finally:
        found.remove()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(LocalLocation(path=str(tmp_path)))


def backup_of(app: DataApp, **more: t.Any) -> BackupRequest:
    spec = BackupSpec.from_options({"included_namespaces": [app.namespace], **more})
    return BackupRequest(name="rights", spec=spec, freeze_policy=POLICY)


def test_backup_restore_and_deletion(granted: Granted, app: DataApp, store: Store) -> None:
    """With hooks, a freeze and snapshots; the namespace is made anew; in the end nothing is left."""
    app.write("kept", "yes")
    caller = granted.caller("backup")
    request = backup_of(app)
    planned = plan_backup(request, client=caller, store=store)
    assert (planned.warnings_list, planned.errors_list) == ([], [])
    made = run_backup(request, client=caller, store=store)
    assert (made.phase, made.warnings_list, made.errors_list) == ("Completed", [], [])
    assert [freeze.thawed_by for freeze in made.freezes] == ["post hook"]
    assert [volume["backupMethod"] for volume in made.volumes] == ["CSISnapshot"]
    assert {"persistentvolumes", "namespaces"} <= set(made.items)
    # The number that is stored is the number that is reported.
    progress = (made.backup or {})["status"]["progress"]
    assert progress == {"totalItems": sum(made.items.values()), "itemsBackedUp": sum(made.items.values())}

    restorer = granted.caller("restore")
    app.kubectl("-n", app.namespace, "delete", "deployment/app", f"pvc/{CLAIM}", "--wait")
    spec = RestoreSpec.from_options({"backup_name": "rights"})
    done = run_restore(RestoreRequest(spec=spec), client=restorer, store=store)
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert [warning for warning in done.warnings_list if "let you" in str(warning) or "orbidden" in str(warning)] == []
    app.await_ready()
    assert app.files()["kept"] == "yes"

    providers = make_providers(VolumeContext(connect=lambda: granted.caller("delete")))
    gone = delete_backup("rights", store=store, providers=providers)
    assert (gone.changed, gone.warnings_list) == (True, [])
    assert [snapshot["kind"] for snapshot in gone.deleted_snapshots] == ["CSI"]


def test_pruning(granted: Granted, app: DataApp, store: Store, client: KubeClient) -> None:
    """A backup that has expired goes with its snapshot, and so does a snapshot that a killed run has left."""
    made = run_backup(backup_of(app, ttl="1h"), client=client, store=store)
    assert (made.phase, [volume["backupMethod"] for volume in made.volumes]) == ("Completed", ["CSISnapshot"])
    left = {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": {
            "name": "left",
            "labels": {"velero.io/backup-name": "killed", "arkive.k8s/run": "dead"},
            "annotations": {"arkive.k8s/location": store.location.describe},
        },
        "spec": {"source": {"persistentVolumeClaimName": CLAIM}},
    }
    client.post(f"/apis/snapshot.storage.k8s.io/v1/namespaces/{app.namespace}/volumesnapshots", left)
    caller = granted.caller("prune")
    providers = make_providers(VolumeContext(connect=lambda: caller))
    request = PruneRequest(
        leftovers="removed",
        providers=providers,
        remove_objects=BackupObjects(lambda: caller, "velero").remove,
        find_left=(providers[0].find_left,),
    )
    tomorrow = RunContext(now=lambda: utc_now() + dt.timedelta(days=1))
    outcome = prune(request, store, context=tomorrow)
    assert [(backup.state, backup.error, backup.snapshots) for backup in outcome.backups] == [("deleted", "", 1)]
    assert [(left.kind, left.name, left.removed) for left in outcome.leftovers] == [
        ("snapshot", f"{app.namespace}/left", True)
    ]
    assert outcome.warnings == ()
    assert app.snapshot_objects() == []


def test_snapshots(granted: Granted, app: DataApp) -> None:
    caller = granted.caller("snapshot")
    request = SnapshotRequest(
        name="rights",
        namespace=app.namespace,
        choice=ClaimChoice(claims=app.claims),
        quiescing=Quiescing(policy=POLICY),
        take_seconds=60.0,
        ready_seconds=60.0,
        run_id="live",
    )
    taken = take_snapshots(request, client=caller, provider=CsiSet(caller, request, cancel=CancelToken()))
    assert (taken.errors, taken.warnings) == ([], [])
    assert [(entry["state"], bool(entry["handle"])) for entry in taken.snapshots] == [("ready", True)]
    assert [freeze.thawed_by for freeze in taken.freezes] == ["post hook"]
    removed = remove_snapshots(request, provider=CsiSet(caller, request, cancel=CancelToken()))
    assert (removed.changed, removed.errors, removed.warnings) == (True, [], [])


def test_hooks(granted: Granted, app: DataApp) -> None:
    caller = granted.caller("hooks")
    task = HookTaskRequest(namespace=app.namespace, freeze_policy=POLICY, run_id="0123456789abcdef")
    frozen = freeze_path(FreezeTaskRequest(task=task, path=PATH), client=caller)
    assert (frozen.errors, frozen.warnings, len(frozen.lease_ids)) == ([], [], 1)
    thawed = thaw_path(FreezeTaskRequest(task=task, path=PATH, lease_id=frozen.lease_ids[0]), client=caller)
    assert (thawed.errors, thawed.warnings) == ([], [])
    assert [record.thawed_by for record in thawed.freezes] == ["release"]
    assert sweep_namespace(task, client=caller).errors == []


def test_some_types(granted_here: Granted, client: KubeClient, namespace: str, store: Store) -> None:
    """Without hooks and volumes: a backup, and restores of what is gone and of what is different, by each policy."""
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    for name in ("gone", "changed"):
        client.post(maps, {"metadata": {"name": name}, "data": {"color": "red"}})
    few: dict[str, t.Any] = {"resources": ("configmaps",), "hooks": False, "providers": ()}
    spec = BackupSpec.from_options({"included_namespaces": [namespace], "included_resources": ["configmaps"]})
    made = run_backup(BackupRequest(name="few", spec=spec), client=granted_here.caller("backup", **few), store=store)
    assert (made.phase, made.warnings_list, made.errors_list) == ("Completed", [], [])
    for policy in ON_EXISTING:
        client.delete(f"{maps}/gone")
        client.patch(f"{maps}/changed", {"data": {"color": "blue"}})
        restorer = granted_here.caller("restore", on_existing=policy, **few)
        again = RestoreSpec.from_options({"backup_name": "few", "existing_resource_policy": policy})
        done = run_restore(RestoreRequest(spec=again), client=restorer, store=store)
        assert (done.phase, done.errors_list) == ("Completed", []), policy
        assert [each for each in done.warnings_list if "let you" in str(each) or "orbidden" in str(each)] == []
        found = [client.get(f"{maps}/{name}")["data"]["color"] for name in ("gone", "changed")]
        assert found == ["red", "blue" if policy == "none" else "red"]


@pytest.mark.parametrize("types", [[], ["configmaps"]], ids=["everything", "one type"])
def test_export_of_the_cluster(
    granted_here: Granted, client: KubeClient, namespace: str, tmp_path: Path, types: list[str]
) -> None:
    client.post(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "kept"}})
    selection = {"included_namespaces": [namespace], "snapshot_volumes": False, "included_resources": types}
    spec = BackupSpec.from_options(selection)
    caller = granted_here.caller("export", providers=(), resources=tuple(types))
    with open_live(spec, client=caller) as (backup, warnings):
        outcome = export_tree(backup, TreeRequest(dest=str(tmp_path / "tree")), warnings=warnings)
    assert outcome.warnings == ()
    assert f"namespaces/{namespace}/core/ConfigMap/kept.yaml" in outcome.written


def test_what_stored_objects_name(granted_here: Granted, named: Named, store: Store) -> None:
    """From outside of the namespace: classes of priority, roles that accounts are bound to, definitions of types."""
    caller = granted_here.caller("backup", providers=())
    spec = BackupSpec.from_options({"included_namespaces": [named.namespace]})
    made = run_backup(BackupRequest(name="named", spec=spec), client=caller, store=store)
    assert (made.phase, made.warnings_list, made.errors_list) == ("Completed", [], [])
    types = {"priorityclasses.scheduling.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io",
             "clusterroles.rbac.authorization.k8s.io", "customresourcedefinitions.apiextensions.k8s.io"}  # fmt: skip
    assert types <= set(made.items)
    named.delete_inside()
    again = RestoreSpec.from_options({"backup_name": "named"})
    restorer = granted_here.caller("restore", providers=())
    done = run_restore(RestoreRequest(spec=again), client=restorer, store=store)
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert [warning for warning in done.warnings_list if "let you" in str(warning) or "orbidden" in str(warning)] == []


def test_a_namespace_that_is_gone(client: KubeClient, kubeconfig: str, namespace: str, store: Store) -> None:
    """The rights for the whole cluster are enough to make it anew, and to restore into it."""
    gone = f"arkive-test-a-{secrets.token_hex(3)}"
    path = f"/api/v1/namespaces/{gone}"
    client.post("/api/v1/namespaces", {"metadata": {"name": gone, "labels": {"team": "shop"}}})
    client.post(f"{path}/configmaps", {"metadata": {"name": "kept"}, "data": {"color": "red"}})
    granted = Granted(client, kubeconfig, gone, namespace)
    try:
        spec = BackupSpec.from_options({"included_namespaces": [gone]})
        made = run_backup(BackupRequest(name="gone", spec=spec), client=client, store=store)
        assert (made.phase, made.warnings_list) == ("Completed", [])
        client.delete(path)
        await_gone(client, path)
        restorer = granted.caller("restore", namespaces=())
        again = RestoreSpec.from_options({"backup_name": "gone"})
        done = run_restore(RestoreRequest(spec=again), client=restorer, store=store)
        assert (done.phase, done.errors_list) == ("Completed", [])
        assert client.get(path)["metadata"]["labels"]["team"] == "shop"
        assert client.get(f"{path}/configmaps/kept")["data"] == {"color": "red"}
    finally:
        granted.remove()
        client.delete(path)


def await_gone(client: KubeClient, path: str) -> None:
    def is_gone() -> bool:
        try:
            client.get(path)
        except KubeError as exc:
            return exc.not_found
        return False

    until(is_gone, f"{path} is gone", seconds=60)
